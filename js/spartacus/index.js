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
 * What lets the engine sign in and out for the storefront, its customers and its agents: providers of
 * its root module. The engine takes its options from the configuration of the storefront.
 *
 * @param {Partial<SessionOptions>} [given] where it is to do otherwise
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
    // As the module of ASM has it; here as well, so that the order of the modules does not matter.
    { provide: AuthService, useExisting: AsmAuthService },
    { provide: AuthStorageService, useExisting: AsmAuthStorageService },
    { provide: AuthHttpHeaderService, useExisting: AsmAuthHttpHeaderService },
    { provide: CsAgentAuthService, useFactory: () => new OccAgentAuth() },
  ];
}
