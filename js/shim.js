// The fetch shim: the one place that sends the core's requests. Whatever becomes of a request, it is
// completed, with a delivery and a status; it never rejects and never throws (R15).
import { DELIVERY } from './numbers.js';

/**
 * How a request ended.
 *
 * @typedef {object} Completion
 * @property {number} delivery of DELIVERY
 * @property {number} status HTTP status, 0 if there was none
 * @property {number} retryAfter milliseconds, 0 if the answer named no time (RFC 9110, 10.2.3)
 * @property {Uint8Array} body of a token response, otherwise empty
 */

/** The most bytes of a body that are read. */
const BODY_MAX = 65_536;

/** The most bytes that a page may have under way with keepalive (Fetch standard, 4.6). */
const KEEPALIVE_MAX = 65_536;

const EMPTY = new Uint8Array();

/** @param {Response} response */
function retryAfterOf(response) {
  const value = response.headers.get('retry-after') ?? '';
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return wait > 0 ? wait : 0;
}

/**
 * The body, or null if it is longer than 64 KiB.
 *
 * @param {Response} response
 */
export async function readBody(response) {
  const reader = response.body?.getReader();
  const body = new Uint8Array(BODY_MAX);
  let length = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return body.subarray(0, length);
    if (length + chunk.value.length > BODY_MAX) {
      body.fill(0);
      reader?.cancel().catch(() => {});
      return null;
    }
    body.set(chunk.value, length);
    length += chunk.value.length;
  }
}

/** @param {number} delivery @param {number} [status] @returns {Completion} */
const completion = (delivery, status = 0) => ({ delivery, status, retryAfter: 0, body: EMPTY });

export class FetchShim {
  #fetch;
  #keepalive = 0;

  /** @param {typeof globalThis.fetch} fetch */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /**
   * A token request (RFC 6749 section 3.2). The body of the answer is read.
   *
   * @param {string} url
   * @param {string} form
   * @param {number} timeoutMs
   */
  requestToken(url, form, timeoutMs) {
    return this.#complete(timeoutMs, async (signal) => {
      const answer = await this.#post(url, form, undefined, { signal });
      if (answer.delivery !== DELIVERY.answered) return answer;
      const body = await readBody(answer.response);
      return body ? { ...answer, body } : completion(DELIVERY['too-large'], answer.status);
    });
  }

  /**
   * A revocation (RFC 7009). The body of the answer is left alone (R16).
   *
   * @param {string} url
   * @param {string} form
   * @param {string | undefined} authorization
   * @param {number} timeoutMs
   */
  async revoke(url, form, authorization, timeoutMs) {
    const size = form.length;
    const keepalive = this.#keepalive + size <= KEEPALIVE_MAX;
    if (keepalive) this.#keepalive += size;
    const completed = await this.#complete(timeoutMs, async (signal) => {
      const answer = await this.#post(url, form, authorization, { signal, keepalive });
      if (answer.delivery === DELIVERY.answered) answer.response.body?.cancel().catch(() => {});
      return answer;
    });
    if (keepalive) this.#keepalive -= size;
    return completed;
  }

  /**
   * @param {number} timeoutMs
   * @param {(signal: AbortSignal) => Promise<Completion>} send
   * @returns {Promise<Completion>}
   */
  async #complete(timeoutMs, send) {
    const abort = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {Promise<Completion>} */
    const timeout = new Promise((resolve) => {
      timer = setTimeout(() => {
        resolve(completion(DELIVERY['timed-out']));
        abort.abort();
      }, timeoutMs);
    });
    // A fetch that was handed in may not care for the signal, hence the race.
    const sent = send(abort.signal).catch(() => completion(DELIVERY.unreachable));
    const completed = await Promise.race([timeout, sent]);
    clearTimeout(timer);
    return completed;
  }

  /**
   * @param {string} url
   * @param {string} body
   * @param {string | undefined} authorization
   * @param {RequestInit} init
   */
  async #post(url, body, authorization, init) {
    const response = await this.#fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        ...(authorization && { Authorization: authorization }),
      },
      body,
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      redirect: 'manual',
      ...init,
    });
    const { status } = response;
    const redirected = response.type === 'opaqueredirect' || (status >= 300 && status <= 399);
    const delivery = redirected ? DELIVERY.redirected : DELIVERY.answered;
    return { ...completion(delivery, status), retryAfter: retryAfterOf(response), response };
  }
}
