// oauth4webapi: https://github.com/panva/oauth4webapi. It has functions and keeps nothing, so this
// is an application's own session around it: the requests as in its examples, signed out on the
// page first.
import * as oauth from 'oauth4webapi';
import { retry } from './retry.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, user, shared }) {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const client = { client_id: clientId };
  const storage = shared ? localStorage : sessionStorage;
  const issuer = new URL(provider);

  /** @type {Promise<oauth.AuthorizationServer> | undefined} */
  let discovered;
  const server = () =>
    (discovered ??= oauth
      .discoveryRequest(issuer, insecure)
      .then((response) => oauth.processDiscoveryResponse(issuer, response)));

  /** @returns {{ access_token: string, refresh_token: string } | null} */
  const tokens = () => JSON.parse(storage.getItem('tokens') ?? 'null');
  /** @param {oauth.TokenEndpointResponse} answer */
  const keep = (answer) => storage.setItem('tokens', JSON.stringify(answer));
  const authorization = () => {
    const held = tokens();
    return held ? `Bearer ${held.access_token}` : undefined;
  };

  async function refresh() {
    const as = await server();
    const none = oauth.None();
    const token = tokens()?.refresh_token ?? '';
    const response = await oauth.refreshTokenGrantRequest(as, client, none, token, insecure);
    try {
      keep(await oauth.processRefreshTokenResponse(as, client, response));
    } catch (error) {
      const isDead = error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant';
      if (isDead) storage.removeItem('tokens');
      throw error;
    }
  }

  return {
    async signIn() {
      const as = await server();
      const response = await oauth.genericTokenEndpointRequest(
        ...[as, client, oauth.None(), 'password', { ...user, scope: 'basic' }, insecure],
      );
      keep(await oauth.processGenericTokenEndpointResponse(as, client, response));
    },
    async signOut() {
      const held = tokens();
      storage.removeItem('tokens');
      if (!held) return;
      const as = await server();
      for (const token of [held.refresh_token, held.access_token]) {
        const response = await oauth.revocationRequest(as, client, oauth.None(), token, insecure);
        await oauth.processRevocationResponse(response);
      }
    },
    isSignedIn: () => tokens() !== null,
    authorization,
    refresh,
    fetch: retry(authorization, refresh),
  };
}
