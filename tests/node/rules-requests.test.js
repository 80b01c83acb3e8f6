// R19 to R22: the bearer on the requests of the storefront, and the handling of an expired one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  agent,
  anna,
  annaId,
  ben,
  benId,
  deadAnswer,
  details,
  idle,
  limit,
  Notebook,
  useStorefront,
} from './storefront.js';

/** @import { Storefront } from './storefront.js' */

const storefront = useStorefront();

/** Returns the requests of the storefront, oldest first. @param {Storefront} shop */
const requests = (shop) => shop.backend.received({ method: 'GET' });

/**
 * The temporary failures of a refresh.
 *
 * @type {import('../../web/backend/behaviour.js').Answer[]}
 */
const passing = [500, 503, 429, 'drop'];

describe('an expired token', limit, () => {
  test('R19: several requests with an expired token cause one refresh, and each is sent again once', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    const users = await Promise.all(Array.from({ length: 5 }, () => shop.getUser(session)));
    assert.deepEqual(users, Array(5).fill({ status: 200, uid: anna.username }));
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    const sent = requests(shop).map(({ authorization }) => authorization);
    const older = `Bearer ${await shop.token('customer #1 access')}`;
    const newer = `Bearer ${await shop.token('customer #2 access')}`;
    assert.deepEqual(sent.sort(), [...Array(5).fill(older), ...Array(5).fill(newer)].sort());
  });

  test('R19: a request answered 401 during a refresh waits for it', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const first = shop.getUser(session);
    await shop.held();
    const second = shop.getUser(session);
    await shop.backend.waitFor(({ method, status }) => method === 'GET' && status === 401, 2);
    shop.backend.release();
    assert.deepEqual([(await first).status, (await second).status], [200, 200]);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('R19: a request with an older token that finds a newer one is only sent again', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ occ: { answer: 'hold', times: 1 } });
    const late = shop.getUser(session);
    await shop.held();
    assert.equal((await shop.getUser(session)).status, 200);
    await shop.backend.expireRefreshTokens();
    shop.backend.release();
    assert.equal((await late).status, 200);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(
      requests(shop).map(({ status }) => status),
      [401, 401, 200, 200],
    );
  });

  test('R19: a request that is refused with the new token too is not sent a third time', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
    assert.equal(response.status, 401);
    assert.equal(requests(shop).length, 2);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.equal(session.state.phase, 'customer');
  });

  test('R19: a 401 for another reason than the token causes no refresh', async () => {
    const shop = storefront();
    let asked = 0;
    const session = await shop.openCustomer({
      fetch: async (input, init) => {
        if (!(input instanceof Request)) return shop.fetch(input, init);
        asked++;
        return Response.json({ errors: [{ type: 'UnauthorizedError' }] }, { status: 401 });
      },
    });
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
    assert.equal(response.status, 401);
    assert.deepEqual(await response.json(), { errors: [{ type: 'UnauthorizedError' }] });
    assert.equal(asked, 1);
    assert.deepEqual(shop.asked(), ['password']);
  });

  test('R19: a 401 that only speaks of an InvalidTokenError causes no refresh', async () => {
    const shop = storefront();
    for (const error of [
      { type: 'UnauthorizedError', message: 'InvalidTokenError' },
      { type: 'UnauthorizedError', message: 'not one of "type":"InvalidTokenError"' },
      { type: 'NotAnInvalidTokenError' },
      { subject: 'InvalidTokenError' },
    ]) {
      const text = JSON.stringify({ errors: [error] });
      const session = await shop.openCustomer({
        fetch: async (input, init) =>
          input instanceof Request ? new Response(text, { status: 401 }) : shop.fetch(input, init),
      });
      const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
      assert.equal(response.status, 401);
      assert.equal(await response.text(), text);
      assert.equal(session.state.phase, 'customer');
    }
    assert.deepEqual(shop.asked(), Array(4).fill('password'));
  });

  test('R19: the header or the body of a 401 tells that the token is dead', async () => {
    const shop = storefront();
    /** @type {(() => Response)[]} */
    const ways = [
      () =>
        new Response('', {
          status: 401,
          headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
        }),
      () => Response.json({ errors: [{ type: 'InvalidTokenError' }] }, { status: 401 }),
      () => Response.json({ errors: [{ type: 'InvalidBearerTokenError' }] }, { status: 401 }),
    ];
    for (const way of ways) {
      let isRefused = false;
      const session = await shop.openCustomer({
        fetch: async (input, init) => {
          if (!(input instanceof Request)) return shop.fetch(input, init);
          return isRefused ? Response.json({}) : ((isRefused = true), way());
        },
      });
      const url = `${shop.backend.url}/occ/v2/shop/users/current`;
      assert.equal((await session.fetch(url)).status, 200);
    }
    assert.deepEqual(
      shop.asked(),
      ways.flatMap(() => ['password', 'refresh_token']),
    );
  });

  test('R19: no header ever holds undefined or an empty token', async () => {
    const shop = storefront();
    const session = await shop.open();
    const look = () => session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`);
    await look();
    await session.signIn(anna);
    await look();
    shop.backend.set({ refreshTokens: false });
    await shop.backend.expireAccessTokens();
    await Promise.all([look(), look()]);
    await session.signInAgent(agent);
    session.emulate(benId);
    await look();
    session.signOutAgent();
    await session.settled();
    await look();
    const sent = shop.backend.journal.map(({ authorization }) => authorization);
    assert.equal(sent.length, 14);
    for (const authorization of sent) {
      if (authorization !== null) assert.match(authorization, /^Bearer [\w-]{43}$/);
    }
    assert.equal(sent[0], null);
    assert.equal(sent.at(-1), null);
  });
});

describe('a refresh that fails', limit, () => {
  for (const answer of passing) {
    test(`R20: when a refresh fails temporarily (${answer}), only the requests that wait for it fail`, async () => {
      const shop = storefront();
      const storage = new Notebook();
      const session = await shop.openCustomer({ storage });
      const expired = details(session, 'expired');
      const { state } = session;
      const stored = storage.text;
      await shop.backend.expireAccessTokens();
      shop.backend.set({ token: { answer } });
      const users = await Promise.all([shop.getUser(session), shop.getUser(session)]);
      assert.deepEqual(
        users.map(({ status }) => status),
        [401, 401],
      );
      assert.equal(session.state, state);
      assert.equal(storage.text, stored);
      assert.deepEqual(expired, []);
      shop.backend.set({ token: { answer: 'normal' } });
      assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    });
  }

  test('R20: when the refresh is refused for good, the session ends once, with one expired event', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    const expired = details(session, 'expired');
    await shop.backend.expireAccessTokens();
    await shop.backend.expireRefreshTokens();
    const users = await Promise.all(Array.from({ length: 3 }, () => shop.getUser(session)));
    assert.deepEqual(
      users.map(({ status }) => status),
      [401, 401, 401],
    );
    assert.deepEqual(expired, [{ owner: 'customer' }]);
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(storage.text, null);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(await shop.revoked(), []);
  });

  /** Revokes only the agent's tokens. @param {Storefront} shop */
  async function killAgent(shop) {
    for (const label of ['agent #2 refresh', 'agent #2 access']) {
      await fetch(`${shop.backend.url}/authorizationserver/oauth/revoke`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${await shop.token('customer #1 access')}` },
        body: new URLSearchParams({
          token: await shop.token(label),
          client_id: 'mobile_android',
          client_secret: 'secret',
        }),
      });
    }
    shop.backend.journal.length = 0;
  }

  test("R20: when the agent's refresh is refused for good, a parked customer is restored", async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    const expired = details(session, 'expired');
    await killAgent(shop);
    assert.equal((await shop.getUser(session)).status, 401);
    assert.deepEqual(expired, [{ owner: 'agent' }]);
    assert.equal(session.state.phase, 'customer');
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(await shop.revoked(), []);
  });

  test("R20: when the agent's refresh is refused for good, a retired grant is revoked, and the dead one is not", async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    session.emulate(benId);
    const expired = details(session, 'expired');
    await killAgent(shop);
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal(session.state.phase, 'anonymous');
    await session.settled();
    assert.deepEqual(expired, [{ owner: 'agent' }]);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.deepEqual(await shop.alive(), []);
  });
});

