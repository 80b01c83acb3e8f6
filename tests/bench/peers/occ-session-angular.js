// occ-session in an Angular application, as its README says.
import { HttpClient, provideHttpClient, withInterceptors } from '@angular/common/http';
import { provideZonelessChangeDetection } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { firstValueFrom } from 'rxjs';
import {
  OccSession,
  occSessionInterceptor,
  provideOccSession,
} from '../../../dist/angular/index.js';
import { answered } from './answered.js';

/** @param {import('../page.js').Options} options @returns {Promise<import('../page.js').Driver>} */
export async function open({ provider, clientId, user, shared }) {
  const { injector } = await createApplication({
    providers: [
      provideZonelessChangeDetection(),
      provideOccSession({
        baseUrl: provider,
        clientId,
        scope: 'basic',
        ...(shared && { storage: 'local', persistRefreshToken: true }),
      }),
      provideHttpClient(withInterceptors([occSessionInterceptor, answered])),
    ],
  });
  const session = injector.get(OccSession);
  const http = injector.get(HttpClient);
  await session.opened;
  return {
    signIn: () => session.signIn(user),
    signOut: () => session.signOut(),
    isSignedIn: () => session.state.signedIn === true,
    authorization: () => session.authorization(),
    // As after an answer that says that the token is dead.
    refresh: () =>
      session.renew(session.authorization() ?? '', {
        status: 401,
        headers: new Headers({ 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
      }),
    fetch: (url) => firstValueFrom(http.get(url, { observe: 'response' })),
    request: (url) => firstValueFrom(http.get(url)),
  };
}
