// The rules R1 to R29 once more, written from the design and not from the core: what one page must do
// at each event. Grants are objects here, there is no memory to wipe and no text to parse.

/**
 * What each event does in each phase: the name of an error, `done`, or what follows. A phase is not
 * kept, it follows from what is held; so there is no next phase in this table.
 * @type {Record<string, { signIn: string, signInAgent: string, emulate: string, signOut: string,
 *   signOutAgent: string }>}
 */
// prettier-ignore
const TABLE = {
  'anonymous':           { signIn: 'begin',             signInAgent: 'begin',             emulate: 'no-agent', signOut: 'done',       signOutAgent: 'done' },
  'customer-signing-in': { signIn: 'begin',             signInAgent: 'begin',             emulate: 'no-agent', signOut: 'cancel',     signOutAgent: 'done' },
  'customer':            { signIn: 'already-signed-in', signInAgent: 'begin',             emulate: 'no-agent', signOut: 'end',        signOutAgent: 'done' },
  'agent-signing-in':    { signIn: 'agent-signed-in',   signInAgent: 'begin',             emulate: 'no-agent', signOut: 'cancel',     signOutAgent: 'cancel' },
  'agent-taking-over':   { signIn: 'agent-signed-in',   signInAgent: 'begin',             emulate: 'no-agent', signOut: 'cancel, end', signOutAgent: 'cancel' },
  'agent':               { signIn: 'agent-signed-in',   signInAgent: 'already-signed-in', emulate: 'emulate',  signOut: 'end',        signOutAgent: 'end' },
  'emulating':           { signIn: 'agent-signed-in',   signInAgent: 'already-signed-in', emulate: 'emulate',  signOut: 'retire',     signOutAgent: 'end' },
};

/** How many grants there is room for, those that are asked for included. */
const PLACES = 8;
/** R29: how long a sign-in waits for revocations. R18: how long one waits to be tried again. */
const PATIENCE = 2000;
const LONGEST_RETRY = 30_000;
/** The seconds for which a token must live to be refreshed before it is needed. */
const WORTH_REFRESHING = 60;

/**
 * @typedef {'customer' | 'agent'} Owner
 * @typedef {Record<string, string>} Form
 * @typedef {{ revoke: boolean, bearer: boolean, persist: boolean, shared: boolean, retries: number,
 *   clients: Record<Owner, Form>, scope: Form }} Options
 *
 * What the server says. `final`: a refresh is refused for good (R20); `passing`: a revocation may be
 * tried again (R18).
 * @typedef {{ access: string, type: string, refresh?: string, seconds?: number }} Tokens
 * @typedef {{ tokens?: Tokens, status: string, final?: boolean }} Answer
 * @typedef {{ outcome: string, status: number, passing: boolean, retryAfter: number }} Ending
 *
 * `id` stays when a grant is refreshed. `earlier` is the access token before the last refresh: R19 is
 * kept for no older one. `header` is missing where the type of the token is not known. Times are in
 * epoch milliseconds, 0 if there is none.
 * @typedef {{ id: number, owner: Owner, access: string, refresh?: string, expires: number }} SavedGrant
 * @typedef {SavedGrant & { earlier?: string, header?: string, refreshAt: number }} Grant
 *
 * A token request without an owner is for anonymous requests; `refreshes` is the grant as it was when
 * the refresh began.
 * @typedef {{ purpose: 'token' | 'refresh' | 'revoke', authorization?: string, form: Form,
 *   owner?: Owner, refreshes?: Grant }} Request
 * @typedef {{ grant: Grant, token: 'access_token' | 'refresh_token', tries: number,
 *   notBefore: number, request?: Request }} Revocation
 *
 * `over` is the customer's grant at that moment, since only of that customer the id is known.
 * @typedef {{ attempt: number, owner: Owner, customerId: string, over?: Grant, form: Form,
 *   patience: number, request?: Request }} SignIn
 *
 * @typedef {{ epoch: number, active?: SavedGrant, parked?: SavedGrant, retired?: SavedGrant,
 *   customer?: string }} Snapshot
 * @typedef {{ phase: string, userId: string, expiresAt: number, revoking: number }} State
 *
 * What is told at an event; `ended` are ids of grants.
 * @typedef {{ requests: Request[], signedIn: [number, string][], renewed: (string | undefined)[],
 *   revoked: [string, string, string, number][], ended: number[], expired?: Owner,
 *   saved?: Snapshot | null, state?: State, authorization?: string }} Told
 */

