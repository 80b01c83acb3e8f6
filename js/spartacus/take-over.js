// A session from before the storefront had the engine: Spartacus kept its tokens in localStorage.
// The engine finds them at its first start as a snapshot of its own, and the old keys lose them.

/** @import { Session, SessionOptions } from '../index.js' */

const AUTH = 'spartacus⚿⚿auth';
const ASM = 'spartacus⚿⚿asm';

/** The prefix of the engine's default storage key, which was the key itself in earlier versions. */
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
 * Returns the identity as the engine writes it into its snapshots.
 *
 * @param {SessionOptions} options
 */
function identityOf({ baseUrl, clientId, agentClientId = clientId }) {
  try {
    return `${new URL(baseUrl).href.replace(/\/?$/, '/')} ${clientId} ${agentClientId}`;
  } catch {
    return ''; // The engine names the mistake.
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
 * Writes the stored session of Spartacus as a snapshot of the engine, newer than any that it has
 * seen.
 *
 * @param {Session} session
 * @param {SessionOptions} options of the session
 */
export function takeOver(session, options) {
  const identity = identityOf(options);
  const { storage = '', storageKey = `${KEY} ${identity}` } = options;
  const { token, userId, ...auth } = read(AUTH);
  const { emulatedUserToken, tokenTarget, ...asm } = read(ASM);
  const area = areaOf(options);
  if (!['local', 'session'].includes(String(storage)) || !(token || emulatedUserToken)) return;
  const access = textOf(token?.access_token);
  // The old keys lose the tokens before the snapshot is stored, to make room for it.
  const empty = () => {
    localStorage.setItem(AUTH, JSON.stringify(auth));
    localStorage.setItem(ASM, JSON.stringify(asm));
  };
  if (access && access !== read(storageKey, area).active?.access) {
    // The engine empties the old keys when it starts. A session of the engine beside them is the
    // older one: the storefront ran without the engine in between.
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
    // The snapshot has the format of src/snapshot.c, with the identity of js/options.js and a
    // number made of a nonce, like those of src/grant.c.
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
      return; // There is still no room: the engine starts without a user.
    }
    // The engine reads the storage before every call.
    session.authorization();
  } else {
    empty();
  }
}
