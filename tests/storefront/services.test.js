// The calls of the adapters' services by Spartacus and applications that no page of the test
// storefronts makes, with the development back end behind them.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { startBackend } from '../../web/backend/index.js';
import { anna, revokePath, tokenPath } from '../browser/browser.js';
import { failureOf, standIn, WebStorage } from '../node/storefront.js';
import { importServices } from './services.js';

/** @import { TestContext } from 'node:test' */
/** @import { Backend } from '../../web/backend/index.js' */

/** @type {Record<string, any>} */
let ng;
/** @type {Backend} */
let backend;
/** The functions that close what a test has opened. @type {(() => unknown)[]} */
let ends;

before(async () => {
  ng = await importServices();
  backend = await startBackend();
});
after(() => backend.close());
beforeEach(() => {
  ends = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  backend.reset();
});

/** Returns the authentication part of a storefront's configuration. @param {object} [changes] */
const authentication = (changes) => ({
  client_id: 'mobile_android',
  client_secret: 'secret',
  baseUrl: `${backend.url}/authorizationserver`,
  tokenEndpoint: '/oauth/token',
  revokeEndpoint: '/oauth/revoke',
  OAuthLibConfig: {},
  ...changes,
});

/**
 * Opens the services of a storefront, each of which is created when it is injected.
 *
 * @param {object} [given]
 * @param {object} [given.options] the options of provideOccSession
 * @param {object} [given.config]
 * @param {string} [given.platform]
 * @param {string} [given.provide]
 */
function openServices({
  options = { storage: 'memory' },
  config = { authentication: authentication(), backend: { occ: { baseUrl: backend.url } } },
  platform = 'browser',
  provide = 'provideOccSession',
} = {}) {
  /** The messages and routes requested of the storefront. @type {unknown[]} */
  const asked = [];
  /** @type {any[]} */
  const errors = [];
  const note = (/** @type {string} */ what) => () => asked.push(what);
  /** @type {[name: string, value: unknown][]} */
  const around = [
    ['NgZone', { run: (/** @type {any} */ act) => act(), runOutsideAngular: call }],
    ['PLATFORM_ID', platform],
    ['ErrorHandler', { handleError: (/** @type {unknown} */ error) => errors.push(error) }],
    ['OccConfig', config],
    ['AuthConfigService', new ng.AuthConfigService(config)],
    ['ConfigInitializerService', { getStable: () => ng.of(config) }],
    ['GlobalMessageService', { add: ({ key = '' }) => asked.push(key) }],
    ['RoutingService', { go: (/** @type {unknown} */ where) => asked.push(where) }],
    ['AuthRedirectService', { redirect: note('redirect') }],
    ['AuthRedirectStorageService', {}],
    ['StatePersistenceService', {}],
    ['UserService', { get: () => ng.of(undefined) }],
  ];
  const injector = ng.Injector.create({
    providers: [
      ...around.map(([name, useValue]) => ({ provide: ng[name], useValue })),
      ...(options ? ng[provide](options) : ng[provide]()),
    ],
  });
  const session = injector.get(ng.OccSession);
  ends.push(() => void session.ngOnDestroy());
  return {
    injector,
    session,
    asked,
    errors,
    of: (/** @type {string} */ name) => injector.get(ng[name]),
  };
}

/** The options of an engine that is still starting when a test ends. */
const opening = { storage: 'memory', wasm: new Promise(() => {}) };

/** @param {() => unknown} act */
const call = (act) => act();

/** Returns the values that an observable emits synchronously. @param {any} observable */
function valuesOf(observable) {
  /** @type {any[]} */
  const values = [];
  observable.subscribe((/** @type {any} */ value) => values.push(value)).unsubscribe();
  return values;
}

const grants = () => backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);

