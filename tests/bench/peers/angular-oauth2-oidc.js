// angular-oauth2-oidc: https://github.com/manfredsteyer/angular-oauth2-oidc, "Using Password Flow",
// "Logging out" (with revocation) and "Calling a Web API with an Access Token" of its
// documentation.
import {
  HttpClient,
  provideHttpClient,
  withInterceptors,
  withInterceptorsFromDi,
} from '@angular/common/http';
import { provideZonelessChangeDetection } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { OAuthService, OAuthStorage, provideOAuthClient } from 'angular-oauth2-oidc';
import { firstValueFrom } from 'rxjs';
import { answered } from './answered.js';
import { retry } from './retry.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, user, shared }) {
  const { injector } = await createApplication({
    providers: [
      provideZonelessChangeDetection(),
      provideHttpClient(withInterceptorsFromDi(), withInterceptors([answered])),
      provideOAuthClient({
        resourceServer: { allowedUrls: [`${provider}/occ/`], sendAccessToken: true },
      }),
      ...(shared ? [{ provide: OAuthStorage, useFactory: () => localStorage }] : []),
    ],
  });
  const oauth = injector.get(OAuthService);
  const http = injector.get(HttpClient);
  oauth.configure({
    clientId,
    scope: 'basic',
    oidc: false,
    requireHttps: false,
    tokenEndpoint: `${provider}/authorizationserver/oauth/token`,
    revocationEndpoint: `${provider}/authorizationserver/oauth/revoke`,
  });
  const authorization = () =>
    oauth.hasValidAccessToken() ? oauth.authorizationHeader() : undefined;
  const refresh = () => oauth.refreshToken();
  return {
    signIn: () => oauth.fetchTokenUsingPasswordFlow(user.username, user.password),
    // It stays signed in when a revocation fails, unless the application does this.
    signOut: () => oauth.revokeTokenAndLogout(true).catch(() => oauth.logOut(true)),
    isSignedIn: () => oauth.hasValidAccessToken(),
    authorization,
    refresh,
    fetch: retry(authorization, refresh, (url) =>
      firstValueFrom(http.get(url, { observe: 'response' })).catch((/** @type {any} */ e) => e),
    ),
    request: (url) => firstValueFrom(http.get(url)),
  };
}
