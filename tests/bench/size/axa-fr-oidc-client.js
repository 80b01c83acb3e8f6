// What a page takes of @axa-fr/oidc-client: loginAsync, renewTokensAsync and logoutAsync, which
// revokes, are methods of the client. Its service worker is left out.
export { OidcClient } from '@axa-fr/oidc-client';
