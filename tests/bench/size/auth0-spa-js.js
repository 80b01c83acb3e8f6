// What a page takes of @auth0/auth0-spa-js: loginWithRedirect, getTokenSilently, revokeRefreshToken
// and logout are methods of the client.
export { createAuth0Client } from '@auth0/auth0-spa-js';
