// R32: a session that is known to be dead is put on no request, and a request that met a dead token
// with no way on is sent once more without.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import {
  agent,
  anna,
  annaId,
  details,
  idle,
  limit,
  Notebook,
  useStorefront,
} from './storefront.js';

/** @import { Storefront } from './storefront.js' */

const storefront = useStorefront();

beforeEach(() => mock.timers.enable({ apis: ['Date'], now: Date.now() }));
afterEach(() => mock.timers.reset());

/** @param {number} seconds */
const pass = (seconds) => mock.timers.setTime(Date.now() + seconds * 1000);

/** Requests of the storefront. @param {Storefront} shop */
const requests = (shop) =>
  shop.backend.journal
    .filter(({ path }) => path.startsWith('/occ/'))
    .map(
      ({ method, authorization, status }) =>
        `${method} ${authorization ? 'bearer' : 'none'} ${status}`,
    );

/**
 * Anna has signed in, and her page was closed. Her tokens live for a minute.
 *
 * @param {Storefront} shop
 * @param {{ persistRefreshToken?: boolean }} [options]
 */
async function leave(shop, options) {
  const storage = new Notebook();
  shop.backend.set({ accessTokenSeconds: 60 });
  (await shop.openCustomer({ storage, ...options })).close();
  return storage;
}

