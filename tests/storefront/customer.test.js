// A customer in the storefront, by Spartacus' own pages and forms: Spartacus' own session and the
// engine behave alike, except for the revocations and their order.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { anna, answered, ben, openBrowser, tokenPath } from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Storefront } from './storefront.js' */

const usersPath = '/occ/v2/shop/users';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** Returns the grant types of the token requests. @param {Storefront} shop */
const grants = (shop) =>
  shop.since(0, { path: tokenPath }).map(({ form, status }) => `${form?.grant_type} ${status}`);

/** @param {Storefront} shop */
const pathOf = (shop) => new URL(shop.page.url()).pathname;

for (const build of /** @type {const} */ (['stock', 'engine'])) {
  const isEngine = build === 'engine';
  /** @param {TestContext} t @param {string} [path] */
  const open = (t, path) => openStorefront(t, { browser, build, path });

  describe(build, () => {
    test('R1, R11: a customer signs in, signs out, and both tokens are revoked', async (t) => {
      const shop = await open(t);
      await shop.signIn(anna);
      assert.equal(await shop.greeting(), 'Hi, Anna Keller');
      assert.equal(pathOf(shop), '/');
      assert.deepEqual(grants(shop), ['password 200']);

      await shop.signOut();
      await answered(shop.backend, 2);
      assert.deepEqual((await shop.revocations()).sort(), [
        'customer #1 access under customer #1 access',
        'customer #1 refresh under customer #1 access',
      ]);
      const revocations = shop.since(0, { path: '/authorizationserver/oauth/revoke' });
      // Spartacus sends both at once, so that either may be refused when the other has ended both.
      if (isEngine) {
        assert.deepEqual(
          revocations.map(({ form, status }) => `${form?.token_type_hint} ${status}`),
          ['refresh_token 200', 'access_token 401'],
        );
      }
      assert.deepEqual(await shop.tokensAlive(), []);
      await shop.page.waitForURL(shop.site.url);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
      assert.deepEqual(await shop.messages(), []);
      assert.equal(await shop.isShownSignedOut(), true);
    });

    test("a wrong password shows Spartacus' message, and the next try succeeds", async (t) => {
      const shop = await open(t, 'login');
      await shop.submitSignIn({ ...anna, password: 'Welcome-9' });
      await shop.page.locator('cx-global-message .alert-danger').waitFor();
      assert.deepEqual(await shop.messages(), [
        { kind: 'alert-danger', text: 'Bad credentials. Please login again.' },
      ]);
      assert.equal(pathOf(shop), '/login');
      assert.equal(await shop.isShownSignedOut(), true);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });

      await shop.signIn(anna);
      assert.equal(await shop.greeting(), 'Hi, Anna Keller');
      assert.deepEqual(grants(shop), ['password 400', 'password 200']);
    });

    test('R25: a reload keeps the customer; the refresh token is not stored, and the access token is revoked', async (t) => {
      const shop = await open(t);
      await shop.signIn(anna);
      const token = 'customer #1 access';
      assert.deepEqual(
        await shop.storedTokens(),
        isEngine ? { engine: [token], elsewhere: [] } : { engine: [], elsewhere: [token] },
      );

      await shop.reload();
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
      assert.deepEqual(grants(shop), ['password 200']);
      await shop.signOut();
      await answered(shop.backend, 1);
      assert.deepEqual(await shop.revocations(), [`${token} under ${token}`]);
      assert.deepEqual(await shop.tokensAlive(), []);
    });

    test('a visitor of a page for customers returns to it after the sign-in', async (t) => {
      const shop = await open(t, 'my-account/update-profile');
      await shop.page.locator('cx-login-form').waitFor();
      assert.equal(pathOf(shop), '/login');

      await shop.signIn(anna);
      await shop.page.locator('cx-update-profile').waitFor();
      assert.equal(pathOf(shop), '/my-account/update-profile');
      assert.equal(await shop.page.locator('[name=firstName]').inputValue(), 'Anna');
    });

    test('a signed-in customer is redirected home from the sign-in page', async (t) => {
      const shop = await open(t);
      await shop.signIn(anna);
      await shop.visit('login');
      await shop.page.waitForURL(shop.site.url);
      await shop.page.locator('h1').waitFor();
      assert.equal(await shop.page.locator('cx-login-form').count(), 0);
    });

    test('a customer changes a name, and the greeting with it', async (t) => {
      const shop = await open(t);
      await shop.signIn(anna);
      await shop.page.locator('cx-login a', { hasText: 'My Account' }).click();
      await shop.page.locator('cx-update-profile [name=firstName]').fill('Annika');
      await shop.page.locator('cx-update-profile button.btn-primary').click();
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Annika Keller');
      assert.deepEqual(
        shop.since(0, { method: 'PATCH' }).map(({ path, status }) => `${path} ${status}`),
        [`${usersPath}/current 200`],
      );
    });

    test('R14: a sign-out on a page for customers redirects home, and the next customer sees no data of the last', async (t) => {
      const shop = await open(t, 'my-account/update-profile');
      await shop.signIn(anna);
      await shop.page.locator('cx-update-profile').waitFor();
      const mark = shop.mark();
      await shop.signOut();
      await shop.page.locator('cx-update-profile').waitFor({ state: 'detached' });
      await shop.page.waitForURL(shop.site.url);
      assert.deepEqual(await shop.messages(), []);
      // No request was sent for the customer who has signed out.
      assert.deepEqual(
        shop.since(mark).filter(({ path }) => path.startsWith(usersPath)),
        [],
      );

      await shop.signIn(ben);
      assert.equal(await shop.greeting(), 'Hi, Ben Okafor');
      await shop.page.locator('cx-login a', { hasText: 'My Account' }).click();
      await shop.page.locator('cx-update-profile').waitFor();
      assert.equal(await shop.page.locator('[name=firstName]').inputValue(), 'Ben');
    });

    test("a visitor registers with the application's own token, and signs in", async (t) => {
      const shop = await open(t);
      const dora = { username: 'dora.lang@example.com', password: 'Welcome-4!' };
      await shop.register({ ...dora, firstName: 'Dora', lastName: 'Lang' });
      await shop.page.locator('cx-login-form').waitFor();
      assert.deepEqual(await shop.messages(), [
        { kind: 'alert-success', text: 'Please log in with provided credentials.' },
      ]);
      const [client] = await shop.backend.tokens();
      assert.equal(client?.owner, 'client');
      assert.deepEqual(
        shop.since(0, { path: usersPath }).map(({ authorization, status }) => ({
          authorization,
          status,
        })),
        [{ authorization: `bearer ${client.token}`, status: 201 }],
      );
      assert.deepEqual(grants(shop), ['client_credentials 200']);
      assert.equal(await shop.isShownSignedOut(), true);

      await shop.signIn(dora);
      assert.equal(await shop.greeting(), 'Hi, Dora Lang');
    });

    test('a guest who registers becomes a customer and is signed in', async (t) => {
      const gina = { guid: 'c0ffee01', email: 'gina.rossi@example.com' };
      const shop = await open(t, `guest?${new URLSearchParams(gina)}`);
      const form = shop.page.locator('cx-guest-register-form');
      for (const field of await form.locator('input').all()) await field.fill('Welcome-5!');
      await form.locator('button[type=submit]').click();
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Gina Rossi');
      assert.deepEqual(grants(shop), ['client_credentials 200', 'password 200']);

      const mark = shop.mark();
      await shop.signOut();
      await answered(shop.backend, 2);
      assert.deepEqual((await shop.revocations(mark)).sort(), [
        'customer #2 access under customer #2 access',
        'customer #2 refresh under customer #2 access',
      ]);
      assert.deepEqual(await shop.messages(), []);
    });
  });
}
