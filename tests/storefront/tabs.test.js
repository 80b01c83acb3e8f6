// Two tabs of the storefront, and a tab that goes away at the moment of the sign-out.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  agent,
  anna,
  answered,
  ben,
  openBrowser,
  received,
  revokePath,
  waitFor,
} from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Build, Storefront } from './storefront.js' */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const annasTokens = ['customer #1 access', 'customer #1 refresh'];
const revocationsOfAnna = annasTokens.map((token) => `${token} under customer #1 access`);

/** Opens two tabs with Anna signed in by the first. @param {TestContext} t @param {Build} build */
async function openTwo(t, build) {
  const first = await openStorefront(t, { browser, build });
  await first.signIn(anna);
  const second = await first.newTab();
  await second.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
  return [first, second];
}

/** @param {Storefront} shop @param {number} mark */
const statuses = (shop, mark) =>
  shop.since(mark, { path: revokePath }).map(({ form, status }) => ({
    token: form?.token_type_hint,
    status,
  }));

describe('two tabs, stock', () => {
  test('a sign-out in one tab does not change the other, which revokes once more', async (t) => {
    const [first, second] = await openTwo(t, 'stock');
    await first.signOut();
    await answered(first.backend, 2);
    assert.equal(await second.greeting(), 'Hi, Anna Keller');

    const mark = first.mark();
    await second.signOut();
    await answered(first.backend, 3);
    assert.deepEqual(statuses(first, mark), [{ token: 'access_token', status: 401 }]);
  });
});

describe('two tabs, engine', () => {
  // The first tab alone has the refresh token, and refreshes for its revocation while the second
  // revokes the access token: the test decides the order in which the server processes them.
  for (const order of /** @type {const} */ (['revokes', 'refreshes'])) {
    test(`R7, R24, R30: a sign-in in a tab replaces the customer who came from another tab, when the server first ${order}`, async (t) => {
      const first = await openStorefront(t, { browser, build: 'engine' });
      const second = await first.newTab('login');
      const form = second.page.locator('cx-login-form');
      await form.waitFor();
      await first.signIn(anna);
      await second.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');

      const { backend } = first;
      backend.set(
        order === 'revokes'
          ? { token: { answer: 'hold-before', only: 'refresh_token' } }
          : { revoke: { answer: 'hold-before', only: 'access_token', times: 1 } },
      );
      await form.locator('[formcontrolname=userId]').fill(ben.username);
      await form.locator('[formcontrolname=password]').fill(ben.password);
      await form.locator('button[type=submit]').click();
      await waitFor(backend, ({ status }) => status === 'held');
      /** @param {import('../../web/backend/index.js').Entry} entry */
      const isRefresh = ({ form: sent }) => sent?.grant_type === 'refresh_token';
      if (order === 'refreshes') {
        await waitFor(backend, (entry) => isRefresh(entry) && entry.answeredAt !== null);
      } else {
        await answered(backend, 1);
      }
      backend.resetBehaviour();
      backend.release();
      for (const tab of [first, second]) {
        await tab.waitUntilShown(({ greeting }) => greeting === 'Hi, Ben Okafor');
      }
      const [refresh] = await waitFor(
        backend,
        (entry) => isRefresh(entry) && entry.answeredAt !== null && entry.status !== 'held',
      );
      assert.equal(refresh?.status, order === 'revokes' ? 400 : 200);
      // Anna's refresh has returned another pair, which is dead as well.
      await answered(backend, order === 'revokes' ? 1 : 3);
      const ours = order === 'revokes' ? '#2' : '#3';
      assert.deepEqual((await first.tokensAlive()).sort(), [
        `customer ${ours} access`,
        `customer ${ours} refresh`,
      ]);
      assert.deepEqual([...first.complaints, ...second.complaints], []);
    });
  }

  test('R24: a sign-in in one tab appears in the other', async (t) => {
    const first = await openStorefront(t, { browser, build: 'engine' });
    const second = await first.newTab();
    assert.equal(await second.isShownSignedOut(), true);
    await first.signIn(anna);
    await second.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
    assert.equal((await first.backend.tokens()).length, 2);
  });

  test('R24: a sign-out in one tab signs the other out, with no revocation of its own', async (t) => {
    const [first, second] = await openTwo(t, 'engine');
    await second.visit('my-account/update-profile');
    await second.page.locator('cx-update-profile').waitFor();
    /** @type {string[]} */
    const sent = [];
    second.page.on('request', (request) => {
      if (request.method() !== 'GET') sent.push(request.url());
    });
    // The server has not yet answered the first tab.
    first.backend.set({ revoke: { answer: 'hold' } });
    await first.signOut();
    await second.waitUntilShown(({ greeting, signInLink }) => greeting === null && signInLink);
    first.backend.resetBehaviour();
    first.backend.release();
    await answered(first.backend, 2);
    assert.deepEqual((await first.revocations()).sort(), revocationsOfAnna);
    assert.deepEqual(sent, []);
    assert.deepEqual(await second.messages(), []);
    assert.deepEqual(await second.storedTokens(), { engine: [], elsewhere: [] });

    // The next customer sees no data of the last in the other tab either.
    await first.signIn(ben);
    await second.waitUntilShown(({ greeting }) => greeting === 'Hi, Ben Okafor');
    await second.page.locator('cx-login a', { hasText: 'My Account' }).click();
    await second.page.waitForFunction(
      () => document.querySelector('[name=firstName]') instanceof HTMLInputElement,
    );
    assert.equal(await second.page.locator('[name=firstName]').inputValue(), 'Ben');
  });

  test('R8, R24: sign-outs in both tabs revoke nothing twice', async (t) => {
    const [first, second] = await openTwo(t, 'engine');
    await first.clickSignOut();
    await second.page.goto(`${second.site.url}logout`);
    await answered(first.backend, 2);
    await second.page.waitForURL(second.site.url);
    assert.equal(await second.isShownSignedOut(), true);
    assert.deepEqual((await first.revocations()).sort(), revocationsOfAnna);
    assert.deepEqual(await first.messages(), []);
    assert.deepEqual(await second.messages(), []);
  });

  test("R24, R2: an agent's sign-out in one tab signs agent and emulated customer out in the other", async (t) => {
    const first = await openStorefront(t, { browser, build: 'engine' });
    await first.signInAgent(agent);
    await first.emulate('Ben Okafor');
    const second = await first.newTab();
    await second.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Ben Okafor');
    await first.signOutAgent();
    await second.waitUntilShown((is) => !is.agent && is.greeting === null && is.signInLink);
    await answered(first.backend, 2);
    assert.deepEqual(await first.tokensAlive(), []);
    assert.equal((await first.revocations()).length, 2);
    assert.deepEqual(await second.messages(), []);
  });
});

