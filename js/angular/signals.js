// The session as signals, for Angular 16 and later. They have an entry point of their own: older
// versions of Angular lack the imports, which is an error for their bundler.
import { inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';

import { OccSession } from './index.js';

/** @import { Signal } from '@angular/core' */
/** @import { OccSessionState, SessionUser } from './index.js' */

/**
 * Returns the whole state as a signal, which also changes with each refresh and revocation; must
 * run in an injection context. For the user alone see {@link injectSessionUser}.
 *
 * @returns {Signal<OccSessionState>}
 * @example
 * state = injectSessionState();
 */
export function injectSessionState() {
  const { state$, state: initialValue } = inject(OccSession);
  return /** @type {Signal<OccSessionState>} */ (toSignal(state$, { initialValue }));
}

/**
 * Returns the user as a signal that changes only when a user signs in or out; must run in an
 * injection context.
 *
 * @returns {Signal<SessionUser>}
 * @example
 * user = injectSessionUser();
 * orders = httpResource(() => (this.user().signedIn ? `${usersUrl}/current/orders` : undefined));
 */
export function injectSessionUser() {
  const { user$, user: initialValue } = inject(OccSession);
  return /** @type {Signal<SessionUser>} */ (toSignal(user$, { initialValue }));
}