describe('after a sign-out', limit, () => {
  test('R21: a 401 to a request of the old session has no effect after the sign-out', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const expired = details(session, 'expired');
    await shop.backend.expireAccessTokens();
    shop.backend.set({ occ: { answer: 'hold' } });
    const answer = shop.getUser(session);
    await shop.held();
    session.signOut();
    await session.settled();
    const { state } = session;
    shop.backend.release();
    assert.equal((await answer).status, 401);
    await idle();
    // The refresh was for the revocation alone (R30).
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.equal(requests(shop).length, 1);
    assert.equal(session.state, state);
    assert.deepEqual(expired, []);
  });

  test('R21: a 401 to a request of the old session has no effect once another customer is signed in', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const expired = details(session, 'expired');
    await shop.backend.expireAccessTokens();
    shop.backend.set({ occ: { answer: 'hold', times: 1 } });
    const answer = shop.getUser(session);
    await shop.held();
    session.signOut();
    await session.settled();
    await session.signIn(ben);
    const { state } = session;
    shop.backend.release();
    assert.equal((await answer).status, 401);
    // The refresh was for the revocation alone (R30).
    assert.deepEqual(shop.asked(), ['password', 'refresh_token', 'password']);
    assert.equal(requests(shop).length, 1);
    assert.equal(session.state, state);
    assert.deepEqual(expired, []);
    assert.equal((await shop.getUser(session)).uid, ben.username);
  });

  test('R21: an anonymous request is not sent again once a customer is signed in', async () => {
    const shop = storefront();
    const session = await shop.open();
    shop.backend.set({ token: { answer: 'hold', only: 'client_credentials', times: 1 } });
    const answer = session.fetch(`${shop.backend.url}/occ/v2/shop/users`, { method: 'POST' });
    await shop.held();
    await session.signIn(anna);
    shop.backend.release();
    assert.equal((await answer).status, 401);
    assert.deepEqual(shop.asked(), ['client_credentials', 'password']);
    assert.equal(shop.backend.received({ path: '/occ/v2/shop/users' }).length, 1);
  });

  test("R21: a customer's request that is answered under an agent is not sent again with the agent's token", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ occ: { answer: 'hold', times: 1 } });
    const answer = shop.getUser(session);
    await shop.held();
    await session.signInAgent(agent, { customerId: annaId });
    shop.backend.release();
    assert.equal((await answer).status, 401);
    assert.equal(requests(shop).length, 1);
    assert.equal(session.state.phase, 'emulating');
  });

  test('R21: a request that waits for a refresh resolves with its 401 at the sign-out and is not sent again', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const answer = shop.getUser(session);
    await shop.held();
    session.signOut();
    const first = await Promise.race([answer, idle()]);
    assert.equal(first?.status, 401);
    assert.equal(requests(shop).length, 1);
  });
});

