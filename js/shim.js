// The fetch shim: the one place that sends the core's requests. Every request is completed, with a
// delivery and a status; the shim never rejects and never throws (R15).
import {
  DELIVERY_ANSWERED,
  DELIVERY_REDIRECTED,
  DELIVERY_TIMED_OUT,
  DELIVERY_TOO_LARGE,
  DELIVERY_UNREACHABLE,
} from './numbers.js';
import { own } from './own.js';

/**
 * The end of a request.
 *
 * @typedef {object} Completion
 * @property {number} delivery one of the numbers that begin with DELIVERY
 * @property {number} status HTTP status, 0 if there was none
 * @property {number} retryAfter milliseconds (RFC 9110 section 10.2.3); 0 or less, or NaN, if the
 *   response named no time in the future
 * @property {Uint8Array} body of a token response, otherwise empty
 */

/** The largest accepted body, in bytes. */
const BODY_MAX = 65_536;

/** An empty body. */
export const EMPTY = new Uint8Array();

/** @param {Response} response */
function retryAfterOf(response) {
  const value = response.headers.get('retry-after') ?? '';
  return /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
}

/**
 * Resolves with the body, or with null if it is longer than 64 KiB.
 *
 * @param {Response} response
 */
export async function readBody(response) {
  // A fetch option may return a response without a web stream: node-fetch 2 has one of Node's.
  const { body } = response;
  const stream = body?.getReader ? body : new Response(await response.arrayBuffer()).body;
  const reader = /** @type {ReadableStream<Uint8Array>} */ (stream).getReader();
  const buffer = new Uint8Array(BODY_MAX);
  let length = 0;
  for (;;) {
    const chunk = await reader.read();
    if (chunk.done) {
      // The copy has the exact size: Node keeps the last body until the session is closed.
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
 * Tells a request that began from one that the browser refused. A page has 64 KiB for requests with
 * keepalive; beyond it a browser rejects as if the host were unreachable, but before any task that
 * is queued after the request, and without an entry for the page's observers. Both signs are
 * needed: Chromium may let the network pass the task after a click, and the others deliver the
 * entries of failed requests late or never. A timer would be late in a page that is busy or hidden,
 * or in a timer itself; and the timeline cannot replace an observer, since it can be full or
 * cleared.
 *
 * @param {string} url of a request that was sent in this task
 * @param {number} start the time before it was sent
 * @returns {() => boolean} true if it has begun, or if that is unknown: a request that arrives
 *   twice is worse than one that is lost (R8)
 */
function watchRequest(url, start) {
  try {
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
    };
    // Opening it queues a task, which no other script of the page sees.
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
    // There is no page, or the browser lacks one of these.
    return () => true;
  }
}

/**
 * @param {typeof globalThis.fetch} fetch
 * @param {AbortSignal} closed aborts the token requests under way
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
    // A fetch option has returned Response.error().
    if (!redirected && !status) throw response;
    const delivery = redirected ? DELIVERY_REDIRECTED : DELIVERY_ANSWERED;
    return { ...completion(delivery, status), retryAfter: retryAfterOf(response), response };
  }

  /**
   * @param {number} timeoutMs
   * @param {(signal: AbortSignal) => Promise<Completion>} send
   * @param {AbortSignal} [cut] ends it before the time limit
   * @returns {Promise<Completion>}
   */
  function complete(timeoutMs, send, cut) {
    return new Promise((resolve) => {
      const abort = new AbortController();
      // A fetch option may ignore the signal, hence a promise of our own.
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
          // The rest of the response is not read, and the listener on `cut` is removed.
          abort.abort();
        });
    });
  }

  return {
    /**
     * Sends a token request (RFC 6749 section 3.2) and reads the body of the response.
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
     * Sends a revocation (RFC 7009), which survives the page and follows no redirect (R12). The
     * body of the response is not read (R16).
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
