// The fetch shim: the one place that sends the core's requests. Whatever becomes of a request, it is
// completed, with a delivery and a status; it never rejects and never throws (R15).
import {
  DELIVERY_ANSWERED,
  DELIVERY_REDIRECTED,
  DELIVERY_TIMED_OUT,
  DELIVERY_TOO_LARGE,
  DELIVERY_UNREACHABLE,
} from './numbers.js';

/**
 * How a request ended.
 *
 * @typedef {object} Completion
 * @property {number} delivery one of the numbers that begin with DELIVERY
 * @property {number} status HTTP status, 0 if there was none
 * @property {number} retryAfter milliseconds (RFC 9110, 10.2.3); not more than 0, or NaN, if the
 *   answer named no time to come
 * @property {Uint8Array} body of a token response, otherwise empty
 */

/** The most bytes of a body that are read. */
const BODY_MAX = 65_536;

/** No body. */
export const EMPTY = new Uint8Array();

/** @param {Response} response */
function retryAfterOf(response) {
  const value = response.headers.get('retry-after') ?? '';
  return /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
}

/**
 * The body, or null if it is longer than 64 KiB.
 *
 * @param {Response} response
 */
export async function readBody(response) {
  const reader = response.body?.getReader();
  const buffer = new Uint8Array(BODY_MAX);
  let length = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) {
      // Exactly what was read: Node keeps the last body until the session is closed.
      const body = buffer.slice(0, length);
      buffer.fill(0);
      return body;
    }
    if (length + chunk.value.length > BODY_MAX) {
      buffer.fill(0);
      reader?.cancel().catch(() => {});
      return null;
    }
    buffer.set(chunk.value, length);
    length += chunk.value.length;
  }
}

/** @param {number} delivery @param {number} [status] @returns {Completion} */
const completion = (delivery, status = 0) => ({ delivery, status, retryAfter: 0, body: EMPTY });

/**
 * A browser that refuses keepalive, since the page has 64 KiB under way with it, rejects as if the
 * host were away, but at once: before a timer that is set by a timer. For a page too busy to tell,
 * Chromium's timeline has an entry of a request that has begun; those of others leave failures out.
 *
 * @param {string} url
 * @returns {() => boolean} whether a request to the URL has begun since; true where nothing refuses
 */
function watchRequest(url) {
  if (!globalThis.document) return () => true;
  let hasBegun = false;
  const start = performance.now();
  setTimeout(() => setTimeout(() => (hasBegun = true)));
  return () =>
    hasBegun || performance.getEntriesByName(url).some(({ startTime }) => startTime >= start);
}

/**
 * @param {typeof globalThis.fetch} fetch
 * @param {AbortSignal} closed ends the token requests that are under way
 */
export function fetchShim(fetch, closed) {
  /**
   * @param {string} url
   * @param {string} body
   * @param {RequestInit} init
   * @param {string} [authorization]
   */
  async function post(url, body, init, authorization) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        ...(authorization && { Authorization: authorization }),
      },
      body,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'manual',
      ...init,
    });
    const { type, status } = response;
    const redirected = type === 'opaqueredirect' || (status >= 300 && status <= 399);
    // Response.error(), from a fetch that was handed in.
    if (!redirected && !status) throw response;
    const delivery = redirected ? DELIVERY_REDIRECTED : DELIVERY_ANSWERED;
    return { ...completion(delivery, status), retryAfter: retryAfterOf(response), response };
  }

  /**
   * @param {number} timeoutMs
   * @param {(signal: AbortSignal) => Promise<Completion>} send
   * @param {AbortSignal} [cut] gives it up before the time
   * @returns {Promise<Completion>}
   */
  function complete(timeoutMs, send, cut) {
    return new Promise((resolve) => {
      const abort = new AbortController();
      // A fetch that was handed in may not care for the signal, hence the promise of our own.
      const giveUp = () => {
        resolve(completion(DELIVERY_TIMED_OUT));
        abort.abort();
      };
      const timer = setTimeout(giveUp, timeoutMs);
      cut?.addEventListener('abort', giveUp, { signal: abort.signal });
      send(abort.signal)
        .catch(() => completion(DELIVERY_UNREACHABLE))
        .then(resolve)
        .then(() => {
          clearTimeout(timer);
          // What is left of the answer is not read, and `cut` need not know of the request.
          abort.abort();
        });
    });
  }

  return {
    /**
     * A token request (RFC 6749 section 3.2). The body of the answer is read.
     *
     * @param {string} url
     * @param {string} form
     * @param {number} timeoutMs
     */
    requestToken: (url, form, timeoutMs) =>
      complete(
        timeoutMs,
        async (signal) => {
          const answer = await post(url, form, { signal, cache: 'no-store' });
          if (answer.delivery !== DELIVERY_ANSWERED) return answer;
          const body = await readBody(answer.response);
          return body ? { ...answer, body } : completion(DELIVERY_TOO_LARGE, answer.status);
        },
        closed,
      ),

    /**
     * A revocation (RFC 7009). The body of the answer is left alone (R16).
     *
     * @param {string} url
     * @param {string} form
     * @param {number} timeoutMs
     * @param {string} [authorization]
     */
    async revoke(url, form, timeoutMs, authorization) {
      /** @param {boolean} keepalive */
      const send = (keepalive) =>
        complete(timeoutMs, (signal) => post(url, form, { signal, keepalive }, authorization));
      const began = watchRequest(url);
      const completed = await send(true);
      return began() || completed.delivery !== DELIVERY_UNREACHABLE ? completed : send(false);
    },
  };
}
