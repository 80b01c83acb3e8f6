// Where a session is kept, and how tabs that have the same one know of each other. Storage that is
// blocked, full or broken is lived without.

/** @import { SnapshotStorage } from './types.js' */

/** How many grants the list of those that have ended goes back. */
const ENDED_MAX = 50;

/**
 * A key of sessionStorage or localStorage.
 *
 * @param {'sessionStorage' | 'localStorage'} area
 * @param {string} key
 * @returns {SnapshotStorage}
 */
function webStorage(area, key) {
  return {
    load: () => globalThis[area].getItem(key),
    save(text) {
      // What cannot be replaced must not stay: it may hold the token of somebody who has left.
      globalThis[area].removeItem(key);
      if (text !== null) globalThis[area].setItem(key, text);
    },
  };
}

/** @param {SnapshotStorage} storage @returns {SnapshotStorage} one that never throws */
function careful(storage) {
  return {
    load() {
      try {
        const text = storage.load();
        return typeof text === 'string' ? text : null;
      } catch {
        return null;
      }
    },
    save(text) {
      try {
        storage.save(text);
      } catch {
        // The session lives as long as its page.
      }
    },
  };
}

/**
 * What tabs share: with `'local'` the snapshot itself. With `'session'` a duplicated tab starts with
 * a copy of the snapshot; the numbers of the grants that have ended in one of them, in localStorage,
 * tell the others (R24). Both can be read at any moment, so that a tab never acts on an old state,
 * and the browser says when they change.
 *
 * @typedef {object} SessionStorage
 * @property {SnapshotStorage} snapshot
 * @property {SnapshotStorage} ended
 * @property {boolean} isShared whether other tabs write the same snapshot
 */

/**
 * @param {'memory' | 'session' | 'local' | SnapshotStorage} storage
 * @param {string} key
 * @returns {SessionStorage}
 */
export function openStorage(storage, key) {
  const isShared = storage === 'local';
  /** @type {SnapshotStorage} */
  const nowhere = { load: () => null, save() {} };
  return {
    snapshot: careful(
      typeof storage === 'object'
        ? storage
        : storage === 'memory'
          ? nowhere
          : webStorage(isShared ? 'localStorage' : 'sessionStorage', key),
    ),
    ended: careful(storage === 'session' ? webStorage('localStorage', `${key}.ended`) : nowhere),
    isShared,
  };
}

/** @param {string | null} list @param {number} number */
export function addEnded(list, number) {
  return [...(list?.split(' ') ?? []), number].slice(-ENDED_MAX).join(' ');
}
