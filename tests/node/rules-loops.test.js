// R49: nothing loops, not even when a back end refuses every token that it has issued.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { agent, anna, annaId, details, limit, Notebook, useStorefront } from './storefront.js';

/** @import { Session, Storefront } from './storefront.js' */

const storefront = useStorefront();

/** The time in seconds since the beginning of the test, which only the test moves. */
const clock = {
  begun: 0,
  /** @param {number} seconds */
  set: (seconds) => mock.timers.setTime(clock.begun + seconds * 1000),
};

beforeEach(() => {
  clock.begun = Date.now();
  mock.timers.enable({ apis: ['Date'], now: clock.begun });
});
afterEach(() => mock.timers.reset());

/** Returns the statuses of the storefront's requests. @param {Storefront} shop */
const answers = (shop) => shop.backend.received({ method: 'GET' }).map(({ status }) => status);

/**
 * Sends a request and resolves with its status.
 *
 * @param {Storefront} shop
 * @param {Session} session
 */
async function ask(shop, session) {
  const url = `${shop.backend.url}/occ/v2/shop/users/${session.state.userId}`;
  const response = await session.fetch(url);
  await response.text();
  return response.status;
}

/**
 * Counts the token requests of this grant type.
 *
 * @param {Storefront} shop
 * @param {string} grantType
 */
const count = (shop, grantType) => shop.asked().filter((asked) => asked === grantType).length;

/**
 * Sends requests at these times, and resolves with the times at which a token was requested.
 *
 * @param {Storefront} shop
 * @param {Session} session
 * @param {string} grantType
 * @param {number[]} times in seconds
 */
async function refreshedAt(shop, session, grantType, times) {
  const seen = [];
  for (const time of times) {
    clock.set(time);
    const before = count(shop, grantType);
    // The first of them may get a token, which is then refused to the others.
    for (let i = 0; i < 3; i++) assert.equal(await ask(shop, session), 401);
    const asked = count(shop, grantType) - before;
    if (asked > 0) seen.push(asked === 1 ? time : `${asked} times at ${time}`);
  }
  return seen;
}

describe('a back end that refuses every token', limit, () => {
  test('R49: a back end that refuses every token costs a newly signed-in customer one refresh and two requests', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    assert.equal(await ask(shop, session), 401);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(answers(shop), [401, 401]);
    assert.equal(await ask(shop, session), 401);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(answers(shop), [401, 401, 401]);
    assert.equal(session.state.phase, 'customer');
  });

  test('R49: a page that repeats its request at every change repeats it once per change', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    const expired = details(session, 'expired');
    /** @type {Promise<unknown>[]} */
    const asking = [];
    const again = () => void (asking.length < 20 && asking.push(ask(shop, session)));
    session.addEventListener('change', again);
    again();
    for (let i = 0; i < asking.length; i++) await asking[i];
    session.removeEventListener('change', again);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    // There is one change, the refresh: its tokens are refused once to each of the two requests.
    assert.deepEqual(answers(shop), [401, 401, 401]);
    assert.equal(session.state.phase, 'customer');
    assert.deepEqual(expired, []);
  });

  test('R49: many requests at once cost one refresh, and each is sent twice', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    await Promise.all(Array.from({ length: 5 }, () => ask(shop, session)));
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.equal(answers(shop).length, 10);
    await Promise.all(Array.from({ length: 5 }, () => ask(shop, session)));
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.equal(answers(shop).length, 15);
  });

  test('R49: when a refreshed token is refused, the 401 stands, and session, tokens and storage stay as they are', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    shop.backend.set({ occ: { answer: 401 } });
    await ask(shop, session);
    const { state } = session;
    const saves = storage.saves.length;
    const bearer = session.authorization();
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
    assert.equal(response.status, 401);
    assert.equal((await response.json()).errors[0].type, 'InvalidTokenError');
    assert.equal(session.state, state);
    assert.equal(session.authorization(), bearer);
    assert.equal(storage.saves.length, saves);
    shop.backend.set({ occ: { answer: 'normal' } });
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  test('R49: refreshes for refused tokens pause for 10, 30, 60, 120, 240 and 300 s', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    const times = [0, 10, 40, 100, 220, 460, 760, 1060, 1360];
    const asked = [0, ...times.slice(1).flatMap((time) => [time - 0.001, time])];
    assert.deepEqual(await refreshedAt(shop, session, 'refresh_token', asked), times);
    assert.equal(session.state.phase, 'customer');
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  test("R49: an agent's refreshes pause as well, and the restored customer's do not", async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    shop.backend.set({ occ: { answer: 401 } });
    assert.deepEqual(
      await refreshedAt(shop, session, 'refresh_token', [0, 9.999, 10, 39.999]),
      [0, 10],
    );
    assert.equal(session.state.phase, 'emulating');
    session.signOutAgent();
    await session.settled();
    assert.equal(session.state.phase, 'customer');
    shop.backend.set({ occ: { answer: 'normal' } });
    await shop.backend.expireAccessTokens();
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
  });

  test('R49: a new sign-in starts without a pause', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    assert.deepEqual(await refreshedAt(shop, session, 'refresh_token', [0, 10, 11]), [0, 10]);
    session.signOut();
    await session.settled();
    await session.signInAgent(agent, { customerId: annaId });
    session.emulate(annaId);
    assert.deepEqual(await refreshedAt(shop, session, 'refresh_token', [12, 21.999, 22]), [12, 22]);
  });
});

