// occ-session for a Spartacus storefront with the Assisted Service Module.
import {
  AsmAuthHttpHeaderService,
  AsmAuthService,
  AsmAuthStorageService,
  CsAgentAuthService,
} from '@spartacus/asm/root';
import { AuthHttpHeaderService, AuthService, AuthStorageService } from '@spartacus/core';

import { OccAgentAuth } from './agent.js';
import { sessionProviders } from './providers.js';

/** @import { Provider } from '@angular/core' */
/** @import { SessionOptions } from '../index.js' */

/**
 * Provides the engine for the sign-ins of a storefront, of its customers and its agents, in the
 * root module. The engine takes its options from the configuration of the storefront.
 *
 * @param {Partial<SessionOptions>} [given] options that differ from the configuration
 * @returns {Provider[]}
 * @example
 * @NgModule({ imports: [AppModule], providers: [provideOccSession()], bootstrap: [StorefrontComponent] })
 * export class RootModule {}
 */
export function provideOccSession(given = {}) {
  return [
    ...sessionProviders(given, {
      auth: AsmAuthService,
      storage: AsmAuthStorageService,
      header: AsmAuthHttpHeaderService,
    }),
    // The module of ASM provides this too; so the order of the modules does not matter.
    { provide: AuthService, useExisting: AsmAuthService },
    { provide: AuthStorageService, useExisting: AsmAuthStorageService },
    { provide: AuthHttpHeaderService, useExisting: AsmAuthHttpHeaderService },
    { provide: CsAgentAuthService, useFactory: () => new OccAgentAuth() },
  ];
}
