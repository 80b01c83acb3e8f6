// The fault matrix: every way in which a back end can fail, at every request that a session makes of
// it, in every situation. The cases are data; a trial runs one of them, and says what broke.
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { startBackend } from '../../web/backend/index.js';

/** @import { SessionState } from 'occ-session' */
/** @import { Backend, Token } from '../../web/backend/index.js' */
/** @import { EndpointBehaviour } from '../../web/backend/behaviour.js' */
/** @import { Client, Look, Sent } from './faults-client.js' */

/**
 * @typedef {'Node' | 'Chromium'} Place
 * @typedef {(typeof operations)[number]} Operation
 * @typedef {(typeof roles)[number]} Role
 *
 * @typedef {object} Expected
 * @property {string | null} signIn the code that a sign-in is rejected with; null: somebody is signed in
 * @property {'none' | 'given' | 'lost' | 'useless'} token what comes of a token that is asked for: it is
 *   not issued; the session has it; it is issued, and nobody but the server can know it; the session
 *   cannot use it, and has it revoked
 * @property {boolean} refused a refresh is refused for good, and the grant is dead
 * @property {[outcome: string, status: number]} revocation
 *
 * @typedef {object} Fault
 * @property {string} does said of a back end
 * @property {Partial<EndpointBehaviour>} [set]
 * @property {Partial<Expected>} [expected] where it is not what `refusal` says
 * @property {Partial<Record<Place, Partial<Expected>>>} [in] where the places differ
 * @property {'headers' | 'body'} [never] what never comes
 * @property {boolean} [gone] nobody listens any more
 *
 * @typedef {object} Case
 * @property {Fault} fault
 * @property {Operation} operation
 * @property {Role} role
 * @property {'with' | 'without'} cors headers on the faulty answer
 * @property {boolean} persist
 * @property {'local' | 'session'} storage
 * @property {boolean} customerFirst the emulated customer signs out before the agent does
 *
 * @typedef {{ [K in keyof Client]: (...parameters: Parameters<Client[K]>)
 *   => Promise<Awaited<ReturnType<Client[K]>>> | ReturnType<Client[K]> }} RemoteClient
 */

export const operations = /** @type {const} */ ([
  'sign-in',
  'refresh',
  'revocation of the refresh token',
  'revocation of the access token',
]);

/** Who stands before the shop. For a sign-in: who would, if it were not for the fault. */
export const roles = /** @type {const} */ ([
  'customer',
  'agent',
  'agent over a parked customer',
  'agent signing in over a customer',
]);

/** @type {Expected} */
const refusal = {
  signIn: 'unexpected-response',
  token: 'none',
  refused: false,
  revocation: ['revoked', 200],
};

/** @type {Partial<Expected>} */
const asEver = { signIn: null, token: 'given' };
/** @type {Partial<Expected>} */
const unreachable = { signIn: 'unreachable', revocation: ['unreachable', 0] };
/** @type {Partial<Expected>} */
const timedOut = { signIn: 'unreachable', revocation: ['timed-out', 0] };
/** @type {Partial<Expected>} */
const tooLarge = { signIn: 'token-too-large', token: 'lost' };
/** @param {number} status @returns {Partial<Expected>} */
const serverError = (status) => ({ signIn: 'server-error', revocation: ['server-error', status] });
/** The browser does not tell which redirect it is. @type {Fault['in']} */
const opaque = { Chromium: { revocation: ['unsupported', 0] } };

