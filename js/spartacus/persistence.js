// What Spartacus keeps in localStorage about signing in, without the token and the user id, which the
// engine keeps: the page to go to afterwards.
import { inject } from '@angular/core';
import { AuthRedirectStorageService, StatePersistenceService } from '@spartacus/core';
import { Subscription } from 'rxjs';
import { filter, map, switchMap, take } from 'rxjs/operators';

import { OccSession } from '../angular/index.js';
import { injectOptions } from './options.js';
import { isAwaited } from './take-over.js';

/** In place of AuthStatePersistenceService. */
export class OccAuthPersistence {
  #session = inject(OccSession);
  #persistence = inject(StatePersistenceService);
  #redirect = inject(AuthRedirectStorageService);
  #options = injectOptions();

  #subscription = new Subscription();

  initSync() {
    const stored = this.#persistence.syncWithStorage({
      key: 'auth',
      // Not before the engine runs: it takes over what an older storefront has left there.
      state$: this.#session.state$.pipe(
        take(1),
        filter(() => !this.#session.failure),
        switchMap(() => this.#redirect.getRedirectUrl()),
        map((redirectUrl) => ({ redirectUrl })),
      ),
      onRead: (found) => {
        if (found?.redirectUrl) this.#redirect.setRedirectUrl(found.redirectUrl);
      },
    });
    this.#subscription.add(stored);
  }

  /** Whether somebody will be signed in when the engine has started; asked before it has. */
  isUserLoggedIn() {
    return isAwaited(this.#options());
  }

  ngOnDestroy() {
    this.#subscription.unsubscribe();
  }
}
