// What a page takes of @okta/okta-auth-js, by the entry point without the services of Okta alone:
// signInWithRedirect, tokenManager and signOut, which revokes, are members of the client.
export { OktaAuth } from '@okta/okta-auth-js/core';
