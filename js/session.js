// The public face: a session as an object with promises and events. What happens is decided in the
// core; this file takes its effects to the page, in the order in which the core names them.
import { Core, nameOf } from './core.js';
import { SessionError } from './error.js';
import { loadModule } from './load.js';
import { OUTCOME, OWNER, REQUEST, STATE, STATUS, TOKEN } from './numbers.js';
import { readOptions } from './options.js';
import { FetchShim, readBody } from './shim.js';
import { addEnded, openStorage } from './storage.js';

/** @import { Credentials, SessionOptions, SessionState } from './types.js' */
/** @import { SessionErrorCode } from './error.js' */
/** @import { Completion } from './shim.js' */
/** @import { Settings } from './options.js' */

/** How long a token request may take, in milliseconds. */
const TOKEN_TIMEOUT = 10_000;

/** The longest time that setTimeout keeps. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What goes wrong, in words. @type {Map<number, string>} */
const MESSAGES = new Map([
  [STATUS['invalid-options'], 'an option is longer than 1024 bytes'],
  [STATUS['invalid-credentials'], 'the back end refused the user name and password'],
  [STATUS['already-signed-in'], 'sign out first: somebody is signed in'],
  [STATUS['agent-signed-in'], 'an agent is signed in or signing in: the agent must sign out first'],
  [STATUS['no-agent'], 'only an agent who is signed in can act for a customer'],
  [STATUS.unreachable, 'the token endpoint did not answer'],
  [STATUS['server-error'], 'the token endpoint had an error'],
  [STATUS['unexpected-response'], 'the token endpoint gave no token response'],
  [STATUS['token-too-large'], 'the token is longer than 8 KiB, or the response than 64 KiB'],
  [STATUS.cancelled, 'another sign-in, a sign-out or the signal came first'],
  [STATUS.closed, 'the session is closed'],
  [STATUS['client-refused'], 'the back end refused the client: check clientId, clientSecret and scope'],
  [STATUS['bad-length'], 'at most 1024 bytes for user name and password, 1 to 256 for a customer id'],
]);

/** Statuses that are no code of their own. @type {Map<number, SessionErrorCode>} */
const CODES = new Map([
  [STATUS['client-refused'], 'invalid-options'],
  [STATUS['bad-length'], 'invalid-credentials'],
]);

/** @param {number} status @param {unknown} [cause] */
function errorOf(status, cause) {
  const code = CODES.get(status) ?? /** @type {SessionErrorCode} */ (nameOf(STATUS, status));
  return new SessionError(code, MESSAGES.get(status) ?? code, { cause });
}

/** @param {number} phase @param {number} expiresAt @param {number} revoking @param {string} userId @returns {SessionState} */
function stateOf(phase, expiresAt, revoking, userId) {
  return Object.freeze({
    phase: /** @type {SessionState['phase']} */ (nameOf(STATE, phase)),
    userId,
    signedIn: userId !== 'anonymous',
    agentSignedIn: phase === STATE.agent || phase === STATE.emulating,
    emulating: phase === STATE.emulating,
    expiresAt: expiresAt || null,
    revoking,
  });
}

/** @param {Credentials} credentials */
function checkCredentials(credentials) {
  for (const name of /** @type {const} */ (['username', 'password'])) {
    const value = credentials?.[name];
    if (typeof value !== 'string' || value === '') {
      throw new SessionError('invalid-credentials', `${name} must be a string that is not empty`);
    }
  }
}

/**
 * Whether a 401 says that the access token is dead (RFC 6750 section 3.1, and SAP Commerce).
 *
 * @param {Response} response
 */
