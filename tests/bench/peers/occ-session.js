// occ-session, as its README says.
import { createSession } from '../../../dist/index.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, user, shared, revocation }) {
  const session = await createSession({
    baseUrl: provider,
    clientId,
    scope: 'basic',
    revocation: { authorization: revocation },
    ...(shared && { storage: 'local', persistRefreshToken: true }),
  });
  return {
    signIn: () => session.signIn(user),
    signOut: () => session.signOut(),
    isSignedIn: () => session.state.signedIn,
    authorization: () => session.authorization(),
    // As after an answer that says that the token is dead.
    refresh: () =>
      session.renew(session.authorization() ?? '', {
        status: 401,
        headers: new Headers({ 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
      }),
    fetch: (url) => session.fetch(url),
  };
}
