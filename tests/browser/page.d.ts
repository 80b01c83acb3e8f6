// What page.js and the demo put into the page, for functions that a test hands to it.
import type { Session } from '../../js/index.js';
import type { RevocationDetail } from '../../js/types.js';

declare global {
  var session: Session;
  /** Another one of the same page. */
  var second: Session;
  /** The expired events. */
  var expiries: unknown[];
  /** Whether the page was kept, when it is shown again. */
  var wasKept: boolean;
  var occSession: Session;
  /** The revocation events. */
  var told: RevocationDetail[];
  /** How many requests were sent. */
  var sent: number;
  /** What a test waits for in the page. */
  var awaited: Promise<unknown>;
}
