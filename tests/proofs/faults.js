// The fault matrix: every way in which a back end can fail, at every request that a session sends
// to it, in every situation, with living or dead tokens. The cases are data; a trial runs one of
// them and reports the broken rules.
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { startBackend } from '../../web/backend/index.js';
import { Forecast, pairsOf } from './faults-forecast.js';

/** @import { SessionState } from 'occ-session' */
/** @import { Backend, Token } from '../../web/backend/index.js' */
/** @import { EndpointBehaviour } from '../../web/backend/behaviour.js' */
/** @import { Pair } from './faults-forecast.js' */
/** @import { Client, Look, Sent } from './faults-client.js' */

/**
 * @typedef {'Node' | 'Chromium'} Place
 * @typedef {(typeof operations)[number]} Operation
 * @typedef {(typeof roles)[number]} Role
 * @typedef {(typeof deaths)[number]} Death
 *
 * @typedef {object} Expected
 * @property {string | null} signIn the code that a sign-in is rejected with; null: it succeeds
 * @property {'none' | 'given' | 'lost' | 'useless'} token the fate of a requested token: it is not
 *   issued; the session has it; it is issued, but only the server can know it; the session cannot use
 *   it, and revokes it
 * @property {boolean} refused a refresh is refused for good, and the grant is dead
 * @property {[outcome: string, status: number]} revocation
 *
 * @typedef {object} Fault
 * @property {string} does the predicate of a sentence about a back end
 * @property {Partial<EndpointBehaviour>} [set]
 * @property {Partial<Expected>} [expected] the differences from `refusal`
 * @property {Partial<Record<Place, Partial<Expected>>>} [in] the differences of the places
 * @property {'headers' | 'body'} [never] the part that never comes
 * @property {boolean} [gone] no server listens any more
 *
 * @typedef {object} Case
 * @property {Fault} fault
 * @property {Operation} operation
 * @property {Role} role
 * @property {Death} dead of all issued tokens, when the first user begins to sign out
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
  'refresh for a revocation',
]);

/** The signed-in user; for a sign-in, the user that it would sign in without the fault. */
export const roles = /** @type {const} */ ([
  'customer',
  'agent',
  'agent over a parked customer',
  'agent signing in over a customer',
]);

/** The tokens that the server no longer accepts when the first user begins to sign out. */
export const deaths = /** @type {const} */ (['no token', 'access tokens', 'refresh tokens', 'all']);

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
/** The browser hides the kind of the redirect. @type {Fault['in']} */
const opaque = { Chromium: { revocation: ['unsupported', 0] } };

/** @type {Fault[]} */
export const faults = [
  { does: 'has no fault', expected: asEver },
  {
    does: 'answers 100, and then as ever',
    set: { answer: 100 },
    expected: asEver,
    // Node treats it as an error of the server, since it has not asked for it.
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
  // The engine reads no further, so it cannot know the content.
  { does: 'answers with 64 KiB and a byte', set: { answer: '64KiB+1' }, expected: tooLarge },
  { does: 'answers with 10 MiB', set: { answer: '10MiB' }, expected: tooLarge },
];

const refusesPreflight = (/** @type {Fault} */ { set }) => set?.cors === false;

/** True if the fault gives an answer with headers. */
const hasHeaders = (/** @type {Fault} */ { set, gone, never }) =>
  !gone &&
  never !== 'headers' &&
  !['drop', 'drop-in-headers', 'not-http'].includes(`${set?.answer}`);

/**
 * The cases that are left out, each with its reason.
 *
 * @type {[why: string, (each: Case, place: Place) => boolean][]}
 */
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
  [
    'two refreshes of one grant are under way, and the server ends it by which comes first',
    ({ fault, role, operation }) =>
      fault.expected?.token === 'useless' && operation === 'refresh' && role === roles[3],
  ],
  [
    'nothing is refreshed for a revocation whose bearer is alive, nor at a back end that is gone',
    ({ fault, operation, dead }) =>
      operation === operations[4] && (fault.gone === true || !killsAccess(dead)),
  ],
];

