// The basis of the rule tests: a back end for each test, sessions against it, and their results in
// the words of the rules.
import { execFile } from 'node:child_process';
import { afterEach, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSession } from 'occ-session';
import { startBackend } from '../../web/backend/index.js';

/**
 * @typedef {import('occ-session').Session} Session
 * @typedef {import('occ-session').SessionOptions} SessionOptions
 * @typedef {import('occ-session').RevocationDetail} RevocationDetail
 * @typedef {import('../../web/backend/index.js').Backend} Backend
 * @typedef {import('node:test').TestContext} TestContext
 */

export const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
export const ben = { username: 'ben.okafor@example.com', password: 'Welcome-2' };
export const agent = { username: 'asagent', password: 'Support-1' };
/** Their ids in OCC URLs. */
export const annaId = '0001';
export const benId = '0002';

export const tokenPath = '/authorizationserver/oauth/token';
export const revokePath = '/authorizationserver/oauth/revoke';

/**
 * The limit of a suite: an unanswered request must not block the runner, nor a slow machine fail.
 */
export const limit = { timeout: 120_000 };

export class Storefront {
  /** @type {Session[]} */
  #sessions = [];
  /** The arguments of the calls of fetch, in order. @type {{ url: string, init: RequestInit }[]} */
  calls = [];

  /** @param {Backend} backend */
  constructor(backend) {
    this.backend = backend;
  }

  /** The real fetch, which records its arguments. @type {typeof globalThis.fetch} */
  fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    this.calls.push({ url, init: init ?? /** @type {Request} */ (input) });
    return fetch(input, init);
  };

  /** @param {Partial<SessionOptions>} [options] */
  async open(options) {
    const session = await createSession({
      baseUrl: this.backend.url,
      clientId: 'mobile_android',
      clientSecret: 'secret',
      storage: 'memory',
      fetch: this.fetch,
      ...options,
    });
    this.#sessions.push(session);
    return session;
  }

  /** Opens a session with Anna signed in. @param {Partial<SessionOptions>} [options] */
  async openCustomer(options) {
    const session = await this.open(options);
    await session.signIn(anna);
    return session;
  }

  /** Opens a session with the agent alone signed in. @param {Partial<SessionOptions>} [options] */
  async openAgent(options) {
    const session = await this.open(options);
    await session.signInAgent(agent);
    return session;
  }

  /**
   * Opens a session of the agent for Anna, whose grant is parked.
   *
   * @param {Partial<SessionOptions>} [options]
   */
  async openTakenOver(options) {
    const session = await this.openCustomer(options);
    await session.signInAgent(agent, { customerId: annaId });
    return session;
  }

  /** Requests the resource of the session's user. @param {Session} session */
  async getUser(session) {
    const response = await session.fetch(
      `${this.backend.url}/occ/v2/shop/users/${session.state.userId}`,
    );
    const { uid } = await response.json();
    return { status: response.status, uid };
  }

  /** Returns the labels of the tokens in the revocation requests, in the order received. */
  async revoked() {
    const tokens = await this.backend.tokens();
    return this.backend
      .received({ path: revokePath })
      .map(({ form }) => tokens.find(({ token }) => token === form?.token)?.label ?? 'unknown');
  }

  /** Returns the labels of the tokens that the server still accepts. */
  async alive() {
    return (await this.backend.tokens()).filter(({ active }) => active).map(({ label }) => label);
  }

  /** Looks up a token by its label. @param {string} label */
  async token(label) {
    const token = (await this.backend.tokens()).find((each) => each.label === label);
    if (!token) throw new Error(`The server has issued no ${label}`);
    return token.token;
  }

  /** Returns the grant types of the token requests. */
  asked() {
    return this.backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);
  }

  /** Waits until the back end holds that many answers. @param {number} [count] */
  held(count) {
    return this.backend.waitFor(({ status }) => status === 'held', count);
  }

  async close() {
    for (const session of this.#sessions.splice(0)) session.close();
    await this.backend.close();
  }
}

/**
 * Sets up a storefront for each test of the file.
 *
 * @returns {() => Storefront} the one of the test that runs
 */
export function useStorefront() {
  /** @type {Storefront} */
  let storefront;
  beforeEach(async () => {
    storefront = new Storefront(await startBackend());
  });
  afterEach(() => storefront.close());
  return () => storefront;
}

/**
 * Collects the details of the events of a type, as they come.
 *
 * @param {Session} session
 * @param {'revocation' | 'expired'} type
 * @returns {any[]}
 */
export function details(session, type) {
  /** @type {any[]} */
  const seen = [];
  session.addEventListener(type, (event) => seen.push(/** @type {CustomEvent} */ (event).detail));
  return seen;
}

/** Collects the phases that the session goes through. @param {Session} session */
export function phases(session) {
  /** @type {string[]} */
  const seen = [];
  session.addEventListener('change', () => {
    if (session.state.phase !== seen.at(-1)) seen.push(session.state.phase);
  });
  return seen;
}

/** A storage of the caller's own, which records each save. @implements {SnapshotStorage} */
export class Notebook {
  /** The saved texts, oldest first. @type {(string | null)[]} */
  saves = [];