describe('the services that replace those of Spartacus', () => {
  test('Spartacus can set neither the user nor a token', async (t) => {
    const localStorage = new WebStorage();
    standIn(t, 'localStorage', { value: localStorage });
    const { session, of } = openServices({ options: { storage: 'local' } });
    await session.opened;
    await session.signIn(anna);
    const { state } = session;
    const stored = [...localStorage.items];
    const userId = of('UserIdService');
    userId.setUserId('0002');
    userId.clearUserId();
    const storage = of('AuthStorageService');
    storage.setToken({ access_token: 'x' });
    storage.setItem('access_token', 'x');
    storage.removeItem('access_token');
    storage.setTokenTarget('CSAgent');
    storage.switchTokenTargetToCSAgent();
    storage.switchTokenTargetToUser();
    storage.setEmulatedUserToken({ access_token: 'x' });
    storage.clearEmulatedUserToken();
    assert.equal(storage.getEmulatedUserToken(), undefined);
    assert.deepEqual(valuesOf(userId.getUserId()), ['current']);
    assert.deepEqual(valuesOf(storage.getTokenTarget()), ['User']);
    assert.equal(session.state, state);
    assert.deepEqual([...localStorage.items], stored);
    assert.equal(backend.received().length, 1);
  });

  test('Spartacus can neither refresh nor sign in on a page of the server', async () => {
    let requests = 0;
    const counted = (/** @type {[RequestInfo, RequestInit]} */ ...request) => {
      requests++;
      return fetch(...request);
    };
    const { session, of, asked } = openServices({ options: { storage: 'memory', fetch: counted } });
    await session.opened;
    await session.signIn(anna);
    const oauth = of('OAuthLibWrapperService');
    const auth = of('AuthService');
    oauth.refreshToken();
    oauth.initLoginFlow();
    assert.equal(await oauth.tryLogin(), false);
    assert.equal(oauth.getIdToken(), '');
    assert.deepEqual(valuesOf(oauth.events$), []);
    assert.equal(auth.loginWithRedirect(), false);
    assert.equal(await auth.checkOAuthParamsInUrl(), undefined);
    auth.setRefreshProgress(true);
    auth.setLogoutProgress(true);
    assert.deepEqual(valuesOf(auth.refreshInProgress$), [false]);
    assert.deepEqual(valuesOf(auth.logoutInProgress$), [false]);
    assert.equal(session.state.phase, 'customer');
    assert.equal(requests, 1);
    assert.deepEqual(asked, []);
  });

  test("Spartacus' interceptor adds no header, and catches no error", async () => {
    const { session, of } = openServices();
    await session.opened;
    const header = of('AuthHttpHeaderService');
    assert.equal(header.shouldAddAuthorizationHeader(), false);
    assert.equal(header.shouldCatchError(), false);
    assert.deepEqual(valuesOf(header.handleExpiredAccessToken()), []);
    assert.equal(header.handleExpiredRefreshToken(), undefined);
    assert.deepEqual(valuesOf(header.getStableToken()), [{}]);
  });

  for (const leave of ['revokeAndLogout', 'logout']) {
    test(`R1: ${leave} of Spartacus' OAuth service signs the customer out, and revokes the tokens`, async () => {
      const { session, of } = openServices();
      await session.opened;
      await session.signIn(anna);
      await of('OAuthLibWrapperService')[leave]();
      assert.equal(session.state.phase, 'anonymous');
      await session.settled();
      assert.deepEqual(
        (await backend.tokens()).map(({ label, active }) => [label, active]),
        [
          ['customer #1 access', false],
          ['customer #1 refresh', false],
        ],
      );
    });
  }

  test('a token without expires_in has no expires_at', async () => {
    const fetch = async () => Response.json({ access_token: 'a', token_type: 'bearer' });
    const { session, of } = openServices({ options: { storage: 'memory', fetch } });
    await session.opened;
    await session.signIn(anna);
    assert.deepEqual(valuesOf(of('AuthStorageService').getToken()), [
      { access_token: 'occ-session', token_type: 'bearer' },
    ]);
  });

  test('a sign-in failure that only a developer can fix shows an unknown error, and reports the cause to ErrorHandler', async () => {
    const fetch = async () => new Response('<p>');
    const { session, of, asked, errors } = openServices({ options: { storage: 'memory', fetch } });
    await session.opened;
    await of('AuthService').loginWithCredentials(anna.username, anna.password);
    assert.deepEqual(asked, ['httpHandlers.unknownError']);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['unexpected-response'],
    );
  });
});

describe('the user, in the words of Spartacus', () => {
  test('on a server the user of Spartacus is an anonymous visitor', async () => {
    const { session, of } = openServices({ platform: 'server' });
    await session.opened;
    assert.equal(session.state.phase, 'unknown');
    assert.deepEqual(valuesOf(of('UserIdService').getUserId()), ['anonymous']);
    assert.deepEqual(valuesOf(of('AuthService').isUserLoggedIn()), [false]);
    assert.deepEqual(valuesOf(of('AuthStorageService').getToken()), [{}]);
    assert.deepEqual(valuesOf(of('AuthStorageService').getTokenTarget()), ['User']);
    assert.deepEqual(valuesOf(of('CsAgentAuthService').isCustomerEmulated()), [false]);
  });

  test('R49: a refresh emits no new token to subscribers, and the next subscriber gets the new expiry', async () => {
    const { session, of } = openServices();
    await session.opened;
    await session.signIn(anna);
    /** @type {any[]} */
    const tokens = [];
    of('AuthStorageService')
      .getToken()
      .subscribe((/** @type {any} */ token) => tokens.push(token));
    const { expiresAt } = session.state;
    await backend.expireAccessTokens();
    await (await session.fetch(`${backend.url}/occ/v2/shop/users/current`)).arrayBuffer();
    assert.deepEqual(grants(), ['password', 'refresh_token']);
    assert.deepEqual(
      tokens.map(({ expires_at }) => expires_at),
      [`${expiresAt}`],
    );
    const [{ expires_at }] = valuesOf(of('AuthStorageService').getToken());
    assert.equal(expires_at, `${session.state.expiresAt}`);
    await session.signOut();
    assert.deepEqual(tokens.at(-1), {});
    assert.equal(tokens.length, 2);
  });

  test('a request that waits for the engine fails if the application ends', async () => {
    const { session, of } = openServices({ options: { ...opening, apiPrefixes: [backend.url] } });
    const request = new ng.HttpRequest('GET', `${backend.url}/occ/v2/shop/users/current`);
    const next = { handle: () => ng.of('sent') };
    const answer = of('HTTP_INTERCEPTORS').at(-1).intercept(request, next).toPromise();
    session.ngOnDestroy();
    assert.equal((await failureOf(answer)).code, 'closed');
  });
});

