// The options of a session: refused values with their messages, and the defaults.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSession, SessionError } from 'occ-session';
import {
  agent,
  failureOf,
  limit,
  Notebook,
  scriptedFetch,
  standIn,
  useStorefront,
} from './storefront.js';

const storefront = useStorefront();

const good = { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };

describe('options', limit, () => {
  /**
   * Options with the beginning of their error: the name of the option.
   *
   * @type {[options: object, begins: string][]}
   */
  const bad = [
    [{ baseUrl: undefined }, 'baseUrl'],
    [{ baseUrl: '' }, 'baseUrl'],
    [{ baseUrl: 'api.shop.example' }, 'baseUrl'],
    [{ baseUrl: '/occ' }, 'baseUrl'],
    [{ baseUrl: 'ftp://shop.example' }, 'baseUrl'],
    [{ baseUrl: 'xhttps://shop.example' }, 'baseUrl'],
    [{ clientId: undefined }, 'clientId'],
    [{ clientId: '' }, 'clientId'],
    [{ clientId: 7 }, 'clientId'],
    [{ clientSecret: 7 }, 'clientSecret'],
    [{ clientSecret: null }, 'clientSecret'],
    [{ agentClientId: 7 }, 'agentClientId'],
    [{ agentClientSecret: {} }, 'agentClientSecret'],
    [{ profile: 'jdk21' }, 'profile'],
    [{ profile: 'jdk11' }, 'profile'],
    [{ endpoints: { token: 'javascript:alert(1)' } }, 'endpoints.token'],
    [{ endpoints: { token: 'http://[' } }, 'endpoints.token'],
    [{ endpoints: { revoke: 'http://[' } }, 'endpoints.revoke'],
    [{ scope: 7 }, 'scope'],
    [{ apiPrefixes: 'occ/' }, 'apiPrefixes'],
    [{ apiPrefixes: ['http://['] }, 'apiPrefixes'],
    [{ apiPrefixes: ['data:,'] }, 'apiPrefixes'],
    [{ revocation: { authorization: 'basic' } }, 'revocation.authorization'],
    [{ revocation: { timeoutMs: '10' } }, 'revocation.timeoutMs'],
    [{ revocation: { timeoutMs: -1 } }, 'revocation.timeoutMs'],
    [{ revocation: { timeoutMs: Infinity } }, 'revocation.timeoutMs'],
    [{ revocation: { timeoutMs: 2 ** 31 } }, 'revocation.timeoutMs'],
    [{ revocation: { retries: 1.5 } }, 'revocation.retries'],
    [{ revocation: { retries: 101 } }, 'revocation.retries'],
    [{ storage: 'cookie' }, 'storage'],
    [{ storage: null }, 'storage'],
    [{ storage: { load() {} } }, 'storage'],
    [{ storage: { load: 7, save() {} } }, 'storage'],
    [{ storageKey: 7 }, 'storageKey'],
    [{ storageKey: '' }, 'storageKey'],
    [{ fetch: 'fetch' }, 'fetch'],
    // Values that earlier versions accepted silently.
    [{ baseUrl: 7 }, 'baseUrl'],
    [{ baseUrl: 'https://anna:secret@api.shop.example' }, 'baseUrl'],
    [{ baseUrl: 'https://anna@api.shop.example' }, 'baseUrl'],
    [{ endpoints: 'https://api.shop.example/token' }, 'endpoints'],
    [{ endpoints: null }, 'endpoints'],
    [{ endpoints: ['https://api.shop.example/token'] }, 'endpoints'],
    [{ endpoints: { token: 7 } }, 'endpoints.token'],
    [{ endpoints: { token: null } }, 'endpoints.token'],
    [{ endpoints: { token: {} } }, 'endpoints.token'],
    [{ endpoints: { token: 'https://:secret@api.shop.example/token' } }, 'endpoints.token'],
    [{ endpoints: { revoke: false } }, 'endpoints.revoke'],
    [{ endpoints: { authorize: 7 } }, 'endpoints.authorize'],
    [{ endpoints: { tokens: 'token' } }, 'endpoints.tokens'],
    [{ apiPrefixes: [undefined] }, 'apiPrefixes'],
    [{ apiPrefixes: ['occ/', 7] }, 'apiPrefixes'],
    [{ apiPrefixes: ['https://anna:secret@api.shop.example/occ/'] }, 'apiPrefixes'],
    [{ apiPrefixes: null }, 'apiPrefixes'],
    [{ revocation: 'none' }, 'revocation'],
    [{ revocation: null }, 'revocation'],
    [{ revocation: { authorization: null } }, 'revocation.authorization'],
    [{ revocation: { timeout: 10 } }, 'revocation.timeout'],
    [{ persistRefreshToken: 'false' }, 'persistRefreshToken'],
    [{ persistRefreshToken: 0 }, 'persistRefreshToken'],
    [{ persistRefreshToken: null }, 'persistRefreshToken'],
    [{ signal: new AbortController() }, 'signal'],
    [{ signal: 10 }, 'signal'],
    [{ clientSecert: 'secret' }, 'clientSecert'],
    [{ constructor: 'secret' }, 'constructor'],
    [{ clientId: 'x'.repeat(1025) }, 'clientId'],
    [
      { baseUrl: `https://api.shop.example/${'x'.repeat(600)}`, clientId: 'x'.repeat(400) },
      'baseUrl with the client ids',
    ],
    // This has fewer characters than 1024, but more bytes: only the core can tell.
    [{ clientSecret: 'é'.repeat(513) }, 'clientSecret'],
  ];
  for (const [options, begins] of bad) {
    const shown = JSON.stringify(options, (_key, value) =>
      value === undefined || value === Infinity ? String(value) : value,
    ).slice(0, 60);
    test(`${shown} is refused: ${begins} …`, async () => {
      const opened = createSession(/** @type {any} */ ({ ...good, ...options }));
      const error = await failureOf(opened);
      assert.ok(error instanceof SessionError);
      assert.equal(error.name, 'SessionError');
      assert.equal(error.code, 'invalid-options');
      assert.equal(error.message.slice(0, begins.length + 1), `${begins} `);
    });
  }

  test('the error for an invalid option lists its allowed values', async () => {
    const error = await failureOf(createSession(/** @type {any} */ ({ ...good, storage: 'x' })));
    assert.equal(error.message, 'storage must be one of: session, local, memory');
  });

  for (const options of [undefined, null, 'https://api.shop.example']) {
    test(`createSession(${options}) is rejected with invalid-options`, async () => {
      await assert.rejects(createSession(/** @type {any} */ (options)), {
        code: 'invalid-options',
        message: /^(0|baseUrl) must be /,
      });
    });
  }

  test('the smallest and the largest value of each option are accepted', async () => {
    for (const options of [
      { clientId: 'x', storageKey: 'x', revocation: { timeoutMs: 0, retries: 0 } },
      /** @type {const} */ ({ profile: 'legacy', revocation: { authorization: 'bearer' } }),
      { clientSecret: 'x'.repeat(1024), scope: 'é'.repeat(512) },
      { storageKey: 'x'.repeat(1024), revocation: { timeoutMs: 1e9, retries: 100 } },
    ]) {
      const session = await createSession({ ...good, ...options });
      assert.equal(session.state.phase, 'anonymous');
      session.close();
    }
  });

  test('an option that is undefined counts as absent', async () => {
    const names =
      'clientSecret agentClientId scope endpoints apiPrefixes revocation storage fetch signal';
    const options = Object.fromEntries(names.split(' ').map((name) => [name, undefined]));
    const session = await createSession({ ...good, ...options });
    assert.equal(session.state.phase, 'anonymous');
    session.close();
  });

  test('a URL may be a string or a URL, an empty endpoint means the default, and a signal may be null', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response());
    const session = await storefront().openCustomer({
      baseUrl: new URL('https://shop.example'),
      endpoints: { token: '', revoke: new URL('https://shop.example/revoke'), authorize: 'x' },
      signal: /** @type {any} */ (null),
      fetch,
    });
    session.signOut();
    await session.settled();
    assert.deepEqual(
      asked.map(({ url }) => url),
      [
        'https://shop.example/authorizationserver/oauth/token',
        'https://shop.example/revoke',
        'https://shop.example/revoke',
      ],
    );
  });

  test('baseUrl and clientId are enough to create a session, and nothing is sent', async (t) => {
    standIn(t, 'fetch', { value: () => assert.fail('sent') });
    const session = await createSession(good);
    assert.equal(session.state.phase, 'anonymous');
    session.close();
  });

  test('the defaults are the endpoints of SAP Commerce below the base URL, with or without a slash', async () => {
    for (const baseUrl of [
      'https://shop.example/base',
      new URL('https://shop.example/base/?a=b#c'),
    ]) {
      const { fetch, asked } = scriptedFetch(() => new Response());
      const storage = new Notebook();
      const session = await storefront().openCustomer({ baseUrl, fetch, storage });
      assert.equal(
        JSON.parse(storage.text ?? '').for,
        'https://shop.example/base/ mobile_android mobile_android',
      );
      session.signOut();
      await session.settled();
      assert.deepEqual(
        asked.map(({ url }) => url),
        [
          'https://shop.example/base/authorizationserver/oauth/token',
          'https://shop.example/base/authorizationserver/oauth/revoke',
          'https://shop.example/base/authorizationserver/oauth/revoke',
        ],
      );
    }
  });

  test("the agent's client is the customer's unless there is another, which has its own secret or none", async () => {
    /** @type {[import('occ-session').SessionOptions, object][]} */
    const clients = [
      [
        { ...good, clientSecret: 's' },
        { client_id: 'mobile_android', client_secret: 's' },
      ],
      [{ ...good, clientSecret: 's', agentClientId: 'asm_client' }, { client_id: 'asm_client' }],
      [
        { ...good, agentClientId: 'asm_client', agentClientSecret: 't' },
        { client_id: 'asm_client', client_secret: 't' },
      ],
    ];
    for (const [options, client] of clients) {
      const { fetch, asked } = scriptedFetch(() => new Response());
      const session = await createSession({ ...options, fetch });
      await session.signInAgent(agent);
      assert.deepEqual(asked[0]?.form, { grant_type: 'password', ...agent, ...client });
      session.close();
    }
  });

  test('the option scope is sent with the token request', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response());
    await storefront().openCustomer({ fetch, scope: 'basic openid' });
    assert.equal(asked[0]?.form.scope, 'basic openid');
  });
});
