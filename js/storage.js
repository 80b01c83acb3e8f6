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
      try {
        if (text !== null) return globalThis[area].setItem(key, text);
      } catch {
        // What cannot be replaced must not stay: it may hold the token of somebody who has left.
      }
      globalThis[area].removeItem(key);
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
 * What an earlier page has left, and what tabs share (R24). With `'local'` that is the snapshot
 * itself. With `'session'` a duplicated tab starts with a copy of the snapshot; the numbers of the
 * grants that have ended in one of them, in localStorage, tell the others. Both can be read at any
 * moment, so that no tab acts on an old state; and since a browser takes a few milliseconds to show
 * one tab what another has stored, the numbers are also sent to the tabs that are there.
 *
 * @param {'memory' | 'session' | 'local' | SnapshotStorage} storage
 * @param {string} key
 * @param {(number: number) => void} hear is called when a grant has ended in another tab
 */
export function openStorage(storage, key, hear) {
  const isWeb = storage === 'session' || storage === 'local';
  let isLoaded = false;
  const snapshot = careful(
    storage === 'local'
      ? webStorage('localStorage', key)
      : isWeb
        ? webStorage('sessionStorage', key)
        : {
            // Once: who hands in a storage of another kind is not asked again at every event.
            load: () => (isLoaded || typeof storage === 'string' ? null : storage.load()),
            save: (text) => typeof storage === 'string' || storage.save(text),
          },
  );
  const ended = careful(webStorage('localStorage', `${key}.ended`));
  const channel = isWeb && globalThis.BroadcastChannel ? new BroadcastChannel(key) : undefined;
  if (channel) {
    channel.onmessage = ({ data }) => hear(Number(data));
    /** @type {{ unref?: () => void }} */ (channel).unref?.();
  }
  return {
    /** @returns {string | null} the snapshot that was saved last */
    load() {
      const text = snapshot.load();
      isLoaded = true;
      return text;
    },
    save: snapshot.save,
    /** @returns {string | null} numbers of grants that have ended, with a space between them */
    ended: () => (storage === 'session' ? ended.load() : null),
    /** @param {number} number of a grant that has ended here */
    tell(number) {
      if (storage === 'session') {
        ended.save([...(ended.load()?.split(' ') ?? []), number].slice(-ENDED_MAX).join(' '));
      }
      channel?.postMessage(number);
    },
    close: () => channel?.close(),
  };
}
