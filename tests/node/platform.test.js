// Features that the platform lacks or blocks: a session works without, or names the missing one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  anna,
  details,
  failureOf,
  limit,
  standIn,
  standInWindow,
  useStorefront,
  WebStorage,
} from './storefront.js';

/** @import { TestContext } from './storefront.js' */

const storefront = useStorefront();

/** Throws as a browser does for a blocked feature. */
function refuse() {
  throw new DOMException('The operation is insecure.', 'SecurityError');
}

/** Stands in for a page with everything that a session uses. @param {TestContext} t */
function standInPage(t) {
  const createElement = () => ({
    ontoggle() {},
    set open(/** @type {boolean} */ _) {
      setTimeout(() => this.ontoggle());
    },
  });
  standIn(t, 'document', { value: { createElement, baseURI: 'https://shop.example/' } });
  standIn(t, 'sessionStorage', { value: new WebStorage() });
  standIn(t, 'localStorage', { value: new WebStorage() });
  standInWindow(t);
}

/**
 * Returns a global function that throws.
 *
 * @param {string} name
 * @returns {[string, PropertyDescriptor]}
 */
const throws = (name) => [name, { value: refuse }];
/** @param {string} name @param {unknown} [value] @returns {[string, PropertyDescriptor]} */
const is = (name, value) => [name, { value }];
/** @param {string} name @returns {[string, PropertyDescriptor]} */
const isBlocked = (name) => [name, { get: refuse }];

class Mute extends EventTarget {
  postMessage = refuse;
  close() {}
}
class Blind {
  observe = refuse;
}
const broken = { getItem: refuse, setItem: refuse, removeItem: refuse };

/**
 * The tolerated lacks, with the globals that stand in for others.
 *
 * @type {Record<string, [string, PropertyDescriptor][]>}
 */
const spared = {
  'nothing is missing': [],
  'there is no BroadcastChannel': [is('BroadcastChannel')],
  'a BroadcastChannel cannot be made': [throws('BroadcastChannel')],
  'a BroadcastChannel takes no message': [is('BroadcastChannel', Mute)],
  'access to the storages is blocked': [isBlocked('sessionStorage'), isBlocked('localStorage')],
  'there are no storages': [is('sessionStorage'), is('localStorage')],
  'the storages are null': [is('sessionStorage', null), is('localStorage', null)],
  'the storages throw on every access': [is('sessionStorage', broken), is('localStorage', broken)],
  'there is no navigator': [is('navigator')],
  'requests for locks are blocked': [
    is('navigator', { locks: { request: refuse, query: refuse } }),
  ],
  'there is no performance': [is('performance')],
  'performance can only tell the time': [is('performance', { now: () => 5 })],
  'there is no PerformanceObserver': [is('PerformanceObserver')],
  'a PerformanceObserver cannot be made': [throws('PerformanceObserver')],
  'a PerformanceObserver observes no requests': [is('PerformanceObserver', Blind)],
  'there is no AbortSignal': [is('AbortSignal')],
  'the document has an address of no use': [is('document', { baseURI: 'data:text/html,shop' })],
  'there is an empty document and no window event': [is('document', {}), is('addEventListener')],
};

describe('a platform without an optional feature', limit, () => {
  for (const [what, globals] of Object.entries(spared)) {
    for (const storage of /** @type {const} */ (['session', 'local'])) {
      test(`R1, R14: if ${what}, a customer signs in and out (storage: '${storage}')`, async (t) => {
        standInPage(t);
        for (const [name, property] of globals) standIn(t, name, property);
        const shop = storefront();
        const session = await shop.open({ storage });
        const seen = details(session, 'revocation');
        await session.signIn(anna);
        assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
        await session.signOut();
        assert.equal(session.state.phase, 'anonymous');
        await session.settled();
        assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
        assert.deepEqual(await shop.alive(), []);
        assert.equal(seen.length, 2);
      });
    }
  }
});

/** @type {Record<string, { globals: [string, PropertyDescriptor][], code: string, names: RegExp }>} */
const missed = {
  'there is no WebAssembly': {
    globals: [is('WebAssembly')],
    code: 'wasm-unavailable',
    names: /WebAssembly|instantiate/,
  },
  'there is no crypto': {
    globals: [is('crypto')],
    code: 'platform-unavailable',
    names: /getRandomValues/,
  },
  'crypto has no random values': {
    globals: [is('crypto', {})],
    code: 'platform-unavailable',
    names: /crypto\.getRandomValues/,
  },
  'random values are refused': {
    globals: [is('crypto', { getRandomValues: refuse })],
    code: 'platform-unavailable',
    names: /The operation is insecure/,
  },
  'there is no AbortController': {
    globals: [is('AbortController')],
    code: 'platform-unavailable',
    names: /AbortController/,
  },
  'there is no TextEncoder': {
    globals: [is('TextEncoder')],
    code: 'platform-unavailable',
    names: /TextEncoder/,
  },
  'there is no TextDecoder': {
    globals: [is('TextDecoder')],
    code: 'wasm-unavailable',
    names: /TextDecoder/,
  },
};

describe('a platform without a required feature', limit, () => {
  for (const [what, { globals, code, names }] of Object.entries(missed)) {
    test(`if ${what}, createSession rejects with ${code}, which names it`, async (t) => {
      const shop = storefront();
      for (const [name, property] of globals) standIn(t, name, property);
      const error = await failureOf(shop.open());
      assert.equal(error.name, 'SessionError');
      assert.equal(error.code, code);
      assert.match(error.message, names);
      assert.match(error.cause.message, names);
    });
  }

  test('if something throws undefined, createSession rejects with platform-unavailable', async (t) => {
    const shop = storefront();
    const getRandomValues = () => {
      throw undefined;
    };
    standIn(t, ...is('crypto', { getRandomValues }));
    await assert.rejects(shop.open(), { name: 'SessionError', code: 'platform-unavailable' });
  });
});
