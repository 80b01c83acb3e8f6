// The state as a signal, for Angular 16 and later. It has an entry point of its own, since an import
// of what older versions of Angular lack is an error for their bundler.
import { inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';

import { OccSession } from './index.js';

/** @import { Signal } from '@angular/core' */
/** @import { SessionState } from '../index.js' */

/**
 * The state of the session as a signal; to be called in an injection context.
 *
 * @returns {Signal<SessionState>}
 * @example
 * state = injectSessionState();
 */
export function injectSessionState() {
  const session = inject(OccSession);
  return toSignal(session.state$, { initialValue: session.state });
}
