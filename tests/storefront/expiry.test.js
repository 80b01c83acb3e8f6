// Tokens of customers and agents that the server no longer accepts: with a refresh token, without
// one (Spartacus and the engine store none, so that it is gone after a reload), and with a refused
// one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { agent, anna, openBrowser, revokePath, tokenPath, waitFor } from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Storefront } from './storefront.js' */

const customerIsTold = {
  kind: 'alert-danger',
  text: 'Your session has expired. Please login again.',
};
const agentIsTold = {
  kind: 'alert-danger',
  text: 'Your customer support agent session is expired.',
};
/** The message of angular-oauth2-oidc about a refused revocation. */
const noise = /^error: Error revoking token/;

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** Goes to the account, which sends requests. @param {Storefront} shop */
const goToAccount = (shop) => shop.page.locator('cx-login a', { hasText: 'My Account' }).click();

/** @param {Storefront} shop */
const accountIsShown = (shop) => shop.page.locator('cx-update-profile').waitFor();

/** @param {Storefront} shop @param {number} [mark] */
const grants = (shop, mark = 0) =>
  shop.since(mark, { path: tokenPath }).map(({ form, status }) => `${form?.grant_type} ${status}`);

/** @param {Storefront} shop */
const isTold = (shop) => shop.page.locator('cx-global-message .alert-danger').waitFor();

for (const build of /** @type {const} */ (['stock', 'engine'])) {
  const isEngine = build === 'engine';

  /** @param {TestContext} t */
  async function openAsCustomer(t) {
    const shop = await openStorefront(t, { browser, build });
    await shop.signIn(anna);
    return shop;
  }

  /** @param {TestContext} t @param {string} [emulated] */
  async function openAsAgent(t, emulated) {
    const shop = await openStorefront(t, { browser, build });
    await shop.signInAgent(agent);
    if (emulated) await shop.emulate(emulated);
    return shop;
  }

  /**
   * Asserts that no revocation was sent that could only fail.
   *
   * @param {Storefront} shop
   * @param {number} mark
   */
  function assertQuiet(shop, mark) {
    const revocations = shop.since(mark, { path: revokePath }).map(({ status }) => status);
    const complaints = shop.complaints.filter((text) => noise.test(text));
    // Spartacus revokes the token that the server has just called invalid.
    assert.deepEqual(revocations, isEngine ? [] : [401]);
    assert.equal(complaints.length, isEngine ? 0 : 1);
    assert.equal(shop.complaints.length, complaints.length, shop.complaints.join('\n'));
  }

  describe(build, () => {
    test('R19: a customer with an expired token sees the page after one refresh', async (t) => {
      const shop = await openAsCustomer(t);
      await shop.backend.expireAccessTokens();
      await goToAccount(shop);
      await accountIsShown(shop);
      assert.deepEqual(grants(shop), ['password 200', 'refresh_token 200']);
      assert.equal(await shop.greeting(), 'Hi, Anna Keller');
      assert.deepEqual(await shop.messages(), []);

      await shop.signOut();
      await waitFor(shop.backend, ({ form }) => form?.token_type_hint === 'access_token');
      assert.deepEqual(await shop.tokensAlive(), []);
    });

    test('R19: simultaneous requests with an expired token cause one refresh, and each is sent again', async (t) => {
      const shop = await openStorefront(t, { browser, build });
      await shop.page.locator('cx-login > a').click();
      await shop.page.locator('cx-login-form').waitFor();
      // The requests that the sign-in triggers are held until the token is dead.
      shop.backend.set({ occ: { answer: 'hold-before' } });
      await shop.submitSignIn(anna);
      const paths = (await waitFor(shop.backend, ({ status }) => status === 'held', 3)).map(
        ({ path }) => path,
      );
      await shop.backend.expireAccessTokens();
      shop.backend.resetBehaviour();
      const mark = shop.mark();
      shop.backend.release();
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');

      assert.deepEqual(grants(shop), ['password 200', 'refresh_token 200']);
      const again = shop.since(mark).filter(({ status }) => status === 200);
      for (const path of paths) assert.ok(again.some((entry) => entry.path === path));
      assert.deepEqual(await shop.messages(), []);
    });

    test('R20: a customer with an expired token and no refresh token sees a message, signs in again, and returns to the page', async (t) => {
      const shop = await openAsCustomer(t);
      await shop.reload();
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
      await shop.backend.expireAccessTokens();
      const mark = shop.mark();
      await goToAccount(shop);
      await isTold(shop);
      await shop.page.locator('cx-login-form').waitFor();
      assert.deepEqual(await shop.messages(), [customerIsTold]);
      assert.equal(await shop.isShownSignedOut(), true);
      assert.deepEqual(grants(shop, mark), []);
      assertQuiet(shop, mark);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });

      await shop.signIn(anna);
      await accountIsShown(shop);
    });

    test('R20, R9: a customer whose access and refresh tokens have expired sees a message and is signed out', async (t) => {
      const shop = await openAsCustomer(t);
      await shop.backend.expireAccessTokens();
      await shop.backend.expireRefreshTokens();
      await goToAccount(shop);
      await isTold(shop);
      await shop.page.locator('cx-login-form').waitFor();
      assert.deepEqual(await shop.messages(), [customerIsTold]);
      assert.equal(await shop.isShownSignedOut(), true);
      assert.deepEqual(grants(shop), ['password 200', 'refresh_token 400']);
      const statuses = shop.since(0, { path: revokePath }).map(({ status }) => status);
      assert.deepEqual(statuses, isEngine ? [] : [401, 401]);
      assert.equal(shop.complaints.length, isEngine ? 0 : 3, shop.complaints.join('\n'));
    });

    const then = isEngine ? 'is saved the next time' : 'stays blocked';
    test(`R20: a form whose request meets a temporary failure of the refresh ${then}`, async (t) => {
      const shop = await openAsCustomer(t);
      await goToAccount(shop);
      await shop.page.locator('cx-update-profile [name=firstName]').fill('Annika');
      const save = shop.page.locator('cx-update-profile button.btn-primary');
      await shop.backend.expireAccessTokens();
      shop.backend.set({ token: { answer: 503, only: 'refresh_token' } });
      await save.click();
      await waitFor(shop.backend, ({ form, status }) => !!form?.refresh_token && status === 503);
      shop.backend.resetBehaviour();
      if (isEngine) {
        await save.click();
        await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Annika Keller');
        assert.deepEqual(grants(shop), ['password 200', 'refresh_token 503', 'refresh_token 200']);
        assert.deepEqual(shop.complaints, []);
      } else {
        await assert.rejects(save.click({ timeout: 1_500 }), { name: 'TimeoutError' });
        assert.equal(await shop.greeting(), 'Hi, Anna Keller');
        assert.match(shop.complaints.join('\n'), /Uncaught \(in promise\)/);
      }
    });

    test('R19: an agent with an expired token can still search, after one refresh', async (t) => {
      const shop = await openAsAgent(t);
      await shop.backend.expireAccessTokens();
      assert.deepEqual(await shop.search('Anna'), ['Anna Keller\nanna.keller@example.com']);
      assert.deepEqual(grants(shop), ['password 200', 'refresh_token 200']);
      assert.deepEqual(await shop.messages(), []);
    });

    // In stock Spartacus the requested page does not appear.
    if (isEngine) {
      test('R19: an agent with an expired token still emulates a customer, after one refresh', async (t) => {
        const shop = await openAsAgent(t, 'Ben Okafor');
        await shop.backend.expireAccessTokens();
        await goToAccount(shop);
        await accountIsShown(shop);
        await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Ben Okafor');
        assert.deepEqual(grants(shop), ['password 200', 'refresh_token 200']);
        assert.deepEqual(await shop.messages(), []);
      });
    }

    for (const emulated of ['', 'Ben Okafor']) {
      const who = emulated ? 'an agent who emulates a customer' : 'an agent';
      test(`R20: ${who}, with an expired token and no refresh token, sees a message and is signed out`, async (t) => {
        const shop = await openAsAgent(t, emulated);
        await shop.reload();
        await shop.waitUntilShown((is) => is.agent && (!emulated || is.greeting !== null));
        await shop.backend.expireAccessTokens();
        const mark = shop.mark();
        await (emulated ? goToAccount(shop) : shop.page.locator('cx-login > a').click());
        await isTold(shop);
        await shop.page.locator('cx-csagent-login-form').waitFor();
        await shop.waitUntilShown((is) => is.greeting === null && is.signInLink && !is.agent);
        assert.deepEqual(await shop.messages(), [agentIsTold]);
        assert.deepEqual(grants(shop, mark), []);
        assertQuiet(shop, mark);
        assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
      });
    }
  });
}