/** @param {Death} dead */
const killsAccess = (dead) => dead === 'access tokens' || dead === 'all';
/** @param {Death} dead */
const killsRefresh = (dead) => dead === 'refresh tokens' || dead === 'all';

/**
 * Returns the cases of a place, and the number of those that are left out.
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
          for (const [d, dead] of deaths.entries()) {
            // A page takes long: there, each fault but the first meets each of them in turn.
            if (place === 'Chromium' && f > 0 && (f + o + r) % deaths.length !== d) continue;
            // Each operation and role gets each half of the faults.
            const persist = (f + o + r + (d >> 1)) % 2 === 0;
            const storage = (f + (o >> 1) + (r >> 1) + d) % 4 < 2 ? 'local' : 'session';
            const customerFirst = role === roles[2] && ((f >> 1) + o + d) % 2 === 0;
            /** @type {Case} */
            const each = { fault, operation, role, dead, cors, persist, storage, customerFirst };
            const why = leftOut.find(([, isMeant]) => isMeant(each, place))?.[0];
            if (why) omitted[why] = (omitted[why] ?? 0) + 1;
            else cases.push(each);
          }
        }
      }
    }
  }
  return { cases, omitted };
}

/** The number of cases for each one in the short form; no dimension has a divisor of it. */
const strides = { Node: 31, Chromium: 9 };

export const isFull = process.env.OCC_PROOF === 'full';

/**
 * Returns all cases; in the short form those of a faultless back end, and a fixed share of the
 * others.
 *
 * @param {Case[]} cases
 * @param {Place} place
 */
export const chosen = (cases, place) =>
  isFull
    ? cases
    : cases.filter(({ fault }, at) => fault === faults[0] || at % strides[place] === 0);

/** The values of each dimension that occur. @param {Case[]} cases */
export const occurring = (cases) =>
  Object.fromEntries(
    /** @type {const} */ ([
      'fault',
      'cors',
      'operation',
      'role',
      'dead',
      'persist',
      'storage',
      'customerFirst',
    ]).map((name) => [name, new Set(cases.map((each) => each[name]))]),
  );

/** @param {Case} each */
export const nameOf = ({ fault, operation, role, dead, cors, persist, storage }) =>
  `${operation}, ${role}, dead: ${dead}: a back end that ${fault.does}` +
  `${cors === 'without' ? ', without CORS headers' : ''}` +
  ` (${storage}${persist ? ', with the refresh token' : ''})`;

/**
 * The expectation if every page could read the answer.
 *
 * @param {Case} each
 * @param {Place} place
 * @returns {Expected}
 */
const readableOf = ({ fault }, place) => ({ ...refusal, ...fault.expected, ...fault.in?.[place] });

