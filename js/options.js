// What the options of a session mean: defaults, and clear errors for what cannot be used.
import { SessionError } from './error.js';
import { FLAG_BEARER, FLAG_PERSIST, FLAG_REVOKE, FLAG_SHARED } from './numbers.js';
import { own } from './own.js';

/** @import { SessionOptions, SnapshotStorage } from './types.js' */

/**
 * @typedef {object} Settings
 * @property {string} tokenUrl
 * @property {string | null} revokeUrl null: no revocation endpoint
 * @property {string[]} apiPrefixes as the URL parser writes them, with a slash at the end
 * @property {number} timeoutMs of a revocation
 * @property {'memory' | 'session' | 'local' | SnapshotStorage} storage
 * @property {string} storageKey
 * @property {typeof globalThis.fetch} fetch
 * @property {SessionOptions['wasm']} wasm
 * @property {AbortSignal | undefined} signal
 * @property {[number, number, ...string[]]} core what occ_session_open takes behind the nonce
 */

/** @param {unknown} condition @param {string} message @returns {asserts condition} */
function expect(condition, message) {
  if (!condition) throw new SessionError('invalid-options', message);
}

/**
 * Whether it is a string of so many bytes.
 *
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 * @returns {value is string}
 */
export function fits(value, least, most) {
  const length = typeof value === 'string' ? new TextEncoder().encode(value).length : -1;
  return length >= least && length <= most;
}

/** @param {unknown} value @param {string} name @param {number} [least] */
function text(value, name, least = 0) {
  expect(fits(value, least, 1024), `${name} must be a string of ${least} to 1024 bytes`);
  return value;
}

/** @param {unknown} value @param {string} name @param {URL} [base] */
function httpUrl(value, name, base) {
  let url;
  try {
    url = new URL(String(value), base);
  } catch {
    // Said below.
  }
  expect(url && /^https?:$/.test(url.protocol), `${name} must be a URL of http or https`);
  url.hash = '';
  return url;
}

/** A URL that stands for all below it. @param {unknown} value @param {string} name @param {URL} [base] */
function folderUrl(value, name, base) {
  const url = httpUrl(value, name, base);
  url.search = '';
  url.pathname = url.pathname.replace(/\/?$/, '/');
  return url;
}

/** @param {number} value @param {string} name @param {number} most */
function count(value, name, most) {
  expect(
    Number.isInteger(value) && value >= 0 && value <= most,
    `${name} must be a whole number from 0 to ${most}`,
  );
  return value;
}

/** @template {string} T @param {T} value @param {string} name @param {T[]} allowed */
function oneOf(value, name, allowed) {
  expect(allowed.includes(value), `${name} must be one of: ${allowed.join(', ')}`);
  return value;
}

/** @param {SessionOptions} options @returns {Settings} */
export function readOptions(options) {
  const {
    baseUrl,
    clientId,
    clientSecret = '',
    agentClientId = clientId,
    agentClientSecret = agentClientId === clientId ? clientSecret : '',
    scope = '',
    profile = 'legacy',
    endpoints,
    apiPrefixes = ['occ/', 'rest/', 'assistedservicewebservices/'],
    revocation,
    // A server has one sessionStorage, if it has any, for everybody whom it serves.
    storage = globalThis.document ? 'session' : 'memory',
    storageKey,
    persistRefreshToken = false,
    fetch = /** @type {typeof globalThis.fetch} */ ((...request) => globalThis.fetch(...request)),
    wasm,
    signal,
  } = own(options);
  const { authorization = 'bearer', timeoutMs = 10_000, retries = 0 } = own(revocation);
  const urls = own(endpoints);
  const base = folderUrl(baseUrl, 'baseUrl');
  /** @param {'token' | 'revoke'} name */
  const endpoint = (name) =>
    httpUrl(urls[name] || `authorizationserver/oauth/${name}`, `endpoints.${name}`, base).href;
  text(clientId, 'clientId', 1);
  text(agentClientId, 'agentClientId', 1);
  expect(Array.isArray(apiPrefixes), 'apiPrefixes must be an array');
  expect(typeof fetch === 'function', 'fetch must be a function');
  oneOf(profile, 'profile', ['legacy']);
  oneOf(authorization, 'revocation.authorization', ['bearer', 'none']);
  if (typeof storage === 'object') {
    const { load, save } = storage ?? {};
    expect(
      typeof load === 'function' && typeof save === 'function',
      'storage must have the functions load and save',
    );
  } else {
    oneOf(storage, 'storage', ['session', 'local', 'memory']);
  }
  const identity = `${base.href} ${clientId} ${agentClientId}`;
  const revokeUrl = urls.revoke === null ? null : endpoint('revoke');
  return {
    tokenUrl: endpoint('token'),
    revokeUrl,
    apiPrefixes: apiPrefixes.map((prefix) => folderUrl(prefix, 'apiPrefixes', base).href),
    timeoutMs: count(timeoutMs, 'revocation.timeoutMs', 1e9),
    storage,
    // Two clients of one origin keep a session each.
    storageKey: text(storageKey ?? `occ-session ${identity}`, 'storageKey', 1),
    fetch,
    wasm,
    signal,
    core: [
      (revokeUrl ? FLAG_REVOKE : 0) |
        (authorization === 'bearer' ? FLAG_BEARER : 0) |
        (persistRefreshToken ? FLAG_PERSIST : 0) |
        (storage === 'local' || storage === 'session' ? FLAG_SHARED : 0),
      count(retries, 'revocation.retries', 100),
      identity,
      clientId,
      text(clientSecret, 'clientSecret'),
      agentClientId,
      text(agentClientSecret, 'agentClientSecret'),
      text(scope, 'scope'),
    ],
  };
}
