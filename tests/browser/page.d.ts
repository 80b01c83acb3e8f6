// What page.js and the demo put into the page, for functions that a test hands to it.
import type { Session } from '../../js/index.js';

declare global {
  var session: Session;
  var occSession: Session;
  /** What a test waits for in the page. */
  var awaited: Promise<unknown>;
}
