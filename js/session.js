// The public face: a session as an object with promises and events. The core decides; this file
// carries out its effects in the page, in the order in which the core names them.
import { saysDead } from './dead-token.js';
import { SessionError } from './error.js';
import { loadCore } from './load.js';
import {
  CREDENTIAL_MAX,
  CUSTOMER_ID_MAX,
  ERRORS,
  OUTCOMES,
  OWNERS,
  OWNER_AGENT,
  OWNER_CUSTOMER,
  PARAMETER_AUTHORIZATION,
  PARAMETER_BODY,
  PARAMETER_CUSTOMER_ID,
  PARAMETER_PASSWORD,
  PARAMETER_SNAPSHOT,
  PARAMETER_USERNAME,
  REQUEST_REVOKE,
  STATES,
  STATE_AGENT,
  STATE_AGENT_TAKING_OVER,
  STATE_ANONYMOUS,
  STATE_CUSTOMER,
  STATE_EMULATING,
  STATUS_BAD_SNAPSHOT,
  STATUS_CANCELLED,
  STATUS_CLOSED,
  STATUS_EXPIRED,
  STATUS_FULL,
  STATUS_WAIT,
  TOKENS,
} from './numbers.js';
import { expectKind, fits, membersOf, readOptions, SIGNAL, text, typed, URLS } from './options.js';
import { own } from './own.js';
import { fetchShim } from './shim.js';
import { openStorage } from './storage.js';

/** @import { Answer, AnsweredRequest, Credentials, SessionDisposal, SessionListening, SessionOptions, SessionState } from './types.js' */
/** @import { SessionErrorCode } from './error.js' */
/** @import { Settings } from './options.js' */

/** The time limit of a token request, in milliseconds. */
const TOKEN_TIMEOUT = 10_000;

/** The longest delay that setTimeout supports. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** @param {number} status @param {string} [detail] such as the URL of the response */
function errorOf(status, detail = '') {
  // Of all statuses of a call, only a refused client has no error of its own.
  const name = ERRORS[status] ?? 'the back end refused clientId, clientSecret or scope';
  const code = /** @type {SessionErrorCode} */ (ERRORS[status] ?? 'invalid-options');
  return new SessionError(code, name.replaceAll('-', ' ') + detail);
}

/** @param {number} phase @param {number} expiresAt @param {number} revoking @param {string} userId @returns {SessionState} */
function stateOf(phase, expiresAt, revoking, userId) {
  return Object.freeze({
    phase: /** @type {SessionState['phase']} */ (STATES[phase]),
    userId,
    signedIn: [STATE_CUSTOMER, STATE_AGENT_TAKING_OVER, STATE_EMULATING].includes(phase),
    agentSignedIn: phase === STATE_AGENT || phase === STATE_EMULATING,
    emulating: phase === STATE_EMULATING,
    expiresAt: expiresAt || null,
    revoking,
  });
}

const ANONYMOUS = /* @__PURE__ */ stateOf(STATE_ANONYMOUS, 0, 0, 'anonymous');

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
 * Resolves with the result, or with undefined once the signal aborts.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {(resolve: (value?: T) => void, reject: (error: Error) => void) => void} begin
 * @returns {Promise<T | undefined>}
 */
async function waitFor(signal, begin) {
  if (signal?.aborted) return undefined;
  const waiting = new AbortController();
  /** @type {Promise<T | undefined>} */
  const coming = new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => resolve(undefined), own({ signal: waiting.signal }));
    begin(resolve, reject);
  });
  return coming.finally(() => waiting.abort());
}

/**
 * Signs out of a session that another client has left under the key of this one: its snapshot is about
 * to be overwritten, and its tokens would be lost.
 *
 * @param {string} snapshot
 * @param {Pick<SessionOptions, 'fetch' | 'wasm'>} means
 */
