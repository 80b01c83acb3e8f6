// auth0-spa-js: https://github.com/auth0/auth0-spa-js, with refresh tokens as in its EXAMPLES.md,
// revokeRefreshToken() before logout(), and without leaving the page.
import { createAuth0Client } from '@auth0/auth0-spa-js';
import { retry } from './retry.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, redirectUri }) {
  const client = await createAuth0Client({
    domain: provider,
    clientId,
    useRefreshTokens: true,
    cacheLocation: 'localstorage',
    authorizationParams: { redirect_uri: redirectUri },
  });
  const authorization = async () =>
    (await client.isAuthenticated()) ? `Bearer ${await client.getTokenSilently()}` : undefined;
  const refresh = () => client.getTokenSilently({ cacheMode: 'off' });
  return {
    signIn: () => client.loginWithRedirect(),
    callback: () => client.handleRedirectCallback(),
    // It stays signed in when the revocation fails, unless the application does this.
    signOut: () =>
      client
        .revokeRefreshToken()
        .catch(() => {})
        .then(() => client.logout({ openUrl: false })),
    isSignedIn: () => client.isAuthenticated(),
    authorization,
    refresh,
    fetch: retry(authorization, refresh),
  };
}