/** @type {Fault[]} */
export const faults = [
  { does: 'has no fault', expected: asEver },
  {
    does: 'answers 100, and then as ever',
    set: { answer: 100 },
    expected: asEver,
    // Node takes it for an error of the server, since it has not asked for it.
    in: { Node: { ...unreachable, token: 'lost' } },
  },
  { does: 'answers 101, and then as ever', set: { answer: 101 }, expected: asEver },
  { does: 'answers 102, and then as ever', set: { answer: 102 }, expected: asEver },
  { does: 'answers 103, and then as ever', set: { answer: 103 }, expected: asEver },
  { does: 'answers 200 with no body', set: { answer: 'empty' } },
  { does: 'answers 200 with no token in the body', set: { answer: 'no-token' } },
  { does: 'answers 200 with a page of HTML', set: { answer: 'garbage' } },
  {
    does: 'answers 200 with a token of an unknown type',
    set: { answer: 'unknown-type' },
    expected: { token: 'useless' },
  },
  { does: 'answers 204', set: { answer: 204 }, expected: { revocation: ['revoked', 204] } },
  {
    does: 'answers 300 without a Location',
    set: { answer: 300 },
    expected: { revocation: ['unsupported', 300] },
  },
  {
    does: 'answers 302 without a Location',
    set: { answer: 302 },
    expected: { revocation: ['unsupported', 302] },
    in: opaque,
  },
  { does: 'answers 304', set: { answer: 304 }, expected: { revocation: ['unsupported', 304] } },
  {
    does: 'answers 307 without a Location',
    set: { answer: 307 },
    expected: { revocation: ['unsupported', 307] },
    in: opaque,
  },
  {
    does: 'redirects within its origin',
    set: { answer: 'redirect' },
    expected: { revocation: ['unsupported', 302] },
    in: opaque,
  },
  {
    does: 'redirects to another origin',
    set: { answer: 'redirect-other-origin' },
    expected: { revocation: ['unsupported', 302] },
    in: opaque,
  },
  {
    does: 'answers 400',
    set: { answer: 400 },
    expected: { signIn: 'invalid-credentials', refused: true, revocation: ['rejected', 400] },
  },
  {
    does: 'answers 401',
    set: { answer: 401 },
    expected: {
      signIn: 'invalid-credentials',
      refused: true,
      revocation: ['already-invalid', 401],
    },
  },
  { does: 'answers 403', set: { answer: 403 }, expected: { revocation: ['rejected', 403] } },
  { does: 'answers 404', set: { answer: 404 }, expected: { revocation: ['unsupported', 404] } },
  {
    does: 'answers 429',
    set: { answer: 429 },
    expected: { signIn: 'server-error', revocation: ['rejected', 429] },
  },
  { does: 'answers 500', set: { answer: 500 }, expected: serverError(500) },
  { does: 'answers 502', set: { answer: 502 }, expected: serverError(502) },
  { does: 'answers 503', set: { answer: 503 }, expected: serverError(503) },
  {
    does: 'answers 503 and names a time',
    set: { answer: 503, retryAfter: 1 },
    expected: serverError(503),
  },
  { does: 'is gone', gone: true, expected: unreachable },
  { does: 'asks who asks, and refuses', set: { cors: false }, expected: unreachable },
  { does: 'breaks off before the headers', set: { answer: 'drop' }, expected: unreachable },
  {
    does: 'breaks off within the headers',
    set: { answer: 'drop-in-headers' },
    expected: unreachable,
  },
  {
    does: 'breaks off after the headers',
    set: { answer: 'drop-after-headers' },
    expected: { signIn: 'unreachable' },
  },
  {
    does: 'breaks off within the body',
    set: { answer: 'drop-in-body' },
    expected: { signIn: 'unreachable', token: 'lost' },
  },
  { does: 'answers with what is no HTTP', set: { answer: 'not-http' }, expected: unreachable },
  { does: 'is slow with the headers', set: { delayMs: 50 }, expected: asEver },
  { does: 'is slow with the body', set: { answer: 'slow-body' }, expected: asEver },
  {
    does: 'answers when nobody waits any more',
    set: { delayMs: 600_000 },
    expected: { ...timedOut, token: 'lost' },
    never: 'headers',
  },
  { does: 'never answers', set: { answer: 'silent' }, expected: timedOut, never: 'headers' },
  {
    does: 'never ends its answer',
    set: { answer: 'endless' },
    expected: { signIn: 'unreachable' },
    never: 'body',
  },
  { does: 'answers with 64 KiB', set: { answer: '64KiB' }, expected: asEver },
  // More is not read: what it says, the session cannot know.
  { does: 'answers with 64 KiB and a byte', set: { answer: '64KiB+1' }, expected: tooLarge },
  { does: 'answers with 10 MiB', set: { answer: '10MiB' }, expected: tooLarge },
];

