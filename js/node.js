// The entry point for Node, whose fetch does not read files.
import { readFile } from 'node:fs/promises';

import { createSession as create } from './index.js';

export * from './index.js';

/** @type {typeof create} */
export async function createSession(options) {
  return create({ wasm: readFile(new URL('./core.wasm', import.meta.url)), ...options });
}
