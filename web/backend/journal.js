// Every request that the back end received, in full, and what became of it.

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {number} at epoch milliseconds
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} query
 * @property {Record<string, string | string[] | undefined>} headers
 * @property {string | null} authorization
 * @property {Record<string, string> | null} form
 * @property {string} body
 * @property {number | 'dropped' | 'held' | null} status null while there is no answer
 * @property {string} [location]
 * @property {number | null} answeredAt
 * @property {boolean} aborted the client went away before it had the whole answer
 *
 * @typedef {(entry: Entry) => boolean} Predicate
 * @typedef {ReturnType<typeof createJournal>} Journal
 */

/**
 * @param {(entry: Entry) => void} changed told of every entry when it is received and when it
 *   changes
 */
export function createJournal(changed) {
  /** @type {Entry[]} */
  const entries = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  let lastId = 0;

  /** @param {Entry} entry */
  function announce(entry) {
    changed(entry);
    for (const look of [...waiting]) look();
  }

  return {
    entries,

    /** @param {Omit<Entry, 'id' | 'status' | 'answeredAt' | 'aborted'>} request @returns {Entry} */
    receive(request) {
      const entry = { id: ++lastId, ...request, status: null, answeredAt: null, aborted: false };
      entries.push(entry);
      announce(entry);
      return entry;
    },

    /** @param {Entry} entry @param {Partial<Entry>} change */
    update(entry, change) {
      Object.assign(entry, change);
      announce(entry);
    },

    /** @param {{ path?: string, method?: string }} [filter] */
    received({ path, method = 'POST' } = {}) {
      return entries.filter(
        (entry) => entry.method === method && (path === undefined || entry.path === path),
      );
    },

    /** @param {Predicate} predicate @param {number} [count] @returns {Promise<Entry[]>} */
    waitFor(predicate, count = 1) {
      return new Promise((resolve) => {
        const look = () => {
          const found = entries.filter(predicate);
          if (found.length < count) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },

    empty() {
      entries.length = 0;
    },
  };
}
