// R32: the token of a session that is known to be dead is put on no request, and a request that met
// a dead token that cannot be refreshed is sent once more without a bearer.
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

/** Returns the requests of the storefront. @param {Storefront} shop */
const requests = (shop) =>
  shop.backend.journal
    .filter(({ path }) => path.startsWith('/occ/'))
    .map(
      ({ method, authorization, status }) =>
        `${method} ${authorization ? 'bearer' : 'none'} ${status}`,
    );

/**
 * Signs Anna in with tokens that live for a minute, and closes her page.
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

describe('a stored session whose access token has expired', limit, () => {
  test('R32: a stored session with an expired token ends when it is opened, and a listener added afterwards is notified', async () => {
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

  test('R32: after a restored session has ended, no request carries its token, and a public resource is loaded at once', async () => {
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

  test('R32: a sign-in works normally after a restored session has ended', async () => {
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
    test(`R32: a stored session opened ${when} is in the phase ${phase}`, async () => {
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

  test('R20, R32: an expired stored session with a refresh token is refreshed by the first request that needs it', async () => {
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

  test("R5, R32: when an agent's stored session has expired, the parked customer with a living token is restored", async () => {
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

  test('R5, R32: when the stored tokens of the agent and of the parked customer have both expired, the session is anonymous', async () => {
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

  test('R25, R32: a stored session without a known expiry stays signed in when it is opened', async () => {
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60, expiresIn: 'none' });
    const storage = new Notebook();
    (await shop.openCustomer({ storage })).close();
    pass(61);
    const session = await shop.open({ storage });
    assert.equal(session.state.phase, 'customer');
  });
});

describe('a request that meets a dead token that cannot be refreshed', limit, () => {
  /** Opens Anna's session with a dead access token and no refresh token. */
  async function openDead() {
    const shop = storefront();
    shop.backend.set({ refreshTokens: false });
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    return { shop, session, expired: details(session, 'expired') };
  }

  for (const method of /** @type {const} */ (['GET', 'HEAD'])) {
    test(`R32: a ${method} with a dead token is sent once more without a bearer, and resolves with that answer`, async () => {
      const { shop, session, expired } = await openDead();
      const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`, { method });
      assert.equal(response.status, 200);
      assert.deepEqual(requests(shop), [`${method} bearer 401`, `${method} none 200`]);
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(expired, [{ owner: 'customer' }]);
    });
  }

  test('R32: a GET for customers only is answered 401 without a bearer, and not sent a third time', async () => {
    const { shop, session } = await openDead();
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
    assert.equal(response.status, 401);
    assert.equal((await response.json()).errors[0].type, 'UnauthorizedError');
    assert.deepEqual(requests(shop), ['GET bearer 401', 'GET none 401']);
    assert.deepEqual(shop.asked(), ['password']);
  });

  for (const method of /** @type {const} */ (['POST', 'PUT', 'PATCH', 'DELETE'])) {
    test(`R32: a ${method} with a dead token is not sent again, and its answer stands`, async () => {
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

  test('R20, R32: a request is not sent again when the refresh failed temporarily', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 503 } });
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`);
    assert.equal(response.status, 401);
    assert.deepEqual(requests(shop), ['GET bearer 401']);
    assert.equal(session.state.phase, 'customer');
  });

  test('R20, R32: when the refresh token is refused for good, a GET is sent once more without a bearer', async () => {
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
