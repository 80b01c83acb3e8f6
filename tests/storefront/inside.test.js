// The session as the rest of Spartacus sees it: its actions and events, and a stand-in for the
// token. The search covers everything reachable from the storefront's root element, its injector
// and its services.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startBackend } from '../../web/backend/index.js';
import { agent, anna, openBrowser } from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { Storefront } from './storefront.js' */

const userPath = '/occ/v2/shop/users/current';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** Defines `reach` in the page, which yields all that the root element reaches without getters. */
function defineReach() {
  Reflect.set(globalThis, 'reach', function* reach() {
    const seen = new Set();
    /** @type {unknown[]} */
    const open = [document.querySelector('cx-storefront')];
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value === 'string') yield value;
      if (Object(value) !== value || value === globalThis || seen.has(value)) continue;
      seen.add(value);
      yield value;
      for (const { value: member } of Object.values(Object.getOwnPropertyDescriptors(value))) {
        open.push(member);
      }
      if (value instanceof Map || value instanceof Set) {
        for (const [key, member] of value.entries()) open.push(key, member);
      }
    }
  });
}

/** @param {Storefront} shop */
async function tokensInReach(shop) {
  await shop.page.evaluate(defineReach);
  const tokens = await shop.backend.tokens();
  const { strings, services } = await shop.page.evaluate(
    (values) => {
      const everything = [...Reflect.get(globalThis, 'reach')()];
      const texts = everything.filter((value) => typeof value === 'string');
      return {
        strings: values.filter((token) => texts.some((text) => text.includes(token))),
        services: everything.filter((value) => typeof value?.ngOnDestroy === 'function').length,
      };
    },
    tokens.map(({ token }) => token),
  );
  // The search has reached the services of the application.
  assert.ok(services > 20, `${services} services`);
  return tokens.filter(({ token }) => strings.includes(token)).map(({ label }) => label);
}

/**
 * Sends a request with Angular's HttpClient.
 *
 * @param {Storefront} shop
 * @param {string} url
 * @param {string} authorization
 */
const sendByAngular = (shop, url, authorization) =>
  shop.page.evaluate(
    ([to, Authorization]) => {
      for (const value of Reflect.get(globalThis, 'reach')()) {
        if (typeof value?.jsonp !== 'function' || value === value.constructor.prototype) continue;
        const status = (/** @type {Response} */ response) => response.status;
        return value
          .get(to, { headers: { Authorization }, observe: 'response' })
          .toPromise()
          .then(status, status);
      }
      throw new Error('there is no HttpClient');
    },
    [url, authorization],
  );

/** Resolves with the token from AuthStorageService. @param {Storefront} shop */
const tokenOfSpartacus = (shop) =>
  shop.page.evaluate(() => {
    for (const value of Reflect.get(globalThis, 'reach')()) {
      const isStorage = typeof value?.getTokenTarget === 'function';
      if (!isStorage || value === value.constructor.prototype) continue;
      /** @type {unknown} */
      let token;
      value.getToken().subscribe((/** @type {unknown} */ each) => (token = each));
      return token;
    }
    throw new Error('there is no AuthStorageService');
  });

/**
 * Records the actions of the store and the events of the application from now on.
 *
 * @param {Storefront} shop
 * @returns what waits for as much, and asserts that it is this since the last time, in whatever
 *   order
 */
async function listen({ page }) {
  await page.evaluate(defineReach);
  const told = await page.evaluateHandle(() => {
    /** @type {string[]} */
    const list = [];
    for (const value of Reflect.get(globalThis, 'reach')()) {
      if (typeof value?.next === 'function' && typeof value._value?.type === 'string') {
        value.subscribe(({ type }) => type.startsWith('[Auth] ') && list.push(type));
      }
      if (value?.eventsMeta instanceof Map) {
        for (const event of value.eventsMeta.keys()) {
          if (!/^Log(in|out)Event$/.test(event.type)) continue;
          value.get(event).subscribe(() => list.push(event.type));
        }
      }
    }
    return list;
  });
  return async (/** @type {string[]} */ ...expected) => {
    await page.waitForFunction(([list, count]) => list.length >= count, [told, expected.length]);
    assert.deepEqual(await told.evaluate((list) => list.splice(0).sort()), expected);
  };
}

for (const build of /** @type {const} */ (['stock', 'engine'])) {
  describe(build, () => {
    test('each sign-in and sign-out dispatches the actions and events of Spartacus', async (t) => {
      const shop = await openStorefront(t, { browser, build, path: '?asm=true' });
      const isTold = await listen(shop);
      await shop.signIn(anna);
      await isTold('LoginEvent', '[Auth] Login');
      await shop.signOut();
      await isTold('LogoutEvent', '[Auth] Logout');
      await shop.signInAgent(agent);
      await isTold('[Auth] Logout');
      await shop.emulate('Ben Okafor');
      await isTold('LoginEvent', '[Auth] Login', '[Auth] Logout');
      await shop.endEmulation();
      await isTold('LogoutEvent', '[Auth] Logout');
      await shop.emulate('Anna Keller');
      await isTold('LoginEvent', '[Auth] Login', '[Auth] Logout');
      await shop.signOutAgent();
      await isTold('LogoutEvent', '[Auth] Logout', '[Auth] Logout Customer Support Agent');
    });
  });
}

describe('stock', () => {
  test('stock tokens are reachable from everything in the storefront', async (t) => {
    const shop = await openStorefront(t, { browser, build: 'stock' });
    await shop.signIn(anna);
    const inReach = await tokensInReach(shop);
    assert.ok(inReach.includes('customer #1 access'), `${inReach}`);
  });
});

describe('engine', () => {
  test('no token of a customer or an agent is reachable from Spartacus or Angular', async (t) => {
    const shop = await openStorefront(t, { browser, build: 'engine', path: '?asm=true' });
    await shop.signIn(anna);
    await shop.page.locator('cx-login a', { hasText: 'My Account' }).click();
    await shop.page.locator('cx-update-profile').waitFor();
    assert.deepEqual(await tokensInReach(shop), []);

    await shop.signInAgent(agent);
    await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Anna Keller');
    assert.deepEqual(await tokensInReach(shop), []);
    assert.deepEqual((await shop.storedTokens()).elsewhere, []);
  });

  test("Spartacus' stand-in for the token is useless at the server, and becomes the bearer at the API only", async (t) => {
    const other = await startBackend();
    t.after(() => other.close());
    const shop = await openStorefront(t, { browser, build: 'engine' });
    const { backend } = shop;
    await shop.signIn(anna);
    await tokensInReach(shop);

    const token = await tokenOfSpartacus(shop);
    const { expires_at: expires, ...rest } = Object(token);
    assert.deepEqual(rest, { access_token: 'occ-session', token_type: 'bearer' });
    assert.match(expires, /^\d{13}$/);

    const standIn = 'bearer occ-session';
    const straight = await fetch(backend.url + userPath, { headers: { Authorization: standIn } });
    assert.equal(straight.status, 401);

    const mark = shop.mark();
    assert.equal(await sendByAngular(shop, backend.url + userPath, standIn), 200);
    const [customer] = await backend.tokens();
    assert.deepEqual(
      shop.since(mark).map(({ authorization }) => authorization),
      [`Bearer ${customer?.token}`],
    );
    assert.equal(await sendByAngular(shop, other.url + userPath, standIn), 401);
    assert.deepEqual(
      other.received({ method: 'GET' }).map(({ authorization }) => authorization),
      [standIn],
    );

    await shop.signOut();
    assert.deepEqual(await tokenOfSpartacus(shop), {});
  });
});
