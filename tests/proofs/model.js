// The rules R1 to R32 and R49 once more, written from the design and not from the core: the actions
// of one page at each event. Grants are objects here, there is no memory to wipe and no text to
// parse.

/**
 * The result of each event in each phase: the name of an error, `done`, or the action. A phase is
 * not stored, it follows from the held grants; so there is no next phase in this table.
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

/** The number of places for grants, pending requests included, and the number of these that are
 *  reserved for the grants of another tab. */
const PLACES = 10;
const KEPT = 2;
/** R29: the time that a sign-in waits for revocations. R18: the time before a retry. R31: the time that
 *  other tabs have to answer. */
const PATIENCE = 2000;
const LONGEST_RETRY = 30_000;
/** R31: the time that an answering tab has for its refresh. */
const REFRESH_PATIENCE = 12_000;
/** R49: the time that a refreshed token is trusted, and the pauses if it is refused. */
const TRUST = 10_000;
const PAUSES = [30_000, 60_000, 120_000, 240_000, 300_000];
/** The seconds that a token must live to be refreshed before it is needed. */
const WORTH_REFRESHING = 60;

/**
 * @typedef {'customer' | 'agent'} Owner
 * @typedef {Record<string, string>} Form
 * @typedef {{ revoke: boolean, bearer: boolean, persist: boolean, shared: boolean, retries: number,
 *   clients: Record<Owner, Form>, scope: Form }} Options
 *
 * An answer of the server. `final`: a refresh is refused for good (R20); `passing`: a revocation
 * may be retried (R18).
 * @typedef {{ access: string, type: string, refresh?: string, seconds?: number }} Tokens
 * @typedef {{ tokens?: Tokens, status: string, code: number, final?: boolean }} Answer
 * @typedef {{ outcome: string, status: number, passing: boolean, retryAfter: number }} Ending
 *
 * `id` stays when a grant is refreshed. `earlier` is the access token before the last refresh: R19
 * is kept for no older one. `header` is missing if the type of the token is not known. `issued` is
 * the time of the refresh that gave the tokens. `isFinal`: it is not refreshed once more to be
 * revoked (R30). `restUntil`, `isRefused` and `refusals` are for R49. Times are in epoch
 * milliseconds, 0 for none.
 * @typedef {{ id: number, owner: Owner, access: string, refresh?: string, expires?: number,
 *   issued?: number }} SavedGrant
 * @typedef {SavedGrant & { expires: number, issued: number, earlier?: string, header?: string,
 *   refreshAt: number, isFinal?: boolean, restUntil: number, isRefused: boolean,
 *   refusals: number }} Grant
 *
 * A token request without an owner is for anonymous requests; `refreshes` is the grant as it was
 * when the refresh began.
 * @typedef {{ purpose: 'token' | 'refresh' | 'revoke', authorization?: string, form: Form,
 *   owner?: Owner, refreshes?: Grant }} Request
 * @typedef {{ grant: Grant, token: 'access_token' | 'refresh_token', tries: number,
 *   notBefore: number, request?: Request, isRefreshing?: boolean }} Revocation
 *
 * `over` is the customer's grant at that moment, since the id is known of that customer only.
 * @typedef {{ attempt: number, owner: Owner, customerId: string, over?: Grant, form: Form,
 *   patience: number, request?: Request }} SignIn
 *
 * @typedef {{ line: number, epoch: number, revoking?: number, active?: SavedGrant, parked?: SavedGrant, retired?: SavedGrant,
 *   customer?: string }} Snapshot
 * @typedef {{ phase: string, userId: string, expiresAt: number, revoking: number }} State
 *
 * The reports of an event; `ended` and `wanted` are ids of grants, and the times of their tokens.
 * @typedef {{ requests: Request[], signedIn: [number, string][], renewed: (string | undefined)[],
 *   revoked: [string, string, string, number][], ended: [number, number][],
 *   wanted: [number, number][], expired?: Owner,
 *   saved?: Snapshot | null, before: State[], state?: State, authorization?: string }} Told
 */

