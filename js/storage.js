// Where a session is kept, and how tabs that have the same one know of each other. Blocked, full or
// broken storage is tolerated: the session then lasts as long as its page.

/** @import { SnapshotStorage } from './types.js' */

/** The list of grants that have ended goes back this many. */
const ENDED_MAX = 30;

/** The list is this long from the start, so that a full storage still has room for the next grant. */
const ENDED_LENGTH = 1000;

/** The default key before it followed the identity. */
const EARLIER_KEY = 'occ-session';

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
      // What cannot be replaced must not stay: it may hold the token of a session that has ended. The
      // other tabs see an empty text then, and not a storage that a script has emptied.
      for (const fitting of text === null ? [] : [text, '']) {
        try {
          return globalThis[area].setItem(key, fitting);
        } catch {
          // It does not fit.
        }
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
 * itself. With `'session'` a duplicated tab starts with a copy of the snapshot; a list in localStorage
 * of the grants that have been signed out of, without their tokens, tells the others. Both can be read
 * at any moment, so that no tab acts on an old state. Since a browser takes a few milliseconds to show
 * one tab what another has stored, and tells nothing to the same document, tabs also send messages:
 * `ended` (a grant), `wanted` (newer tokens of a grant), `answer` and `saved` (a snapshot).
 *
 * @param {'memory' | 'session' | 'local' | SnapshotStorage} storage
 * @param {string} key
 * @param {string} identity of the session: one that is stored under the default key of an earlier
 *   version is moved to the key if it has this identity
 * @param {(message: unknown) => void} hear is called with each message of another tab
 */
export function openStorage(storage, key, identity, hear) {
  const isWeb = storage === 'session' || storage === 'local';
  const area = storage === 'local' ? 'localStorage' : 'sessionStorage';
  let isLoaded = false;
  // 'memory' has neither function, which is tolerated like a storage whose functions throw.
  const snapshot = careful(isWeb ? webStorage(area, key) : /** @type {any} */ (storage));
  const earlier = careful(webStorage(area, EARLIER_KEY));
  const before = isWeb && key.startsWith(`${EARLIER_KEY} `) ? earlier.load() : null;
  if (before?.includes(`"for":"${identity}"`)) {
    if (!snapshot.load()) snapshot.save(before);
    earlier.save(null);
  }
  const list = careful({
    ...webStorage('localStorage', `${key}.ended`),
    save: (text) => localStorage.setItem(`${key}.ended`, /** @type {string} */ (text)),
  });
  /** Entries of the list that this tab knows. @type {string[]} */
  let known = [];
  /** @type {string | null | undefined} */
  let read;
  const write = () => {
    known = known.slice(-ENDED_MAX);
    list.save(known.join(' ').padEnd(ENDED_LENGTH));
    read = list.load();
  };
  /** @type {BroadcastChannel | undefined} */
  let channel;
  try {
    if (isWeb) {
      channel = new BroadcastChannel(key);
      channel.onmessage = ({ data }) => hear(data);
      /** @type {{ unref?: () => void }} */ (channel).unref?.();
    }
  } catch {
    // A document without an origin has none, and neither has a site that may not store data.
  }
  return {
    /**
     * @returns {string | null | undefined} the snapshot that was saved last; undefined: as before, since
     *   a storage of another kind is not asked again at every event
     */
    load() {
      if (!isWeb && isLoaded) return undefined;
      isLoaded = true;
      return snapshot.load();
    },
    /** @param {string | null} text */
    save(text) {
      // The list takes its room while there is some.
      if (storage === 'session' && read === null) write();
      snapshot.save(text);
    },
    /**
     * Grants that were signed out of in other tabs, as far as they are new here.
     *
     * @param {(number: number, issued: number) => void} tell
     */
    ended(tell) {
      const text = storage === 'session' ? list.load() : null;
      if (text === read) return;
      read = text;
      const stored = text?.split(' ').filter(Boolean) ?? [];
      const fresh = stored.filter((entry) => !known.includes(entry));
      const isShort = known.some((entry) => !stored.includes(entry));
      known = [...known, ...fresh];
      // A script has emptied the storage, or another tab has written at the same moment.
      if (isShort) write();
      for (const entry of fresh) {
        const [number, issued] = entry.split(':');
        tell(Number(number), Number(issued ?? Infinity));
      }
    },
    /** @param {number} number of a grant that is signed out of here @param {number} issued */
    tell(number, issued) {
      if (storage === 'session') {
        known.push(`${number}:${issued}`);
        write();
      }
      this.post('ended', number, issued);
    },
    /** @param {unknown[]} message */
    post(...message) {
      try {
        channel?.postMessage(message);
      } catch {
        // It was closed by the browser, and the tab is by itself.
      }
    },
    close: () => channel?.close(),
  };
}
