// Answers that arrive after a sign-out: to requests, to a refresh, to a sign-in.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { agent, anna, answered, ben, openBrowser, tokenPath, waitFor } from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { Storefront } from './storefront.js' */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** @param {Storefront} shop */
const goToAccount = (shop) => shop.page.locator('cx-login a', { hasText: 'My Account' }).click();

/** Resolves with the request that the server holds. @param {Storefront} shop */
async function held({ backend }) {
  const [entry] = await waitFor(backend, ({ status }) => status === 'held');
  return entry ?? assert.fail();
}

/**
 * Releases the held request, and resolves with its status once it is answered.
 *
 * @param {Storefront} shop
 */
async function release(shop) {
  const { id } = await held(shop);
  shop.backend.resetBehaviour();
  shop.backend.release();
  const [entry] = await waitFor(
    shop.backend,
    (each) => each.id === id && each.answeredAt !== null && each.status !== 'held',
  );
  return entry?.status;
}

const signedOut = (/** @type {{ signInLink: boolean }} */ shown) => shown.signInLink;

for (const build of /** @type {const} */ (['stock', 'engine'])) {
  const isEngine = build === 'engine';

  describe(build, () => {
    test('R21: a late 401 to a request of the last customer does not affect the next customer', async (t) => {
      const shop = await openStorefront(t, { browser, build });
      await shop.signIn(anna);
      shop.backend.set({ occ: { answer: 'hold-before', times: 1 } });
      await goToAccount(shop);
      const { path, query } = await held(shop);
      await shop.clickSignOut();
      await shop.waitUntilShown(signedOut);
      await answered(shop.backend, 2);
      await shop.signIn(ben);

      const mark = shop.mark();
      assert.equal(await release(shop), 401);
      await goToAccount(shop);
      await shop.page.locator('cx-update-profile').waitFor();
      assert.equal(await shop.page.locator('[name=firstName]').inputValue(), 'Ben');
      const again = shop
        .since(mark, { path })
        .filter((entry) => entry.query.pageLabelOrId === query.pageLabelOrId);
      // Spartacus repeats it with Ben's token; with the engine only Ben's visit requests the page.
      assert.equal(again.length, isEngine ? 1 : 2);
      assert.equal(shop.since(mark, { path: tokenPath }).length, 0);
      assert.deepEqual(await shop.messages(), []);
      assert.equal((await shop.revocations()).length, 2);
      assert.equal(await shop.greeting(), 'Hi, Ben Okafor');
    });

    test('R21: a late 401 to a request of the last customer causes no message in a signed-out shop, which still works', async (t) => {
      const shop = await openStorefront(t, { browser, build });
      await shop.signIn(anna);
      shop.backend.set({ occ: { answer: 'hold-before', times: 1 } });
      await goToAccount(shop);
      await held(shop);
      await shop.clickSignOut();
      await shop.waitUntilShown(signedOut);
      await answered(shop.backend, 2);

      const mark = shop.mark();
      assert.equal(await release(shop), 401);
      await shop.page.locator('cx-login > a').click();
      await shop.page.locator('cx-login-form').waitFor();
      assert.equal(shop.since(mark, { path: tokenPath }).length, 0);
      assert.equal((await shop.revocations()).length, 2);
      assert.deepEqual(await shop.messages(), []);
    });

    const then = isEngine ? 'is revoked' : 'is stored, and sent after a reload';
    test(`R7, R24: the token of a refresh that is answered after the sign-out ${then}`, async (t) => {
      const shop = await openStorefront(t, { browser, build });
      await shop.signIn(anna);
      await shop.backend.expireAccessTokens();
      shop.backend.set({ token: { answer: 'hold', only: 'refresh_token' } });
      await goToAccount(shop);
      await held(shop);
      await shop.clickSignOut();
      await shop.waitUntilShown(signedOut);
      // The bearer is dead (R30): the engine sends the rest once the refresh has returned another.
      await answered(shop.backend, isEngine ? 1 : 2);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });

      assert.equal(await release(shop), 200);
      if (isEngine) {
        await answered(shop.backend, 3);
        assert.deepEqual(await shop.revocations(), [
          'customer #1 refresh under customer #1 access',
          'customer #2 refresh under customer #2 access',
          'customer #2 access under customer #2 access',
        ]);
        assert.deepEqual(await shop.tokensAlive(), []);
        assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
      } else {
        await shop.page.waitForFunction(() =>
          /"access_token":"/.test(localStorage.getItem('spartacus⚿⚿auth') ?? ''),
        );
        assert.deepEqual((await shop.storedTokens()).elsewhere, ['customer #2 access']);
        assert.deepEqual(await shop.tokensAlive(), ['customer #2 refresh', 'customer #2 access']);
      }
      const mark = shop.mark();
      await shop.reload();
      assert.equal(await shop.isShownSignedOut(), true);
      const bearers = shop.since(mark).filter(({ authorization }) => authorization !== null);
      assert.equal(bearers.length > 0, !isEngine);
    });
  });
}

// In stock Spartacus the customer cannot sign out while an agent signs in.
describe('engine', () => {
  test("R7: when the customer signs out during an agent's sign-in, the agent's token is revoked", async (t) => {
    const shop = await openStorefront(t, { browser, build: 'engine', path: '?asm=true' });
    await shop.signIn(anna);
    shop.backend.set({ token: { answer: 'hold' } });
    await shop.submitAgentSignIn(agent);
    await held(shop);
    assert.equal(await shop.greeting(), 'Hi, Anna Keller');
    await shop.clickSignOut();
    await shop.waitUntilShown(signedOut);
    await answered(shop.backend, 2);

    assert.equal(await release(shop), 200);
    await answered(shop.backend, 4);
    assert.deepEqual((await shop.revocations()).slice(2), [
      'agent #2 refresh under agent #2 access',
      'agent #2 access under agent #2 access',
    ]);
    assert.deepEqual(await shop.tokensAlive(), []);
    assert.deepEqual(await shop.messages(), []);
    assert.equal(await shop.isShownSignedOut(), true);
    await shop.page.locator('cx-csagent-login-form').waitFor();
  });
});
