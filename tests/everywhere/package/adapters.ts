// The adapters as an Angular application and a Spartacus storefront use them, for tsc alone.
import type { HttpInterceptor, HttpInterceptorFn } from '@angular/common/http';
import type { Provider, Signal } from '@angular/core';
import type { ExpiredDetail, RevocationDetail, SessionError, SessionState } from 'occ-session';
import {
  OccSession,
  OccSessionInterceptor,
  occSessionInterceptor,
  provideOccSession,
} from 'occ-session/angular';
import { injectSessionState } from 'occ-session/angular/signals';
import * as spartacus from 'occ-session/spartacus';
import * as withoutAsm from 'occ-session/spartacus/without-asm';
import type { Observable } from 'rxjs';

export const providers: Provider[] = [
  provideOccSession({ baseUrl: 'https://api.shop.example', clientId: 'mobile_android' }),
  spartacus.provideOccSession(),
  spartacus.provideOccSession({ storage: 'session' }),
  withoutAsm.provideOccSession({ persistRefreshToken: true }),
];
// @ts-expect-error: an Angular application says where its back end is
provideOccSession({});
// @ts-expect-error: there is no such storage
spartacus.provideOccSession({ storage: 'cookie' });

export const interceptor: HttpInterceptorFn = occSessionInterceptor;
export const older: new () => HttpInterceptor = OccSessionInterceptor;
export const state: Signal<SessionState> = injectSessionState();

export declare const session: OccSession;
export const now: SessionState = session.state;
export const states: Observable<SessionState> = session.state$;
export const expired: Observable<ExpiredDetail> = session.expired$;
export const revocations: Observable<RevocationDetail> = session.revocation$;
export const failure: SessionError | undefined = session.failure;
session.signInAgent({ username: 'asagent', password: 'Support-1' }, { customerId: '0001' });
// @ts-expect-error: the state is read
session.state = now;
