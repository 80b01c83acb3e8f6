// What an Angular application takes of angular-oauth2-oidc: the service signs in, refreshes and
// revokes, the interceptor that comes with the provider puts the header on requests.
export { OAuthService, provideOAuthClient } from 'angular-oauth2-oidc';