for (const build of /** @type {const} */ (['stock', 'engine'])) {
  const isEngine = build === 'engine';

  describe(`leaving, ${build}`, () => {
    const then = isEngine ? 'is not stored' : 'is still stored, and sent';
    test(`R12, R14: when the tab is closed before the server answers the sign-out, the token ${then}`, async (t) => {
      const shop = await openStorefront(t, { browser, build });
      await shop.signIn(anna);
      shop.backend.set({ revoke: { answer: 'silent' } });
      await shop.clickSignOut();
      await received(shop.backend, isEngine ? 1 : 2);
      await shop.page.close();
      if (isEngine) {
        // The second revocation no longer waits for the first.
        await received(shop.backend, 2);
      } else {
        await waitFor(shop.backend, ({ path, aborted }) => path === revokePath && aborted, 2);
      }

      const mark = shop.mark();
      const next = await shop.newTab();
      assert.equal(await next.isShownSignedOut(), true);
      const token = 'customer #1 access';
      assert.deepEqual((await next.storedTokens()).elsewhere, isEngine ? [] : [token]);
      assert.deepEqual((await next.storedTokens()).engine, []);
      const bearers = shop.since(mark).filter(({ authorization }) => authorization !== null);
      assert.equal(bearers.length > 0, !isEngine);
    });
  });
}

describe('leaving, engine', () => {
  /** @type {[how: string, leave: (shop: Storefront) => Promise<unknown>][]} */
  const ways = [
    ['closes the tab', ({ page }) => page.close()],
    ['goes to another page', ({ page, site }) => page.goto(`${site.url}login`)],
    ['goes to another site', ({ page }) => page.goto('about:blank')],
  ];
  for (const [how, leave] of ways) {
    test(`R12: the tokens of a customer who signs out and at once ${how} are revoked`, async (t) => {
      const shop = await openStorefront(t, { browser, build: 'engine' });
      await shop.signIn(anna);
      await shop.clickSignOut();
      await leave(shop);
      await answered(shop.backend, 1);
      await received(shop.backend, 2);
      assert.deepEqual(await shop.tokensAlive(), []);
    });
  }
});