describe('a healthy back end', limit, () => {
  test('R19, R49: the token of a sign-in is refreshed at its first 401, at any age', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('R49: the token of a refresh that dies within 10 s is refreshed once they have passed', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(session)).status, 200);
    await shop.backend.expireAccessTokens();
    clock.set(9.999);
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal(session.state.phase, 'customer');
    clock.set(10);
    assert.equal((await shop.getUser(session)).status, 200);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token', 'refresh_token']);
  });

  test('R49: tokens that live longer than 10 s are refreshed each time that they die', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    for (const time of [11, 22, 33, 44, 55]) {
      clock.set(time);
      await shop.backend.expireAccessTokens();
      assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    }
    assert.equal(count(shop, 'refresh_token'), 5);
  });

  test('R49: a back end that has recovered is asked again without a pause', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 401 } });
    assert.deepEqual(await refreshedAt(shop, session, 'refresh_token', [0, 10, 40]), [0, 10, 40]);
    shop.backend.set({ occ: { answer: 'normal' } });
    // The pause lasts another minute: until then the present token must suffice, and it does.
    clock.set(60);
    assert.equal((await shop.getUser(session)).status, 200);
    clock.set(110);
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(session)).status, 200);
    clock.set(130);
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(session)).status, 200);
    assert.equal(count(shop, 'refresh_token'), 5);
  });

  test('R20, R49: a failed refresh is retried by the next request', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 503, times: 2 } });
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal((await shop.getUser(session)).status, 200);
    assert.equal(count(shop, 'refresh_token'), 3);
  });
});

describe("the application's own token", limit, () => {
  test("R49: the application's own token is requested only twice when every token is refused", async () => {
    const shop = storefront();
    const session = await shop.open();
    shop.backend.set({ occ: { answer: 401 } });
    for (let i = 0; i < 5; i++) assert.equal(await ask(shop, session), 401);
    assert.equal(count(shop, 'client_credentials'), 2);
    clock.set(9.999);
    assert.equal(await ask(shop, session), 401);
    assert.equal(count(shop, 'client_credentials'), 2);
  });

  test("R49: requests for the application's own token pause for 10, 30, 60, 120, 240 and 300 s", async () => {
    const shop = storefront();
    const session = await shop.open();
    shop.backend.set({ occ: { answer: 401 } });
    const times = [10, 40, 100, 220, 460, 760, 1060];
    const asked = [0, ...times.flatMap((time) => [time - 0.001, time])];
    assert.deepEqual(await refreshedAt(shop, session, 'client_credentials', asked), [
      // The token is requested, and once more at its first 401, as after a sign-in.
      '2 times at 0',
      ...times,
    ]);
  });

  test("R49: an application's own token that dies after 10 s is replaced for the next request", async () => {
    const shop = storefront();
    const session = await shop.open();
    const register = () =>
      session.fetch(`${shop.backend.url}/occ/v2/shop/users`, { method: 'POST', body: '{}' });
    assert.equal((await register()).status, 400);
    clock.set(11);
    await shop.backend.expireAccessTokens();
    assert.equal((await register()).status, 401);
    assert.equal((await register()).status, 400);
    assert.equal(count(shop, 'client_credentials'), 2);
  });
});
