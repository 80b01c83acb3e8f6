// What Spartacus keeps in localStorage about signing in, without the token and the user id, which the
// engine keeps: the page to go to afterwards.
import { inject } from '@angular/core';
import { AuthRedirectStorageService, StatePersistenceService } from '@spartacus/core';
import { combineLatest } from 'rxjs';
import { map } from 'rxjs/operators';

import { OccSession } from '../angular/index.js';
import { injectOptions } from './options.js';
import { isAwaited } from './take-over.js';

/** In place of AuthStatePersistenceService. */
export class OccAuthPersistence {
  #session = inject(OccSession);
  #persistence = inject(StatePersistenceService);
  #redirect = inject(AuthRedirectStorageService);
  #options = injectOptions();

  initSync() {
    this.#persistence.syncWithStorage({
      key: 'auth',
      // Not before the engine runs: it takes over what an older storefront has left there.
      state$: combineLatest([this.#session.state$, this.#redirect.getRedirectUrl()]).pipe(
        map(([, redirectUrl]) => ({ redirectUrl })),
      ),
      onRead: (stored) => {
        if (stored?.redirectUrl) this.#redirect.setRedirectUrl(stored.redirectUrl);
      },
    });
  }

  /** Whether somebody will be signed in when the engine has started; asked before it has. */
  isUserLoggedIn() {
    return isAwaited(this.#options());
  }
}
