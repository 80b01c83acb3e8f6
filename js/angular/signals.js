// The session as signals, for Angular 16 and later. They have an entry point of their own, since an
// import of what older versions of Angular lack is an error for their bundler.
import { inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';

import { OccSession } from './index.js';

/** @import { Signal } from '@angular/core' */
/** @import { OccSessionState, SessionUser } from './index.js' */

/**
 * The whole state as a signal, which also changes with each refresh and revocation; to be called in an
 * injection context. What asks who is there takes {@link injectSessionUser}.
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
 * Who is there, as a signal that changes only when somebody comes or goes; to be called in an injection
 * context.
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
