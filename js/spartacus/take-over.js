// A session from before the storefront had the engine: Spartacus kept its tokens in localStorage. The
// engine finds them at its first start as a snapshot of its own, and the old keys lose them.

/** @import { Session, SessionOptions } from '../index.js' */

const AUTH = 'spartacus⚿⚿auth';
const ASM = 'spartacus⚿⚿asm';

/** Where the engine keeps its session unless told, and kept it in earlier versions. */
const KEY = 'occ-session';

/**
 * @typedef {{ access_token?: string, expires_at?: string | number }} Token with the members that
 *   angular-oauth2-oidc gives it
 */

/** @param {SessionOptions} options */
const areaOf = ({ storage }) => (storage === 'session' ? 'sessionStorage' : 'localStorage');

/**
 * @param {string} key
 * @param {'localStorage' | 'sessionStorage'} [area]
 * @returns {Record<string, any>}
 */
function read(key, area = 'localStorage') {
  try {
    return Object(JSON.parse(globalThis[area].getItem(key) ?? ''));
  } catch {
    return {}; // Nothing is stored, or there is no storage: on a server, or because it is blocked.
  }
}

/** @param {unknown} value */
const textOf = (value) => (typeof value === 'string' ? value : '');

/** As the engine writes it into its snapshots. @param {SessionOptions} options */
function identityOf({ baseUrl, clientId, agentClientId = clientId }) {
  try {
    return `${new URL(baseUrl).href.replace(/\/?$/, '/')} ${clientId} ${agentClientId}`;
  } catch {
    return ''; // The engine names what is wrong.
  }
}

/**
 * True if a session will be there when the engine has started.
 *
 * @param {SessionOptions} options
 */
export function isAwaited(options) {
  const identity = identityOf(options);
  const { storageKey = `${KEY} ${identity}` } = options;
  const area = areaOf(options);
  const earlier = read(KEY, area);
  return Boolean(
    read(storageKey, area).active ||
    (earlier.for === identity && earlier.active) ||
    textOf(read(AUTH).token?.access_token),
  );
}

/**
 * Leaves what Spartacus has stored where the engine finds it, newer than anything it has seen.
 *
 * @param {Session} session
 * @param {SessionOptions} options that it has been opened with
 */
export function takeOver(session, options) {
  const identity = identityOf(options);
  const { storage = '', storageKey = `${KEY} ${identity}` } = options;
  const { token, userId, ...auth } = read(AUTH);
  const { emulatedUserToken, tokenTarget, ...asm } = read(ASM);
  const area = areaOf(options);
  if (!['local', 'session'].includes(String(storage)) || !(token || emulatedUserToken)) return;
  const access = textOf(token?.access_token);
  // First, so that there is room for what takes its place.
  const empty = () => {
    localStorage.setItem(AUTH, JSON.stringify(auth));
    localStorage.setItem(ASM, JSON.stringify(asm));
  };
  if (access && access !== read(storageKey, area).active?.access) {
    // The engine empties the old keys when it starts. Where it has a session all the same, that one is
    // the older: the storefront has done without the engine in between.
    session.signOutAgent();
    session.signOut();
    const { epoch = 0 } = read(storageKey, area);
    const [nonce] = crypto.getRandomValues(new Uint32Array(1));
    /** @param {'customer' | 'agent'} owner @param {number} count @param {Token} from */
    const grant = (owner, count, from) => ({
      owner,
      number: nonce * 2 ** 21 + count,
      expires: Math.max(0, Number(from.expires_at) || 0),
      access: from.access_token,
    });
    const isAgent = tokenTarget === 'CSAgent';
    const emulated = isAgent ? textOf(userId).replace(/^(current|anonymous)$/, '') : '';
    const older =
      isAgent && textOf(emulatedUserToken?.access_token)
        ? { [emulated ? 'parked' : 'retired']: grant('customer', 2, emulatedUserToken) }
        : {};
    // As src/snapshot.c reads it, with the identity of js/options.js, and a number as src/session.c
    // makes it out of a nonce.
    const snapshot = {
      v: 1,
      for: identity,
      epoch: epoch + 1,
      active: grant(isAgent ? 'agent' : 'customer', 1, token),
      ...older,
      ...(emulated && { customer: emulated }),
    };
    empty();
    try {
      globalThis[area].setItem(storageKey, JSON.stringify(snapshot));
    } catch {
      return; // No room even so: the engine starts with nobody signed in.
    }
    // Before anything it does, the engine looks for what is new in the storage.
    session.authorization();
  } else {
    empty();
  }
}