describe('a stored session whose access token is over', limit, () => {
  test('R32: ends when it is opened, and whoever listens afterwards hears of it', async () => {
    const shop = storefront();
    const storage = await leave(shop);
    pass(61);
    const session = await shop.open({ storage });
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(session.state.userId, 'anonymous');
    assert.equal(session.state.signedIn, false);
    assert.equal(session.state.expiresAt, null);
    assert.equal(session.authorization(), undefined);
    const expired = details(session, 'expired');
    await new Promise((resolve) => setTimeout(resolve));
    await idle();
    assert.deepEqual(expired, [{ owner: 'customer' }]);
    assert.ok(!storage.text?.includes(await shop.token('customer #1 access')));
  });

  test('R32: no request carries the dead token, and the public resource is there at once', async () => {
    const shop = storefront();
    const storage = await leave(shop);
    pass(61);
    const session = await shop.open({ storage });
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { baseSites: [{ uid: 'shop', name: 'Shop' }] });
    await session.fetch(`${shop.backend.url}/occ/v2/shop/titles`, { method: 'HEAD' });
    assert.deepEqual(requests(shop), ['GET none 200', 'HEAD none 200']);
    assert.deepEqual(shop.asked(), ['password']);
    assert.deepEqual(await shop.revoked(), []);
  });

  test('R32: a sign-in follows as if nobody had been there', async () => {
    const shop = storefront();
    const storage = await leave(shop);
    pass(61);
    const session = await shop.open({ storage });
    const expired = details(session, 'expired');
    await session.signIn(anna);
    await idle();
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.equal(session.state.phase, 'customer');
    assert.deepEqual(expired, [{ owner: 'customer' }]);
  });

  for (const [when, left, phase] of /** @type {const} */ ([
    ['a millisecond before its end', 1, 'customer'],
    ['at its end', 0, 'anonymous'],
  ])) {
    test(`R32: opened ${when}: ${phase}`, async () => {
      const shop = storefront();
      const storage = new Notebook();
      shop.backend.set({ accessTokenSeconds: 60 });
      const first = await shop.openCustomer({ storage });
      const end = Number(first.state.expiresAt);
      first.close();
      mock.timers.setTime(end - left);
      const session = await shop.open({ storage });
      assert.equal(session.state.phase, phase);
    });
  }

  test('R20, R32: with its refresh token it is refreshed by the first request that needs it', async () => {
    const shop = storefront();
    const options = { persistRefreshToken: true };
    const storage = await leave(shop, options);
    pass(61);
    const session = await shop.open({ storage, ...options });
    const expired = details(session, 'expired');
    assert.equal(session.state.phase, 'customer');
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(expired, []);
  });

  test("R5, R32: is an agent's: the parked customer, whose token lives, is restored", async () => {
    const shop = storefront();
    const storage = new Notebook();
    const first = await shop.openCustomer({ storage });
    shop.backend.set({ accessTokenSeconds: 60 });
    await first.signInAgent(agent, { customerId: annaId });
    first.close();
    pass(61);
    const session = await shop.open({ storage });
    const expired = details(session, 'expired');
    assert.equal(session.state.phase, 'customer');
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(expired, [{ owner: 'agent' }]);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(requests(shop), ['GET bearer 200']);
    assert.deepEqual(await shop.revoked(), []);
  });

  test("R5, R32: is an agent's over a customer's, and both are over: nobody is there", async () => {
    const shop = storefront();
    const storage = new Notebook();
    shop.backend.set({ accessTokenSeconds: 60 });
    (await shop.openTakenOver({ storage })).close();
    pass(61);
    const session = await shop.open({ storage });
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(session.authorization(), undefined);
    assert.equal((await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`)).status, 200);
    assert.deepEqual(requests(shop), ['GET none 200']);
  });

  test('R25, R32: of which no end is known is there until a request finds out', async () => {
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60, expiresIn: 'none' });
    const storage = new Notebook();
    (await shop.openCustomer({ storage })).close();
    pass(61);
    const session = await shop.open({ storage });
    assert.equal(session.state.phase, 'customer');
  });
});

describe('a request that meets a dead token with no way on', limit, () => {
  /** Anna's tokens are dead, and there is nothing to refresh them with. */
  async function openDead() {
    const shop = storefront();
    shop.backend.set({ refreshTokens: false });
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    return { shop, session, expired: details(session, 'expired') };
  }

  for (const method of /** @type {const} */ (['GET', 'HEAD'])) {
    test(`R32: ${method} is sent once more without a bearer, and its answer counts`, async () => {
      const { shop, session, expired } = await openDead();
      const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`, { method });
      assert.equal(response.status, 200);
      assert.deepEqual(requests(shop), [`${method} bearer 401`, `${method} none 200`]);
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(expired, [{ owner: 'customer' }]);
    });
  }

  test('R32: what only a customer may see is refused then, and not asked for a third time', async () => {
    const { shop, session } = await openDead();
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
    assert.equal(response.status, 401);
    assert.equal((await response.json()).errors[0].type, 'UnauthorizedError');
    assert.deepEqual(requests(shop), ['GET bearer 401', 'GET none 401']);
    assert.deepEqual(shop.asked(), ['password']);
  });

  for (const method of /** @type {const} */ (['POST', 'PUT', 'PATCH', 'DELETE'])) {
    test(`R32: ${method} is not sent again: its answer stands`, async () => {
      const { shop, session, expired } = await openDead();
      const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`, {
        method,
        ...(method !== 'DELETE' && { body: '{}' }),
      });
      assert.equal(response.status, 401);
      assert.equal((await response.json()).errors[0].type, 'InvalidTokenError');
      assert.deepEqual(requests(shop), [`${method} bearer 401`]);
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(expired, [{ owner: 'customer' }]);
    });
  }

  test('R20, R32: nor is anything sent again where the refresh has failed for a passing reason', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 503 } });
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`);
    assert.equal(response.status, 401);
    assert.deepEqual(requests(shop), ['GET bearer 401']);
    assert.equal(session.state.phase, 'customer');
  });

  test('R20, R32: where the refresh is refused for good, GET is sent once more without a bearer', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const expired = details(session, 'expired');
    await shop.backend.expireAccessTokens();
    await shop.backend.expireRefreshTokens();
    const url = `${shop.backend.url}/occ/v2/shop/basesites`;
    const [first, second, posted] = await Promise.all([
      session.fetch(url),
      session.fetch(url),
      session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`, {
        method: 'POST',
        body: '{}',
      }),
    ]);
    assert.deepEqual([first.status, second.status, posted.status], [200, 200, 401]);
    assert.deepEqual(requests(shop).sort(), [
      ...['GET bearer 401', 'GET bearer 401', 'GET none 200', 'GET none 200'],
      'POST bearer 401',
    ]);
    assert.deepEqual(expired, [{ owner: 'customer' }]);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });
});
