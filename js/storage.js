// The storage of a session, and the messages between tabs that share one. Blocked, full or broken
// storage is tolerated: the session then lasts as long as its page.

/** @import { Settings } from './options.js' */
/** @import { SnapshotStorage } from './types.js' */

/** The most entries in the list of ended grants. */
const ENDED_MAX = 30;

/**
 * The list has this length from the start: a full storage then still has room for the next grant.
 */
const ENDED_LENGTH = 1000;

/** The default key of earlier versions, which did not follow the identity. */
const EARLIER_KEY = 'occ-session';

/**
 * Returns the identity in a snapshot: its base URL and the ids of its clients, with blanks between.
 *
 * @param {string} snapshot
 * @returns {string}
 * @throws if it is no snapshot
 */
export const identityOf = (snapshot) => JSON.parse(snapshot).for;

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
      // A snapshot that cannot be replaced must not stay: it may hold the token of a session that
      // has ended. An empty text tells the other tabs that no script has emptied the storage.
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

/** @param {SnapshotStorage} storage @returns {SnapshotStorage} the same, but it never throws */
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
        // The session lasts as long as its page.
      }
    },
  };
}

/**
 * Opens the storage that a session shares with earlier pages and other tabs (R24). With `'local'`
 * tabs share the snapshot itself. With `'session'` a duplicated tab starts with a copy of the
 * snapshot, and a list in localStorage names the grants that have been signed out of, without their
 * tokens. Both can be read at any moment, so that no tab acts on an old state. A browser takes a
 * few milliseconds to show one tab the changes of another, and tells the same document nothing; so
 * tabs also send messages: `ended` (a grant), `wanted` (newer tokens of a grant), `answer` and
 * `saved` (a snapshot).
 *
 * @param {Settings} settings a snapshot of their identity under the default key of an earlier
 *   version is moved to their key
 * @param {(message: unknown) => void} hear receives each message of another tab
 */
export function openStorage({ storage, storageKey: key, identity }, hear) {
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
  /** The entries of the list that this tab knows. @type {string[]} */
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
    // A document without an origin has no channel, and neither has a site that may not store data.
  }
  return {
    /**
     * @returns {string | null | undefined} the snapshot that was saved last; undefined: unchanged,
     *   since a storage of the caller's own is read only once
     */
    load() {
      if (!isWeb && isLoaded) return undefined;
      isLoaded = true;
      return snapshot.load();
    },
    /** @param {string | null} text */
    save(text) {
      // The list reserves its room while there is some.
      if (storage === 'session' && read === null) write();
      snapshot.save(text);
    },
    /**
     * Reports grants that were signed out of in other tabs, unless this tab knows them already.
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
    /**
     * Announces a grant that is signed out of here.
     *
     * @param {number} number
     * @param {number} issued
     */
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
        // The browser has closed the channel: the tab is on its own.
      }
    },
    close: () => channel?.close(),
  };
}
