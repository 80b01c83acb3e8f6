// A storefront without the Assisted Service Module: the engine replaces AuthService alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { anna, answered, openBrowser, tokenPath } from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Storefront } from './storefront.js' */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** @param {TestContext} t @param {string} [path] */
const open = (t, path) => openStorefront(t, { browser, build: 'without-asm', path });

/** @param {Storefront} shop */
const grants = (shop) => shop.since(0, { path: tokenPath }).map(({ form }) => form?.grant_type);

/** @param {Storefront} shop */
const goToAccount = (shop) => shop.page.locator('cx-login a', { hasText: 'My Account' }).click();

describe('without-asm', () => {
  test('R1, R11: a customer signs in, signs out, and both tokens are revoked', async (t) => {
    const shop = await open(t, '?asm=true');
    assert.equal(await shop.page.locator('cx-asm-main-ui').count(), 0);
    await shop.signIn(anna);
    assert.equal(await shop.greeting(), 'Hi, Anna Keller');
    assert.deepEqual(await shop.storedTokens(), { engine: ['customer #1 access'], elsewhere: [] });
    await shop.signOut();
    await answered(shop.backend, 2);
    assert.deepEqual(await shop.revocations(), [
      'customer #1 refresh under customer #1 access',
      'customer #1 access under customer #1 access',
    ]);
    assert.deepEqual(await shop.tokensAlive(), []);
    assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
    assert.deepEqual(await shop.messages(), []);
    assert.deepEqual(shop.complaints, []);
  });

  test("a wrong password shows Spartacus' message", async (t) => {
    const shop = await open(t, 'login');
    await shop.submitSignIn({ ...anna, password: 'Welcome-9' });
    await shop.page.locator('cx-global-message .alert-danger').waitFor();
    assert.deepEqual(await shop.messages(), [
      { kind: 'alert-danger', text: 'Bad credentials. Please login again.' },
    ]);
    assert.equal(await shop.isShownSignedOut(), true);
  });

  test('R25: a customer returns to the requested page after the sign-in, and a reload keeps her signed in', async (t) => {
    const shop = await open(t, 'my-account/update-profile');
    await shop.signIn(anna);
    await shop.page.locator('cx-update-profile').waitFor();
    await shop.reload();
    await shop.page.locator('cx-update-profile').waitFor();
    await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
    assert.deepEqual(grants(shop), ['password']);
  });

  test('R19: a customer with an expired token sees the page after one refresh', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna);
    await shop.backend.expireAccessTokens();
    await goToAccount(shop);
    await shop.page.locator('cx-update-profile').waitFor();
    assert.deepEqual(grants(shop), ['password', 'refresh_token']);
    assert.deepEqual(await shop.messages(), []);
  });

  test('R20: a customer with an expired token and no refresh token sees a message, and signs in again', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna);
    await shop.reload();
    await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
    await shop.backend.expireAccessTokens();
    await goToAccount(shop);
    await shop.page.locator('cx-login-form').waitFor();
    assert.deepEqual(await shop.messages(), [
      { kind: 'alert-danger', text: 'Your session has expired. Please login again.' },
    ]);
    assert.deepEqual(await shop.revocations(), []);
    await shop.signIn(anna);
    await shop.page.locator('cx-update-profile').waitFor();
  });
});
