// What an application writes around a library that has no request function of its own: a request
// that meets a dead token is sent again, once, with the token of one refresh for all of them.

/** @typedef {string | undefined | Promise<string | undefined>} Authorization */
/** @typedef {{ status: number }} Answer */

/**
 * @param {() => Authorization} authorization
 * @param {() => Promise<unknown>} refresh
 * @param {(url: string) => Promise<Answer>} [send]
 * @returns {(url: string) => Promise<Answer>}
 */
export function retry(authorization, refresh, send) {
  send ??= async (url) => fetch(url, { headers: { Authorization: (await authorization()) ?? '' } });
  /** @type {Promise<unknown> | undefined} */
  let refreshing;
  return async (url) => {
    const sentWith = await authorization();
    const response = await send(url);
    if (response.status !== 401) return response;
    if (sentWith === (await authorization())) {
      refreshing ??= refresh().finally(() => (refreshing = undefined));
    }
    await refreshing;
    return send(url);
  };
}
