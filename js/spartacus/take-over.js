// A session from before the storefront had the engine: Spartacus kept its tokens in localStorage. The
// engine finds them at its first start as a snapshot of its own, and the old keys lose them.

/** @import { Session, SessionOptions } from '../index.js' */

const AUTH = 'spartacus⚿⚿auth';
const ASM = 'spartacus⚿⚿asm';
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

/**
 * Whether somebody will be signed in when the engine has started.
 *
 * @param {SessionOptions} options
 */
export function isAwaited(options) {
  const { storageKey = KEY } = options;
  return Boolean(
    read(storageKey, areaOf(options)).active || textOf(read(AUTH).token?.access_token),
  );
}

/**
 * Leaves what Spartacus has stored where the engine finds it, newer than anything it has seen.
 *
 * @param {Session} session
 * @param {SessionOptions} options that it has been opened with
 */
export function takeOver(session, options) {
  const { baseUrl, clientId, agentClientId = clientId, storage = '', storageKey = KEY } = options;
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
      for: `${new URL(baseUrl).href.replace(/\/?$/, '/')} ${clientId} ${agentClientId}`,
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
