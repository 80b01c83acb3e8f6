// The options of a session: their defaults, and clear errors for values that cannot be used.
import { SessionError } from './error.js';
import {
  FLAG_BEARER,
  FLAG_PERSIST,
  FLAG_REVOKE,
  FLAG_SHARED,
  OPTION_MAX,
  PARAMETER_AGENT_CLIENT_ID,
  PARAMETER_AGENT_CLIENT_SECRET,
  PARAMETER_CLIENT_ID,
  PARAMETER_CLIENT_SECRET,
  PARAMETER_IDENTITY,
  PARAMETER_SCOPE,
} from './numbers.js';
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
 * @property {string} identity of the session: its back end and its clients
 * @property {[flags: number, retries: number, ...texts: (number | string)[]]} core the parameters of
 *   occ_open after the nonce
 */

/** Returns the expected kind if a value is of another. @typedef {(value: any) => unknown} Kind */

/** A mistake of the caller, as opposed to a gap in the platform. */
class ArgumentError extends TypeError {}

/** @param {unknown} value @param {string} name @param {Kind} kind */
export function expectKind(value, name, kind) {
  const what = kind(value);
  if (what) throw new ArgumentError(`${name} must be ${what}`);
}

/**
 * Returns the members of an options object, without those of Object.prototype. An unknown member is
 * a misspelt name.
 *
 * @template T
 * @param {T} options
 * @param {Record<string, Kind>} kinds of the members, each of which may be missing
 * @param {string} [prefix] of their names
 */
export function membersOf(options, kinds, prefix = '') {
  expectKind(options, 'options', typed('an Object or undefined'));
  const members = own(options);
  for (const member in members) {
    const value = /** @type {any} */ (members)[member];
    const kind = own(kinds)[member] ?? typed('left out');
    if (value !== undefined) expectKind(value, prefix + member, kind);
  }
  return members;
}

/**
 * True for a string of `least` to `most` bytes in UTF-8.
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

/**
 * @param {string} types as typeof and Object.prototype.toString name them, also those of another
 *   frame
 * @returns {Kind}
 */
export const typed = (types) => (value) =>
  !types.includes(
    typeof value === 'object' ? Reflect.apply({}.toString, value, []).slice(8, -1) : typeof value,
  ) && types;

/** @param {number} least @param {number} [most] @returns {Kind} */
export const text =
  (least, most = OPTION_MAX) =>
  (value) =>
    !fits(value, least, most) && `a string of ${least} to ${most} bytes`;

/** @param {number} most @returns {Kind} */
const count = (most) => (value) =>
  !(Number.isInteger(value) && value >= 0 && value <= most) && `a whole number from 0 to ${most}`;

/** @param {string[]} allowed @returns {Kind} */
const oneOf =
  (...allowed) =>
  (value) =>
    !allowed.includes(value) && `one of: ${allowed.join(', ')}`;

export const URLS = typed('a string or URL');

/** A signal may be null, as the global fetch has it. */
export const SIGNAL = typed('an AbortSignal or Null');

/**
 * @param {any} value
 * @param {URL} [base]
 * @returns {any} a URL, or undefined
 */
function httpUrl(value, base) {
  try {
    const url = new URL(value.href ?? value, base);
    url.hash = '';
    // Every fetch of a URL with credentials would reject.
    if (/^https?:/.test(url.protocol) && !url.username && !url.password) return url;
  } catch {
    // It is no URL.
  }
}

/** Parses a URL that stands for all URLs below it. @param {unknown} value @param {URL} [base] */
function folderUrl(value, base) {
  const url = httpUrl(value, base);
  if (url) {
    url.search = '';
    url.pathname = url.pathname.replace(/\/?$/, '/');
  }
  return url;
}

