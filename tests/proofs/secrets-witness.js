// Lets a test see the memory of every core that a page opens: at rest, and at every call into a
// core and out of it; and the answers of the token endpoint. It runs in Node and in a page, so it
// depends on neither.

/**
 * @typedef {object} Watched
 * @property {() => string[]} look returns the present memory: every run of bytes that are not all
 *   zeros, as a text of one character for each byte
 * @property {string[]} innocent the memory when the core had been opened, before any sign-in
 * @property {Set<string>} seen the memory at every call
 * @property {() => Promise<void>} rest resolves when no request of the core is under way
 * @property {(least: number) => Promise<number>} heard the number of answers that the core has got,
 *   once there are at least so many
 * @property {number} size of the memory, in bytes
 */

/**
 * @typedef {object} Witness
 * @property {Watched[]} cores in the order in which they were opened
 * @property {string[]} responses of the token endpoint
 * @property {() => void} end
 */

/** Must be called before a session is opened. */
export function watchCores() {
  const { fetch, WebAssembly } = globalThis;
  const { instantiate } = WebAssembly;
  /** @type {Watched[]} */
  const cores = [];
  /** @type {string[]} */
  const responses = [];

  /** @param {number} byte */
  const latin1 = (byte) => String.fromCharCode(byte);

  /** @param {WebAssembly.Memory} memory */
  function texts(memory) {
    const words = new BigUint64Array(memory.buffer);
    const bytes = new Uint8Array(memory.buffer);
    const found = [];
    for (let end = 0; end < words.length; end++) {
      if (!words[end]) continue;
      const start = end;
      while (words[end]) end++;
      found.push(Array.from(bytes.subarray(start * 8, end * 8), latin1).join(''));
    }
    return found;
  }

  /** @param {any} source @param {any} imports */
  async function watch(source, imports) {
    // Node's own fetch contains WebAssembly too.
    if (!imports?.env?.occ_host_request) return instantiate(source, imports);
    /** The checks after every call into the core. @type {Set<() => void>} */
    const waiting = new Set();
    let sent = 0;
    let heard = 0;
    /** @type {Watched} */
    const core = /** @type {any} */ ({ seen: new Set() });
    const note = () => core.look().forEach((text) => core.seen.add(text));

    /** @type {Record<string, unknown>} */
    const env = {};
    for (const [name, call] of Object.entries(imports.env)) {
      env[name] = (/** @type {unknown[]} */ ...parameters) => {
        note();
        if (name === 'occ_host_request') sent++;
        return call(...parameters);
      };
    }
    const linked = await instantiate(source, /** @type {any} */ ({ env }));
    const { instance = linked } = /** @type {any} */ (linked);
    /** @type {WebAssembly.Memory} */
    const memory = instance.exports.memory;
    /** @type {Record<string, unknown>} */
    const exports = {};
    for (const [name, exported] of Object.entries(instance.exports)) {
      exports[name] =
        typeof exported !== 'function'
          ? exported
          : (/** @type {unknown[]} */ ...parameters) => {
              note();
              const status = exported(...parameters);
              if (name === 'occ_open') core.innocent = core.look();
              if (name === 'occ_completed') heard++;
              for (const check of waiting) check();
              return status;
            };
    }
    /** @param {() => boolean} is @returns {Promise<void>} */
    const until = (is) =>
      new Promise((resolve) => {
        const check = () => {
          if (!is()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      });
    Object.assign(core, {
      look: () => texts(memory),
      rest: () => until(() => sent === heard),
      heard: (/** @type {number} */ least) => until(() => heard >= least).then(() => heard),
      size: memory.buffer.byteLength,
    });
    cores.push(core);
    return { instance: { exports } };
  }

  /** @param {Parameters<typeof fetch>[0]} input @param {RequestInit} [init] */
  async function fetchAndNote(input, init) {
    const response = await fetch(input, init);
    const isRead = String(input).endsWith('/token') && response.body && response.status !== 302;
    if (!isRead) return response;
    // Not a clone: the engine may cancel the original, and the clone with it.
    const text = await response.text();
    responses.push(text);
    return new Response(text, response);
  }

  WebAssembly.instantiate = /** @type {any} */ (watch);
  globalThis.fetch = fetchAndNote;
  /** @type {any} */ (globalThis).witness = /** @type {Witness} */ ({
    cores,
    responses,
    end() {
      WebAssembly.instantiate = instantiate;
      globalThis.fetch = fetch;
    },
  });
}
