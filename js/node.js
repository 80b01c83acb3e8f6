// The entry point for Node, whose fetch does not read files.
import { readFile } from 'node:fs/promises';

import { createSession as create } from './index.js';

/** @import { Session, SessionOptions } from './index.js' */

export * from './index.js';

/**
 * @param {SessionOptions} options
 * @returns {Promise<Session>}
 */
export async function createSession(options) {
  // The file is looked up only when it is awaited: a CommonJS bundle has no import.meta.url.
  const bytes = /** @type {PromiseLike<BufferSource>} */ ({
    then: (resolve, reject) =>
      readFile(new URL('./core.wasm', import.meta.url)).then(resolve, reject),
  });
  // Members of Object.prototype must not become options.
  const given = /** @type {SessionOptions} */ ({ __proto__: null, ...options });
  return create({ ...given, wasm: given.wasm ?? bytes });
}