async function isInvalidToken(response) {
  if (/\berror="?invalid_token\b/.test(response.headers.get('www-authenticate') ?? '')) return true;
  try {
    const body = new TextDecoder().decode((await readBody(response.clone())) ?? EMPTY);
    /** @type {{ type?: unknown }[]} */
    const errors = JSON.parse(body).errors;
    return errors.some(({ type }) => /^Invalid(Bearer)?TokenError$/.test(String(type)));
  } catch {
    return false;
  }
}

const EMPTY = new Uint8Array();

/** A promise that also ends with a signal. @template T @param {Promise<T>} promise @param {AbortSignal} signal */
function orAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * The session of a storefront. `change`, `revocation` and `expired` are its events.
 *
 * @implements {EventTarget}
 */
export class Session extends EventTarget {
  #settings;
  #storage;
  #shim;
  /** @type {Core} */
  #core = /** @type {any} */ (undefined);
  #closed = false;
  /** @type {SessionState} */
  #state = stateOf(STATE.anonymous, 0, 0, 'anonymous');
  /** What the core wants done, until its call has ended. @type {(() => void)[]} */
  #effects = [];
  #authorization = '';
  #attempts = 0;
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #signIns = new Map();
  /** @type {((authorization: string | undefined) => void)[]} */
  #renewals = [];
  /** @type {(() => void)[]} */
  #settlements = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** What this tab has last read from, or written to, what tabs share. @type {string | null} */
  #snapshot = null;
  /** @type {string | null} */
  #ended = null;

  /** @param {SessionOptions} options */
  static async create(options) {
    const settings = readOptions(options);
    const session = new Session(settings);
    const module = await loadModule(
      settings.wasm ?? new URL('./core.wasm', import.meta.url),
    );
    await session.#open(module);
    return session;
  }

  /** @param {Settings} settings */
  constructor(settings) {
    super();
    this.#settings = settings;
    this.#storage = openStorage(settings.storage, settings.storageKey);
    this.#shim = new FetchShim(settings.fetch);
  }

  /** @param {WebAssembly.Module} module */
  async #open(module) {
    this.#core = await Core.instantiate(module, {
      save: (snapshot) => this.#effects.push(() => this.#save(snapshot)),
      ended: (numbers) => this.#effects.push(() => this.#tellEnded(numbers)),
      state: (...state) => this.#setState(stateOf(...state)),
      signedIn: (attempt, status) => this.#effects.push(() => this.#endSignIn(attempt, status)),
      renewed: (authorization) => this.#effects.push(() => this.#endRenewals(authorization)),
      expired: (owner) => this.#tell('expired', { owner: nameOf(OWNER, owner) }),
      revoked: (owner, token, outcome, status) =>
        this.#tell('revocation', {
          owner: nameOf(OWNER, owner),
          token: nameOf(TOKEN, token),
          outcome: nameOf(OUTCOME, outcome),
          status,
        }),
      request: (...request) => this.#effects.push(() => this.#send(...request)),
      alarm: (at) => this.#effects.push(() => this.#setAlarm(at)),
      authorization: (authorization) => (this.#authorization = authorization),
    });
    const [nonce] = crypto.getRandomValues(new Uint32Array(1));
    const status = this.#core.open(nonce, this.#settings.core);
    if (status !== STATUS.ok) throw errorOf(status);
    this.#snapshot = this.#storage.snapshot.load();
    if (this.#snapshot !== null) this.#core.adopt(this.#snapshot);
    this.#run();
    globalThis.addEventListener?.('pagehide', this.#leave);
    globalThis.addEventListener?.('storage', this.#synchronise);
  }

  // ---- Into the core and out of it -------------------------------------------------------------

  /**
   * Calls the core, on the state that the tabs have by now, and takes its effects to the page.
   *
   * @param {(core: Core) => number} event
   */
  #enter(event) {
    if (this.#closed) return STATUS.closed;
    this.#synchronise();
    const status = event(this.#core);
    this.#run();
    return status;
  }

  /** Also called by a listener that an effect has called: then the effects before go first. */
  #run() {
    for (let effect = this.#effects.shift(); effect; effect = this.#effects.shift()) effect();
  }

  /** Takes over what another tab has written (R24). */
  #synchronise = () => {
    if (this.#closed) return;
    const { snapshot, ended, isShared } = this.#storage;
    const newest = isShared ? snapshot.load() : null;
    if (newest !== null && newest !== this.#snapshot) {
      const status = this.#core.adopt(newest);
      // With no place for it now, it is tried again at the next event.
      if (status !== STATUS.full) this.#snapshot = newest;
    }
    const list = ended.load();
    if (list !== null && list !== this.#ended) {
      this.#ended = list;
      this.#core.ended(list);
    }
    this.#run();
  };

  #leave = () => {
    this.#enter((core) => core.leave());
  };

  /** @param {string | null} snapshot */
  #save(snapshot) {
    this.#snapshot = snapshot;
    this.#storage.snapshot.save(snapshot);
  }

  /** @param {string} numbers */
  #tellEnded(numbers) {
    this.#ended = addEnded(this.#storage.ended.load(), numbers);
    this.#storage.ended.save(this.#ended);
  }

  /** @param {SessionState} state */
  #setState(state) {
    this.#state = state;
    this.#effects.push(() => {
      this.dispatchEvent(new Event('change'));
      if (this.#state.revoking === 0) this.#endSettlements();
    });
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.#effects.push(() => this.dispatchEvent(new CustomEvent(type, { detail })));
  }

  /** @param {number} request @param {number} purpose @param {string | undefined} authorization @param {string} body */
  async #send(request, purpose, authorization, body) {
    const { tokenUrl, revokeUrl, timeoutMs } = this.#settings;
    const completion = await (purpose === REQUEST.revoke
      ? this.#shim.revoke(/** @type {string} */ (revokeUrl), body, authorization, timeoutMs)
      : this.#shim.requestToken(tokenUrl, body, TOKEN_TIMEOUT));
    this.#complete(request, completion);
  }

  /** @param {number} request @param {Completion} completion */
  #complete(request, completion) {
    this.#enter((core) => core.completed(request, completion));
    completion.body.fill(0);
  }

  /** @param {number} at */
  #setAlarm(at) {
    clearTimeout(this.#timer);
    if (at === 0) return;
    const wait = Math.min(Math.max(at - Date.now(), 0), LONGEST_TIMER);
    // The timer has kept the time even if the clock was set back meanwhile.
    this.#timer = setTimeout(
      () => this.#enter((core) => core.alarm(wait < LONGEST_TIMER ? Math.max(at, Date.now()) : Date.now())),
      wait,
    );
    // In Node a session that waits for its token to expire is no reason to go on.
    /** @type {{ unref?: () => void }} */ (this.#timer).unref?.();
  }

  // ---- Who is there ----------------------------------------------------------------------------

  /** A frozen object; the same one until something in it changes. @returns {SessionState} */
  get state() {
    return this.#state;
  }

  /**
   * A customer signs in with the password grant (RFC 6749 section 4.3). A sign-in that is pending
   * is cancelled.
   *
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<void>} rejects with a {@link SessionError}
   * @example
   * await session.signIn({ username: 'anna.keller@example.com', password: 'Welcome-1' });
   */
  signIn(credentials, options) {
    return this.#signIn(OWNER.customer, credentials, options?.signal, '');
  }

  /**
   * An agent signs in. Over a customer who is signed in: with `customerId`, the id of that customer,
   * the agent starts by acting for that customer, who is restored when the agent signs out; without
   * it the customer's session ends with the agent's.
   *
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal, customerId?: string }} [options]
   * @returns {Promise<void>} rejects with a {@link SessionError}
   */
  signInAgent(credentials, options) {
    return this.#signIn(OWNER.agent, credentials, options?.signal, options?.customerId ?? '');
  }

  /**
   * @param {number} owner
   * @param {Credentials} credentials
   * @param {AbortSignal | undefined} signal
   * @param {string} customerId
   */
  async #signIn(owner, credentials, signal, customerId) {
    checkCredentials(credentials);
    if (signal?.aborted) throw errorOf(STATUS.cancelled, signal.reason);
    const attempt = ++this.#attempts;
    const cancel = () => this.#enter((core) => core.cancel(attempt));
    /** @type {Promise<void>} */
    const signedIn = new Promise((resolve, reject) => this.#signIns.set(attempt, { resolve, reject }));
    const { username, password } = credentials;
    const status = this.#enter((core) =>
      core.signIn(owner, attempt, username, password, customerId),
    );
    if (status !== STATUS.ok) {
      this.#signIns.delete(attempt);
      throw errorOf(status);
    }
    signal?.addEventListener('abort', cancel, { once: true });
    return signedIn.finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** @param {number} attempt @param {number} status */
  #endSignIn(attempt, status) {
    const signIn = this.#signIns.get(attempt);
    this.#signIns.delete(attempt);
    if (status === STATUS.ok) signIn?.resolve();
    else signIn?.reject(errorOf(status));
  }

  /**
   * The agent starts to act for a customer.
   *
   * @param {string} customerId what stands for the customer in OCC URLs
   * @throws {SessionError} `no-agent`, `closed`
   */
  emulate(customerId) {
    if (typeof customerId !== 'string') throw new TypeError('customerId must be a string');
    const status = this.#enter((core) => core.emulate(customerId));
    if (status !== STATUS.ok) throw errorOf(status);
  }

  /**
   * Whoever stands before the shop signs out: the customer; the emulated customer, where the agent
   * stays; or the agent. It is done when this function returns; nobody has to wait for the promise,
   * which never rejects.
   */
  async signOut() {
    this.#enter((core) => core.signOut());
  }

  /** The agent signs out. As with {@link signOut}, it is done when this function returns. */
  async signOutAgent() {
    this.#enter((core) => core.signOutAgent());
  }

  /** Resolves when no revocation is in flight or queued; never rejects. @returns {Promise<void>} */
  settled() {
    return new Promise((resolve) => {
      this.#settlements.push(resolve);
      if (this.#closed || this.#state.revoking === 0) this.#endSettlements();
    });
  }

  #endSettlements() {
    for (const resolve of this.#settlements.splice(0)) resolve();
  }

  // ---- Requests of the storefront --------------------------------------------------------------

  /** @param {string | URL} url */
  #isOfApi(url) {
    const { origin, pathname } = new URL(url, globalThis.location?.href);
    return this.#settings.apiPrefixes.some(
      (prefix) => origin === prefix.origin && pathname.startsWith(prefix.pathname),
    );
  }

  /**
   * The value of the Authorization header, for an adapter that sends requests itself.
   *
   * @param {string | URL} [url] of the request: nothing is given for one outside `apiPrefixes`
   * @returns {string | undefined} undefined: send the request without
   */
  authorization(url) {
    if (url !== undefined && !this.#isOfApi(url)) return undefined;
    if (this.#enter((core) => core.authorization()) !== STATUS.ok) return undefined;
    return this.#takeAuthorization();
  }

  #takeAuthorization() {
    const authorization = this.#authorization;
    this.#authorization = '';
    return authorization;
  }

  /**
   * After a 401 because of the token: what to send the request with again, once. However many
   * requests ask, one refresh is made (RFC 6749 section 6).
   *
   * @param {string} rejected the header value that the request carried, `''` if it carried none: then
   *   the application's own token is asked for (RFC 6749 section 4.4)
   * @returns {Promise<string | undefined>} undefined: the answer stands; never rejects
   */
  async renew(rejected) {
    /** @type {Promise<string | undefined>} */
    const renewed = new Promise((resolve) => this.#renewals.push(resolve));
    const status = this.#enter((core) => core.renew(rejected));
    if (status === STATUS.wait) return renewed;
    this.#renewals.pop();
    return status === STATUS.resend ? this.#takeAuthorization() : undefined;
  }

  /** @param {string | undefined} authorization */
  #endRenewals(authorization) {
    for (const resolve of this.#renewals.splice(0)) resolve(authorization);
  }

  /**
   * Like the global fetch, with the bearer on requests below `apiPrefixes`. A request that meets a
   * dead token is sent again once with a new one. An `Authorization` header of the caller's own is
   * left alone.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   * @example
   * const response = await session.fetch(`https://api.shop.example/occ/v2/shop/users/${session.state.userId}`);
   */
  async fetch(input, init) {
    if (this.#closed) throw errorOf(STATUS.closed);
    const { fetch } = this.#settings;
    const request = new Request(input, init);
    if (!this.#isOfApi(request.url) || request.headers.has('authorization')) return fetch(request);
    const again = request.clone();
    const authorization = this.authorization();
    if (authorization) request.headers.set('Authorization', authorization);
    const response = await fetch(request);
    if (response.status !== 401 || (authorization && !(await isInvalidToken(response)))) {
      return response;
    }
    const renewed = await orAborted(this.renew(authorization ?? ''), again.signal);
    if (!renewed) return response;
    response.body?.cancel().catch(() => {});
    again.headers.set('Authorization', renewed);
    return fetch(again);
  }

  // ---- The end ---------------------------------------------------------------------------------

  /**
   * Wipes the memory, ends timers and listeners. Nothing is revoked, and what is stored stays, so
   * that another session can go on with it. Sign-ins that are pending are rejected with `closed`.
   */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#core.close();
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.('pagehide', this.#leave);
    globalThis.removeEventListener?.('storage', this.#synchronise);
    for (const attempt of this.#signIns.keys()) this.#endSignIn(attempt, STATUS.closed);
    this.#endRenewals(undefined);
    this.#endSettlements();
  }
}

/**
 * Opens the session of this page: what an earlier page has stored is taken up again.
 *
 * @param {SessionOptions} options
 * @returns {Promise<Session>} rejects with a `SessionError`: `invalid-options`, `wasm-unavailable`
 * @example
 * const session = await createSession({
 *   baseUrl: 'https://api.shop.example',
 *   clientId: 'mobile_android',
 *   clientSecret: 'secret',
 * });
 */
export function createSession(options) {
  return Session.create(options);
}