async function signOutOf(snapshot, means) {
  const [baseUrl, clientId, agentClientId] = JSON.parse(snapshot).for.split(' ');
  const storage = { load: () => snapshot, save() {} };
  const session = await Session.create({ baseUrl, clientId, agentClientId, storage, ...means });
  session.signOutAgent();
  session.signOut();
  await session.settled();
  session.close();
}

/**
 * The session of a storefront. `change`, `revocation` and `expired` are its events.
 */
export class Session extends EventTarget {
  /** @type {Settings} */
  #settings = /** @type {any} */ (undefined);
  /** @type {ReturnType<typeof fetchShim>} */
  #shim = /** @type {any} */ (undefined);
  /** @type {ReturnType<typeof openStorage>} */
  #storage = /** @type {any} */ (undefined);
  /** @type {import('./core.js').Core} */
  #core = /** @type {any} */ (undefined);
  #closed = false;
  #state = ANONYMOUS;
  /** The latest header from the core. @type {string | undefined} */
  #authorization;
  #attempts = 0;
  /** URL and status of the latest response, for the error of a sign-in; never the server's text (R28). @type {string | undefined} */
  #answered;
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #signIns = new Map();
  /** @type {Set<(authorization: string | undefined) => void>} */
  #renewals = new Set();
  /** The timer of the alarm. @type {any} */
  #timer;
  /** Aborts the listeners on the page. */
  #listening = new AbortController();
  /** The snapshot that this session last saw in the storage. @type {string | null | undefined} */
  #seen;
  /** A snapshot of another client under the same key. @type {string | undefined} */
  #foreign;
  /** @param {SessionOptions} options */
  static async create(options) {
    const session = new Session();
    await session.#open(readOptions(options));
    return session;
  }

  // No constructor: the esbuild of Angular 12 sets private members too early in one of a class that
  // extends another, and the page would throw.

