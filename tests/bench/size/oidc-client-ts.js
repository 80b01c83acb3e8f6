// What a page takes of oidc-client-ts: signinResourceOwnerCredentials or signinRedirect,
// signinSilent, revokeTokens and removeUser are methods of the manager.
export { UserManager } from 'oidc-client-ts';
