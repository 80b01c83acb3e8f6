// The entry point that carries core.wasm, for bundlers and runtimes that cannot carry a .wasm file.
import wasm from './core.wasm';
import { createSession as create } from './index.js';

/** @import { Session, SessionOptions } from './index.js' */

export * from './index.js';

/**
 * The bytes of core.wasm, which is carried in hexadecimal digits: a server that compresses makes a
 * sixth less of them than of base64.
 *
 * @returns {Uint8Array<ArrayBuffer>}
 */
const bytes = () =>
  /** @type {any} */ (Uint8Array).fromHex?.(wasm) ??
  Uint8Array.from(/** @type {string[]} */ (wasm.match(/../g)), (byte) => parseInt(byte, 16));

/**
 * As in the entry point `occ-session`, with core.wasm inside of the JavaScript.
 *
 * @param {SessionOptions} options
 * @returns {Promise<Session>}
 */
export async function createSession(options) {
  // Without what somebody has put into Object.prototype.
  const given = /** @type {SessionOptions} */ ({ __proto__: null, ...options });
  return create({ ...given, wasm: given.wasm ?? bytes() });
}
