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
  // Looked for only when it is waited for: a bundle that is no ES module has no import.meta.url.
  const bytes = /** @type {PromiseLike<BufferSource>} */ ({
    then: (resolve, reject) =>
      readFile(new URL('./core.wasm', import.meta.url)).then(resolve, reject),
  });
  // Without what somebody has put into Object.prototype.
  const given = /** @type {SessionOptions} */ ({ __proto__: null, ...options });
  return create({ ...given, wasm: given.wasm ?? bytes });
}
