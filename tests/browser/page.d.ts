// What page.js and the demo put into the page, for functions that a test hands to it.
import type { Session } from '../../js/index.js';

declare global {
  var session: Session;
  var occSession: Session;
}
