// The globals that page.js and the demo define in the page, for the functions of a test.
import type { Session } from '../../js/index.js';
import type { RevocationDetail } from '../../js/types.js';

declare global {
  var session: Session;
  /** Another session of the same page. */
  var second: Session;
  /** The expired events. */
  var expiries: unknown[];
  /** True if the page came from the back/forward cache. */
  var wasKept: boolean;
  var occSession: Session;
  /** The revocation events. */
  var told: RevocationDetail[];
  /** The number of requests sent. */
  var sent: number;
  /** The promise that a test awaits in the page. */
  var awaited: Promise<unknown>;
}
