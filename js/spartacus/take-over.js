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

/**
 * Whether somebody will be signed in when the engine has started.
 *
 * @param {SessionOptions} options
 */
export function isAwaited(options) {
  const { storageKey = KEY } = options;
  return Boolean(read(storageKey, areaOf(options)).active ?? read(AUTH).token?.access_token);
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
  if (token?.access_token && token.access_token !== read(storageKey, area).active?.access) {
    // The engine empties the old keys when it starts. Where it has a session all the same, that one is
    // the older: the storefront has done without the engine in between.
    session.signOutAgent();
    session.signOut();
    const { epoch = 0 } = read(storageKey, area);
    const [nonce] = crypto.getRandomValues(new Uint32Array(1));
    /** @param {'customer' | 'agent'} owner @param {number} count @param {Token} from */
    const grant = (owner, count, { access_token: access, expires_at: expires }) => ({
      owner,
      number: nonce * 2 ** 21 + count,
      expires: Math.max(0, Number(expires) || 0),
      access,
    });
    const isAgent = tokenTarget === 'CSAgent';
    const customer = isAgent && !['current', 'anonymous'].includes(userId) ? userId : undefined;
    const older =
      isAgent && emulatedUserToken?.access_token
        ? { [customer ? 'parked' : 'retired']: grant('customer', 2, emulatedUserToken) }
        : {};
    const snapshot = {
      v: 1,
      for: `${new URL(baseUrl).href.replace(/\/?$/, '/')} ${clientId} ${agentClientId}`,
      epoch: epoch + 1,
      active: grant(isAgent ? 'agent' : 'customer', 1, token),
      ...older,
      customer,
    };
    try {
      globalThis[area].setItem(storageKey, JSON.stringify(snapshot));
    } catch {
      return; // There is no room for it: it stays where it is, for the next start.
    }
    // Before anything it does, the engine looks for what is new in the storage.
    session.authorization();
  }
  localStorage.setItem(AUTH, JSON.stringify(auth));
  localStorage.setItem(ASM, JSON.stringify(asm));
}
