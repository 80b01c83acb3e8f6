// The entry point for workerd, where bytes cannot be compiled: a .wasm file is a module there.
import wasm from './core.wasm';
import { createSession as create } from './index.js';

/** @import { Session, SessionOptions } from './index.js' */

export * from './index.js';

/**
 * @param {SessionOptions} options
 * @returns {Promise<Session>}
 */
export async function createSession(options) {
  // Members of Object.prototype must not become options.
  const given = /** @type {SessionOptions} */ ({ __proto__: null, ...options });
  const core = /** @type {WebAssembly.Module} */ (/** @type {unknown} */ (wasm));
  return create({ ...given, wasm: given.wasm ?? core });
}