  /** @param {string | null} [text] */
  constructor(text = null) {
    this.text = text;
  }

  load() {
    return this.text;
  }

  /** @param {string | null} text */
  save(text) {
    this.text = text;
    this.saves.push(text);
  }
}
/** @typedef {import('occ-session').SnapshotStorage} SnapshotStorage */

/** A stand-in for the browser's localStorage or sessionStorage, which Node does not have. */
export class WebStorage {
  /** @param {Iterable<[string, string]>} [items] */
  constructor(items) {
    this.items = new Map(items);
  }

  /** @param {string} key */
  getItem(key) {
    return this.items.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.items.set(key, String(value));
  }

  /** @param {string} key */
  removeItem(key) {
    this.items.delete(key);
  }
}

/**
 * The functions that restore a test's stand-ins, the newest first.
 *
 * @type {WeakMap<TestContext, (() => void)[]>}
 */
const takings = new WeakMap();

/**
 * Gives a test a global of the browser, or a property of another object. One name may be given
 * twice: what was there before the test is there after it.
 *
 * @param {TestContext} t
 * @param {string} name
 * @param {PropertyDescriptor} property
 * @param {object} [object]
 */
export function standIn(t, name, property, object = globalThis) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { configurable: true, ...property });
  const taking = takings.get(t) ?? [];
  if (taking.length === 0) {
    takings.set(t, taking);
    // One hook serves all of them, since node:test runs the hook that was added first.
    t.after(() => {
      for (const take of taking) take();
    });
  }
  taking.unshift(() => {
    if (before) Object.defineProperty(object, name, before);
    else Reflect.deleteProperty(object, name);
  });
}

/**
 * Gives a test the events of a window. Node forgets all but one of the listeners that a signal is
 * to take off one target, when it collects garbage; a browser does not, and neither does this.
 *
 * @param {TestContext} t
 */
export function standInWindow(t) {
  const target = new EventTarget();
  /**
   * @param {string} type
   * @param {EventListener} listener
   * @param {AddEventListenerOptions} [options]
   */
  const addEventListener = (type, listener, { signal, ...options } = {}) => {
    target.addEventListener(type, listener, options);
    signal?.addEventListener('abort', () => target.removeEventListener(type, listener, options));
  };
  standIn(t, 'addEventListener', { value: addEventListener });
  standIn(t, 'removeEventListener', { value: target.removeEventListener.bind(target) });
  return target;
}

/** A request to a test's own fetch, with its form parsed. */
export class Asked {
  /** @param {Parameters<typeof fetch>[0]} input @param {RequestInit} [init] */
  constructor(input, init) {
    this.url = String(input);
    this.init = /** @type {RequestInit} */ (init);
    this.form = Object.fromEntries(new URLSearchParams(String(init?.body)));
  }
}

/**
 * Returns a fetch that answers each sign-in with a token and leaves the rest to the test: for time
 * that only the test moves, and for answers that no real server gives.
 *
 * @param {(asked: Asked) => unknown} answer answers all other requests; fetch throws its exceptions
 */
export function scriptedFetch(answer) {
  /** @type {Asked[]} */
  const asked = [];
  const fetch = /** @type {typeof globalThis.fetch} */ (
    (/** @type {Parameters<typeof globalThis.fetch>} */ ...[input, init]) => {
      const request = new Asked(input, init);
      asked.push(request);
      if (request.form.grant_type !== 'password') return answer(request);
      const number = asked.filter(({ form }) => form.grant_type === 'password').length;
      return Promise.resolve(
        tokenResponse({ access: `access-${number}`, refresh: `refresh-${number}` }),
      );
    }
  );
  return { fetch, asked };
}

/** @param {{ access: string, refresh?: string, expiresIn?: number }} tokens */
export function tokenResponse({ access, refresh, expiresIn = 3600 }) {
  return Response.json({
    access_token: access,
    token_type: 'bearer',
    refresh_token: refresh,
    expires_in: expiresIn,
  });
}

/** Returns the answer to a request whose access token is dead. */
export const deadAnswer = () =>
  Response.json({ errors: [{ type: 'InvalidTokenError' }] }, { status: 401 });

/**
 * Resolves with the reason of a rejection.
 *
 * @param {Promise<unknown>} promise
 * @returns {Promise<any>}
 */
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was not rejected');
}

/**
 * Runs a function as a program, in a Node process of its own, to the end of the process.
 *
 * @template {unknown[]} A
 * @template T
 * @param {(...parameters: A) => Promise<T>} program has no access to its closure; its parameters
 *   and its result are JSON
 * @param {A} parameters
 * @returns {Promise<T>} rejects unless the process ends by itself, with exit code 0
 */
export async function runProgram(program, ...parameters) {
  const call = `await (${program})(...${JSON.stringify(parameters)})`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', `console.log(JSON.stringify(${call}))`],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)), timeout: 60_000 },
  );
  return JSON.parse(stdout);
}

/** Lets everything that is ready run: anything still pending then waits for something else. */
export async function idle() {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
