// The public face: a session as an object with promises and events. What happens is decided in the
// core; this file takes its effects to the page, in the order in which the core names them.
import { saysDead } from './dead-token.js';
import { SessionError } from './error.js';
import { loadCore } from './load.js';
import {
  ERRORS,
  OUTCOMES,
  OWNERS,
  OWNER_AGENT,
  OWNER_CUSTOMER,
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

/** How long a token request may take, in milliseconds. */
const TOKEN_TIMEOUT = 10_000;

/** The longest time that setTimeout keeps. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** @param {number} status @param {string} [detail] such as where the answer came from */
function errorOf(status, detail = '') {
  // Of all that a call can give, only a client that is refused has no error of its own.
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
    if (!fits(given[name], 1, 1024)) {
      throw new SessionError('invalid-credentials', `${name} must be a string of 1 to 1024 bytes`);
    }
  }
  return { username, password };
}

/**
 * What comes of it, or nothing once the signal says to wait no longer.
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
 * Signs a session out that another client has left under a key of this one's: its place is about to be
 * taken, and nobody else would know its tokens.
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
  /** What the core hands out. @type {string | undefined} */
  #authorization;
  #attempts = 0;
  /** The latest answer, for the error of the sign-in that it ends: nothing that the server has written (R28). @type {string | undefined} */
  #answered;
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #signIns = new Map();
  /** @type {Set<(authorization: string | undefined) => void>} */
  #renewals = new Set();
  /** What setTimeout has given. @type {any} */
  #timer;
  /** Ends the listeners on the page. */
  #listening = new AbortController();
  /** What this session has last seen stored. @type {string | null | undefined} */
  #seen;
  /** A snapshot under the same key that is none of this client's. @type {string | undefined} */
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
    const { wasm, signal, storage, storageKey, core: parameters } = settings;
    this.#settings = settings;
    // So that it can be handed to what takes a fetch.
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
        // What does not fit is not there.
        this.#seen = this.#storage.load();
        // Tabs that hold the same grant want its new tokens; without, they only look at the storage.
        this.#storage.post('saved', renewed ? snapshot : '');
      },
      occ_host_ended: (number, issued) => () => this.#storage.tell(number, issued),
      occ_host_wanted: (number, issued) => () => this.#storage.post('wanted', number, issued),
      occ_host_state: (phase, expiresAt, revoking, userId) => {
        const state = stateOf(phase, expiresAt, revoking, userId);
        this.#state = state;
        return () => {
          // What was to keep the process going has settled.
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
        // A session that is over when it is opened is told of when it can be listened to.
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
        // And gives nothing back: effects pass through functions that a page may have patched.
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
    // Not before the core can hear of other tabs, nor if there is none.
    this.#storage = openStorage(storage, storageKey, parameters[2], (message) =>
      this.#hear(message),
    );
    this.#synchronise();
    isOpen = true;
    this.#listen('pagehide', () => this.#enter('occ_leave'));
    this.#listen('storage', () => this.#synchronise());
    // A page that was kept while another was shown has not heard of what was stored meanwhile.
    this.#listen('pageshow', () => this.#synchronise());
  }

  /** @param {string} type @param {() => void} listener */
  #listen(type, listener) {
    globalThis.addEventListener?.(type, listener, own({ signal: this.#listening.signal }));
  }

  // ---- Into the core and out of it -------------------------------------------------------------

  /**
   * Calls the core, on what the tabs have by now.
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

  /** Takes over what an earlier page or another tab has written (R24, R25). */
  #synchronise() {
    if (this.#closed) return;
    const newest = this.#storage.load();
    if (newest && newest !== this.#seen) {
      const status = this.#core.occ_adopt(newest);
      if (status === STATUS_BAD_SNAPSHOT) this.#foreign = newest;
      // With no place for it now, it is tried again at the next event.
      if (status !== STATUS_FULL) this.#seen = newest;
    } else if (newest === null && this.#seen) {
      // A script has emptied the storage: what is held is stored again, as the first of a new line.
      this.#core.occ_adopt('');
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
      this.#enter('occ_heard', Number(what === 'answer'), String(first));
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
    this.#enter('occ_completed', request, delivery, status, retryAfter, answer);
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
    // In Node a session that only waits for its token to expire is no reason to go on. A sign-in that
    // waits does it for a revocation, and what is under way keeps the process by itself.
    if (!this.#state.revoking) this.#timer.unref?.();
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
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<void>} rejects with a {@link SessionError}, or a TypeError for a wrong option
   * @example
   * await session.signIn({ username: 'anna.keller@example.com', password: 'Welcome-1' });
   */
  signIn(credentials, options) {
    return this.#signIn(OWNER_CUSTOMER, credentials, options);
  }

  /**
   * An agent signs in. Over a customer who is signed in: with `customerId`, the id of that customer,
   * the agent starts by acting for that customer, who is restored when the agent signs out; without
   * it the customer's session ends with the agent's.
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
      customerId: owner === OWNER_AGENT ? text(0, 256) : typed('left out'),
    });
    const { username, password } = checked(credentials);
    const attempt = ++this.#attempts;
    const cancel = () => this.#enter('occ_cancel', attempt);
    /** @type {Promise<void>} */
    const ended = new Promise((resolve, reject) => this.#signIns.set(attempt, { resolve, reject }));
    signal?.addEventListener('abort', cancel);
    const status = signal?.aborted
      ? STATUS_CANCELLED
      : this.#enter('occ_sign_in', owner, attempt, username, password, customerId);
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
   * The agent starts to act for a customer.
   *
   * @param {string} customerId what stands for the customer in OCC URLs
   * @throws {SessionError} `no-agent`, `closed`; a TypeError if it is no such id
   */
  emulate(customerId) {
    expectKind(customerId, 'customerId', text(1, 256));
    const status = this.#enter('occ_emulate', customerId);
    if (status) throw errorOf(status);
  }

  /**
   * Whoever stands before the shop signs out: the customer; the emulated customer, where the agent
   * stays; or the agent. It is done when this function returns; nobody has to wait for the promise,
   * which never rejects.
   */
  async signOut() {
    this.#enter('occ_sign_out');
  }

  /** The agent signs out. As with {@link signOut}, it is done when this function returns. */
  async signOutAgent() {
    this.#enter('occ_sign_out_agent');
  }

  /**
   * Resolves when no revocation is in flight or queued, or when the signal says to wait no longer;
   * rejects with nothing but a TypeError, for options that are none.
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

  /** Whether the bearer may go there (R22). @param {string | URL} url */
  #isOfApi(url) {
    try {
      // What the URL parser writes: the origin stands first in it, and ends with a slash.
      const { href } = new URL(url, globalThis.document?.baseURI);
      return this.#settings.apiPrefixes.some((prefix) => href.startsWith(prefix));
    } catch {
      return false; // What is no URL at all.
    }
  }

  /**
   * The value of the Authorization header, for an adapter that sends requests itself.
   *
   * @param {string | URL} [url] of the request: nothing is given for one outside `apiPrefixes`
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
   * After an answer of status 401: what to send the request with again, once. However many requests
   * ask, one refresh is made (RFC 6749 section 6), and none if the answer does not say that the token
   * is dead: it may have another reason.
   *
   * @param {string} rejected the header value that the request carried, `''` if it carried none: then
   *   the application's own token is asked for (RFC 6749 section 4.4)
   * @param {Answer} response the answer; the body of a `Response` can still be read afterwards
   * @param {AnsweredRequest} [request] such as the `Request` itself; its signal ends the wait, not the
   *   refresh
   * @returns {Promise<string | undefined>} the header value; `''`: without a bearer, since the session
   *   has ended and a GET or HEAD may be answered to anybody; undefined: the answer stands. Rejects
   *   with nothing but a TypeError, which names the argument that is not as it should be
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
      status = this.#enter('occ_renew', Number(!!certain), rejected);
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
    // The session may be another by now: what was waited for is nobody's then (R21).
    if (status === STATUS_WAIT && rejected && this.authorization() !== rejected) renewed = ask();
    return status === STATUS_EXPIRED && /^(GET|HEAD)$/i.test(`${method}`) ? '' : renewed;
  }

  /** @param {string | undefined} authorization */
  #endRenewals(authorization) {
    for (const resolve of this.#renewals) resolve(authorization);
    this.#renewals.clear();
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
      // What nobody asked for, and is not for the application either, is for who signs in: the first
      // answer says so.
      [response, last] = [last, response];
    }
    response.body?.cancel().catch(() => {});
    return last;
  }

  // ---- The end ---------------------------------------------------------------------------------

  /**
   * Wipes the memory, ends timers and listeners. Nobody is signed out, and what is stored stays, so
   * that another session can go on with it; only what was to be revoked already is sent now. Sign-ins
   * that are pending are rejected with `closed`, and the state is the anonymous one.
   */
  close() {
    // What is queued goes out now, since there will be no other moment.
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
 * Opens the session of this page: what an earlier page has stored is taken up again.
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
      // What anything else fails with names what the platform lacks.
      throw cause instanceof SessionError
        ? cause
        : new SessionError('platform-unavailable', cause?.message, { cause });
    })
  );
}