describe('the configuration', () => {
  /** @param {TestContext} t @param {string | undefined} href */
  const standAt = (t, href) => standIn(t, 'location', { value: href && { href } });

  /**
   * Signs in with a configuration, and resolves with the requested URLs.
   *
   * @param {object} config
   * @param {object} [options]
   */
  async function askedBy(config, options) {
    /** @type {string[]} */
    const urls = [];
    const fetch = async (/** @type {string} */ url) => {
      urls.push(url);
      return Response.json({ access_token: 'a', token_type: 'bearer' });
    };
    const opened = openServices({ config, options: { storage: 'memory', fetch, ...options } });
    await opened.session.opened;
    await opened.session.signIn(anna);
    return { ...opened, urls };
  }

  for (const [baseUrl, tokenUrl] of [
    ['', 'https://shop.example/oauth/token'],
    ['/shop', 'https://shop.example/shop/oauth/token'],
    ['https://api.shop.example', 'https://api.shop.example/oauth/token'],
  ]) {
    test(`the configuration may have the base URL '${baseUrl}', in a page of https://shop.example`, async (t) => {
      standAt(t, 'https://shop.example/de/cart');
      const { urls, session } = await askedBy({
        authentication: authentication({ baseUrl }),
        backend: { occ: { baseUrl, prefix: 'occ/v3/' } },
      });
      assert.deepEqual(urls, [tokenUrl]);
      const origin = new URL(tokenUrl).origin;
      const folder = baseUrl === '/shop' ? '/shop' : '';
      assert.equal(session.authorization(`${origin}${folder}/occ/v3/x`), 'Bearer a');
      assert.equal(session.authorization(`${origin}${folder}/occ/v2/x`), undefined);
    });
  }

  test('on a server, which has no location, an empty base URL is rejected by name', async (t) => {
    standAt(t, undefined);
    const { session, errors } = openServices({
      config: { authentication: authentication({ baseUrl: '' }) },
    });
    await session.opened;
    assert.equal(errors.length, 1);
    assert.equal(errors[0].code, 'invalid-options');
    assert.match(errors[0].message, /baseUrl must be an http\(s\) URL/);
  });

  test('an invalid configuration is reported once, and sign-ins are rejected with its error', async () => {
    const { session, errors } = openServices({
      config: { authentication: authentication({ baseUrl: 7 }) },
    });
    await session.opened;
    assert.equal(errors.length, 1);
    assert.equal(errors[0].code, 'invalid-options');
    assert.match(errors[0].message, /^occ-session could not be started: /);
    assert.equal(session.failure, errors[0]);
    assert.equal(await failureOf(session.signIn(anna)), errors[0]);
  });

  for (const provide of ['provideOccSession', 'provideWithoutAsm']) {
    test(`the configuration is enough: ${provide} needs no options`, async (t) => {
      standIn(t, 'localStorage', { value: new WebStorage() });
      const { session } = openServices({ provide, options: /** @type {any} */ (null) });
      await session.opened;
      await session.signIn(anna);
      assert.equal(session.state.phase, 'customer');
      assert.deepEqual(
        backend.received({ path: tokenPath }).map(({ form }) => form),
        [
          {
            grant_type: 'password',
            ...anna,
            client_id: 'mobile_android',
            client_secret: 'secret',
          },
        ],
      );
    });
  }
});

