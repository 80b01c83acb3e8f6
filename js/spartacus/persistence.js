// The stored sign-in state of Spartacus without the token and the user id, which the engine keeps:
// the page to go to afterwards.
import { inject } from '@angular/core';
import { AuthRedirectStorageService, StatePersistenceService } from '@spartacus/core';
import { Subscription } from 'rxjs';
import { filter, map, switchMap, take } from 'rxjs/operators';

import { OccSession } from '../angular/index.js';
import { injectOptions } from './options.js';
import { isAwaited } from './take-over.js';

/** Replaces AuthStatePersistenceService. */
export class OccAuthPersistence {
  #session = inject(OccSession);
  #persistence = inject(StatePersistenceService);
  #redirect = inject(AuthRedirectStorageService);
  #options = injectOptions();

  #subscription = new Subscription();

  initSync() {
    const stored = this.#persistence.syncWithStorage({
      key: 'auth',
      // The engine must run first: it takes over the session of an older storefront from there.
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

  /** True if a user will be signed in when the engine has started; called before that. */
  isUserLoggedIn() {
    return isAwaited(this.#options());
  }

  ngOnDestroy() {
    this.#subscription.unsubscribe();
  }
}