  /** @param {Settings} settings */
  async #open(settings) {
    const { wasm, signal, storage, storageKey, identity, core: parameters } = settings;
    this.#settings = settings;
    // A caller can pass `session.fetch` on as a function.
    this.fetch = this.fetch.bind(this);
    this.#shim = fetchShim(settings.fetch, this.#listening.signal);
    let isOpen = false;
    /** @type {import('./core.js').Host} */
    const host = {
      occ_host_save: (renewed, snapshot) => () => {
        if (this.#foreign) {
          signOutOf(this.#foreign, { fetch: settings.fetch, wasm: loaded.module }).catch(() => {});
          this.#foreign = undefined;
        }
        this.#storage.save(snapshot ?? null);
        // A full storage does not hold it.
        this.#seen = this.#storage.load();
        // Tabs that hold the same grant want its new tokens; an empty text makes them read the storage.
        this.#storage.post('saved', renewed ? snapshot : '');
      },
      occ_host_ended: (number, issued) => () => this.#storage.tell(number, issued),
      occ_host_wanted: (number, issued) => () => this.#storage.post('wanted', number, issued),
      occ_host_state: (phase, expiresAt, revoking, userId) => {
        const state = stateOf(phase, expiresAt, revoking, userId);
        this.#state = state;
        return () => {
          // Nothing keeps the process alive any longer.
          if (!revoking) this.#timer?.unref?.();
          const latest = this.#state;
          // Another customer may have signed in while this page was frozen: it is notified of both, in
          // order.
          if (phase === STATE_ANONYMOUS) this.#state = state;
          this.dispatchEvent(new Event('change'));
          if (this.#state === state) this.#state = latest;
        };
      },
      occ_host_signed_in: (attempt, status) => () =>
        this.#endSignIn(attempt, status, status === STATUS_CANCELLED ? '' : this.#answered),
      occ_host_renewed: (authorization) => () => this.#endRenewals(authorization),
      occ_host_expired: (owner) => {
        const tell = this.#telling('expired', { owner: OWNERS[owner] });
        // A session that is over when it is opened is announced once a caller can listen.
        return () => (isOpen ? tell() : setTimeout(tell));
      },
      occ_host_revoked: (owner, token, outcome, status) =>
        this.#telling('revocation', {
          owner: OWNERS[owner],
          token: TOKENS[token],
          outcome: OUTCOMES[outcome],
          status,
        }),
      occ_host_request: (request, purpose, authorization, body) => () =>
        this.#send(request, purpose, authorization, body),
      occ_host_alarm: (at) => () => this.#setAlarm(at),
      occ_host_authorization: (authorization) => () => {
        // The value is not returned: effects pass through built-ins that the page may have patched.
        this.#authorization = authorization;
      },
    };
    const loaded = await waitFor(signal, (resolve, reject) =>
      loadCore(wasm, host).then(resolve, reject),
    );
    if (!loaded) throw errorOf(STATUS_CANCELLED);
    this.#core = loaded.core;
    const [nonce] = crypto.getRandomValues(new Uint32Array(1));
    this.#core.occ_open(nonce, ...parameters);
    // Other tabs are heard from here on: the core is open.
    this.#storage = openStorage(storage, storageKey, identity, (message) => this.#hear(message));
    this.#synchronise();
    isOpen = true;
    this.#listen('pagehide', () => this.#enter('occ_leave'));
    this.#listen('storage', () => this.#synchronise());
    // A page in the back/forward cache has missed the changes of the storage.
    this.#listen('pageshow', () => this.#synchronise());
  }

  /** @param {string} type @param {() => void} listener */
  #listen(type, listener) {
    globalThis.addEventListener?.(type, listener, own({ signal: this.#listening.signal }));
  }

  // ---- Calls into the core, and its effects ----------------------------------------------------

  /**
   * Calls the core after adopting the latest state of the tabs.
   *
   * @template {keyof import('./core.js').Core} Name
   * @param {Name} event
   * @param {Parameters<import('./core.js').Core[Name]>} parameters
   */
  #enter(event, ...parameters) {
    this.#synchronise();
    /** @type {(...parameters: any[]) => number} */
    const enter = this.#core[event];
    return this.#closed ? STATUS_CLOSED : enter(...parameters);
  }

  /** Adopts the snapshot of an earlier page or another tab (R24, R25). */
  #synchronise() {
    if (this.#closed) return;
    const newest = this.#storage.load();
    if (newest && newest !== this.#seen) {
      const status = this.#core.occ_adopt(PARAMETER_SNAPSHOT, newest);
      if (status === STATUS_BAD_SNAPSHOT) this.#foreign = newest;
      // Without a free place it is retried at the next event.
      if (status !== STATUS_FULL) this.#seen = newest;
    } else if (newest === null && this.#seen) {
      // A script has emptied the storage: the session is stored again, as the first of a new line.
      this.#core.occ_adopt(PARAMETER_SNAPSHOT, '');
    }
    this.#storage.ended(this.#core.occ_ended);
  }

  /** A message of another tab, or of another session in this page. @param {any} message */
  #hear(message) {
    const { 0: what, 1: first, 2: second } = Object(message);
    if (what === 'ended') this.#enter('occ_ended', Number(first), Number(second));
    if (what === 'wanted' && !this.#enter('occ_wanted', Number(first), Number(second))) {
      this.#storage.post('answer', this.#storage.load());
    }
    if (what === 'answer' || what === 'saved') {
      this.#enter('occ_heard', Number(what === 'answer'), PARAMETER_SNAPSHOT, String(first));
    }
  }

  /** @param {string} type @param {object} detail */
  #telling(type, detail) {
    return () => this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {number} request @param {number} purpose @param {string | undefined} authorization @param {string} body */
  async #send(request, purpose, authorization, body) {
    const { tokenUrl, revokeUrl, timeoutMs } = this.#settings;
    const completion = await (purpose === REQUEST_REVOKE
      ? this.#shim.revoke(/** @type {string} */ (revokeUrl), body, timeoutMs, authorization)
      : this.#shim.requestToken(tokenUrl, body, TOKEN_TIMEOUT));
    const { delivery, status, retryAfter, body: answer } = completion;
    this.#answered = `: ${tokenUrl.split('?')[0]} (${status || 'no readable answer'})`;
    this.#enter('occ_completed', request, delivery, status, retryAfter, PARAMETER_BODY, answer);
    answer.fill(0);
  }

  /** @param {number} at */
  #setAlarm(at) {
    clearTimeout(this.#timer);
    if (!at) return;
    const wait = at - Date.now();
    this.#timer =
      wait > LONGEST_TIMER
        ? setTimeout(() => this.#setAlarm(at), LONGEST_TIMER)
        : setTimeout(() => this.#enter('occ_alarm', at), wait);
    // In Node a session that only waits for its token to expire must not keep the process alive. A
    // sign-in waits for nothing but a revocation, and requests under way keep the process by themselves.
    if (!this.#state.revoking) this.#timer.unref?.();
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
   * Signs an agent in. If a customer is signed in: with `customerId`, the id of that customer, the agent
   * starts by emulating that customer, who is restored when the agent signs out; without it the
   * customer's session ends with the agent's.
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
    const cancel = () => this.#enter('occ_cancel', attempt);
    /** @type {Promise<void>} */
    const ended = new Promise((resolve, reject) => this.#signIns.set(attempt, { resolve, reject }));
    signal?.addEventListener('abort', cancel);
    const status = signal?.aborted
      ? STATUS_CANCELLED
      : this.#enter(
          'occ_sign_in',
          owner,
          attempt,
          PARAMETER_USERNAME,
          username,
          PARAMETER_PASSWORD,
          password,
          PARAMETER_CUSTOMER_ID,
          customerId,
        );
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
    const status = this.#enter('occ_emulate', PARAMETER_CUSTOMER_ID, customerId);
    if (status) throw errorOf(status);
  }

  /**
   * Signs out the customer; or the emulated customer, and the agent stays signed in; or the agent. The
   * sign-out is complete when this function returns; the promise never rejects, and nobody has to wait
   * for it.
   */
  async signOut() {
    this.#enter('occ_sign_out');
  }

  /** Signs out the agent. As with {@link signOut}, it is complete when this function returns. */
  async signOutAgent() {
    this.#enter('occ_sign_out_agent');
  }

  /**
   * Resolves when no revocation is in flight or queued, or when the signal aborts; rejects only with a
   * TypeError, for wrong options.
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

  /** True if the bearer may be sent to the URL (R22). @param {string | URL} url */
  #isOfApi(url) {
    try {
      // The URL parser writes the origin first, with a slash at its end.
      const { href } = new URL(url, globalThis.document?.baseURI);
      return this.#settings.apiPrefixes.some((prefix) => href.startsWith(prefix));
    } catch {
      return false; // It is no URL.
    }
  }

  /**
   * Returns the value of the Authorization header, for an adapter that sends requests itself.
   *
   * @param {string | URL} [url] of the request: undefined is returned for one outside `apiPrefixes`
   * @returns {string | undefined} undefined: send the request without
   */
  authorization(url) {
    if (url !== undefined && !this.#isOfApi(url)) return undefined;
    this.#enter('occ_authorization');
    return this.#takeAuthorization();
  }

  #takeAuthorization() {
    const authorization = this.#authorization;
    this.#authorization = undefined;
    return authorization;
  }

  /**
   * Resolves with the header for one retry of a request that was answered with 401. Any number of calls
   * causes one refresh (RFC 6749 section 6), and none if the response does not say that the token is
   * dead: a 401 may have another reason.
   *
   * @param {string} rejected the header value that the request carried, `''` if it carried none: then
   *   the application's own token is asked for (RFC 6749 section 4.4)
   * @param {Answer} response the body of a `Response` can still be read afterwards
   * @param {AnsweredRequest} [request] such as the `Request` itself; its signal ends the wait, not the
   *   refresh
   * @returns {Promise<string | undefined>} the header value; `''`: retry without a bearer, since the
   *   session has ended and a GET or HEAD may be public; undefined: do not retry. Rejects only with a
   *   TypeError, which names the wrong argument
   */
  async renew(rejected, response, request) {
    const { url, method, signal } = request instanceof Request ? request : own(request);
    membersOf(
      { rejected: rejected ?? null, status: response?.status ?? null, url, method, signal },
      {
        rejected: typed('a string'),
        status: typed('a number'),
        url: URLS,
        method: typed('a string'),
        signal: SIGNAL,
      },
    );
    if (response.status !== 401 || (url !== undefined && !this.#isOfApi(url))) return undefined;
    const certain = !rejected || (await saysDead(response));
    if (certain === false) return undefined;
    let status = 0;
    const ask = () => {
      status = this.#enter('occ_renew', Number(!!certain), PARAMETER_AUTHORIZATION, rejected);
      return this.#takeAuthorization();
    };
    let renewed = await waitFor(signal, (resolve) => {
      this.#renewals.add(resolve);
      const newer = ask();
      if (status === STATUS_WAIT) return;
      this.#renewals.delete(resolve);
      resolve(newer);
    });
    if (signal?.aborted) return undefined;
    // Another session may have begun during the wait: the result must not be used in it (R21).
    if (status === STATUS_WAIT && rejected && this.authorization() !== rejected) renewed = ask();
    return status === STATUS_EXPIRED && /^(GET|HEAD)$/i.test(`${method}`) ? '' : renewed;
  }

  /** @param {string | undefined} authorization */
  #endRenewals(authorization) {
    for (const resolve of this.#renewals) resolve(authorization);
    this.#renewals.clear();
  }

  /**
   * Works like the global fetch, with the bearer on requests below `apiPrefixes`. A request that meets a
   * dead token is retried once with a new one. A request with an `Authorization` header of its own is
   * left alone.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   * @example
   * const user = encodeURIComponent(session.state.userId);
   * const response = await session.fetch(`https://api.shop.example/occ/v2/shop/users/${user}`);
   */
  async fetch(input, init) {
    if (this.#closed) throw errorOf(STATUS_CLOSED);
    const { fetch } = this.#settings;
    const request = new Request(input, init);
    if (!this.#isOfApi(request.url) || request.headers.has('authorization')) return fetch(request);
    const again = request.clone();
    const authorization = this.authorization();
    if (authorization) request.headers.set('Authorization', authorization);
    let response = await fetch(request);
    if (response.status !== 401) return response;
    const { signal } = again;
    const renewed = await this.renew(authorization ?? '', response, again);
    signal.throwIfAborted();
    // Nothing is sent with the token of a session that has been signed out of meanwhile (R21).
    const isOver = authorization && renewed && renewed !== this.authorization();
    if (renewed === undefined || isOver) return response;
    if (renewed) again.headers.set('Authorization', renewed);
    let last = await fetch(again);
    if (!authorization && [401, 403].includes(last.status)) {
      // The application's own token can die before its time: the next request is given another.
      this.renew(renewed, last);
      // The resource needs a signed-in user: the first response tells the storefront so.
      [response, last] = [last, response];
    }
    response.body?.cancel().catch(() => {});
    return last;
  }

  // ---- Closing ---------------------------------------------------------------------------------

  /**
   * Wipes the memory and ends timers and listeners. It signs nobody out, and the stored session stays,
   * so that another one can continue it; queued revocations are sent now. Pending sign-ins are rejected
   * with `closed`, and the state is the anonymous one.
   */
  close() {
    // Queued revocations go out now: there will be no other moment.
    this.#enter('occ_leave');
    if (this.#closed) return;
    this.#closed = true;
    this.#core.occ_close();
    this.#storage.close();
    clearTimeout(this.#timer);
    this.#listening.abort();
    for (const attempt of this.#signIns.keys()) this.#endSignIn(attempt, STATUS_CLOSED);
    this.#endRenewals(undefined);
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
