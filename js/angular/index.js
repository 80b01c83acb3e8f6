// occ-session for an Angular application, from Angular 12 on.
import { APP_INITIALIZER, inject } from '@angular/core';

import { createSession } from '../inline.js';
import { OccSession } from './session.js';

/** @import { Provider } from '@angular/core' */

/**
 * @typedef {import('../index.js').SessionOptions} SessionOptions
 * @typedef {import('../index.js').SessionState} SessionState
 * @typedef {import('../index.js').SnapshotStorage} SnapshotStorage
 * @typedef {import('../index.js').Credentials} Credentials
 * @typedef {import('../index.js').RevocationDetail} RevocationDetail
 * @typedef {import('../index.js').ExpiredDetail} ExpiredDetail
 * @typedef {import('../index.js').SessionErrorCode} SessionErrorCode
 * @typedef {import('./state.js').OccSessionState} OccSessionState
 * @typedef {import('./state.js').UnknownState} UnknownState
 * @typedef {import('./state.js').SessionUser} SessionUser
 */

export { SessionError } from '../index.js';
export { signedInGuard } from './guard.js';
export {
  OccSessionInterceptor,
  occSessionInterceptor,
  sendWithBearer,
  whenOpened,
  WITHOUT_BEARER,
} from './interceptor.js';
export { OccSession };

/**
 * Provides {@link OccSession}, and starts the engine before the application is shown.
 *
 * @param {SessionOptions | (() => SessionOptions | PromiseLike<SessionOptions>)} options or a
 *   function that returns them: it runs in an injection context, in a browser only. Its own
 *   requests with HttpClient must be sent {@link WITHOUT_BEARER}; other requests wait for the
 *   engine.
 * @returns {Provider[]}
 * @example
 * bootstrapApplication(App, {
 *   providers: [
 *     provideOccSession({ baseUrl: 'https://api.shop.example', clientId: 'mobile_android' }),
 *     provideHttpClient(withInterceptors([occSessionInterceptor])),
 *   ],
 * });
 */
export function provideOccSession(options) {
  const open = async () =>
    createSession(await (typeof options === 'function' ? options() : options));
  return [
    { provide: OccSession, useFactory: () => new OccSession(open) },
    {
      provide: APP_INITIALIZER,
      multi: true,
      useFactory: () => {
        const session = inject(OccSession);
        return () => session.opened;
      },
    },
  ];
}
