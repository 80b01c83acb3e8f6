// oidc-client-ts: https://github.com/authts/oidc-client-ts, UserManager.
import { UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { retry } from './retry.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, user, redirectUri, shared }) {
  const manager = new UserManager({
    authority: provider,
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'basic',
    ...(shared && { userStore: new WebStorageStateStore({ store: localStorage }) }),
  });
  const authorization = async () => {
    const found = await manager.getUser();
    return found ? `${found.token_type} ${found.access_token}` : undefined;
  };
  return {
    signIn: () => manager.signinResourceOwnerCredentials({ ...user, skipUserInfo: true }),
    // In the order in which signoutRedirect() does it with revokeTokensOnSignout; there the user
    // stays when a revocation fails.
    signOut: () =>
      manager
        .revokeTokens()
        .catch(() => {})
        .then(() => manager.removeUser()),
    isSignedIn: async () => (await manager.getUser()) !== null,
    authorization,
    refresh: () => manager.signinSilent(),
    fetch: retry(authorization, () => manager.signinSilent()),
  };
}