/** @returns {Told} */
const nothing = () => ({ requests: [], signedIn: [], renewed: [], revoked: [], ended: [] });

/** @param {string} access */
const bearer = (access) => `Bearer ${access}`;

let grants = 0;

export class Model {
  now = 0;
  epoch = 0;
  /** @type {Grant | undefined} */ active;
  /** @type {Grant | undefined} */ parked;
  /** @type {Grant | undefined} */ retired;
  /** @type {Grant[]} */ strays = [];
  /** In the order of R11. @type {Revocation[]} */ revoking = [];
  /** The customer for whom the agent acts. @type {string | undefined} */ emulated;
  /** @type {SignIn | undefined} */ signIn;
  /** Token requests on the wire. @type {Request[]} */ awaited = [];
  /** What requests wait for: the refresh of this grant, or a client token. @type {number | 'client' | undefined} */ waiting;
  /** What anonymous requests carry that need a token. @type {Grant | undefined} */ client;
  /** R7: what became of the access tokens that are held no longer. @type {Map<string, string>} */ gone =
    new Map();
  told = nothing();
  #isChanged = false;
  #isLeaving = false;
  #last = JSON.stringify(this.state);

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
  }

  get phase() {
    const { active, signIn, emulated } = this;
    if (!active) return signIn ? `${signIn.owner}-signing-in` : 'anonymous';
    if (active.owner === 'customer') return signIn ? 'agent-taking-over' : 'customer';
    return emulated === undefined ? 'agent' : 'emulating';
  }

  /** @returns {State} */
  get state() {
    return {
      phase: this.phase,
      userId: this.emulated ?? (this.active?.owner === 'customer' ? 'current' : 'anonymous'),
      expiresAt: this.active?.expires ?? 0,
      revoking: this.revoking.length,
    };
  }

  /** When the page must call, if nothing happens before. */
  get alarm() {
    const times = this.revoking.filter((it) => !it.request).map(({ notBefore }) => notBefore);
    if (this.signIn && !this.signIn.request) times.push(this.signIn.patience);
    const next = times.filter((time) => time > this.now);
    if (this.active?.refreshAt) next.push(this.active.refreshAt);
    return next.length ? Math.min(...next) : 0;
  }

  get held() {
    return [this.active, this.parked, this.retired].filter((grant) => grant !== undefined);
  }

  /** R7: every access token that has a place. */
  get tokens() {
    const revoking = new Set(this.revoking.map(({ grant }) => grant));
    return [...this.held, ...this.strays, ...revoking].map(({ access }) => access);
  }

  get isFull() {
    return this.tokens.length + this.awaited.length + (this.client ? 1 : 0) >= PLACES;
  }

  /**
   * One event at this time, and what it tells.
   * @param {number} now
   * @param {(model: Model) => string | void} event
   */
  at(now, event) {
    this.now = now;
    this.told = nothing();
    this.#isLeaving = false;
    const status = event(this) ?? 'ok';
    this.#proceed();
    this.#tell();
    return { status, ...this.told };
  }

  // ---- Who signs in and out ------------------------------------------------------------------------

  /** @param {Owner} owner @param {number} attempt @param {Form} form @param {string} customerId */
  begin(owner, attempt, form, customerId) {
    const entry = TABLE[this.phase][owner === 'customer' ? 'signIn' : 'signInAgent'];
    if (entry !== 'begin') return entry;
    this.#cancel();
    const patience = this.now + PATIENCE;
    this.signIn = { attempt, owner, form, customerId, over: this.active, patience };
  }

  /** @param {number} attempt */
  cancel(attempt) {
    if (this.signIn?.attempt === attempt) this.#cancel();
  }

  /** @param {string} customerId */
  emulate(customerId) {
    const entry = TABLE[this.phase].emulate;
    if (entry !== 'emulate') return entry;
    if (this.emulated !== customerId) this.#retire(customerId); // R6
  }

  signOut() {
    return this.#out(TABLE[this.phase].signOut);
  }

  signOutAgent() {
    return this.#out(TABLE[this.phase].signOutAgent);
  }

  /** @param {string} entry */
  #out(entry) {
    if (entry === 'done') return entry;
    if (entry === 'retire') this.#retire(undefined); // R3
    if (entry.startsWith('cancel')) this.#cancel();
    if (entry.endsWith('end') && this.active) this.#leave(this.active, 'signed out'); // R1, R2, R5
  }

  #cancel() {
    if (this.signIn) this.told.signedIn.push([this.signIn.attempt, 'cancelled']);
    this.signIn = undefined;
  }

  /** The agent acts for another customer, or for none. @param {string | undefined} emulated */
  #retire(emulated) {
    this.emulated = emulated;
    this.retired ??= this.parked;
    this.parked = undefined;
    this.#isChanged = true;
  }

  /**
   * A grant leaves the session. After the active one the parked one is active again, and the retired
   * one leaves too.
   * @param {Grant} grant
   * @param {'signed out' | 'dead' | 'ended by another tab'} why
   */
  #leave(grant, why) {
    const { active, parked, retired } = this;
    if (grant === active) {
      this.active = parked;
      this.parked = this.retired = this.emulated = undefined;
      if (why === 'dead') this.told.expired = grant.owner;
    } else if (grant === parked) this.parked = undefined;
    else this.retired = undefined;
    this.#isChanged = true;
    if (why !== 'ended by another tab') this.told.ended.push(grant.id);
    if (why === 'signed out') this.#revoke(grant);
    else if (!this.tokens.includes(grant.access)) this.gone.set(grant.access, why); // R9, R24
    if (grant === active && retired) {
      // Where the server has given both the same token, what is dead is dead for both.
      const isDead = why === 'dead' && retired.access === grant.access;
      this.#leave(retired, isDead ? why : 'signed out');
    }
  }

  // ---- Answers to token requests ---------------------------------------------------------------------

  /** @param {Request} request @param {Answer} answer */
  answer(request, answer) {
    this.awaited.splice(this.awaited.indexOf(request), 1);
    if (request.refreshes) this.#refreshed(request.refreshes, answer);
    else if (request.owner) this.#granted(request, request.owner, answer);
    else this.#clientGranted(answer);
  }

  /** @param {Request} request @param {Owner} owner @param {Answer} answer */
  #granted(request, owner, { tokens, status }) {
    const grant = tokens && this.#grant(owner, tokens);
    const signIn = this.signIn?.request === request ? this.signIn : undefined;
    if (signIn) this.signIn = undefined;
    if (signIn) this.told.signedIn.push([signIn.attempt, grant?.header ? 'ok' : status]);
    if (!grant) return;
    if (!signIn || !grant.header) {
      this.strays.push(grant);
      return;
    }
    if (signIn.customerId && this.active && this.active === signIn.over) {
      this.parked = this.active; // R4
      this.emulated = signIn.customerId;
    } else {
      this.retired = this.active;
    }
    this.active = grant;
    this.#isChanged = true;
  }

  /** @param {Grant} before @param {Answer} answer */
  #refreshed(before, { tokens, final }) {
    const grant = this.held.find(({ id }) => id === before.id);
    // A response without a refresh token leaves the one that there is.
    const refresh = tokens?.refresh ?? grant?.refresh;
    const next = tokens && this.#grant(before.owner, { ...tokens, refresh });
    if (grant && next?.header) this.#replace(grant, next);
    else if (next) this.strays.push(next);
    // What another tab has refreshed meanwhile is alive.
    else if (grant?.access === before.access && final) this.#leave(grant, 'dead');
    if (this.waiting !== before.id) return;
    this.waiting = undefined;
    const isNewer = grant && (next?.header || grant.access !== before.access);
    this.told.renewed.push(isNewer ? grant.header : undefined); // R19, R20
  }

  /** @param {Answer} answer */
  #clientGranted({ tokens }) {
    const grant = tokens && this.#grant('customer', tokens);
    if (grant?.header) this.client = grant;
    if (this.waiting !== 'client') return;
    this.waiting = undefined;
    this.told.renewed.push(this.client?.header);
  }

  /** @param {Owner} owner @param {Tokens} tokens @returns {Grant} */
  #grant(owner, { access, type, refresh, seconds = 0 }) {
    const expires = seconds > 0 ? this.now + seconds * 1000 : 0;
    const refreshAt = refresh && seconds >= WORTH_REFRESHING ? expires : 0;
    const header = type === 'bearer' ? bearer(access) : undefined;
    return { id: ++grants, owner, access, refresh, expires, refreshAt, header };
  }

  /** R7: other tokens, the same grant. @param {Grant} grant @param {Partial<Grant>} next */
  #replace(grant, next) {
    if (next.access !== grant.access) this.gone.set(grant.access, 'replaced');
    Object.assign(grant, next, { id: grant.id, earlier: grant.access });
    this.#isChanged = true;
  }

  // ---- Requests of the storefront --------------------------------------------------------------------

  authorization() {
    if (!this.active) return 'nothing';
    this.told.authorization = this.active.header;
  }

  /** R19. @param {string} rejected */
  renew(rejected) {
    const { active } = this;
    if (!active) return this.#renewClient(rejected);
    if (active.earlier && rejected === bearer(active.earlier) && rejected !== active.header) {
      this.told.authorization = active.header;
      return 'resend';
    }
    if (rejected !== active.header) return 'nothing'; // R21
    if (active.refresh) return this.#refresh(active);
    this.#leave(active, 'dead'); // R9
    return 'expired';
  }

  /** @param {string} rejected */
  #renewClient(rejected) {
    if (rejected && rejected !== this.client?.header) return 'nothing';
    const { expires } = this.client ?? {};
    if (rejected || (expires && expires <= this.now)) this.client = undefined;
    if (this.client) {
      this.told.authorization = this.client.header;
      return 'resend';
    }
    const isAsked = this.awaited.some(({ owner }) => !owner);
    if (!isAsked && this.isFull) return 'full';
    const form = { grant_type: 'client_credentials', ...this.options.clients.customer };
    if (!isAsked) this.#ask({ purpose: 'token', form });
    this.waiting = 'client';
    return 'wait';
  }

  /** One refresh, however many ask for it. @param {Grant} grant */
  #refresh(grant) {
    const { owner, refresh = '' } = grant;
    const isAsked = this.awaited.some(({ refreshes }) => refreshes?.id === grant.id);
    if (!isAsked && this.isFull) return 'full';
    const form = {
      grant_type: 'refresh_token',
      refresh_token: refresh,
      ...this.options.clients[owner],
    };
    if (!isAsked) this.#ask({ purpose: 'refresh', owner, form, refreshes: { ...grant } });
    this.waiting = grant.id;
    return 'wait';
  }

  /** @param {Request} request */
  #ask(request) {
    this.awaited.push(request);
    this.told.requests.push(request);
    return request;
  }

  /** The alarm for this time has come: a grant is refreshed before it is needed. @param {number} at */
  ring(at) {
    const { active, waiting } = this;
    this.now = Math.max(this.now, at);
    if (!active?.refreshAt || active.refreshAt > this.now) return;
    active.refreshAt = 0;
    this.#refresh(active);
    this.waiting = waiting;
  }

  // ---- Revocations -----------------------------------------------------------------------------------

  /** @param {Grant} grant */
  #revoke(grant) {
    const others = [...this.held, ...this.revoking.map((other) => other.grant)];
    if (others.some(({ access }) => access === grant.access)) return; // R8, R29
    if (!this.options.revoke) {
      this.gone.set(grant.access, 'settled'); // R13
    } else {
      const revocation = { grant, tries: this.options.retries, notBefore: 0 };
      if (grant.refresh) this.revoking.push({ ...revocation, token: 'refresh_token' });
      this.revoking.push({ ...revocation, token: 'access_token' });
    }
  }

  #releaseStrays() {
    for (const stray of this.strays.splice(0)) this.#revoke(stray);
  }

  /** R10. @param {Revocation} revocation */
  #send(revocation) {
    const { grant, token } = revocation;
    revocation.request = {
      purpose: 'revoke',
      authorization: this.options.bearer ? grant.header : undefined,
      form: {
        token: (token === 'access_token' ? grant.access : grant.refresh) ?? '',
        token_type_hint: token,
        ...this.options.clients[grant.owner],
      },
    };
    this.told.requests.push(revocation.request);
  }

  /** @param {Revocation} revocation @param {Ending} ending */
  settle(revocation, { outcome, status, passing, retryAfter }) {
    const { grant, token } = revocation;
    revocation.request = undefined;
    if (passing && revocation.tries-- > 0) {
      revocation.notBefore =
        this.now + Math.min(retryAfter > 0 ? retryAfter : PATIENCE, LONGEST_RETRY); // R18
      return;
    }
    this.revoking.splice(this.revoking.indexOf(revocation), 1);
    const isSettled = !this.revoking.some((other) => other.grant === grant);
    if (isSettled) this.gone.set(grant.access, 'settled');
    this.told.revoked.push([grant.owner, token, outcome, status]);
  }

  /** R11: the page is going away, and nothing of it waits any more. */
  leave() {
    this.#isLeaving = true;
    this.#releaseStrays();
    for (const revocation of this.revoking) if (!revocation.request) this.#send(revocation);
  }

  // ---- Storage and other tabs ------------------------------------------------------------------------

  /** @returns {Snapshot | null} */
  get snapshot() {
    const { epoch, active, parked, retired, emulated, options } = this;
    if (!active) return options.shared ? { epoch } : null;
    /** R25. @param {Grant | undefined} grant @returns {SavedGrant | undefined} */
    const saved = (grant) => {
      if (!grant) return undefined;
      const { id, owner, access, refresh, expires } = grant;
      return { id, owner, access, refresh: options.persist ? refresh : undefined, expires };
    };
    const places = { active: saved(active), parked: saved(parked), retired: saved(retired) };
    return { epoch, ...places, customer: emulated };
  }

  /** @param {Snapshot} snapshot */
  adopt(snapshot) {
    if (snapshot.epoch <= this.epoch) return 'stale';
    const { held, signIn } = this;
    /** @param {SavedGrant | undefined} saved @returns {Grant | undefined} */
    const take = (saved) => {
      if (!saved) return undefined;
      this.gone.delete(saved.access);
      const next = { ...saved, refreshAt: 0, header: bearer(saved.access) };
      const grant = held.find(({ id }) => id === saved.id);
      if (!grant) return next;
      held.splice(held.indexOf(grant), 1);
      // A snapshot without refresh tokens leaves the one that there is.
      if (grant.access !== saved.access) {
        this.#replace(grant, { ...next, refresh: saved.refresh ?? grant.refresh });
      }
      return grant;
    };
    this.active = take(snapshot.active);
    this.parked = take(snapshot.parked);
    this.retired = take(snapshot.retired);
    this.emulated = snapshot.customer;
    this.epoch = snapshot.epoch;
    // R24: what is not there any more is the other tab's to revoke.
    for (const { access } of held) this.gone.set(access, 'left to another tab');
    const isTaken = this.active?.owner === 'agent' || (this.active && signIn?.owner === 'customer');
    if (isTaken) this.#cancel();
    this.told.state = this.state;
    this.#isChanged = false;
    this.#stopWaiting();
    // R24: what this tab is revoking does not come back with what another one saved later.
    for (const { id } of this.held) {
      if (this.revoking.some(({ grant }) => grant.id === id)) this.ended(id);
    }
  }

  /** R24: another tab has ended a grant, and revokes it. @param {number} id */
  ended(id) {
    const grant = this.held.find((other) => other.id === id);
    if (!grant) return 'done';
    this.#leave(grant, 'ended by another tab');
  }

  // ---- What follows from every event -------------------------------------------------------------------

  #proceed() {
    const { revoking, signIn } = this;
    // R29: a sign-in that is on the wire could be given the token of a stray.
    if (!signIn?.request) this.#releaseStrays();
    for (const revocation of revoking) {
      // R11: the second token when the first has settled.
      const isNext = revoking.find(({ grant }) => grant === revocation.grant) === revocation;
      const isDue = revocation.notBefore <= this.now;
      if (isNext && isDue && !revocation.request) this.#send(revocation);
    }
    const mayAsk = revoking.length === 0 || (signIn && signIn.patience <= this.now); // R29
    if (signIn && !signIn.request && mayAsk && !this.isFull && !this.#isLeaving) {
      const { owner } = signIn;
      const { scope, clients } = this.options;
      const form = { grant_type: 'password', ...signIn.form, ...scope, ...clients[owner] };
      signIn.request = this.#ask({ purpose: 'token', owner, form });
    }
    this.#stopWaiting();
  }

  /** R21: requests of a session that is over are not sent again. */
  #stopWaiting() {
    const { waiting, active } = this;
    if (!waiting || (waiting === 'client' ? !active : waiting === active?.id)) return;
    this.waiting = undefined;
    this.told.renewed.push(undefined);
  }

  /** R23: a change of grants is one write and one event. */
  #tell() {
    const { told, state } = this;
    const text = JSON.stringify(state);
    if (this.#isChanged) {
      this.epoch++;
      told.saved = this.snapshot;
    }
    if (this.#isChanged || told.state || text !== this.#last) told.state = state;
    this.#last = text;
    this.#isChanged = false;
  }
}