describe('the requests that carry the bearer', limit, () => {
  /** @type {[path: string, carries: boolean][]} after the origin of the back end */
  const paths = [
    ['/occ/v2/shop/users/current', true],
    ['/occ/v2/shop/products?query=/login.jsp', true],
    ['/rest/v2/x', true],
    ['/assistedservicewebservices/customers/search', true],
    ['/occ/./v2/x', true],
    ['/x/../occ/v2', true],
    ['/occ', false],
    ['/occult/v2', false],
    ['/OCC/v2', false],
    ['/login.jsp', false],
    ['/login.jsp?from=/occ/', false],
    ['/login.jsp#/occ/', false],
    ['/x/occ/v2', false],
    ['//occ/v2', false],
    ['/occ/../login.jsp', false],
    ['/occ/%2e%2e/login.jsp', false],
    ['/occ/..\\login.jsp', false],
    ['/%6fcc/v2', false],
    ['/authorizationserver/oauth/token', false],
  ];
  /** @type {[url: string, carries: boolean][]} where $ is host and port of the back end */
  const urls = [
    ['http://$/occ/v2/x', true],
    ['HTTP://$/occ/v2/x', true],
    ['https://$/occ/v2/x', false],
    ['http://127.0.0.1.evil.example/occ/v2/x', false],
    ['http://evil.example/http://$/occ/v2/x', false],
    ['http://evil.example/?http://$/occ/v2/x', false],
    ['http://evil.example:80/occ/v2/x', false],
    ['http://127.0.0.1:1/occ/v2/x', false],
    ['http://localhost/occ/v2/x', false],
    ['http://$@evil.example/occ/v2/x', false],
    ['http://evil.example\\@$/occ/v2/x', false],
    ['data:text/plain,http://$/occ/', false],
    ['blob:http://$/occ/v2/x', false],
  ];

  test('R22: only URLs under the API prefixes get the bearer, compared as URLs', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const { host, origin } = new URL(shop.backend.url);
    const bearer = `Bearer ${await shop.token('customer #1 access')}`;
    const all = [
      ...paths.map(([path, carries]) => /** @type {const} */ ([origin + path, carries])),
      ...urls.map(([url, carries]) => /** @type {const} */ ([url.replace('$', host), carries])),
    ];
    for (const [url, carries] of all) {
      assert.equal(session.authorization(url), carries ? bearer : undefined, url);
      assert.equal(session.authorization(new URL(url)), carries ? bearer : undefined, url);
    }
  });

  test('R22: session.fetch sends no bearer to URLs outside the API prefixes', async () => {
    const shop = storefront();
    /** @type {[string, string | null][]} */
    const sent = [];
    const session = await shop.openCustomer({
      fetch: async (input, init) => {
        if (!(input instanceof Request)) return shop.fetch(input, init);
        sent.push([input.url, input.headers.get('authorization')]);
        return new Response('', { status: 401 });
      },
    });
    const { host, origin } = new URL(shop.backend.url);
    const outside = [
      ...paths.map(([path, carries]) => /** @type {const} */ ([origin + path, carries])),
      ...urls.map(([url, carries]) => /** @type {const} */ ([url.replace('$', host), carries])),
    ].filter(([url, carries]) => !carries && !new URL(url).username);
    for (const [url] of outside) assert.equal((await session.fetch(url)).status, 401);
    assert.equal(sent.length, outside.length);
    for (const [url, authorization] of sent) assert.equal(authorization, null, url);
    assert.deepEqual(shop.asked(), ['password']);
  });

  test('R22: a 401 from a URL outside the API prefixes renews nothing', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const bearer = session.authorization() ?? '';
    const { origin } = new URL(shop.backend.url);
    for (const rejected of [bearer, '']) {
      for (const url of ['https://elsewhere.example/occ/', 'http://']) {
        assert.equal(await session.renew(rejected, deadAnswer(), { url }), undefined);
      }
    }
    assert.equal(session.authorization('http://'), undefined);
    assert.deepEqual(shop.asked(), ['password']);
    const url = `${origin}/occ/v2/shop/users/current`;
    const renewed = await session.renew(bearer, deadAnswer(), { url });
    assert.equal(renewed, `Bearer ${await shop.token('customer #2 access')}`);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('R22: the option apiPrefixes sets the prefixes, with or without a slash at the end', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({
      apiPrefixes: [
        'https://api.shop.example/v1',
        new URL('https://api.shop.example:8443/'),
        'own/',
      ],
    });
    const bearer = session.authorization();
    assert.match(bearer ?? '', /^Bearer /);
    for (const url of [
      'https://api.shop.example/v1/x',
      'https://api.shop.example:443/v1/',
      'https://api.shop.example:8443/anything',
      `${shop.backend.url}/own/x`,
    ]) {
      assert.equal(session.authorization(url), bearer, url);
    }
    for (const url of [
      'https://api.shop.example/v1',
      'https://api.shop.example/v10/x',
      'https://api.shop.example:8444/v1/x',
      `${shop.backend.url}/occ/v2/x`,
    ]) {
      assert.equal(session.authorization(url), undefined, url);
    }
  });
});