/** @returns {Told} */
const nothing = () => ({
  requests: [],
  signedIn: [],
  renewed: [],
  revoked: [],
  ended: [],
  wanted: [],
  before: [],
});

/** @param {string} access */
const bearer = (access) => `Bearer ${access}`;

let grants = 0;
let lines = 0;

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
  /** The object of waiting requests: the refresh of this grant, or a client token. @type {number | 'client' | undefined} */ waiting;
  /** The token of anonymous requests that need one. @type {Grant | undefined} */ client;
  /**
   * R31: the time until which other tabs are asked for tokens of this grant.
   *
   * @type {{ id: number, until: number, isAnswered: boolean } | undefined}
   */
  asked;
  /** R29: the time until which other pages and tabs may be revoking. */
  othersRevoke = 0;
  /**
   * R24: the latest signed-out grant, which another tab may still store.
   *
   * @type {Grant | undefined}
   */
  left;
  /** R32: of the latest expired session. @type {string | undefined} */ expiredHeader;
  /** R7: the fate of access tokens that are no longer held. @type {Map<string, string>} */ gone =
    new Map();
  told = nothing();
  #isChanged = false;
  #isLeaving = false;
  /** @type {Set<string | undefined>} */ #chosen = new Set();
  #last = JSON.stringify(this.state);

  /** @param {Options} options @param {number} line the line that this page starts (R24) */
  constructor(options, line) {
    this.options = options;
    this.line = line;
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

  /** The time at which the page must call, if nothing happens before. */
  get alarm() {
    const { active, asked, signIn, now } = this;
    const times = this.revoking
      .filter(
        ({ request, isRefreshing, notBefore }) => !request && !isRefreshing && notBefore > now,
      )
      .map(({ notBefore }) => notBefore);
    if (signIn && !signIn.request) {
      times.push(this.#ifLater(signIn.patience), this.#ifLater(this.othersRevoke));
    }
    if (active?.refresh) times.push(active.refreshAt);
    if (asked) times.push(asked.until);
    const next = times.filter((time) => time > 0);
    return next.length ? Math.min(...next) : 0;
  }

  /** A page that goes away skips due work, but may come back. @param {number} time */
  #ifLater(time) {
    return time > this.now || this.#isLeaving ? time : 0;
  }

  get held() {
    return [this.active, this.parked, this.retired].filter((grant) => grant !== undefined);
  }

  /** R7: every access token that has a place. */
  get tokens() {
    const revoking = new Set(this.revoking.map(({ grant }) => grant));
    return [...this.held, ...this.strays, ...revoking].map(({ access }) => access);
  }

  get free() {
    return PLACES - this.tokens.length - this.awaited.length - (this.client ? 1 : 0);
  }

  get isFull() {
    return this.free <= KEPT;
  }

  /** @param {Grant} grant */
  #isOver({ expires }) {
    return expires > 0 && expires <= this.now;
  }

  /**
   * Applies one event at this time, and returns its reports.
   * @param {number} now
   * @param {(model: Model) => string | void} event
   * @param {Set<string | undefined>} chosen the refresh tokens that the core has sent. If there are
   *   fewer places than revocations that want a living bearer (R30), the rules do not say which get one
   */
  at(now, event, chosen = new Set()) {
    this.now = now;
    this.#chosen = chosen;
    this.told = nothing();
    this.#isLeaving = false;
    const status = event(this) ?? 'ok';
    this.#proceed();
    this.#tell();
    return { status, ...this.told };
  }

  // ---- Sign-ins and sign-outs ----------------------------------------------------------------------

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
    if (entry.endsWith('end')) this.#endActive('signed out'); // R1, R2, R5
  }

  #cancel() {
    if (this.signIn) this.told.signedIn.push([this.signIn.attempt, 'cancelled']);
    this.signIn = undefined;
  }

  /** The agent emulates another customer, or none. @param {string | undefined} emulated */
  #retire(emulated) {
    this.emulated = emulated;
    this.retired ??= this.parked;
    this.parked = undefined;
    this.#isChanged = true;
  }

  /**
   * The active grant leaves the session, and the retired one too. The parked one is active again.
   * @param {'signed out' | 'dead'} why
   */
  #endActive(why) {
    const { active } = this;
    if (!active) return;
    if (this.retired) this.#signOut(this.retired); // also if it is a copy of the active one
    this.#restore();
    if (why === 'signed out') {
      this.#signOut(active);
    } else {
      this.told.expired = active.owner; // R9: other tabs are not told
      this.#settled(active, why);
    }
    this.#endIfOver();
  }

  #restore() {
    this.active = this.parked;
    this.parked = this.emulated = undefined;
    this.#isChanged = true;
    this.#stopWaiting();
  }

  /** @param {Grant} grant */
  #signOut(grant) {
    if (grant === this.retired) this.retired = undefined;
    this.told.ended.push([grant.id, grant.issued]);
    this.left = { ...grant };
    this.#revoke(grant);
  }

  /** R9, R24. @param {Grant} grant @param {string} why */
  #settled({ access }, why) {
    if (!this.tokens.includes(access)) this.gone.set(access, why);
  }

  #expire() {
    this.expiredHeader = this.active?.header;
    this.#endActive('dead');
    return 'expired';
  }

  /**
   * R31: without a refresh token here, other tabs are asked for newer tokens.
   *
   * @param {Grant} grant
   */
  #askTabs({ id, issued }) {
    if (!this.options.shared) return this.#expire();
    this.asked = { id, until: this.now + PATIENCE, isAnswered: false };
    this.told.wanted.push([id, issued]);
    this.waiting = id;
    return 'wait';
  }

  /** R32: the restored session is known to be dead. */
  #endIfOver() {
    const { active, asked } = this;
    if (active && !active.refresh && !asked && this.#isOver(active)) this.#askTabs(active);
  }

  // ---- Answers to token requests ---------------------------------------------------------------------

  /** @param {Request} request @param {Answer} answer */
  answer(request, answer) {
    this.awaited.splice(this.awaited.indexOf(request), 1);
    const { refreshes } = request;
    const revocation = this.revoking.find(
      ({ isRefreshing, grant }) =>
        isRefreshing && grant.id === refreshes?.id && grant.header === refreshes.header,
    );
    if (revocation) this.#refreshedToRevoke(revocation, answer);
    else if (refreshes) this.#refreshed(refreshes, answer);
    else if (request.owner) this.#granted(request, request.owner, answer);
    else this.#clientGranted(answer);
  }

  /** R30. @param {Revocation} revocation @param {Answer} answer */
  #refreshedToRevoke(revocation, { tokens, status, code }) {
    const { grant } = revocation;
    const { owner, refresh } = grant;
    revocation.isRefreshing = false;
    if (!tokens && status !== 'invalid-credentials') return;
    for (const other of this.revoking.filter((it) => it.grant === grant && !it.request)) {
      this.revoking.splice(this.revoking.indexOf(other), 1);
      if (!tokens) this.told.revoked.push([owner, other.token, 'already-invalid', code]);
    }
    if (tokens) {
      const stray = this.#grant(owner, { ...tokens, refresh: tokens.refresh ?? refresh });
      this.strays.push({ ...stray, isFinal: true });
    }
    this.#settled(grant, 'settled');
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
    const revoked = this.revoking.find((it) => it.grant.id === before.id)?.grant;
    // A response without a refresh token leaves the one that there is.
    const refresh = tokens?.refresh ?? grant?.refresh;
    const next = tokens && this.#grant(before.owner, grant ? { ...tokens, refresh } : tokens);
    // A grant that another tab has refreshed meanwhile is alive.
    const isSame = grant?.access === before.access;
    if (grant && next?.header) {
      this.#replace(grant, this.#renewed(grant, next));
      this.#isChanged = true;
      this.#newTokens(grant); // R19
      return;
    }
    if (next) this.strays.push({ ...next, refresh: tokens?.refresh });
    // R30: the new grant is revoked in its place.
    if (next && revoked && revoked.header === before.header) revoked.isFinal = true;
    if (grant && isSame && final) {
      this.#refreshTokenIsDead(grant);
      return;
    }
    this.#endWaiting(before.id, grant && !isSame ? grant.header : undefined); // R20
  }

  /** R31: another tab may have a newer token than the refused one. @param {Grant} grant */
  #refreshTokenIsDead(grant) {
    const { persist, shared } = this.options;
    if (grant === this.active && persist && shared) {
      grant.refresh = undefined;
      this.#isChanged = true;
      this.#askTabs(grant);
      return;
    }
    this.#endWaiting(grant.id, undefined);
    if (grant === this.active) {
      this.#expire();
      return;
    }
    this.#remove(grant);
    this.#settled(grant, 'dead');
  }

  /** @param {Grant} grant */
  #remove(grant) {
    if (grant === this.active) this.active = undefined;
    if (grant === this.parked) this.parked = undefined;
    if (grant === this.retired) this.retired = undefined;
    this.#isChanged = true;
  }

  /** @param {number | 'client'} what @param {string | undefined} header */
  #endWaiting(what, header) {
    if (this.waiting !== what) return;
    this.waiting = undefined;
    this.told.renewed.push(header);
  }

  /** Requests that wait for tokens of this grant get them. @param {Grant} grant */
  #newTokens({ id, header }) {
    if (this.asked?.id === id) this.asked = undefined;
    this.#endWaiting(id, header);
  }

  /** @param {Answer} answer */
  #clientGranted({ tokens }) {
    const next = tokens && this.#grant('customer', tokens);
    const { client } = this;
    // It is treated like a refresh, so its refresh token, which is never used, stays as well.
    const refresh = next?.refresh ?? client?.refresh;
    if (next?.header) this.client = client ? { ...this.#renewed(client, next), refresh } : next;
    this.#endWaiting('client', next?.header);
  }

  /**
   * Refreshed tokens are later than the old ones, and trusted (R49).
   *
   * @param {Grant} grant
   * @param {Grant} next
   * @returns {Grant}
   */
  #renewed({ issued, refusals }, next) {
    const later = this.now > issued ? this.now : issued + 1;
    return { ...next, ...this.#dated(later), refusals };
  }

  /** R49: the time from which it may be refreshed; a time in the future was written before the clock
   *  was set back. @param {number} issued */
  #dated(issued) {
    const restUntil = issued ? Math.min(issued, this.now) + TRUST : 0;
    return { issued, restUntil, isRefused: false };
  }

  /** R49: true if a refused token causes a refresh. @param {Grant} grant */
  #refusalCounts(grant) {
    const rest = grant.restUntil - this.now;
    if (rest <= 0 || rest > 300_000) {
      if (!grant.isRefused) grant.refusals = 0;
      return true;
    }
    if (!grant.isRefused) {
      grant.isRefused = true;
      // The first refused token rests as long as it is new.
      if (grant.refusals > 0) {
        grant.restUntil = this.now + PAUSES[Math.min(grant.refusals, PAUSES.length) - 1];
      }
      grant.refusals++;
    }
    return false;
  }

  /** @param {Owner} owner @param {Tokens} tokens @returns {Grant} */
  #grant(owner, { access, type, refresh, seconds = 0 }) {
    const expires = seconds > 0 ? this.now + seconds * 1000 : 0;
    const refreshAt = refresh && seconds >= WORTH_REFRESHING ? expires : 0;
    const header = type === 'bearer' ? bearer(access) : undefined;
    const rest = { issued: 0, restUntil: 0, isRefused: false, refusals: 0 };
    return { id: ++grants, owner, access, refresh, expires, refreshAt, header, ...rest };
  }

  /** R7: other tokens, the same grant. @param {Grant} grant @param {Partial<Grant>} next */
  #replace(grant, next) {
    const { id, access } = grant;
    Object.assign(grant, next, { id, earlier: access });
    this.#settled({ ...grant, access }, 'replaced');
    this.gone.delete(grant.access);
  }

  // ---- Requests of the storefront --------------------------------------------------------------------

  authorization() {
    if (!this.active || this.asked) return 'nothing'; // R32
    this.told.authorization = this.active.header;
  }

  /** R19, R42. @param {boolean} certain @param {string} rejected */
  renew(certain, rejected) {
    const { active, asked } = this;
    const isCurrent = active && rejected === active.header;
    const isEarlier = active?.earlier && !isCurrent && rejected === bearer(active.earlier);
    if (asked && (isCurrent || isEarlier || !rejected)) return 'wait'; // R31
    if (isEarlier) {
      this.told.authorization = active.header;
      return 'resend';
    }
    if (rejected && rejected === this.expiredHeader && !isCurrent) return 'expired'; // R32
    if (!active) return this.#renewClient(certain, rejected);
    if (!isCurrent) return 'nothing'; // R21
    if (!certain && !this.#isOver(active)) return 'nothing'; // R42
    if (!this.#refusalCounts(active)) return 'nothing'; // R49
    return active.refresh ? this.#waitForRefresh(active) : this.#askTabs(active);
  }

  /** @param {boolean} certain @param {string} rejected */
  #renewClient(certain, rejected) {
    const { client } = this;
    if (rejected && rejected !== client?.header) return 'nothing';
    if (client && !this.#isOver(client)) {
      if (!rejected && !client.isRefused) {
        this.told.authorization = client.header;
        return 'resend';
      }
      if (rejected && !certain) return 'nothing'; // R42
      if (!this.#refusalCounts(client)) return 'nothing'; // R49
      client.isRefused = true;
    }
    const isAsked = this.awaited.some(({ owner }) => !owner);
    if (!isAsked && this.isFull) return 'full';
    const form = { grant_type: 'client_credentials', ...this.options.clients.customer };
    if (!isAsked) this.#ask({ purpose: 'token', form });
    this.waiting = 'client';
    return 'wait';
  }

  /** @param {Grant} grant */
  #waitForRefresh(grant) {
    if (!this.#refresh(grant)) return 'full';
    this.waiting = grant.id;
    return 'wait';
  }

  /**
   * Starts one refresh of these tokens, however many ask for it. False: there is no place.
   *
   * @param {Grant} grant
   */
  #refresh(grant) {
    const { id, header, owner, refresh = '' } = grant;
    const isAsked = this.awaited.some(
      ({ refreshes }) => refreshes?.id === id && refreshes.header === header,
    );
    if (isAsked) return true;
    if (this.isFull) return false;
    const form = {
      grant_type: 'refresh_token',
      refresh_token: refresh,
      ...this.options.clients[owner],
    };
    this.#ask({ purpose: 'refresh', owner, form, refreshes: { ...grant } });
    return true;
  }

  /** @param {Request} request */
  #ask(request) {
    this.awaited.push(request);
    this.told.requests.push(request);
    return request;
  }

  /**
   * The alarm for this time goes off: a grant is refreshed before it is needed.
   *
   * @param {number} at
   */
  ring(at) {
    this.now = Math.max(this.now, at);
    const { asked } = this;
    if (asked && asked.until <= this.now) {
      if (asked.isAnswered) {
        this.asked = undefined;
        this.#endWaiting(asked.id, undefined);
      } else {
        this.#expire();
      }
    }
    const { active } = this;
    if (!active?.refresh || !active.refreshAt || active.refreshAt > this.now) return;
    active.refreshAt = 0;
    this.#refresh(active);
  }

  // ---- Revocations -----------------------------------------------------------------------------------

  /** @param {Grant} grant */
  #revoke(grant) {
    const others = [...this.held, ...this.revoking.map((other) => other.grant)];
    if (others.some((other) => other !== grant && other.access === grant.access)) return; // R8, R29
    this.#beginRevoking(grant, ['refresh_token', 'access_token']);
  }

  /**
   * @param {Grant} grant
   * @param {('access_token' | 'refresh_token')[]} tokens in the order of R11
   */
  #beginRevoking(grant, tokens) {
    const { revoke, retries } = this.options;
    for (const token of tokens) {
      if (!revoke || (token === 'refresh_token' && !grant.refresh)) continue; // R13
      this.revoking.push({ grant, token, tries: retries, notBefore: 0 });
    }
    this.#settled(grant, 'settled');
  }

  /**
   * R30: true if the revocation waits for a living bearer from now on.
   *
   * @param {Revocation} revocation
   */
  #waitForBearer(revocation) {
    const { grant } = revocation;
    if (grant.isFinal || !this.options.bearer || this.#isLeaving) return false;
    if (!this.#refresh(grant)) return false;
    grant.isFinal = revocation.isRefreshing = true;
    return true;
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
    if (status === 401) {
      if (token === 'refresh_token' && this.#waitForBearer(revocation)) return; // R30
      // The 401 says that the bearer is dead, which is the token itself or not.
      const isOwn = token === 'access_token' && this.options.bearer && grant.header;
      outcome = isOwn ? 'already-invalid' : 'rejected';
    }
    if (passing && revocation.tries-- > 0) {
      revocation.notBefore =
        this.now + Math.min(retryAfter > 0 ? retryAfter : PATIENCE, LONGEST_RETRY); // R18
      return;
    }
    this.revoking.splice(this.revoking.indexOf(revocation), 1);
    if (token === 'refresh_token') grant.refresh = undefined; // R27
    this.#settled(grant, 'settled');
    this.told.revoked.push([grant.owner, token, outcome, status]);
  }

  /** R11: the page is going away, and no revocation waits any more. */
  leave() {
    this.#isLeaving = true;
    this.#releaseStrays();
    for (const revocation of this.revoking) {
      revocation.isRefreshing = false; // R30: nor for a refresh
      if (!revocation.request) this.#send(revocation);
    }
  }

  // ---- Storage and other tabs ------------------------------------------------------------------------

  /** @returns {Snapshot | null} */
  get snapshot() {
    const { line, epoch, active, parked, retired, emulated, options } = this;
    if (!active && !options.shared) return null;
    /** R25. @param {Grant | undefined} grant @returns {SavedGrant | undefined} */
    const saved = (grant) => {
      if (!grant) return undefined;
      const { id, owner, access, refresh, expires, issued } = grant;
      return {
        id,
        owner,
        access,
        refresh: options.persist ? refresh : undefined,
        expires: expires || undefined,
        issued: issued || undefined,
      };
    };
    const places = { active: saved(active), parked: saved(parked), retired: saved(retired) };
    const until = this.revoking.length
      ? this.now + PATIENCE
      : this.#ifLater(this.othersRevoke) || undefined;
    return { line, epoch, ...places, customer: emulated, revoking: until }; // R29
  }

  /** R24: the storage was emptied, perhaps at a later epoch of the line than is known here. */
  emptied() {
    this.line = -++lines;
    if (this.active) this.#isChanged = true;
  }

  /** @param {Snapshot} snapshot */
  adopt(snapshot) {
    const { held, signIn, active: before } = this;
    const saved = [snapshot.active, snapshot.parked, snapshot.retired].filter(
      (it) => it !== undefined,
    );
    const isOther = snapshot.active?.id !== this.active?.id;
    // R24: two tabs that have both written this epoch have diverged there.
    const isSameLine = snapshot.line === this.line && !(snapshot.epoch === this.epoch && isOther);
    if (isSameLine && snapshot.epoch <= this.epoch) {
      if (snapshot.epoch < this.epoch) this.#isChanged = true; // it is stored again
      return 'stale';
    }
    if (saved.filter(({ id }) => !held.some((grant) => grant.id === id)).length > this.free) {
      return 'full';
    }
    this.line = snapshot.line;
    this.epoch = snapshot.epoch;
    const { revoking = 0 } = snapshot;
    this.othersRevoke = revoking <= this.now + PATIENCE ? revoking : 0; // R29
    const missing = held.filter(({ id }) => !saved.some((it) => it.id === id));
    const staying = held.filter((grant) => !missing.includes(grant));
    this.active = this.parked = this.retired = undefined;
    for (const { id } of saved) {
      const grant = staying.find((it) => it.id === id);
      if (grant) this.#put(snapshot, id, grant);
    }
    const others = [...missing];
    for (const grant of missing) {
      others.shift();
      if (isSameLine) {
        this.#leaveToOthers(grant, grant.issued, others);
      } else {
        this.told.ended.push([grant.id, grant.issued]);
        this.strays.push(grant);
      }
    }
    for (const it of saved) {
      const grant = staying.find(({ id }) => id === it.id);
      if (!grant) this.#put(snapshot, it.id, this.#taken(it));
      else if ((it.issued ?? 0) < grant.issued) this.#isChanged = true;
      else if ((it.issued ?? 0) > grant.issued || it.access !== grant.access) {
        this.#takeTokens(grant, it);
      }
    }
    this.emulated = snapshot.customer;
    const owner = /** @type {{ owner: string } | undefined} */ (this.active)?.owner;
    const isTaken = owner === 'agent' || (owner && signIn?.owner === 'customer');
    if (isTaken) this.#cancel();
    this.told.state = this.state;
    this.#stopWaiting();
    // R24: a grant that this tab is revoking, or has revoked last, does not come back with a later
    // snapshot of another tab.
    const over = [...this.revoking.map(({ grant }) => grant), ...this.strays];
    for (const { id, issued } of [...over, ...(this.left ? [this.left] : [])]) {
      this.#end(id, issued, false);
    }
    this.#endIfOver();
    // Another user of the same role is there: the end of the former one is reported first.
    const active = /** @type {Grant | undefined} */ (this.active);
    if (before && active && before.owner === active.owner && before.id !== active.id) {
      const gone = { phase: 'anonymous', userId: 'anonymous', expiresAt: 0 };
      this.told.before.push({ ...gone, revoking: 0 });
    }
  }

  /** @param {Snapshot} snapshot @param {number} id @param {Grant} grant */
  #put({ active, parked }, id, grant) {
    if (active?.id === id) this.active = grant;
    else if (parked?.id === id) this.parked = grant;
    else this.retired = grant;
  }

  /** @param {SavedGrant} saved @returns {Grant} */
  #taken(saved) {
    const { access, expires = 0, issued = 0 } = saved;
    this.gone.delete(access);
    const next = { ...saved, expires, refreshAt: 0, header: bearer(access), refusals: 0 };
    return { ...next, ...this.#dated(issued) };
  }

  /** @param {Grant} grant @param {SavedGrant} saved */
  #takeTokens(grant, saved) {
    const { refresh, refusals } = grant;
    // A snapshot without refresh tokens leaves the present one.
    this.#replace(grant, { ...this.#taken(saved), refresh: saved.refresh ?? refresh, refusals });
    if (grant === this.active) this.#newTokens(grant);
  }

  /**
   * R31: another tab hands over its tokens, or answers that it refreshes them.
   *
   * @param {boolean} isAnswer
   * @param {Snapshot} snapshot
   */
  heard(isAnswer, { active, parked, retired }) {
    for (const saved of [active, parked, retired]) {
      const grant = this.held.find(({ id }) => id === saved?.id);
      if (!saved || !grant) continue;
      if ((saved.issued ?? 0) > grant.issued) {
        this.#takeTokens(grant, saved);
        this.#isChanged = true;
      } else if (isAnswer && grant === this.active && this.asked) {
        this.asked.isAnswered = true;
        this.asked.until = this.now + REFRESH_PATIENCE;
      }
    }
  }

  /**
   * R31: another tab asks for newer tokens than it has.
   *
   * @param {number} id
   * @param {number} issued
   */
  wanted(id, issued) {
    const grant = this.held.find((it) => it.id === id);
    if (!grant) return 'nothing';
    if (grant.issued > issued) return 'ok';
    return grant.refresh && this.#refresh(grant) ? 'ok' : 'nothing';
  }

  /**
   * R24: another tab has ended a grant, and revokes it.
   *
   * @param {number} id
   * @param {number} issued
   */
  ended(id, issued) {
    const status = this.#end(id, issued, true);
    if (!status) this.othersRevoke = this.now + PATIENCE; // R29
    return status;
  }

  /** @param {number} id @param {number} issued @param {boolean} isElsewhere */
  #end(id, issued, isElsewhere) {
    const grant = this.held.find((other) => other.id === id);
    if (!grant) return 'done';
    const wasActive = grant === this.active;
    this.#remove(grant);
    this.#leaveToOthers(grant, issued, []);
    if (!wasActive) return;
    const { retired } = this;
    if (retired && isElsewhere) {
      this.retired = undefined;
      this.#settled(retired, 'left to another tab');
    } else if (retired) {
      this.#signOut(retired);
    }
    this.#restore();
    this.#endIfOver();
  }

  /**
   * R24, R31: the other tab revokes the tokens of that time. Tokens that only this tab has are
   * revoked here.
   * @param {Grant} grant @param {number} issued @param {Grant[]} held the grants that stay held
   */
  #leaveToOthers(grant, issued, held) {
    if (this.revoking.some((other) => other.grant.id === grant.id)) grant.id = ++grants;
    if (grant.issued > issued) {
      if (!held.some(({ access }) => access === grant.access)) this.#revoke(grant);
    } else if (grant.refresh && !this.options.persist) {
      grant.expires = this.now;
      this.#beginRevoking(grant, ['refresh_token']);
    } else {
      this.#settled(grant, 'left to another tab');
    }
  }

  // ---- After every event ---------------------------------------------------------------------------

  #proceed() {
    const { revoking, signIn } = this;
    // R29: a sign-in that is on the wire could be given the token of a stray.
    if (!signIn?.request) this.#releaseStrays();
    const isChosen = (/** @type {Revocation} */ { grant }) => this.#chosen.has(grant.refresh);
    for (const revocation of [
      ...revoking.filter(isChosen),
      ...revoking.filter((it) => !isChosen(it)),
    ]) {
      // R11: the second token when the first has settled.
      const isNext = revoking.find(({ grant }) => grant === revocation.grant) === revocation;
      const isDue = revocation.notBefore <= this.now;
      if (!isNext || !isDue || revocation.request || revocation.isRefreshing) continue;
      const isRefresh = revocation.token === 'refresh_token';
      if (isRefresh && this.#isOver(revocation.grant) && this.#waitForBearer(revocation)) continue;
      this.#send(revocation);
    }
    const isQuiet = revoking.length === 0 && this.now >= this.othersRevoke;
    const mayAsk = isQuiet || (signIn && signIn.patience <= this.now); // R29
    if (signIn && !signIn.request && mayAsk && !this.isFull && !this.#isLeaving) {
      const { owner } = signIn;
      const { scope, clients } = this.options;
      const form = { grant_type: 'password', ...signIn.form, ...scope, ...clients[owner] };
      signIn.request = this.#ask({ purpose: 'token', owner, form });
    }
    this.#stopWaiting();
  }

  /** R21: requests of an ended session are not sent again. */
  #stopWaiting() {
    const { waiting, active } = this;
    if (this.asked?.id !== active?.id) this.asked = undefined;
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
    for (const before of told.before) before.revoking = state.revoking;
    this.#last = text;
    this.#isChanged = false;
  }
}