describe('before the engine has started', () => {
  const base = 'https://api.shop.example/';
  const identity = `${base} mobile_android mobile_android`;
  const engineKey = `occ-session ${identity}`;
  const snapshot = JSON.stringify({ active: { owner: 'customer' } });
  const ofIdentity = JSON.stringify({ for: identity, active: { owner: 'customer' } });
  const ofSpartacus = JSON.stringify({ token: { access_token: 'x' } });
  /** @type {[what: string, areas: object, options: object, isAwaited: boolean][]} */
  const places = [
    ['a session of the engine', { localStorage: { [engineKey]: snapshot } }, {}, true],
    [
      'a session of an engine of an earlier version',
      { localStorage: { 'occ-session': ofIdentity } },
      {},
      true,
    ],
    ['a session of another client', { localStorage: { 'occ-session': snapshot } }, {}, false],
    [
      'a session of the tab alone',
      { sessionStorage: { [engineKey]: snapshot } },
      { storage: 'session' },
      true,
    ],
    [
      'a session under another key',
      { localStorage: { mine: snapshot } },
      { storageKey: 'mine' },
      true,
    ],
    ['a session of Spartacus', { localStorage: { 'spartacus⚿⚿auth': ofSpartacus } }, {}, true],
    ['nothing', { localStorage: {} }, {}, false],
    [
      'an invalid session',
      { localStorage: { [engineKey]: '7', 'spartacus⚿⚿auth': '{' } },
      {},
      false,
    ],
    [
      'an invalid token',
      { localStorage: { 'spartacus⚿⚿auth': '{"token":{"access_token":7}}' } },
      {},
      false,
    ],
    ['a storage that is blocked', {}, {}, false],
  ];
  for (const [what, areas, options, isAwaited] of places) {
    test(`with ${what} in the storage a signed-in user is ${isAwaited ? '' : 'not '}expected`, async (t) => {
      for (const [name, items] of Object.entries(areas)) {
        standIn(t, name, { value: new WebStorage(Object.entries(items)) });
      }
      const { of, session } = openServices({
        options: { storage: 'local', baseUrl: base, ...options },
      });
      assert.equal(of('AuthStatePersistenceService').isUserLoggedIn(), isAwaited);
      // The session adopts the stored one, and must not do so in the next test.
      await session.opened;
    });
  }

  test('a request of a storefront without apiPrefixes is passed on unchanged', async () => {
    const { of } = openServices({ options: { storage: 'memory', apiPrefixes: undefined } });
    const request = new ng.HttpRequest('GET', `${backend.url}/occ/v2/shop/users/current`);
    /** @type {unknown[]} */
    const sent = [];
    const next = { handle: (/** @type {unknown} */ each) => ng.of(sent.push(each)) };
    const interceptor = of('HTTP_INTERCEPTORS').at(-1);
    assert.deepEqual(valuesOf(interceptor.intercept(request, next)), [1]);
    assert.equal(sent[0], request);
  });
});

describe('a stored session of Spartacus', () => {
  const agentOverCustomer = {
    'spartacus⚿⚿auth': JSON.stringify({ token: { access_token: 'a' }, userId: 'current' }),
    'spartacus⚿⚿asm': JSON.stringify({
      tokenTarget: 'CSAgent',
      emulatedUserToken: { access_token: 'c' },
    }),
  };
  /** @param {TestContext} t @param {WebStorage} storage */
  const standInStorage = (t, storage) => standIn(t, 'localStorage', { value: storage });

  test("R2: an agent of Spartacus' session without an emulation keeps the customer's token until the sign-out, and both are revoked", async (t) => {
    standInStorage(t, new WebStorage(Object.entries(agentOverCustomer)));
    const { session } = openServices({ options: { storage: 'local' } });
    await session.opened;
    assert.equal(session.state.phase, 'agent');
    await session.signOutAgent();
    await session.settled();
    const revoked = backend.received({ path: revokePath }).map(({ form }) => form?.token);
    assert.deepEqual(revoked.sort(), ['a', 'c']);
  });

  test("Spartacus' session is dropped if the storage has no room for it, and the old keys keep no token", async (t) => {
    const storage = new WebStorage(Object.entries(agentOverCustomer));
    const setItem = storage.setItem.bind(storage);
    storage.setItem = (key, value) => {
      if (key.startsWith('occ-session ')) throw new DOMException('full', 'QuotaExceededError');
      setItem(key, value);
    };
    standInStorage(t, storage);
    const { session, errors } = openServices({ options: { storage: 'local' } });
    await session.opened;
    assert.equal(session.state.phase, 'anonymous');
    assert.deepEqual(errors, []);
    assert.deepEqual(Object.fromEntries(storage.items), {
      'spartacus⚿⚿auth': '{}',
      'spartacus⚿⚿asm': '{}',
    });
  });

  test("Spartacus' session stays in its keys if the engine does not store in localStorage", async (t) => {
    const storage = new WebStorage(Object.entries(agentOverCustomer));
    standInStorage(t, storage);
    standIn(t, 'sessionStorage', { value: new WebStorage() });
    const { session } = openServices({ options: { storage: undefined } });
    await session.opened;
    assert.equal(session.state.phase, 'anonymous');
    assert.deepEqual(Object.fromEntries(storage.items), agentOverCustomer);
  });
});
