// The public face: a session as an object with promises, events and a state. The core decides, and
// the engine reports.
import { openEngine } from './engine.js';
import { errorOf, SessionError } from './error.js';
import {
  CREDENTIAL_MAX,
  CUSTOMER_ID_MAX,
  OWNER_AGENT,
  OWNER_CUSTOMER,
  STATUS_CANCELLED,
  STATUS_CLOSED,
} from './numbers.js';
import { expectKind, fits, membersOf, readOptions, SIGNAL, text, typed } from './options.js';
import { own } from './own.js';
import { requestsOf } from './requests.js';
import { ANONYMOUS } from './state.js';
import { waitFor } from './wait.js';

/** @import { Answer, AnsweredRequest, Credentials, SessionDisposal, SessionListening, SessionOptions, SessionState } from './types.js' */

/** @param {Credentials} credentials */
function checked(credentials) {
  const given = own(credentials);
  const { username, password, ...more } = given;
  membersOf(more, {});
  for (const name of /** @type {const} */ (['username', 'password'])) {
    if (!fits(given[name], 1, CREDENTIAL_MAX)) {
      throw new SessionError(
        'invalid-credentials',
        `${name} must be a string of 1 to ${CREDENTIAL_MAX} bytes`,
      );
    }
  }
  return { username, password };
}

/**
 * The session of a storefront. `change`, `revocation` and `expired` are its events.
 */
export class Session extends EventTarget {
  /** @type {import('./engine.js').Engine} */
  #engine = /** @type {any} */ (undefined);
  /** @type {ReturnType<typeof requestsOf>} */
  #requests = /** @type {any} */ (undefined);
  #state = ANONYMOUS;
  #attempts = 0;
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #signIns = new Map();

  /** @param {SessionOptions} options */
  static async create(options) {
    const session = new Session();
    await session.#open(readOptions(options));
    return session;
  }

  // No constructor: the esbuild of Angular 12 sets private members too early in one of a class that
  // extends another, and the page would throw.

