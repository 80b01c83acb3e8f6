// What the options of a session mean: defaults, and clear errors for what cannot be used.
import { SessionError } from './error.js';

/** @import { SessionOptions, SnapshotStorage } from './types.js' */

/**
 * @typedef {object} Settings
 * @property {string} tokenUrl
 * @property {string | null} revokeUrl null: no revocation endpoint
 * @property {URL[]} apiPrefixes
 * @property {number} timeoutMs of a revocation
 * @property {'memory' | 'session' | 'local' | SnapshotStorage} storage
 * @property {string} storageKey
 * @property {typeof globalThis.fetch} fetch
 * @property {SessionOptions['wasm']} wasm
 * @property {object} core what occ_session_open takes
 */

const LONGEST_TIMER = 2 ** 31 - 1;

/** @param {string} what @returns {never} */
function refuse(what) {
  throw new SessionError('invalid-options', what);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {string} [fallback] where there is one, an empty text is as good as none
 */
function text(value, name, fallback) {
  if (fallback !== undefined && (value === undefined || value === '')) return fallback;
  return typeof value === 'string' && value !== ''
    ? value
    : refuse(`${name} must be a string that is not empty`);
}

/** @param {unknown} value @param {string} name @param {URL} [base] */
function httpUrl(value, name, base) {
  let url;
  try {
    url = new URL(/** @type {string} */ (value), base);
  } catch {
    return refuse(`${name} is not a URL`);
  }
  if (!/^https?:$/.test(url.protocol)) refuse(`${name} must begin with https:// or http://`);
  url.hash = '';
  return url;
}

/** A URL that stands for all below it. @param {unknown} value @param {string} name @param {URL} [base] */
function folderUrl(value, name, base) {
  const url = httpUrl(value, name, base);
  url.search = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** @param {unknown} value @param {string} name @param {number} most @param {number} fallback */
function count(value, name, most, fallback) {
  if (value === undefined) return fallback;
  const number = /** @type {number} */ (value);
  return Number.isInteger(number) && number >= 0 && number <= most
    ? number
    : refuse(`${name} must be a whole number from 0 to ${most}`);
}

/** @template {string} T @param {unknown} value @param {string} name @param {T[]} allowed */
function oneOf(value, name, allowed) {
  if (value === undefined) return allowed[0];
  return allowed.includes(/** @type {T} */ (value))
    ? /** @type {T} */ (value)
    : refuse(`${name} must be one of: ${allowed.join(', ')}`);
}

/** @param {SessionOptions['storage']} value */
function storageOption(value) {
  if (typeof value !== 'object') {
    return oneOf(value, 'storage', ['session', 'local', 'memory']);
  }
  return typeof value?.load === 'function' && typeof value.save === 'function'
    ? value
    : refuse('storage must have the functions load and save');
}

/** @param {SessionOptions} options @returns {Settings} */
export function readOptions(options) {
  if (typeof options !== 'object' || options === null) refuse('options must be an object');
  const base = folderUrl(options.baseUrl, 'baseUrl');
  const { endpoints = {}, revocation = {} } = options;
  /** @param {'token' | 'revoke'} name */
  const endpoint = (name) =>
    httpUrl(endpoints[name] ?? `authorizationserver/oauth/${name}`, `endpoints.${name}`, base).href;
  const prefixes = options.apiPrefixes ?? ['occ/', 'rest/', 'assistedservicewebservices/'];
  if (!Array.isArray(prefixes)) refuse('apiPrefixes must be an array');
  if (options.fetch !== undefined && typeof options.fetch !== 'function') {
    refuse('fetch must be a function');
  }
  if (options.profile !== undefined && options.profile !== 'legacy') {
    refuse(`profile must be 'legacy', the only one in this version`);
  }
  const clientId = text(options.clientId, 'clientId');
  const clientSecret = text(options.clientSecret, 'clientSecret', '');
  const agentClientId = text(options.agentClientId, 'agentClientId', clientId);
  const agentClientSecret = text(
    options.agentClientSecret,
    'agentClientSecret',
    agentClientId === clientId ? clientSecret : '',
  );
  const storage = storageOption(options.storage);
  const revokeUrl = endpoints.revoke === null ? null : endpoint('revoke');
  return {
    tokenUrl: endpoint('token'),
    revokeUrl,
    apiPrefixes: prefixes.map((prefix) => folderUrl(prefix, 'apiPrefixes', base)),
    timeoutMs: count(revocation.timeoutMs, 'revocation.timeoutMs', LONGEST_TIMER, 10_000),
    storage,
    storageKey: text(options.storageKey, 'storageKey', 'occ-session'),
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    wasm: options.wasm,
    core: {
      for: `${base.href} ${clientId} ${agentClientId}`,
      clientId,
      clientSecret,
      agentClientId,
      agentClientSecret,
      scope: text(options.scope, 'scope', ''),
      revoke: revokeUrl !== null,
      bearer: oneOf(revocation.authorization, 'revocation.authorization', ['bearer', 'none']) === 'bearer',
      retries: count(revocation.retries, 'revocation.retries', 100, 0),
      persist: options.persistRefreshToken === true,
      shared: storage === 'local',
    },
  };
}
