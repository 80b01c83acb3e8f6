// core.wasm, from wherever the options say that it is.
import { SessionError } from './error.js';

/** @import { SessionOptions } from './types.js' */

/** @param {string} url a data: URL, which Content Security Policy may not let us fetch */
function bytesOf(url) {
  const base64 = url.slice(url.indexOf(',') + 1);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {Response} response */
async function bytesFrom(response) {
  if (response.ok) return response.arrayBuffer();
  throw new Error(`${response.url} answered ${response.status}`);
}

/**
 * @param {NonNullable<SessionOptions['wasm']>} source
 * @returns {Promise<WebAssembly.Module>}
 */
export async function loadModule(source) {
  const where = typeof source === 'string' || source instanceof URL ? String(source) : '';
  let type = '';
  try {
    let found = await source;
    if (where) found = where.startsWith('data:') ? bytesOf(where) : await fetch(where);
    if (found instanceof WebAssembly.Module) return found;
    if (found instanceof Response) {
      type = found.headers.get('content-type') ?? 'no type';
      found = await bytesFrom(found);
    }
    return await WebAssembly.compile(/** @type {BufferSource} */ (found));
  } catch (error) {
    const place = where.startsWith('data:') ? 'a data: URL' : where || 'the given source';
    throw new SessionError(
      'wasm-unavailable',
      `core.wasm could not be loaded from ${place}${type && ` (${type})`}: ${/** @type {Error} */ (error).message}`,
      { cause: error },
    );
  }
}
