// Loads core.wasm from the source in the options.
import { openCore } from './core.js';
import { SessionError } from './error.js';

/** @import { Host } from './core.js' */
/** @import { SessionOptions } from './types.js' */

/** @param {string} url a data: URL, which a Content Security Policy may forbid to fetch */
function bytesOf(url) {
  const base64 = url.slice(url.indexOf(',') + 1);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * @param {SessionOptions['wasm']} source default: beside this module
 * @param {Host} host
 */
export async function loadCore(source, host) {
  let where = '';
  try {
    // In a bundle that is no ES module there is no import.meta.url, and this throws.
    let found = await (source ?? new URL('./core.wasm', import.meta.url));
    if (typeof found === 'string' || found instanceof URL) {
      where = String(found);
      if (where.startsWith('data:')) {
        found = bytesOf(where);
        where = 'a data: URL';
      } else {
        found = await fetch(where);
      }
    }
    // The method tells a Response: it may come from a fetch that is not the platform's.
    const response = /** @type {Response} */ (found);
    if (response.arrayBuffer) {
      const { url, status, headers } = response;
      where = `${url} (${status}, ${headers.get('content-type')})`;
      found = await response.arrayBuffer();
    }
    // An error page does not compile, and another module does not open.
    return await openCore(found, host);
  } catch (cause) {
    throw new SessionError(
      'wasm-unavailable',
      `core.wasm could not be loaded${where && ` from ${where.slice(0, 200)}`}: ${/** @type {Error} */ (cause)?.message}`,
      { cause },
    );
  }
}
