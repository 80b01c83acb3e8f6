// occ-session for an Angular application, from Angular 12 on.
import { APP_INITIALIZER, inject } from '@angular/core';

import { createSession } from '../inline.js';
import { OccSession } from './session.js';

/** @import { Provider } from '@angular/core' */
/** @import { SessionOptions } from '../index.js' */

export { OccSessionInterceptor, occSessionInterceptor, sendWithBearer } from './interceptor.js';
export { OccSession };

/**
 * What makes {@link OccSession} injectable, and starts the engine before the application is shown.
 *
 * @param {SessionOptions} options
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
  return [
    { provide: OccSession, useFactory: () => new OccSession(() => createSession(options)) },
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
