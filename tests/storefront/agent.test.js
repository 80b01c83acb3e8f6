// An agent in the storefront, by the bar for agents and Spartacus' header.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { agent, anna, answered, openBrowser, tokenPath } from '../browser/browser.js';
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

/**
 * Resolves with the user requests, each with its token.
 *
 * @param {Storefront} shop
 * @param {number} [mark]
 */
async function loads(shop, mark = 0) {
  const tokens = await shop.backend.tokens();
  return shop
    .since(mark, { method: 'GET' })
    .filter(({ path }) => /^\/occ\/v2\/shop\/users\/[^/]+$/.test(path))
    .map(({ path, authorization }) => {
      const bearer = authorization?.replace(/^bearer /i, '');
      const label = tokens.find(({ token }) => token === bearer)?.label ?? 'nothing';
      return `${path.split('/').at(-1)} with ${label}`;
    });
}

/** Waits for a message with this text. @param {Storefront} shop @param {string} text */
const isTold = (shop, text) =>
  shop.page.locator('cx-global-message .alert', { hasText: text }).waitFor();

for (const build of /** @type {const} */ (['stock', 'engine'])) {
  const isEngine = build === 'engine';
  /** @param {TestContext} t @param {object} [config] */
  const open = (t, config) => openStorefront(t, { browser, build, config });

  describe(build, () => {
    test('R3: an agent finds and emulates a customer, ends the emulation in both ways, and no revocation is sent', async (t) => {
      const shop = await open(t);
      await shop.signInAgent(agent);
      assert.deepEqual(await shop.shown(), { greeting: null, signInLink: true, agent: true });
      assert.deepEqual(await shop.search('Ben'), ['Ben Okafor\nben.okafor@example.com']);

      await shop.emulate('Ben Okafor');
      assert.equal(await shop.greeting(), 'Hi, Ben Okafor');
      assert.deepEqual([...new Set(await loads(shop))], ['0002 with agent #1 access']);

      const mark = shop.mark();
      await shop.endEmulation();
      assert.deepEqual(await shop.shown(), { greeting: null, signInLink: true, agent: true });
      await shop.emulate('Anna Keller');
      assert.equal(await shop.greeting(), 'Hi, Anna Keller');
      await shop.signOut();
      await shop.page.locator('cx-customer-selection').waitFor();
      assert.deepEqual(await shop.shown(), { greeting: null, signInLink: true, agent: true });

      assert.deepEqual([...new Set(await loads(shop, mark))], ['0001 with agent #1 access']);
      assert.deepEqual(await shop.revocations(), []);
      assert.equal(shop.since(mark, { path: tokenPath }).length, 0);
      assert.deepEqual(await shop.tokensAlive(), ['agent #1 access', 'agent #1 refresh']);
      assert.deepEqual(await shop.messages(), []);
    });

    test('R2: the sign-out of an emulating agent signs both out and revokes the tokens', async (t) => {
      const shop = await open(t);
      await shop.signInAgent(agent);
      await shop.emulate('Ben Okafor');
      await shop.signOutAgent();
      await shop.waitUntilShown(({ greeting, signInLink }) => greeting === null && signInLink);
      await answered(shop.backend, 2);
      assert.deepEqual((await shop.revocations()).sort(), [
        'agent #1 access under agent #1 access',
        'agent #1 refresh under agent #1 access',
      ]);
      assert.deepEqual(await shop.tokensAlive(), []);
      assert.deepEqual(await shop.messages(), []);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
    });

    const afterwards = isEngine ? 'the shop works' : 'the shop is stuck until a reload';
    test(`R2: after the sign-out of an agent who emulated no customer, ${afterwards}`, async (t) => {
      const shop = await open(t);
      await shop.signInAgent(agent);
      await shop.signOutAgent();
      await answered(shop.backend, 2);
      assert.deepEqual(await shop.tokensAlive(), []);

      const mark = shop.mark();
      await shop.page.locator('cx-login > a').click();
      const form = shop.page.locator('cx-login-form');
      if (isEngine) {
        await form.waitFor();
      } else {
        await assert.rejects(form.waitFor({ timeout: 2_000 }), { name: 'TimeoutError' });
        assert.deepEqual(
          shop.since(mark).map(({ path }) => path),
          [],
        );
        await shop.reload();
      }
      await shop.signIn(anna);
      assert.equal(await shop.greeting(), 'Hi, Anna Keller');
      assert.deepEqual(await shop.messages(), []);
    });

    test('R25: an agent still emulates a customer after a reload', async (t) => {
      const shop = await open(t);
      await shop.signInAgent(agent);
      await shop.emulate('Ben Okafor');
      await shop.reload();
      await shop.waitUntilShown((is) => is.greeting === 'Hi, Ben Okafor' && is.agent);
      await shop.page.locator('cx-customer-emulation').waitFor();
      await shop.signOutAgent();
      await answered(shop.backend, 1);
      assert.deepEqual(await shop.revocations(), ['agent #1 access under agent #1 access']);
      assert.deepEqual(await shop.tokensAlive(), []);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
    });

    test('R4: a wrong password of an agent shows a message, and the session of the customer is not affected', async (t) => {
      const shop = await openStorefront(t, { browser, build, path: '?asm=true' });
      await shop.signIn(anna);
      await shop.submitAgentSignIn({ ...agent, password: 'Support-9' });
      await isTold(shop, 'Bad credentials. Please login again.');
      const annaAlone = { greeting: 'Hi, Anna Keller', signInLink: false, agent: false };
      // Stock may show nobody signed in for a moment, and then Anna again; the engine never does.
      if (build === 'stock') await shop.waitUntilShown((is) => is.greeting === annaAlone.greeting);
      assert.deepEqual(await shop.shown(), annaAlone);
      assert.equal((await shop.messages()).length, 1);
      assert.deepEqual(await shop.revocations(), []);

      const mark = shop.mark();
      await shop.page.locator('cx-login a', { hasText: 'My Account' }).click();
      await shop.page.locator('cx-update-profile').waitFor();
      const bearers = shop.since(mark, { method: 'GET' }).filter((entry) => entry.authorization);
      const [customer] = await shop.backend.tokens();
      assert.ok(bearers.length > 0);
      for (const { authorization } of bearers) {
        assert.equal(authorization?.replace(/^bearer /i, ''), customer?.token);
      }
      await shop.signOut();
      await answered(shop.backend, 2);
      assert.deepEqual((await shop.revocations()).sort(), [
        'customer #1 access under customer #1 access',
        'customer #1 refresh under customer #1 access',
      ]);
      assert.deepEqual(await shop.tokensAlive(), []);
    });

    test('while an agent is signed in, the sign-in of a customer is refused, and nothing is sent', async (t) => {
      const shop = await open(t);
      await shop.signInAgent(agent);
      const mark = shop.mark();
      await shop.submitSignIn(anna);
      await isTold(shop, 'Cannot login as user when there is an active CS agent session.');
      assert.deepEqual(await shop.messages(), [
        {
          kind: 'alert-danger',
          text: 'Cannot login as user when there is an active CS agent session. Please either emulate user or logout CS agent.',
        },
      ]);
      assert.equal(shop.since(mark, { path: tokenPath }).length, 0);
      assert.deepEqual(await shop.shown(), { greeting: null, signInLink: true, agent: true });
    });

    test("R2: when the timer of the agents' bar runs out, the agent is signed out and the tokens are revoked", async (t) => {
      const shop = await open(t, { asm: { agentSessionTimer: { startingDelayInSeconds: 2 } } });
      await shop.signInAgent(agent);
      await shop.emulate('Ben Okafor');
      await shop.page.locator('cx-csagent-login-form').waitFor();
      await answered(shop.backend, 2);
      assert.deepEqual((await shop.revocations()).sort(), [
        'agent #1 access under agent #1 access',
        'agent #1 refresh under agent #1 access',
      ]);
      await shop.waitUntilShown((is) => is.greeting === null && is.signInLink && !is.agent);
      assert.deepEqual(await shop.tokensAlive(), []);
      assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
    });
  });
}
