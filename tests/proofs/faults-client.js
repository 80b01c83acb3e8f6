// The storefront of a case of the fault matrix, and its observations. It is the same in Node and in
// a page: it imports nothing, and its parameters and results are JSON.

/** @import { Credentials, Session, SessionOptions, SessionState } from 'occ-session' */

/**
 * @typedef {object} Sent a request of the engine's own, when it was handed to fetch
 * @property {string} url
 * @property {Record<string, string>} form
 * @property {boolean} keepalive
 * @property {string} stored
 * @property {SessionState['phase']} phase
 *
 * @typedef {object} Look
 * @property {SessionState} state
 * @property {string} stored everything that is stored for this session
 * @property {string | null} authorization
 */

/** The callback of the timer that was set last. @type {() => void} */
let latest;

/**
 * Watches the timers from now on: the timer of a request is the one that is set right before the
 * request is passed to fetch. So ten seconds can pass without a wait.
 */
export function watchTimers() {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = /** @type {any} */ (
    (/** @type {() => void} */ callback, /** @type {unknown[]} */ ...rest) => {
      latest = callback;
      return setTimeout(callback, .../** @type {[]} */ (rest));
    }
  );
}

/** Returns the whole text of an error. @param {any} error */
function tell(error) {
  const own = Object.getOwnPropertyNames(error ?? {}).map((name) => `${name}: ${error[name]}`);
  return [`${error}`, `code: ${error?.code}`, ...own].join('\n');
}

/** One session, and the notes about it. */
export class Client {
  /** @type {Session} */
  #session = /** @type {any} */ (undefined);
  #createSession;
  #storageKey = '';
  /** @type {(Sent & { over: Promise<unknown>, isOver: boolean, headers: Promise<unknown>, giveUp: () => void })[]} */
  #requests = [];
  /** @type {(string | null)[]} */
  #bearers = [];
  /** @type {{ type: string, detail: any }[]} */
  #events = [];
  /** The errors where none may occur. @type {string[]} */
  #failures = [];
  /** All texts that were passed to the storefront. @type {string[]} */
  #texts = [];
  /** The error code of the last sign-in, or null. @type {Promise<string | null>} */
  #signIn = Promise.resolve(null);
  /** True if the last refresh has given another token. @type {Promise<boolean>} */
  #refresh = Promise.resolve(false);

  /** @param {(options: SessionOptions) => Promise<Session>} createSession */
  constructor(createSession) {
    this.#createSession = createSession;
  }

  /** @param {Omit<SessionOptions, 'fetch'> & { storageKey: string }} options */
  async open(options) {
    this.#storageKey = options.storageKey;
    this.#session = await this.#createSession({
      ...options,
      fetch: /** @type {typeof fetch} */ ((input, init) => this.#send(input, init)),
    });
    for (const type of ['change', 'revocation', 'expired', 'error']) {
      /** @type {EventTarget} */ (this.#session).addEventListener(type, (event) => {
        const { detail } = /** @type {CustomEvent} */ (event);
        if (type !== 'change') this.#events.push({ type, detail });
        this.#texts.push(JSON.stringify([type, detail, this.#session.state]));
      });
    }
  }

  /** @param {Parameters<typeof fetch>[0]} input @param {RequestInit} [init] */
  #send(input, init) {
    if (!init?.signal) {
      this.#bearers.push(/** @type {Request} */ (input).headers.get('authorization'));
      return fetch(input, init);
    }
    const { signal } = init;
    const headers = fetch(input, init);
    const request = {
      url: String(input),
      form: Object.fromEntries(new URLSearchParams(String(init.body))),
      keepalive: Boolean(init.keepalive),
      stored: this.#stored(),
      phase: this.#session.state.phase,
      headers: headers.catch(() => {}),
      // The rest of an answer is dropped when the engine is done with it.
      over: new Promise((resolve) => signal.addEventListener('abort', resolve)),
      isOver: false,
      giveUp: latest,
    };
    request.over.then(() => (request.isOver = true));
    this.#requests.push(request);
    return headers;
  }

  #stored() {
    return ['localStorage', 'sessionStorage']
      .flatMap((area) => {
        /** @type {Storage} */
        const storage = /** @type {any} */ (globalThis)[area];
        return ['', '.ended'].map((end) => storage.getItem(this.#storageKey + end) ?? '');
      })
      .join('\n');
  }

  /** @returns {Look} */
  look() {
    return {
      state: this.#session.state,
      stored: this.#stored(),
      authorization: this.#session.authorization() ?? null,
    };
  }

  /**
   * @param {'signIn' | 'signInAgent'} method
   * @param {Credentials} credentials
   * @param {{ customerId?: string }} [options]
   */
  beginSignIn(method, credentials, options) {
    this.#signIn = this.#session[method](credentials, options).then(
      () => null,
      (error) => {
        this.#texts.push(tell(error));
        return error.code ?? 'no code';
      },
    );
  }

  signInOutcome() {
    return this.#signIn;
  }

  /** Begins a refresh as an adapter does after a 401. */
  beginRefresh() {
    const rejected = this.#session.authorization() ?? '';
    const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
    const answer = new Response(null, { status: 401, headers });
    this.#refresh = this.#session.renew(rejected, answer).then(
      (renewed) => renewed !== undefined && renewed !== rejected,
      (error) => Boolean(this.#failures.push(`renew was rejected: ${tell(error)}`)),
    );
  }

  refreshOutcome() {
    return this.#refresh;
  }

  /** @param {'signOut' | 'signOutAgent'} method @returns {Look} the state within the call */
  signOut(method) {
    try {
      this.#session[method]().then(
        (value) => value === undefined || this.#failures.push(`${method} gave ${value}`),
        (error) => this.#failures.push(`${method} was rejected: ${tell(error)}`),
      );
    } catch (error) {
      this.#failures.push(`${method} threw: ${tell(error)}`);
    }
    return this.look();
  }

  /**
   * Sends a request of the storefront and returns its header and the state after it.
   *
   * @param {string} url
   */
  async get(url) {
    const before = this.#bearers.length;
    try {
      const response = await this.#session.fetch(url);
      await response.text();
    } catch (error) {
      this.#texts.push(tell(error));
    }
    return { ...this.look(), bearers: this.#bearers.slice(before) };
  }

  /**
   * Ends the time of the token requests that are under way.
   *
   * @param {string} grantType
   * @param {boolean} afterHeaders only once the headers of the answer have come
   */
  async elapse(grantType, afterHeaders) {
    for (const request of this.#requests) {
      if (request.isOver || request.form.grant_type !== grantType) continue;
      if (afterHeaders) await request.headers;
      request.giveUp();
    }
  }

  /** Resolves with the state when the engine has nothing under way. */
  async quiet() {
    for (let count = -1; count < this.#requests.length;) {
      count = this.#requests.length;
      await Promise.all(this.#requests.map(({ over }) => over));
      await this.#session.settled();
      await new Promise((resolve) => setTimeout(resolve));
    }
    return this.look();
  }

  report() {
    return {
      ...this.look(),
      sent: this.#requests.map(({ url, form, keepalive, stored, phase }) => ({
        ...{ url, form, keepalive, stored, phase },
      })),
      events: this.#events,
      failures: this.#failures,
      texts: [...this.#texts, ...this.#failures],
    };
  }

  close() {
    this.#session.close();
    for (const area of ['localStorage', 'sessionStorage']) {
      for (const end of ['', '.ended']) {
        /** @type {any} */ (globalThis)[area].removeItem(this.#storageKey + end);
      }
    }
  }
}