  /** @param {import('./options.js').Settings} settings */
  async #open(settings) {
    // A caller can pass `session.fetch` on as a function.
    this.fetch = this.fetch.bind(this);
    this.#engine = await openEngine(settings, {
      state: (state) => {
        this.#state = state;
        return () => {
          const latest = this.#state;
          // Another customer may have signed in while this page was frozen: it is notified of both,
          // in order.
          if (state.phase === 'anonymous') this.#state = state;
          this.dispatchEvent(new Event('change'));
          if (this.#state === state) this.#state = latest;
        };
      },
      signedIn: (attempt, status, detail) => this.#endSignIn(attempt, status, detail),
      event: (type, detail) => this.dispatchEvent(new CustomEvent(type, { detail })),
    });
    this.#requests = requestsOf(this.#engine, settings);
  }

  // ---- Signing in and out ----------------------------------------------------------------------

  /** A frozen object; the same one until something in it changes. @returns {SessionState} */
  get state() {
    return this.#state;
  }

  /**
   * Signs a customer in with the password grant (RFC 6749 section 4.3). A pending sign-in is
   * cancelled.
   *
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<void>} rejects with a {@link SessionError}, or a TypeError for a wrong option
   * @example
   * await session.signIn({ username: 'anna.keller@example.com', password: 'Welcome-1' });
   */
  signIn(credentials, options) {
    return this.#signIn(OWNER_CUSTOMER, credentials, options);
  }

  /**
   * Signs an agent in. If a customer is signed in: with `customerId`, the id of that customer, the
   * agent starts by emulating that customer, who is restored when the agent signs out; without it
   * the customer's session ends with the agent's.
   *
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal | undefined, customerId?: string | undefined }} [options]
   * @returns {Promise<void>} rejects with a {@link SessionError}, or a TypeError for a wrong option
   * @example
   * await session.signInAgent({ username: 'asagent', password: 'Support-1' });
   */
  signInAgent(credentials, options) {
    return this.#signIn(OWNER_AGENT, credentials, options);
  }

  /**
   * @param {number} owner
   * @param {Credentials} credentials
   * @param {{ signal?: AbortSignal | undefined, customerId?: string | undefined }} [options]
   * @returns {Promise<void>}
   */
  async #signIn(owner, credentials, options) {
    const { signal, customerId = '' } = membersOf(options, {
      signal: SIGNAL,
      customerId: owner === OWNER_AGENT ? text(0, CUSTOMER_ID_MAX) : typed('left out'),
    });
    const { username, password } = checked(credentials);
    const attempt = ++this.#attempts;
    const cancel = () => this.#engine.cancel(attempt);
    /** @type {Promise<void>} */
    const ended = new Promise((resolve, reject) => this.#signIns.set(attempt, { resolve, reject }));
    signal?.addEventListener('abort', cancel);
    const status = signal?.aborted
      ? STATUS_CANCELLED
      : this.#engine.signIn(owner, attempt, username, password, customerId);
    if (status) this.#endSignIn(attempt, status);
    return ended.finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** @param {number} attempt @param {number} status @param {string} [detail] */
  #endSignIn(attempt, status, detail) {
    const signIn = this.#signIns.get(attempt);
    this.#signIns.delete(attempt);
    if (status) signIn?.reject(errorOf(status, detail));
    else signIn?.resolve();
  }

  /**
   * Starts the emulation of a customer by the agent.
   *
   * @param {string} customerId the customer's id in OCC URLs
   * @throws {SessionError} `no-agent`, `closed`; a TypeError for a wrong id
   */
  emulate(customerId) {
    expectKind(customerId, 'customerId', text(1, CUSTOMER_ID_MAX));
    const status = this.#engine.emulate(customerId);
    if (status) throw errorOf(status);
  }

  /**
   * Signs out the customer; or the emulated customer, and the agent stays signed in; or the agent.
   * The sign-out is complete when this function returns; the promise never rejects, and nobody has
   * to wait for it.
   */
  async signOut() {
    this.#engine.signOut();
  }

  /** Signs out the agent. As with {@link signOut}, it is complete when this function returns. */
  async signOutAgent() {
    this.#engine.signOutAgent();
  }

  /**
   * Resolves when no revocation is in flight or queued, or when the signal aborts; rejects only
   * with a TypeError, for wrong options.
   *
   * @param {{ signal?: AbortSignal | undefined }} [options]
   */
  async settled(options) {
    const { signal } = membersOf(options, { signal: SIGNAL });
    while (this.#state.revoking && !signal?.aborted) {
      await waitFor(signal, (resolve) =>
        this.addEventListener('change', resolve, own({ once: true })),
      );
    }
  }

  // ---- Requests of the storefront --------------------------------------------------------------

  /**
   * Returns the value of the Authorization header, for an adapter that sends requests itself.
   *
   * @param {string | URL} [url] of the request: undefined is returned for one outside `apiPrefixes`
   * @returns {string | undefined} undefined: send the request without
   */
  authorization(url) {
    return this.#requests.authorization(url);
  }

  /**
   * Resolves with the header for one retry of a request that was answered with 401. Any number of
   * calls causes one refresh (RFC 6749 section 6), and none if the response does not say that the
   * token is dead: a 401 may have another reason.
   *
   * @param {string} rejected the header value that the request carried, `''` if it carried none:
   *   then the application's own token is asked for (RFC 6749 section 4.4)
   * @param {Answer} response the body of a `Response` can still be read afterwards
   * @param {AnsweredRequest} [request] such as the `Request` itself; its signal ends the wait, not
   *   the refresh
   * @returns {Promise<string | undefined>} the header value; `''`: retry without a bearer, since
   *   the session has ended and a GET or HEAD may be public; undefined: do not retry. Rejects only
   *   with a TypeError, which names the wrong argument
   */
  renew(rejected, response, request) {
    return this.#requests.renew(rejected, response, request);
  }

  /**
   * Works like the global fetch, with the bearer on requests below `apiPrefixes`. A request that
   * meets a dead token is retried once with a new one. A request with an `Authorization` header of
   * its own is left alone.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   * @example
   * const user = encodeURIComponent(session.state.userId);
   * const response = await session.fetch(`https://api.shop.example/occ/v2/shop/users/${user}`);
   */
  fetch(input, init) {
    return this.#requests.fetch(input, init);
  }

  // ---- Closing ---------------------------------------------------------------------------------

  /**
   * Wipes the memory and ends timers and listeners. It signs nobody out, and the stored session
   * stays, so that another one can continue it; queued revocations are sent now. Pending sign-ins
   * are rejected with `closed`, and the state is the anonymous one.
   */
  close() {
    if (!this.#engine.close()) return;
    for (const attempt of this.#signIns.keys()) this.#endSignIn(attempt, STATUS_CLOSED);
    this.#state = ANONYMOUS;
    this.dispatchEvent(new Event('change'));
  }
}

// `using session = await createSession(…)`, where the language has it.
/** @type {any} */ (Session.prototype)[/** @type {any} */ (Symbol).dispose ?? 'close'] =
  Session.prototype.close;

/**
 * Opens the session of this page, and continues the one that an earlier page has stored.
 *
 * @param {SessionOptions} options
 * @returns {Promise<SessionListening & SessionDisposal & Session>} rejects with a `SessionError`:
 *   `invalid-options`, `wasm-unavailable`, `platform-unavailable`, `cancelled`
 * @example
 * const session = await createSession({
 *   baseUrl: 'https://api.shop.example',
 *   clientId: 'mobile_android',
 *   clientSecret: 'secret',
 * });
 */
export function createSession(options) {
  return /** @type {Promise<any>} */ (
    Session.create(options).catch((cause) => {
      // Any other error names what the platform lacks.
      throw cause instanceof SessionError
        ? cause
        : new SessionError('platform-unavailable', cause?.message, { cause });
    })
  );
}
