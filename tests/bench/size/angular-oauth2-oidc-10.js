// The same of the release inside Spartacus 4.3, which knows modules in place of providers.
export { OAuthModule, OAuthService } from 'angular-oauth2-oidc-10';