const refusesPreflight = (/** @type {Fault} */ { set }) => set?.cors === false;

/** An answer that has headers. */
const hasHeaders = (/** @type {Fault} */ { set, gone, never }) =>
  !gone &&
  never !== 'headers' &&
  !['drop', 'drop-in-headers', 'not-http'].includes(`${set?.answer}`);

/** What is left out, and why. @type {[why: string, (each: Case, place: Place) => boolean][]} */
const leftOut = [
  [
    'Node does not look at CORS headers',
    ({ fault, cors }, place) => place === 'Node' && (cors === 'without' || refusesPreflight(fault)),
  ],
  [
    'there is no answer that could have CORS headers, or it has none anyway',
    ({ fault, cors }) => cors === 'without' && (!hasHeaders(fault) || refusesPreflight(fault)),
  ],
  [
    'no sign-in is under way at a back end that is gone',
    ({ fault, role, operation }) =>
      fault.gone === true && operation !== 'sign-in' && role === roles[3],
  ],
];

/**
 * The cases of a place, and how many there are not.
 *
 * @param {Place} place
 * @returns {{ cases: Case[], omitted: Record<string, number> }}
 */
export function casesOf(place) {
  /** @type {Case[]} */
  const cases = [];
  /** @type {Record<string, number>} */
  const omitted = {};
  for (const [f, fault] of faults.entries()) {
    for (const cors of /** @type {const} */ (['with', 'without'])) {
      for (const [o, operation] of operations.entries()) {
        for (const [r, role] of roles.entries()) {
          // Each half of the faults at each operation and role.
          const persist = (f + o + r) % 2 === 0;
          const storage = (f + (o >> 1) + (r >> 1)) % 4 < 2 ? 'local' : 'session';
          const customerFirst = role === roles[2] && ((f >> 1) + o) % 2 === 0;
          /** @type {Case} */
          const each = { fault, operation, role, cors, persist, storage, customerFirst };
          const why = leftOut.find(([, isMeant]) => isMeant(each, place))?.[0];
          if (why) omitted[why] = (omitted[why] ?? 0) + 1;
          else cases.push(each);
        }
      }
    }
  }
  return { cases, omitted };
}

/** How many cases there are for one in the short form; no dimension has a divisor of it. */
const stride = 9;

export const isFull = process.env.OCC_PROOF === 'full';

/** All cases, or in the short form a fixed share of them. @param {Case[]} cases */
export const chosen = (cases) => (isFull ? cases : cases.filter((_, at) => at % stride === 0));

/** The values of each dimension that occur. @param {Case[]} cases */
export const occurring = (cases) =>
  Object.fromEntries(
    /** @type {const} */ ([
      'fault',
      'cors',
      'operation',
      'role',
      'persist',
      'storage',
      'customerFirst',
    ]).map((name) => [name, new Set(cases.map((each) => each[name]))]),
  );

/** @param {Case} each */
export const nameOf = ({ fault, operation, role, cors, persist, storage }) =>
  `${operation}, ${role}: a back end that ${fault.does}` +
  `${cors === 'without' ? ', without CORS headers' : ''}` +
  ` (${storage}${persist ? ', with the refresh token' : ''})`;

/** @param {Case} each @param {Place} place @returns {Expected} */
function expectedOf({ fault, cors }, place) {
  const expected = { ...refusal, ...fault.expected, ...fault.in?.[place] };
  // A token is issued to any page, but no other page can read the answer.
  const isHidden = cors === 'without' || refusesPreflight(fault);
  if (!isHidden) return expected;
  const isIssued = expected.token !== 'none' || refusesPreflight(fault);
  return {
    ...{ ...refusal, ...unreachable },
    token: isIssued ? 'lost' : 'none',
  };
}

// ---- One case ----------------------------------------------------------------------------------

const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const agent = { username: 'asagent', password: 'Support-1' };
const customerId = '0001';

