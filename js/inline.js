// The entry point that carries core.wasm, for bundlers and runtimes that cannot carry a .wasm file.
import wasm from './core.wasm';
import { createSession as create } from './index.js';

/** @import { Session, SessionOptions } from './index.js' */

export * from './index.js';

/**
 * As in the entry point `occ-session`, with core.wasm inside of the JavaScript.
 *
 * @param {SessionOptions} options
 * @returns {Promise<Session>}
 */
export async function createSession(options) {
  // Without what somebody has put into Object.prototype.
  const given = /** @type {SessionOptions} */ ({ __proto__: null, ...options });
  return create({ ...given, wasm: given.wasm ?? `data:application/wasm;base64,${wasm}` });
}