// In stock Spartacus the customer is no longer signed in by then.
describe('engine, an agent over a customer', () => {
  /** @param {TestContext} t */
  async function open(t) {
    const shop = await openStorefront(t, { browser, build: 'engine', path: '?asm=true' });
    await shop.signIn(anna);
    await shop.signInAgent(agent);
    await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Anna Keller');
    return shop;
  }

  /** Ends the agent's session at the server. @param {Storefront} shop */
  async function endAgentAtServer({ backend }) {
    const { token } =
      (await backend.tokens()).find(({ label }) => label === 'agent #2 access') ?? assert.fail();
    await fetch(`${backend.url}${revokePath}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: new URLSearchParams({ token, client_id: 'mobile_android', client_secret: 'secret' }),
    });
  }

  test('R19: the expired tokens of an agent and a customer are each refreshed when needed', async (t) => {
    const shop = await open(t);
    await shop.backend.expireAccessTokens();
    await goToAccount(shop);
    await accountIsShown(shop);
    await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Anna Keller');
    assert.deepEqual(grants(shop), ['password 200', 'password 200', 'refresh_token 200']);

    await shop.signOutAgent();
    await shop.waitUntilShown((is) => !is.agent && is.greeting === 'Hi, Anna Keller');
    assert.deepEqual(grants(shop).slice(3), ['refresh_token 200']);
    assert.deepEqual(await shop.messages(), []);
  });

  for (const refresh of ['a refresh token that is refused', 'no refresh token']) {
    test(`R20, R5: when the agent's token has expired, with ${refresh}, the customer is restored`, async (t) => {
      const shop = await open(t);
      if (refresh.startsWith('no')) {
        await shop.reload();
        await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Anna Keller');
      }
      await endAgentAtServer(shop);
      const mark = shop.mark();
      await goToAccount(shop);
      await isTold(shop);
      await shop.waitUntilShown((is) => !is.agent && is.greeting === 'Hi, Anna Keller');
      assert.deepEqual(await shop.messages(), [agentIsTold]);
      assert.deepEqual(grants(shop, mark), refresh.startsWith('no') ? [] : ['refresh_token 400']);
      assert.deepEqual(shop.since(mark, { path: revokePath }), []);

      await goToAccount(shop);
      await accountIsShown(shop);
      assert.equal(await shop.page.locator('[name=firstName]').inputValue(), 'Anna');
      assert.deepEqual(await shop.tokensAlive(), ['customer #1 access', 'customer #1 refresh']);
    });
  }
});
