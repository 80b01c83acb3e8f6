// @axa-fr/oidc-client: https://github.com/AxaFrance/oidc-client, without its service worker, as its
// README shows it, and with the sign-out that stays on the page.
import { OidcClient } from '@axa-fr/oidc-client';
import { retry } from './retry.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, redirectUri, shared }) {
  const client = OidcClient.getOrCreate(() => fetch)({
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    authority: provider,
    ...(shared && { storage: localStorage }),
  });
  await client.tryKeepExistingSessionAsync();
  const authorization = () => client.tokens && `Bearer ${client.tokens.accessToken}`;
  const refresh = () => client.renewTokensAsync();
  return {
    signIn: () => client.loginAsync('/'),
    callback: () => client.loginCallbackAsync(),
    signOut: () => client.logoutAsync(null, { 'no_reload:oidc': 'true' }),
    isSignedIn: () => Boolean(client.tokens),
    authorization,
    refresh,
    // Its own fetch looks at the clock alone: it does not notice what only the server knows.
    fetch: retry(authorization, refresh),
  };
}
