// The entry point that carries core.wasm, for bundlers and runtimes that cannot carry a .wasm file.
import wasm from './core.wasm';
import { createSession as create } from './index.js';

export * from './index.js';

/** @type {typeof create} */
export async function createSession(options) {
  // Without what somebody has put into Object.prototype.
  const given = /** @type {typeof options} */ ({ __proto__: null, ...options });
  return create({ ...given, wasm: given.wasm ?? `data:application/wasm;base64,${wasm}` });
}
