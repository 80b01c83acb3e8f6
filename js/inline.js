// The entry point that carries core.wasm, for bundlers and runtimes that cannot carry a .wasm file.
import wasm from './core.wasm';
import { createSession as create } from './index.js';

/** @import { Session, SessionOptions } from './index.js' */

export * from './index.js';

/**
 * The bytes of core.wasm. They are carried in hexadecimal digits, which compress to a sixth less
 * than base64.
 *
 * @returns {Uint8Array<ArrayBuffer>}
 */
const bytes = () =>
  /** @type {any} */ (Uint8Array).fromHex?.(wasm) ??
  Uint8Array.from(/** @type {string[]} */ (wasm.match(/../g)), (byte) => parseInt(byte, 16));

/**
 * Works like `createSession` of the entry point `occ-session`, with core.wasm inside the
 * JavaScript.
 *
 * @param {SessionOptions} options
 * @returns {Promise<Session>}
 */
export async function createSession(options) {
  // Members of Object.prototype must not become options.
  const given = /** @type {SessionOptions} */ ({ __proto__: null, ...options });
  return create({ ...given, wasm: given.wasm ?? bytes() });
}
