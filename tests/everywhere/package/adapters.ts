// The adapters as an Angular application and a Spartacus storefront use them, for tsc alone.
import type { HttpContextToken, HttpInterceptor, HttpInterceptorFn } from '@angular/common/http';
import type { Provider, Signal } from '@angular/core';
import type {
  Credentials,
  ExpiredDetail,
  OccSessionState,
  RevocationDetail,
  SessionErrorCode,
  SessionOptions,
  SessionState,
  SessionUser,
  SnapshotStorage,
  UnknownState,
} from 'occ-session/angular';
import {
  OccSession,
  OccSessionInterceptor,
  occSessionInterceptor,
  provideOccSession,
  SessionError,
  signedInGuard,
  WITHOUT_BEARER,
} from 'occ-session/angular';
import { injectSessionState, injectSessionUser } from 'occ-session/angular/signals';
import { OccSessionTesting, provideOccSessionTesting } from 'occ-session/angular/testing';
import * as spartacus from 'occ-session/spartacus';
import * as withoutAsm from 'occ-session/spartacus/without-asm';
import type { Observable } from 'rxjs';

export const providers: Provider[] = [
  provideOccSession({ baseUrl: 'https://api.shop.example', clientId: 'mobile_android' }),
  provideOccSession(() => ({ baseUrl: 'https://api.shop.example', clientId: 'mobile_android' })),
  provideOccSession(async (): Promise<SessionOptions> => {
    return { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };
  }),
  provideOccSessionTesting(),
  provideOccSessionTesting({ phase: 'emulating', userId: '0001' }),
  spartacus.provideOccSession(),
  spartacus.provideOccSession({ storage: 'session' }),
  withoutAsm.provideOccSession({ persistRefreshToken: true }),
];
// @ts-expect-error: an Angular application says where its back end is
provideOccSession({});
// @ts-expect-error: nor does a function leave it out
provideOccSession(() => ({ clientId: 'mobile_android' }));
// @ts-expect-error: there is no such phase
provideOccSessionTesting({ phase: 'signed-in' });
// @ts-expect-error: there is no such storage
spartacus.provideOccSession({ storage: 'cookie' });

export const interceptor: HttpInterceptorFn = occSessionInterceptor;
export const older: new () => HttpInterceptor = OccSessionInterceptor;
export const state: Signal<OccSessionState> = injectSessionState();
export const user: Signal<SessionUser> = injectSessionUser();
export const token: HttpContextToken<boolean> = WITHOUT_BEARER;
export const guard: () => Promise<'instead' | true> = signedInGuard(() => 'instead' as const);

export declare const session: OccSession;
export const now: SessionState | UnknownState = session.state;
export const states: Observable<OccSessionState> = session.state$;
export const users: Observable<SessionUser> = session.user$;
const { signedIn, userId } = session.user;
// @ts-expect-error: it may not be known who is there
export const id: string = userId;
export const idOfCustomer: string = signedIn ? userId : '';
if (session.state.phase !== 'unknown') session.state.userId.toUpperCase();
export const expired: Observable<ExpiredDetail> = session.expired$;
export const revocations: Observable<RevocationDetail> = session.revocation$;
export const failure: SessionError | undefined = session.failure;
session.signInAgent({ username: 'asagent', password: 'Support-1' }, { customerId: '0001' });
// @ts-expect-error: the state is read
session.state = now;
// @ts-expect-error: so is who is there
session.user = session.user;
session.fetch('/', { signal: AbortSignal.abort() });
session.settled({ signal: AbortSignal.abort() });

export const fake: OccSession = new OccSessionTesting({ phase: 'customer' });
/** A fake of one's own needs no private members. */
export const own: OccSession = { ...fake, signIn: async (_: Credentials) => {} };
export const code: SessionErrorCode = new SessionError('closed', 'x').code;
export declare const storage: SnapshotStorage;
