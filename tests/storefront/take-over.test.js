// The move of a storefront to the engine: users who signed in with Spartacus' own session stay
// signed in. Both builds are served at the same address, one after the other.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startBackend } from '../../web/backend/index.js';
import {
  agent,
  anna,
  answered,
  ben,
  openBrowser,
  openContext,
  tokenPath,
} from '../browser/browser.js';
import { serveStorefront } from './site.js';
import { openStorefront, Storefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Build } from './storefront.js' */

const authKey = 'spartacus⚿⚿auth';
const asmKey = 'spartacus⚿⚿asm';

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/**
 * Opens an address at which one build after the other is served and used.
 *
 * @param {TestContext} t
 */
async function openAddress(t) {
  const backend = await startBackend();
  t.after(() => backend.close());
  const context = await openContext(t, browser, backend);
  let port = 0;

  /**
   * @param {Build} build
   * @param {(shop: Storefront) => Promise<unknown>} use
   * @param {object} [options]
   */
  return async (build, use, options) => {
    const site = await serveStorefront({ build, backendUrl: backend.url, port, options });
    port = Number(new URL(site.url).port);
    try {
      const shop = await Storefront.open(context, backend, site);
      await shop.visit('?asm=true');
      await use(shop);
      await shop.page.close();
    } finally {
      await site.close();
    }
  };
}

/** @param {Storefront} shop */
const tokenRequests = (shop) => shop.since(0, { path: tokenPath }).length;

describe('stock, then engine', () => {
  test("R7: a failed start of the engine leaves Spartacus' session for the next start", async (t) => {
    const use = await openAddress(t);
    await use('stock', (shop) => shop.signIn(anna));
    const missing = { wasm: '/missing.wasm' };
    const visit = async (/** @type {Storefront} */ shop) => {
      await shop.page.locator('cx-banner').first().waitFor();
      assert.equal(await shop.greeting(), null);
      // Spartacus stores the visited pages.
      await shop.visit('login');
      await shop.page.locator('cx-login-form').waitFor();
    };
    await use('engine', visit, missing);
    await use('engine', async (shop) => {
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
      await shop.signOut();
      await answered(shop.backend, 1);
      assert.deepEqual(await shop.tokensAlive(), []);
    });
  });

  test("a customer of Spartacus' session stays signed in, the old key loses the token, and the sign-out revokes it", async (t) => {
    const use = await openAddress(t);
    await use('stock', (shop) => shop.signIn(anna));
    await use('engine', async (shop) => {
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Anna Keller');
      assert.equal(tokenRequests(shop), 1);
      const stored = { engine: ['customer #1 access'], elsewhere: [] };
      assert.deepEqual(await shop.storedTokens(), stored);
      assert.equal((await shop.stored(authKey)).token, undefined);
      await shop.visit('my-account/update-profile');
      await shop.page.locator('cx-update-profile').waitFor();

      await shop.signOut();
      await answered(shop.backend, 1);
      assert.deepEqual(await shop.revocations(), ['customer #1 access under customer #1 access']);
      assert.deepEqual(await shop.tokensAlive(), []);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
      await shop.reload();
      assert.equal(await shop.isShownSignedOut(), true);
      assert.deepEqual(await shop.messages(), []);
      assert.deepEqual(shop.complaints, []);
    });
  });

  test("an agent of Spartacus' session stays signed in, and can emulate a customer", async (t) => {
    const use = await openAddress(t);
    await use('stock', (shop) => shop.signInAgent(agent));
    await use('engine', async (shop) => {
      await shop.waitUntilShown((is) => is.agent && is.signInLink);
      assert.deepEqual(await shop.storedTokens(), { engine: ['agent #1 access'], elsewhere: [] });
      await shop.emulate('Ben Okafor');
      await shop.signOutAgent();
      await answered(shop.backend, 1);
      assert.equal(tokenRequests(shop), 1);
      assert.deepEqual(await shop.revocations(), ['agent #1 access under agent #1 access']);
      assert.deepEqual(await shop.tokensAlive(), []);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
    });
  });

  test("an agent who emulates a customer in Spartacus' session still does so with the engine", async (t) => {
    const use = await openAddress(t);
    await use('stock', async (shop) => {
      await shop.signInAgent(agent);
      await shop.emulate('Ben Okafor');
    });
    await use('engine', async (shop) => {
      await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Ben Okafor');
      await shop.page.locator('cx-customer-emulation').waitFor();
      assert.deepEqual(await shop.storedTokens(), { engine: ['agent #1 access'], elsewhere: [] });
      await shop.endEmulation();
      assert.deepEqual(await shop.revocations(), []);
    });
  });

  test("R5: an agent over a parked customer in Spartacus' session still emulates her, and the agent's sign-out restores her", async (t) => {
    const use = await openAddress(t);
    await use('stock', async (shop) => {
      await shop.signIn(anna);
      const { token } = await shop.stored(authKey);
      await shop.signInAgent(agent);
      await shop.emulate('Anna Keller');
      // Spartacus writes this when it has parked a customer; in this storefront it never has.
      await shop.page.evaluate(([key, emulatedUserToken]) => {
        const asm = JSON.parse(localStorage.getItem(key) ?? '{}');
        localStorage.setItem(key, JSON.stringify({ ...asm, emulatedUserToken }));
      }, /** @type {const} */ ([asmKey, token]));
    });
    await use('engine', async (shop) => {
      await shop.waitUntilShown((is) => is.agent && is.greeting === 'Hi, Anna Keller');
      assert.deepEqual(await shop.storedTokens(), {
        engine: ['customer #1 access', 'agent #2 access'],
        elsewhere: [],
      });
      await shop.signOutAgent();
      await shop.waitUntilShown((is) => !is.agent && is.greeting === 'Hi, Anna Keller');
      await answered(shop.backend, 1);
      assert.deepEqual(await shop.revocations(), ['agent #2 access under agent #2 access']);

      await shop.signOut();
      await answered(shop.backend, 2);
      assert.deepEqual((await shop.revocations()).slice(1), [
        'customer #1 access under customer #1 access',
      ]);
      assert.deepEqual(await shop.tokensAlive(), []);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
    });
  });

  test("a customer of Spartacus' session whose token has expired meanwhile sees a message, and can sign in", async (t) => {
    const use = await openAddress(t);
    await use('stock', async (shop) => {
      await shop.signIn(anna);
      await shop.backend.expireAccessTokens();
    });
    await use('engine', async (shop) => {
      await shop.page.locator('cx-login-form').waitFor();
      assert.deepEqual(await shop.messages(), [
        { kind: 'alert-danger', text: 'Your session has expired. Please login again.' },
      ]);
      assert.deepEqual(await shop.revocations(), []);
      await shop.signIn(anna);
    });
  });

  test('R7: after a time without the engine, the session of that time is adopted, and the older one is revoked', async (t) => {
    const use = await openAddress(t);
    await use('engine', (shop) => shop.signIn(anna));
    await use('stock', (shop) => shop.signIn(ben));
    await use('engine', async (shop) => {
      await shop.waitUntilShown(({ greeting }) => greeting === 'Hi, Ben Okafor');
      await answered(shop.backend, 1);
      assert.deepEqual(await shop.revocations(), ['customer #1 access under customer #1 access']);
      assert.deepEqual(await shop.storedTokens(), {
        engine: ['customer #2 access'],
        elsewhere: [],
      });
      assert.deepEqual(await shop.messages(), []);
    });
  });
});

