// A stand-in for the back end in Node: a fetch that answers token and revocation requests at once,
// so only the work of the page's side is measured.

export const baseUrl = 'https://api.shop.example/';
export const endpoints = {
  token: `${baseUrl}authorizationserver/oauth/token`,
  revoke: `${baseUrl}authorizationserver/oauth/revoke`,
};

export function createEndpoint() {
  let issued = 0;
  /** @type {{ to: 'token' | 'revoke', token: string | null }[]} */
  const requests = [];

  return {
    /** The received requests. */
    requests,

    /** @param {RequestInfo | URL} input @param {RequestInit} [init] */
    async fetch(input, init) {
      const url = String(input instanceof Request ? input.url : input);
      const to =
        url === endpoints.token ? 'token' : url === endpoints.revoke ? 'revoke' : undefined;
      if (!to) throw new TypeError(`nobody answers at ${url}`);
      requests.push({ to, token: new URLSearchParams(String(init?.body)).get('token') });
      if (to === 'revoke') return new Response(null, { status: 200 });
      issued++;
      return Response.json({
        access_token: `access-${issued}`,
        refresh_token: `refresh-${issued}`,
        token_type: 'bearer',
        expires_in: 43_199,
      });
    },
  };
}
