// occ-session for a Spartacus storefront that has no Assisted Service Module.
import { AuthHttpHeaderService, AuthService, AuthStorageService } from '@spartacus/core';

import { sessionProviders } from './providers.js';

/** @import { Provider } from '@angular/core' */
/** @import { SessionOptions } from '../index.js' */

/**
 * What lets the engine sign in and out for the storefront: providers of its root module. The engine
 * takes its options from the configuration of the storefront.
 *
 * @param {Partial<SessionOptions>} [given] where it is to do otherwise
 * @returns {Provider[]}
 */
export function provideOccSession(given = {}) {
  return sessionProviders(given, {
    auth: AuthService,
    storage: AuthStorageService,
    header: AuthHttpHeaderService,
  });
}
