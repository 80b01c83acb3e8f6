// The requests of the storefront: the bearer on those to the API, and one retry with a new one if
// the response says that the token is dead.
import { saysDead } from './dead-token.js';
import { errorOf } from './error.js';
import { STATUS_CLOSED } from './numbers.js';
import { membersOf, SIGNAL, typed, URLS } from './options.js';
import { own } from './own.js';

/** @import { Engine } from './engine.js' */
/** @import { Settings } from './options.js' */
/** @import { Answer, AnsweredRequest } from './types.js' */

/**
 * Sends the requests of a storefront with the tokens of an engine in the same realm. The functions
 * are those of `Session`, which documents them.
 *
 * @param {Engine} engine
 * @param {Settings} settings
 */
export function requestsOf(engine, { fetch: send, apiPrefixes }) {
  /** True if the bearer may be sent to the URL (R22). @param {string | URL} url */
  const isOfApi = (url) => {
    try {
      // The URL parser writes the origin first, with a slash at its end.
      const { href } = new URL(url, globalThis.document?.baseURI);
      return apiPrefixes.some((prefix) => href.startsWith(prefix));
    } catch {
      return false; // It is no URL.
    }
  };

  /** @param {string | URL} [url] @returns {string | undefined} */
  const authorization = (url) =>
    url === undefined || isOfApi(url) ? engine.authorization() : undefined;

  /**
   * @param {string} rejected
   * @param {Answer} response
   * @param {AnsweredRequest} [request]
   * @returns {Promise<string | undefined>}
   */
  async function renew(rejected, response, request) {
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
    if (response.status !== 401 || (url !== undefined && !isOfApi(url))) return undefined;
    const certain = !rejected || (await saysDead(response));
    if (certain === false) return undefined;
    const { renewed, isOver } = await engine.renew(!!certain, rejected, signal);
    return isOver && /^(GET|HEAD)$/i.test(`${method}`) ? '' : renewed;
  }

  /** @param {RequestInfo | URL} input @param {RequestInit} [init] @returns {Promise<Response>} */
  async function fetch(input, init) {
    if (engine.isClosed()) throw errorOf(STATUS_CLOSED);
    const request = new Request(input, init);
    if (!isOfApi(request.url) || request.headers.has('authorization')) return send(request);
    const again = request.clone();
    const bearer = authorization();
    if (bearer) request.headers.set('Authorization', bearer);
    let response = await send(request);
    if (response.status !== 401) return response;
    const { signal } = again;
    const renewed = await renew(bearer ?? '', response, again);
    signal.throwIfAborted();
    // Nothing is sent with the token of a session that has been signed out of meanwhile (R21).
    const isOver = bearer && renewed && renewed !== authorization();
    if (renewed === undefined || isOver) return response;
    if (renewed) again.headers.set('Authorization', renewed);
    let last = await send(again);
    if (!bearer && [401, 403].includes(last.status)) {
      // The application's own token can die before its time: the next request is given another.
      renew(renewed, last);
      // The resource needs a signed-in user: the first response tells the storefront so.
      [response, last] = [last, response];
    }
    response.body?.cancel().catch(() => {});
    return last;
  }

  return { authorization, renew, fetch };
}
