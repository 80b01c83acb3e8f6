// The fetch shim: the one place that sends the core's requests. Whatever becomes of a request, it is
// completed, with a delivery and a status; it never rejects and never throws (R15).
import {
  DELIVERY_ANSWERED,
  DELIVERY_REDIRECTED,
  DELIVERY_TIMED_OUT,
  DELIVERY_TOO_LARGE,
  DELIVERY_UNREACHABLE,
} from './numbers.js';
import { own } from './own.js';

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
  // A fetch that was handed in may give no stream of the web: that of node-fetch 2 gives one of Node's.
  const { body } = response;
  const stream = body?.getReader ? body : new Response(await response.arrayBuffer()).body;
  const reader = /** @type {ReadableStream<Uint8Array>} */ (stream).getReader();
  const buffer = new Uint8Array(BODY_MAX);
  let length = 0;
  for (;;) {
    const chunk = await reader.read();
    if (chunk.done) {
      // Exactly what was read: Node keeps the last body until the session is closed.
      const bytes = buffer.slice(0, length);
      buffer.fill(0);
      return bytes;
    }
    if (length + chunk.value.length > BODY_MAX) {
      buffer.fill(0);
      reader.cancel().catch(() => {});
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
 * host were away; but it does so before any task that is queued behind the request, and it gives the
 * page's observers no entry. Both signs are needed: Chromium may let the network pass the task after a
 * click, and the others hand out the entries of failed requests late or never. A timer is no such task,
 * since it is late in a page that is busy, hidden, or in a timer itself; nor will the timeline do
 * instead of an observer, since it can be full or cleared.
 *
 * @param {string} url of a request that was sent just now, in this task
 * @param {number} start when that was
 * @returns {() => boolean} whether it has begun; true where that cannot be told, since a request that
 *   arrives twice is worse than one that is lost (R8)
 */
function watchRequest(url, start) {
  try {
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
    };
    // Opening it queues a task, which no other script of the page hears of.
    const details = document.createElement('details');
    details.ontoggle = begin;
    details.open = true;
    const observer = new PerformanceObserver(begin);
    observer.observe(own({ type: 'resource' }));
    return () => {
      const entries = observer.takeRecords();
      observer.disconnect();
      return hasBegun || entries.some(({ name, startTime }) => name === url && startTime >= start);
    };
  } catch {
    // There is no page, or the browser lacks something of this.
    return () => true;
  }
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
     * A revocation (RFC 7009), which survives the page and follows no redirect (R12). The body of the
     * answer is left alone (R16).
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
      const start = globalThis.performance?.now() ?? 0;
      const completing = send(true);
      const began = watchRequest(url, start);
      const completed = await completing;
      return began() || completed.delivery !== DELIVERY_UNREACHABLE ? completed : send(false);
    },
  };
}
