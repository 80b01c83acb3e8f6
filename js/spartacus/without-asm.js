// occ-session for a Spartacus storefront that has no Assisted Service Module.
import { AuthHttpHeaderService, AuthService, AuthStorageService } from '@spartacus/core';

import { sessionProviders } from './providers.js';

/** @import { Provider } from '@angular/core' */
/** @import { SessionOptions } from '../index.js' */

/**
 * Provides the engine for the sign-ins of a storefront, in the root module. The engine takes its
 * options from the configuration of the storefront.
 *
 * @param {Partial<SessionOptions>} [given] options that differ from the configuration
 * @returns {Provider[]}
 */
export function provideOccSession(given = {}) {
  return sessionProviders(given, {
    auth: AuthService,
    storage: AuthStorageService,
    header: AuthHttpHeaderService,
  });
}
