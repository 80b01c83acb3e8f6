// okta-auth-js: https://github.com/okta/okta-auth-js, "Redirect Model" and signOut() of its README.
import { OktaAuth } from '@okta/okta-auth-js/core';
import { retry } from './retry.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, redirectUri }) {
  const path = `${provider}/authorizationserver/oauth`;
  const client = new OktaAuth({
    issuer: provider,
    clientId,
    redirectUri,
    scopes: ['openid', 'offline_access'],
    authorizeUrl: `${path}/authorize`,
    tokenUrl: `${path}/token`,
    revokeUrl: `${path}/revoke`,
    logoutUrl: `${provider}/session/end`,
  });
  await client.start();
  const authorization = () => {
    const token = client.getAccessToken();
    return token && `Bearer ${token}`;
  };
  const refresh = () => client.tokenManager.renew('accessToken');
  return {
    signIn: () => client.signInWithRedirect(),
    async callback() {
      const { tokens } = await client.token.parseFromUrl();
      client.tokenManager.setTokens(tokens);
    },
    // It stays signed in when a revocation fails, unless the application does this.
    signOut: () =>
      client.signOut({ clearTokensBeforeRedirect: true }).catch(() => client.tokenManager.clear()),
    isSignedIn: () => client.getAccessToken() !== undefined,
    authorization,
    refresh,
    fetch: retry(authorization, refresh),
  };
}