describe('engine', () => {
  test('invalid values under the old keys do no harm', async (t) => {
    const shop = await openStorefront(t, { browser, build: 'engine' });
    const [nonsense, agents] = ['nonsense', '{"emulatedUserToken":7,"tokenTarget":"CSAgent"}'];
    const pairs = [
      ['{"token":', nonsense],
      ['null', agents],
      ['{"token":"token"}', 'null'],
      ['{"token":{"access_token":""}}', agents],
      ['{"token":{"access_token":42,"expires_at":"soon"},"userId":["current"]}', nonsense],
      ['{"token":{"access_token":{"a":1}},"userId":{}}', agents],
    ];
    for (const texts of pairs) {
      await shop.page.evaluate(
        ([keys, values]) => keys.forEach((key, at) => localStorage.setItem(key, values[at] ?? '')),
        /** @type {const} */ ([[authKey, asmKey], texts]),
      );
      await shop.reload();
      await shop.page.locator('h1').waitFor();
      assert.equal(await shop.isShownSignedOut(), true, `${texts}`);
      assert.equal((await shop.storedByEngine())?.active, undefined, `${texts}`);
    }
    assert.deepEqual(await shop.messages(), []);
    // Spartacus reads its keys as well, and reports invalid JSON.
    const others = shop.complaints.filter(
      (text) => !/^error: ERROR SyntaxError: .*JSON/.test(text),
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      shop.since(0).filter(({ authorization }) => authorization !== null),
      [],
    );
    await shop.signIn(anna);
  });
});