const tokenPath = '/authorizationserver/oauth/token';
const revokePath = '/authorizationserver/oauth/revoke';

/** Pieces of all that the back end says in words. */
const serverTexts = [
  ...['told to answer like this', 'Maintenance', 'Bad credentials', 'Invalid access token'],
  ...['Invalid refresh token', 'what do you mean', 'login.jsp'],
];

/** A revocation that is never answered is given up after this time. */
const shortly = 1_000;

/** @type {EndpointBehaviour} */
const normal = {
  ...{ answer: 'normal', delayMs: 0, only: null, times: null, retryAfter: null, cors: true },
};

/** Held, and what becomes of it is set later. @type {EndpointBehaviour} */
const undecided = { ...normal, answer: 'decide-later' };

/** What has not happened by then does not happen. */
const patience = 15_000;

/**
 * @template T
 * @param {string} what
 * @param {Promise<T> | T} promise
 * @returns {Promise<T>}
 */
async function within(what, promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not come to an end: ${what}`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** All of it that no answer to a revocation may change. @param {Look} look */
const likeness = ({ state, stored, authorization }) =>
  JSON.stringify({ state: { ...state, revoking: 0 }, stored, authorization });

const nobody = JSON.stringify({
  ...{ phase: 'anonymous', userId: 'anonymous', signedIn: false, agentSignedIn: false },
  ...{ emulating: false, expiresAt: null, revoking: 0 },
});

/** A case that is run: the fault comes, everybody signs out, and it is seen what is left. */
class Trial {
  /** What broke, in words that begin with the rule. @type {string[]} */
  broken = [];
  /** @type {Token[]} */
  tokens = [];

  /**
   * @param {Case} each
   * @param {Place} place
   * @param {Backend} backend as new
   * @param {RemoteClient} client as new
   */
  constructor(each, place, backend, client) {
    const { fault, operation, role } = each;
    this.each = each;
    this.fault = fault;
    this.backend = backend;
    this.client = client;
    this.expected = expectedOf(each, place);
    this.isSignIn = operation === 'sign-in';
    this.isRefresh = operation === 'refresh';
    this.isRevocation = !this.isSignIn && !this.isRefresh;
    this.isTakingOver = role === 'agent signing in over a customer';
    this.isEmulating = role === 'agent over a parked customer';
    /** The sign-in is answered when nobody waits for it any more. */
    this.isStray = this.isSignIn && this.isTakingOver;
    /** The grant is dead, as the server says. */
    this.isDead = this.isRefresh && this.expected.refused;
    /** Whose token request meets the fault. @type {Token['owner']} */
    this.owner =
      role === 'customer' || (this.isTakingOver && this.isRefresh) ? 'customer' : 'agent';
    /** The token whose revocation meets the fault. @type {'access_token' | 'refresh_token'} */
    this.hint = operation === operations[2] ? 'refresh_token' : 'access_token';
  }

  /** @param {unknown} holds @param {string} what */
  check(holds, what) {
    if (!holds) this.broken.push(what);
  }

  /** @param {'password' | 'refresh_token' | 'access_token'} only @returns {EndpointBehaviour} */
  faulty(only) {
    const cors = this.each.cors === 'without' ? { cors: /** @type {const} */ ('preflight') } : {};
    return { ...normal, ...this.fault.set, ...cors, only };
  }

  /** Whether it was issued by the answer that has the fault. @param {Token} token */
  isFaulty({ owner, grantType }) {
    const faulty = this.isSignIn ? 'password' : this.isRefresh ? 'refresh_token' : undefined;
    return owner === this.owner && grantType === faulty;
  }

  /** @param {Token} token */
  fateOf(token) {
    return this.isFaulty(token) ? this.expected.token : 'given';
  }

  /** Labels of the tokens in a text, but for those that may be there. @param {string} text @param {string[]} owners whose may be */
  async strangersIn(text, owners) {
    this.tokens = await this.backend.tokens();
    return this.tokens
      .filter(({ token, owner }) => !owners.includes(owner) && text.includes(token))
      .map(({ label }) => label);
  }

  async whenHeld() {
    const held = this.backend.waitFor(({ status }) => status === 'held');
    await within('the sign-in that is held', held);
  }

  /** Where the faulty token request never ends by itself, its time is over. @param {'password' | 'refresh_token'} grantType */
  async elapse(grantType) {
    const { never } = this.fault;
    if (!never) return;
    if (never === 'headers') {
      const asked = this.backend.waitFor(
        ({ path, form, answeredAt }) =>
          path === tokenPath && form?.grant_type === grantType && answeredAt === null,
      );
      await within('the request that is never answered', asked);
    }
    const isIssued = async () =>
      (await this.backend.tokens()).some((token) => this.isFaulty(token));
    while (this.expected.token === 'lost' && !(await isIssued())) await setImmediate();
    await within('the headers', this.client.elapse(grantType, never === 'body'));
  }

  /** @param {string} storageKey */
  async run(storageKey) {
    const { persist, storage } = this.each;
    // Each token ends by itself only, and no request of the shop leads to a refresh.
    this.backend.set({ revocationEnds: 'token', occ: { answer: 404 } });
    await this.client.open({
      ...{ baseUrl: this.backend.url, clientId: 'mobile_android', clientSecret: 'secret' },
      ...{ storage, storageKey, persistRefreshToken: persist },
      ...(this.isRevocation &&
        this.fault.never === 'headers' && { revocation: { timeoutMs: shortly } }),
    });
    await this.prepare();
    if (this.fault.gone) await this.backend.close();
    if (this.isSignIn) await this.meetAtSignIn();
    if (this.isRefresh) await this.meetAtRefresh();
    const between = await this.lookBetween();
    await this.leave(between.state.phase);
    await this.lookBack();
  }

  /** Who has to be there before the fault comes. */
  async prepare() {
    const { role } = this.each;
    const { client, isSignIn, isTakingOver, isEmulating } = this;
    if (isTakingOver || isEmulating || (role === 'customer' && !isSignIn)) {
      await client.beginSignIn('signIn', anna);
      const code = await within('a sign-in', client.signInOutcome());
      this.check(code === null, `Anna cannot sign in: ${code}`);
    }
    if (!isSignIn && (role === 'agent' || isEmulating)) {
      await this.beginAgent();
      const code = await within('a sign-in', client.signInOutcome());
      this.check(code === null, `the agent cannot sign in: ${code}`);
    }
    // Before the token that is held is issued.
    if (this.isRefresh) await this.backend.expireAccessTokens();
    if (!isSignIn && isTakingOver) {
      this.backend.set({ token: { answer: 'hold', only: 'password' } });
      await this.beginAgent();
      await this.whenHeld();
    }
  }

  async beginAgent() {
    const options = this.each.role === 'agent' ? {} : { customerId };
    await this.client.beginSignIn('signInAgent', agent, options);
  }

  async meetAtSignIn() {
    const { client, expected } = this;
    this.backend.set({ token: this.isStray ? undecided : this.faulty('password') });
    if (this.owner === 'customer') await client.beginSignIn('signIn', anna);
    else await this.beginAgent();
    if (this.isStray) {
      if (!this.fault.gone) await this.whenHeld();
      return;
    }
    await this.elapse('password');
    const code = await within('the sign-in', client.signInOutcome());
    this.check(code === expected.signIn, `R15: the sign-in gave ${code}, not ${expected.signIn}`);
  }

  async meetAtRefresh() {
    this.backend.set({ token: this.faulty('refresh_token') });
    await this.client.beginRefresh();
    await this.elapse('refresh_token');
    const renewed = await within('the refresh', this.client.refreshOutcome());
    const wanted = this.expected.token === 'given';
    this.check(renewed === wanted, `R20: there is ${renewed ? 'a' : 'no'} new token`);
    this.backend.set({ token: normal });
  }

  /** @returns {SessionState['phase']} */
  get phaseBetween() {
    if (this.isTakingOver) return this.isDead ? 'agent-signing-in' : 'agent-taking-over';
    const isOver = this.isDead || (this.isSignIn && this.expected.signIn !== null);
    if (this.isEmulating) return isOver ? 'customer' : 'emulating';
    return isOver ? 'anonymous' : this.owner === 'agent' ? 'agent' : 'customer';
  }

  /** After the fault: who is there, what is held, who was told. */
  async lookBetween() {
    const { client, isTakingOver, owner } = this;
    const phase = this.phaseBetween;
    const between = await client.report();
    // A sign-in that nobody listens to may be over by now.
    const mayBeOver = isTakingOver && this.fault.gone;
    this.check(
      mayBeOver || between.state.phase === phase,
      `the phase after the fault is ${between.state.phase}, not ${phase}`,
    );
    const revoked = between.sent.map(({ form }) => form.token);
    for (const token of await this.backend.tokens()) {
      const isLate = isTakingOver && token.owner === 'agent';
      if (this.fateOf(token) !== 'given' || !token.active || isLate) continue;
      this.check(!revoked.includes(token.token), `R7: ${token.label} is held, and was revoked`);
      const isKept = token.kind === 'access_token' || this.each.persist;
      const wanted = isKept && !(this.isDead && token.owner === owner);
      const isStored = between.stored.includes(token.token);
      this.check(isStored === wanted, `R7, R25: ${token.label} is ${isStored ? '' : 'not '}stored`);
    }
    const expired = between.events.filter(({ type }) => type === 'expired');
    const told = expired.map(({ detail }) => detail.owner);
    const wanted = this.isDead ? [owner] : [];
    this.check(`${told}` === `${wanted}`, `R20: it was told that it expired: ${told}`);
    return between;
  }

  /** Everybody signs out; what is to be revoked is held by the back end until it has been seen.
   * @param {SessionState['phase']} phase */
  async leave(phase) {
    const { backend, client, fault, isRevocation, isStray } = this;
    for (let isOver = false; !isOver && this.broken.length === 0;) {
      const { cors } = isRevocation ? this.faulty(this.hint) : normal;
      backend.set({ revoke: { ...undecided, cors } });
      const requests = backend.received({ method: 'GET' }).length;
      const isAgentsTurn = phase === 'agent' || (phase === 'emulating' && !this.each.customerFirst);
      const atOnce = await client.signOut(isAgentsTurn ? 'signOutAgent' : 'signOut');
      const page = `${backend.url}/occ/v2/shop/basesites`;
      const signedOut = await within('a request of the shop', client.get(page));

      const next = phase !== 'emulating' ? 'anonymous' : isAgentsTurn ? 'customer' : 'agent';
      // A customer who will not be restored stays until the agent leaves.
      const owners = { anonymous: [], customer: ['customer'], agent: ['customer', 'agent'] }[next];
      this.check(atOnce.state.phase === next, `R14: the phase is ${atOnce.state.phase} at once`);
      const got = backend.received({ method: 'GET' }).slice(requests);
      const received = got.map(({ authorization }) => authorization);
      this.check(
        fault.gone || `${received}` === `${signedOut.bearers}`,
        'the server has received what was not sent',
      );
      const bearers = [atOnce.authorization, ...signedOut.bearers];
      this.check(bearers.length > 1, 'the shop has asked for nothing');
      this.check(
        owners.length > 0 || bearers.every((bearer) => bearer === null),
        'R14: there is a bearer after the sign-out',
      );
      for (const label of await this.strangersIn(`${atOnce.stored} ${bearers}`, owners)) {
        this.check(false, `R14: ${label} is stored or sent after the sign-out`);
      }

      backend.set({
        revoke: isRevocation ? this.faulty(this.hint) : normal,
        token: isStray ? this.faulty('password') : normal,
      });
      backend.release();
      if (isStray) await this.elapse('password');
      const after = await within('what the session has under way', client.quiet());
      this.check(after.state.revoking === 0, `R16: ${after.state.revoking} revocations are left`);
      this.check(
        likeness(after) === likeness(signedOut),
        'R16: the answers have changed the session',
      );
      phase = after.state.phase;
      isOver = phase === 'anonymous';
    }
    if (this.isTakingOver && !fault.gone) {
      const code = await within('the sign-in that was cancelled', client.signInOutcome());
      this.check(code === 'cancelled', `R21: the sign-in that was cancelled gave ${code}`);
    }
  }

  /** Every token that was issued, everything that was sent, everything that was told. */
  async lookBack() {
    const report = await this.client.report();
    this.check(JSON.stringify(report.state) === nobody, 'R14: in the end somebody is there');
    const left = await this.strangersIn(`${report.stored} ${report.authorization}`, []);
    this.check(left.length === 0, `R14: in the end ${left} is stored`);
    const revocations = report.sent.filter(({ url }) => url.endsWith(revokePath));
    this.accountForTokens(revocations);
    await this.judgeRevocations(revocations, report.events);
    this.judgeWords(report);
  }

  /** R7, R8, R9: each token was revoked once, or there is a reason why it was not. @param {Sent[]} revocations */
  accountForTokens(revocations) {
    const { backend, fault, isRevocation, isSignIn, tokens } = this;
    const received = backend.received({ path: revokePath }).map(({ form }) => form?.token);
    // What a preflight did not let through, or nobody listened to, the server cannot have seen.
    const arrives = !fault.gone && !(isRevocation && refusesPreflight(fault));
    for (const [at, token] of tokens.entries()) {
      const fate = this.fateOf(token);
      const isReplaced = tokens
        .slice(at + 1)
        .some(
          (later) =>
            later.owner === token.owner &&
            later.grantType === 'refresh_token' &&
            token.grantType === 'password' &&
            this.fateOf(later) === 'given',
        );
      const isDead = this.isDead && token.owner === this.owner;
      const isOurs = (fate === 'given' || fate === 'useless') && !isReplaced && !isDead;
      // A browser that has no room for keepalive is asked once more, without.
      const times = revocations.filter(
        ({ form, keepalive }) => keepalive && form.token === token.token,
      ).length;
      const why = [fate, isReplaced && 'replaced', isDead && 'dead'].filter(Boolean).join(', ');
      this.check(
        times === (isOurs ? 1 : 0),
        `R7, R8, R9: ${token.label} (${why}) was revoked ${times} times`,
      );
      if (!isOurs || !arrives) continue;
      this.check(
        received.includes(token.token),
        `R7: the server was not asked to revoke ${token.label}`,
      );
      // The server wants a live bearer: none has expired here, none is of a type that nobody knows.
      const mustEnd = isRevocation
        ? token.kind !== this.hint && !fault.never
        : isSignIn && fate === 'given';
      this.check(!mustEnd || !token.active, `R7: the server still takes ${token.label}`);
    }
    if (isRevocation || fault.gone) return;
    const isIssued = tokens.some((token) => this.isFaulty(token));
    this.check(isIssued === (this.expected.token !== 'none'), 'whether a token was issued');
  }

  /** @param {Sent[]} revocations @param {{ type: string, detail: any }[]} events */
  async judgeRevocations(revocations, events) {
    const useless = this.tokens.filter((token) => this.fateOf(token) === 'useless');
    for (const { form, phase, stored } of revocations) {
      if (useless.some(({ token }) => token === form.token)) continue;
      this.check(['anonymous', 'customer'].includes(phase), `R3: it was revoked in phase ${phase}`);
      for (const label of await this.strangersIn(stored, phase === 'customer' ? [phase] : [])) {
        this.check(false, `R14: ${label} is stored while it is revoked`);
      }
    }
    const settled = events.filter(({ type }) => type === 'revocation');
    const asked = new Set(revocations.map(({ form }) => form.token)).size;
    this.check(settled.length === asked, `R17: ${settled.length} events, ${asked} revocations`);
    const [outcome, status] = this.expected.revocation;
    for (const { detail } of this.isRevocation ? settled : []) {
      if (detail.token !== this.hint && !this.fault.gone) continue;
      this.check(
        detail.outcome === outcome && detail.status === status,
        `R17: the outcome is ${detail.outcome} ${detail.status}, not ${outcome} ${status}`,
      );
    }
    this.check(!events.some(({ type }) => type === 'error'), "R16: there was an 'error' event");
  }

  /** R28: nobody was told a secret, or what the server has said. @param {ReturnType<Client['report']>} report */
  judgeWords({ sent, texts, failures }) {
    const urls = [
      ...this.backend.journal.map(({ path, query, headers }) =>
        JSON.stringify([path, query, headers.referer ?? null]),
      ),
      ...sent.map(({ url }) => url),
    ];
    this.check(!urls.some((url) => url.includes('/login.jsp')), 'R12: a redirect was followed');
    const secrets = [...this.tokens.map(({ token }) => token), anna.password, agent.password];
    const hide = (/** @type {string} */ text) =>
      secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '…'), text);
    for (const text of failures) this.check(false, `R16: ${hide(text)}`);
    for (const text of [...texts, ...urls]) {
      this.check(hide(text) === text, `R28: a secret was told: ${hide(text)}`);
    }
    for (const text of texts) {
      const found = serverTexts.find((words) => text.includes(words));
      this.check(!found, `R28: what the server says was told: ${found}`);
    }
  }
}

/**
 * Runs a case: gives what broke, and the tokens that the back end has issued.
 *
 * @param {Case} each
 * @param {Place} place
 * @param {Backend} backend as new
 * @param {RemoteClient} client as new
 * @param {string} storageKey
 */
export async function runCase(each, place, backend, client, storageKey) {
  const trial = new Trial(each, place, backend, client);
  try {
    await trial.run(storageKey);
  } catch (error) {
    trial.check(false, `${error}`);
  }
  const { broken, tokens } = trial;
  const lost = tokens.filter((token) => trial.fateOf(token) === 'lost').length;
  return { broken, secrets: tokens.map(({ token }) => token), lost };
}

// ---- Many cases --------------------------------------------------------------------------------

/**
 * Runs cases, some at a time, each at a back end that nobody else asks.
 *
 * @param {object} options
 * @param {Place} options.place
 * @param {number} options.atOnce
 * @param {(lane: number) => RemoteClient} options.openClient
 */
export function createRunner({ place, atOnce, openClient }) {
  const free = [...Array(atOnce).keys()];
  /** @type {((lane: number) => void)[]} */
  const waiting = [];

  const runner = {
    cases: 0,
    lost: 0,
    /** Every token that was issued. @type {string[]} */
    secrets: [],
    /** Names of the cases that are under way. @type {Set<string>} */
    underWay: new Set(),

    /** @param {Case} each @returns {Promise<string[]>} what broke */
    async run(each) {
      const name = nameOf(each);
      /** @type {number} */
      const lane = free.pop() ?? (await new Promise((resolve) => waiting.push(resolve)));
      runner.underWay.add(name);
      // One of its own: a browser has six connections to each, and what a case has left under way on
      // one of them would keep the next case waiting.
      const backend = await startBackend();
      const client = openClient(lane);
      const key = `case-${++runner.cases}`;
      const { broken, secrets, lost } = await runCase(each, place, backend, client, key);
      runner.secrets.push(...secrets);
      runner.lost += lost;
      await client.close();
      await backend.close();
      runner.underWay.delete(name);
      const next = waiting.shift();
      if (next) next(lane);
      else free.push(lane);
      return broken.map((what) => `${name}: ${what}`);
    },
  };
  return runner;
}

/**
 * @param {import('node:test').TestContext} t
 * @param {Place} place
 * @param {ReturnType<typeof createRunner>} runner
 * @param {Record<string, number>} omitted
 */
export function sayWhatWasRun(t, place, { cases, secrets, lost }, omitted) {
  /** @param {number} number */
  const count = (number) => number.toLocaleString('en-US');
  t.diagnostic(`proof: fault matrix in ${place}: ${count(cases)} cases`);
  t.diagnostic(
    `${count(secrets.length)} tokens; ${count(lost)} of them the back end had no way to tell`,
  );
  for (const [why, number] of Object.entries(omitted)) {
    t.diagnostic(`left out of the full form: ${count(number)} cases, since ${why}`);
  }
}
