// What page.js and the demo put into the page, for functions that a test hands to it.
import type { Session } from '../../js/index.js';
import type { RevocationDetail } from '../../js/types.js';

declare global {
  var session: Session;
  var occSession: Session;
  /** The revocation events. */
  var told: RevocationDetail[];
  /** How many requests were sent. */
  var sent: number;
  /** What a test waits for in the page. */
  var awaited: Promise<unknown>;
}