/** @param {Case} each @param {Place} place @returns {Expected} */
function expectedOf(each, place) {
  const { fault, cors } = each;
  const expected = readableOf(each, place);
  // A token is issued to any page, but a page without CORS headers cannot read the answer.
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

/** Parts of all texts that the back end sends. */
const serverTexts = [
  ...['told to answer like this', 'Maintenance', 'Bad credentials', 'Invalid access token'],
  ...['Invalid refresh token', 'what do you mean', 'login.jsp'],
];

/** The time after which an unanswered revocation is given up, in milliseconds. */
const shortly = 2_000;

/** @type {EndpointBehaviour} */
const normal = {
  ...{ answer: 'normal', delayMs: 0, only: null, times: null, retryAfter: null, cors: true },
};

/** The request is held until its answer is set later. @type {EndpointBehaviour} */
const undecided = { ...normal, answer: 'decide-later' };

/** The time limit for an expected event, in milliseconds. */
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

/** Returns the part that no answer to a revocation may change. @param {Look} look */
const likeness = ({ state, stored, authorization }) =>
  JSON.stringify({ state: { ...state, revoking: 0 }, stored, authorization });

const nobody = JSON.stringify({
  ...{ phase: 'anonymous', userId: 'anonymous', signedIn: false, agentSignedIn: false },
  ...{ emulating: false, expiresAt: null, revoking: 0 },
});

/** A run of a case: the fault comes, every user signs out, and the rest is checked. */
class Trial {
  /** The broken expectations, each beginning with the rule. @type {string[]} */
  broken = [];
  /** @type {Token[]} */
  tokens = [];
  /** The tokens as the server saw them when the first user began to sign out. @type {Token[]} */
  before = [];
  /** The tokens as the server saw them before it gave the useless one. @type {Token[] | null} */
  atFault = null;
  /** The tokens when the useless one had been revoked. @type {Token[]} */
  afterFault = [];
  /** The number of tokens that live on since nothing could reach them. */
  unreached = 0;

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
    /** True if the refresh of each revoked grant meets the fault. */
    this.isRescue = operation === 'refresh for a revocation';
    this.isRevocation = !this.isSignIn && !this.isRefresh && !this.isRescue;
    // A revocation has an Authorization header, and is not sent; a token request has none.
    const isSent = !refusesPreflight(fault) || !this.isRevocation;
    this.isProcessed = isSent && expectedOf({ ...each, cors: 'with' }, place).token !== 'none';
    this.isTakingOver = role === 'agent signing in over a customer';
    this.isEmulating = role === 'agent over a parked customer';
    /** True if the sign-in is answered when no caller waits for it any more. */
    this.isStray = this.isSignIn && this.isTakingOver;
    /** True if the server has declared the grant dead. */
    this.isDead = this.isRefresh && this.expected.refused;
    /** The owner of the token request that meets the fault. @type {Token['owner']} */
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

  /** True if the faulty answer has issued the token. @param {Token} token */
  isFaulty(token) {
    if (this.isRescued(token)) return this.isRescue;
    const { owner, grantType } = token;
    const faulty = this.isSignIn ? 'password' : this.isRefresh ? 'refresh_token' : undefined;
    return owner === this.owner && grantType === faulty;
  }

  /** True if the token was issued for the revocation of its grant. @param {Token} token */
  isRescued({ token, grantType }) {
    return (
      grantType === 'refresh_token' &&
      this.before.length > 0 &&
      !this.before.some((each) => each.token === token)
    );
  }

  /** @param {Token} token */
  fateOf(token) {
    return this.isFaulty(token) ? this.expected.token : 'given';
  }

  /**
   * Finds the labels of the tokens in a text, except those of the owners.
   *
   * @param {string} text
   * @param {string[]} owners whose may be
   */
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

  /**
   * Ends the time of faulty token requests that never end by themselves.
   *
   * @param {'password' | 'refresh_token'} grantType
   * @param {number} [count]
   */
  async elapse(grantType, count = 1) {
    const { never } = this.fault;
    if (!never) return;
    const asked = this.backend.waitFor(
      ({ path, form, answeredAt }) =>
        path === tokenPath &&
        form?.grant_type === grantType &&
        (never === 'body' || answeredAt === null),
      count,
    );
    await within('the request that is never answered', asked);
    const isIssued = async () =>
      (await this.backend.tokens()).filter((token) => this.isFaulty(token)).length >= 2 * count;
    const mayIssue = !this.isRescue || !killsRefresh(this.each.dead);
    while (this.expected.token === 'lost' && mayIssue && !(await isIssued())) await setImmediate();
    await within('the headers', this.client.elapse(grantType, never === 'body'));
  }

  /** @param {string} storageKey */
  async run(storageKey) {
    const { persist, storage } = this.each;
    // Each token ends only by itself, and no request of the shop leads to a refresh.
    this.backend.set({ revocationEnds: 'token', occ: { answer: 404 } });
    await this.client.open({
      ...{ baseUrl: this.backend.url, clientId: 'mobile_android', clientSecret: 'secret' },
      ...{ storage, storageKey, persistRefreshToken: persist },
      ...(this.isRevocation &&
        this.fault.never === 'headers' && { revocation: { timeoutMs: shortly } }),
    });
    await this.prepare();
    if (this.fault.gone) await this.backend.close();
    const isUseless = this.expected.token === 'useless' && !this.isRescue && !this.isStray;
    if (isUseless && !this.isRevocation) this.atFault = await this.backend.tokens();
    if (this.isSignIn) await this.meetAtSignIn();
    if (this.isRefresh) await this.meetAtRefresh();
    const between = await this.lookBetween();
    await this.letDie();
    await this.leave(between.state.phase);
    await this.lookBack();
  }

  /** Checks that a useless token is revoked at once, as a grant of its own. */
  async lookAtUseless() {
    const revoked = this.backend.waitFor(
      // A page sends a preflight first.
      ({ method, path, status }) =>
        method === 'POST' && path === revokePath && typeof status === 'number',
      3,
    );
    await within('the revocation of what is useless', revoked);
    this.afterFault = await this.backend.tokens();
  }

  async letDie() {
    const { dead } = this.each;
    if (this.atFault) await this.lookAtUseless();
    if (killsAccess(dead)) await this.backend.expireAccessTokens();
    if (killsRefresh(dead)) await this.backend.expireRefreshTokens();
    this.before = await this.backend.tokens();
  }

  /** Signs in the users that must be there before the fault comes. */
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
    // The tokens expire before the held one is issued.
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
    this.backend.set({ token: { ...this.faulty('refresh_token'), times: 1 } });
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

  /** Checks the users, the held tokens and the events after the fault. */
  async lookBetween() {
    const { client, isTakingOver, owner } = this;
    const phase = this.phaseBetween;
    const between = await client.report();
    // A sign-in at a server that does not listen may have ended by now.
    const mayBeOver = isTakingOver && this.fault.gone;
    this.check(
      mayBeOver || between.state.phase === phase,
      `the phase after the fault is ${between.state.phase}, not ${phase}`,
    );
    const revoked = between.sent.map(({ form }) => form.token);
    for (const token of await this.backend.tokens()) {
      // The token is on its way, or issued for the revocation of the useless one.
      const isLate =
        (isTakingOver && token.owner === 'agent') ||
        this.atFault?.every((each) => each.token !== token.token);
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

  /**
   * Returns the number of grants that are revoked, if every signed-in user has one.
   *
   * @param {SessionState['phase']} phase
   * @param {boolean} isAgentsTurn
   */
  rescuesOf(phase, isAgentsTurn) {
    if (phase === 'emulating') return isAgentsTurn ? 1 : 0;
    // Two, with a retired customer or an agent whose token is on its way.
    return this.isTakingOver || (this.isEmulating && phase === 'agent') ? 2 : 1;
  }

  /** Signs every user out; the back end holds the revocations until they have been checked.
   * @param {SessionState['phase']} phase */
  async leave(phase) {
    const { backend, client, fault, isRevocation, isRescue, isStray } = this;
    for (let isOver = false; !isOver && this.broken.length === 0;) {
      const { cors } = isRevocation ? this.faulty(this.hint) : normal;
      backend.set({ revoke: { ...undecided, cors } });
      const requests = backend.received({ method: 'GET' }).length;
      const isAgentsTurn = phase === 'agent' || (phase === 'emulating' && !this.each.customerFirst);
      const atOnce = await client.signOut(isAgentsTurn ? 'signOutAgent' : 'signOut');
      const page = `${backend.url}/occ/v2/shop/basesites`;
      const signedOut = await within('a request of the shop', client.get(page));

      const next = phase !== 'emulating' ? 'anonymous' : isAgentsTurn ? 'customer' : 'agent';
      // A customer who will not be restored stays until the agent signs out.
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
        token: isStray ? this.faulty('password') : isRescue ? this.faulty('refresh_token') : normal,
      });
      backend.release();
      if (isStray) await this.elapse('password');
      const rescues = this.rescuesOf(phase, isAgentsTurn);
      if (isRescue && rescues > 0) await this.elapse('refresh_token', rescues);
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

  /** Checks every issued token, every request and every event. */
  async lookBack() {
    const report = await this.client.report();
    this.check(JSON.stringify(report.state) === nobody, 'R14: in the end somebody is there');
    const left = await this.strangersIn(`${report.stored} ${report.authorization}`, []);
    this.check(left.length === 0, `R14: in the end ${left} is stored`);
    const revocations = report.sent.filter(({ url }) => url.endsWith(revokePath));
    const forecast = this.forecast();
    this.accountForTokens(revocations, forecast);
    await this.judgeRevocations(revocations, report.events, forecast);
    this.judgeWords(report);
  }

  /** @param {Token[]} tokens @param {Forecast} forecast */
  checkAlive(tokens, { alive }) {
    for (const { token, label, active } of tokens) {
      this.check(
        active === alive.has(token),
        `R7, R30: the server ${active ? 'still takes' : 'takes no longer'} ${label}`,
      );
    }
  }

  /** Returns the forecast for every token. */
  forecast() {
    const {
      before,
      atFault,
      afterFault,
      tokens,
      fault,
      isRevocation,
      isRescue,
      isProcessed,
      expected,
    } = this;
    const meeting = {
      revocation: isRevocation ? this.hint : null,
      refresh: isRescue,
      isGone: fault.gone === true,
      haveExpired: killsRefresh(this.each.dead),
      ...{ isProcessed, expected },
    };
    const forecast = new Forecast(meeting, tokens);
    let pairs = pairsOf(tokens).filter(({ access }) => !this.isRescued(access));
    if (atFault) {
      forecast.from(atFault);
      const isLater = (/** @type {Pair} */ { access }) =>
        forecast.isNew(access) && before.some(({ token }) => token === access.token);
      const useless = pairs.find(isLater);
      if (useless) forecast.revoke(useless, false);
      this.checkAlive(afterFault.filter(forecast.isNew), forecast);
      pairs = pairs.filter((pair) => !isLater(pair));
    }
    forecast.from(before);
    for (const [at, pair] of pairs.entries()) {
      const { access } = pair;
      const fate = this.fateOf(access);
      const isReplaced = pairs
        .slice(at + 1)
        .some(
          ({ access: later }) =>
            later.owner === access.owner &&
            later.grantType === 'refresh_token' &&
            access.grantType === 'password' &&
            this.fateOf(later) === 'given',
        );
      const isHeld = (fate === 'given' || fate === 'useless') && !isReplaced;
      if (!isHeld || (this.isDead && access.owner === this.owner)) continue;
      forecast.revoke(pair, fate === 'given' && forecast.alive.has(access.token));
    }
    return forecast;
  }

  /** R7, R8, R9, R30: each token is revoked as often as it must be, and the server accepts none that
   * could be reached. @param {Sent[]} revocations @param {Forecast} forecast */
  accountForTokens(revocations, forecast) {
    const { backend, fault, isRevocation, isRescue, tokens } = this;
    const received = backend.received({ path: revokePath }).map(({ form }) => form?.token);
    // The server cannot have seen requests that a preflight stopped, or without a listening server.
    const arrives = !fault.gone && !(isRevocation && refusesPreflight(fault));
    for (const token of tokens) {
      const { label } = token;
      // A browser without room for keepalive is asked once more, without it.
      const times = revocations.filter(
        ({ form, keepalive }) => keepalive && form.token === token.token,
      ).length;
      const wanted = forecast.revoked.get(token.token) ?? 0;
      this.check(
        times === wanted,
        `R7, R8, R9, R30: ${label} was revoked ${times} times, not ${wanted}`,
      );
      if (wanted > 0 && arrives) {
        this.check(
          received.includes(token.token),
          `R7: the server was not asked to revoke ${label}`,
        );
      }
    }
    this.checkAlive(tokens, forecast);
    this.unreached = forecast.alive.size;
    const mayIssue = !isRescue || !killsRefresh(this.each.dead);
    if (isRevocation || fault.gone || !mayIssue) return;
    const isIssued = tokens.some((token) => this.isFaulty(token));
    this.check(isIssued === (this.expected.token !== 'none'), 'whether a token was issued');
  }

  /**
   * @param {Sent[]} revocations
   * @param {{ type: string, detail: any }[]} events
   * @param {Forecast} forecast
   */
  async judgeRevocations(revocations, events, forecast) {
    const useless = this.tokens.filter((token) => this.fateOf(token) === 'useless');
    for (const { form, phase, stored } of revocations) {
      if (useless.some(({ token }) => token === form.token)) continue;
      this.check(['anonymous', 'customer'].includes(phase), `R3: it was revoked in phase ${phase}`);
      for (const label of await this.strangersIn(stored, phase === 'customer' ? [phase] : [])) {
        this.check(false, `R14: ${label} is stored while it is revoked`);
      }
    }
    const told = events
      .filter(({ type }) => type === 'revocation')
      .map(({ detail }) => `${detail.owner} ${detail.token} ${detail.outcome} ${detail.status}`)
      .sort();
    const wanted = forecast.told.sort();
    this.check(`${told}` === `${wanted}`, `R17: it was told: ${told}; not: ${wanted}`);
    this.check(!events.some(({ type }) => type === 'error'), "R16: there was an 'error' event");
  }

  /**
   * R28: no text has a secret, or a text of the server.
   *
   * @param {ReturnType<Client['report']>} report
   */
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
 * Runs a case: resolves with the broken expectations and the tokens that the back end has issued.
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
  const { broken, tokens, unreached } = trial;
  const lost = tokens.filter((token) => trial.fateOf(token) === 'lost').length;
  return { broken, secrets: tokens.map(({ token }) => token), lost, unreached };
}

// ---- Many cases --------------------------------------------------------------------------------

/**
 * Runs cases, some at a time, each at a back end of its own.
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
    unreached: 0,
    /** All issued tokens. @type {string[]} */
    secrets: [],
    /** Names of the cases that are under way. @type {Set<string>} */
    underWay: new Set(),

    /** @param {Case} each @returns {Promise<string[]>} the broken expectations */
    async run(each) {
      const name = nameOf(each);
      /** @type {number} */
      const lane = free.pop() ?? (await new Promise((resolve) => waiting.push(resolve)));
      runner.underWay.add(name);
      // Each case has its own back end: a browser has six connections to each, and a request that a
      // case has left under way on one of them would keep the next case waiting.
      const backend = await startBackend();
      const client = openClient(lane);
      const key = `case-${++runner.cases}`;
      const { broken, secrets, lost, unreached } = await runCase(each, place, backend, client, key);
      runner.secrets.push(...secrets);
      runner.lost += lost;
      runner.unreached += unreached;
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
export function sayWhatWasRun(t, place, { cases, secrets, lost, unreached }, omitted) {
  /** @param {number} number */
  const count = (number) => number.toLocaleString('en-US');
  t.diagnostic(`proof: fault matrix in ${place}: ${count(cases)} cases`);
  t.diagnostic(
    `${count(secrets.length)} tokens; ${count(lost)} of them the back end had no way to tell, ` +
      `and ${count(unreached)} live on, since nothing could reach them`,
  );
  for (const [why, number] of Object.entries(omitted)) {
    t.diagnostic(`left out of the full form: ${count(number)} cases, since ${why}`);
  }
}