/** @param {SessionOptions} options @returns {Settings} */
function read(options) {
  const base = folderUrl(own(options).baseUrl);
  /** @type {Kind} */
  const url = (value) =>
    URLS(value) || (!httpUrl(value, base) && 'an http(s) URL without credentials');
  const {
    baseUrl,
    clientId,
    clientSecret = '',
    agentClientId = clientId,
    agentClientSecret = agentClientId === clientId ? clientSecret : '',
    scope = '',
    endpoints,
    apiPrefixes = ['occ/', 'rest/', 'assistedservicewebservices/'],
    revocation,
    // A server has one sessionStorage at most, for all of its users.
    storage = globalThis.document ? 'session' : 'memory',
    storageKey,
    persistRefreshToken = false,
    fetch = /** @type {typeof globalThis.fetch} */ ((...request) => globalThis.fetch(...request)),
    wasm,
    signal,
  } = membersOf(options, {
    baseUrl: url,
    clientId: text(1),
    clientSecret: text(0),
    agentClientId: text(1),
    agentClientSecret: text(0),
    scope: text(0),
    profile: oneOf('legacy'),
    endpoints: typed('an Object'),
    apiPrefixes: (value) =>
      Array.isArray(value) ? value.map(url).find(Boolean) : 'an array of URLs',
    revocation: typed('an Object'),
    storage: (value) =>
      typeof value === 'object'
        ? [value?.load, value?.save].some((each) => typeof each !== 'function') &&
          'an object with load and save'
        : oneOf('session', 'local', 'memory')(value),
    storageKey: text(1),
    persistRefreshToken: typed('a boolean'),
    fetch: typed('a function'),
    // Any value: js/load.js names a source that cannot be used.
    wasm: typed(''),
    signal: SIGNAL,
  });
  expectKind(baseUrl, 'baseUrl', url);
  expectKind(clientId, 'clientId', text(1));
  const {
    authorization = 'bearer',
    timeoutMs = 10_000,
    retries = 0,
  } = membersOf(
    revocation,
    { authorization: oneOf('bearer', 'none'), timeoutMs: count(1e9), retries: count(100) },
    'revocation.',
  );
  const { token, revoke } = membersOf(
    endpoints,
    {
      token: url,
      revoke: (value) => value !== null && url(value),
      authorize: url,
    },
    'endpoints.',
  );
  /** @param {string | URL | undefined} given @param {string} name @returns {string} */
  const endpoint = (given, name) =>
    httpUrl(given || `authorizationserver/oauth/${name}`, base).href;
  const revokeUrl = revoke === null ? null : endpoint(revoke, 'revoke');
  const identity = `${base.href} ${clientId} ${agentClientId}`;
  expectKind(identity, 'baseUrl with the client ids', text(0));
  return {
    tokenUrl: endpoint(token, 'token'),
    revokeUrl,
    apiPrefixes: apiPrefixes.map((prefix) => folderUrl(prefix, base).href),
    timeoutMs,
    storage,
    // Two clients of one origin keep separate sessions.
    storageKey: storageKey ?? `occ-session ${identity}`,
    fetch,
    wasm,
    signal,
    identity,
    core: [
      (revokeUrl ? FLAG_REVOKE : 0) |
        (authorization === 'bearer' ? FLAG_BEARER : 0) |
        (persistRefreshToken ? FLAG_PERSIST : 0) |
        (storage === 'local' || storage === 'session' ? FLAG_SHARED : 0),
      retries,
      ...[PARAMETER_IDENTITY, identity],
      ...[PARAMETER_CLIENT_ID, clientId],
      ...[PARAMETER_CLIENT_SECRET, clientSecret],
      ...[PARAMETER_AGENT_CLIENT_ID, agentClientId],
      ...[PARAMETER_AGENT_CLIENT_SECRET, agentClientSecret],
      ...[PARAMETER_SCOPE, scope],
    ],
  };
}

/** @param {SessionOptions} options @returns {Settings} */
export function readOptions(options) {
  try {
    return read(options);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new SessionError('invalid-options', error.message);
  }
}
