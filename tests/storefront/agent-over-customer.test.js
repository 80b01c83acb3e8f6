// An agent who signs in over a customer: the emulated customer, and the end of the customer's
// tokens.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { agent, anna, answered, openBrowser } from '../browser/browser.js';
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

const annaAndAgent = { greeting: 'Hi, Anna Keller', signInLink: false, agent: true };
const annaAlone = { greeting: 'Hi, Anna Keller', signInLink: false, agent: false };
const agentAlone = { greeting: null, signInLink: true, agent: true };
const nobody = { greeting: null, signInLink: true, agent: false };

const customerTokens = ['customer #1 access', 'customer #1 refresh'];
const agentTokens = ['agent #2 access', 'agent #2 refresh'];
const agentRevoked = agentTokens.map((token) => `${token} under agent #2 access`);
const customerRevoked = customerTokens.map((token) => `${token} under customer #1 access`);

/** Waits until the page shows exactly this. @param {Storefront} shop @param {object} expected */
const shows = (shop, expected) =>
  shop.waitUntilShown(
    (shown) => JSON.stringify(shown) === JSON.stringify(expected),
    JSON.stringify(expected),
  );

/**
 * Resolves with the revocations, once the server has answered `count`.
 *
 * @param {Storefront} shop
 * @param {number} count
 */
async function revoked(shop, count) {
  await answered(shop.backend, count);
  return (await shop.revocations()).sort();
}

/**
 * Signs Anna in, and over her an agent, without a reload in between.
 *
 * @param {TestContext} t
 * @param {Build} build
 */
async function open(t, build) {
  const shop = await openStorefront(t, { browser, build, path: '?asm=true' });
  await shop.signIn(anna);
  await shop.signInAgent(agent);
  return shop;
}

describe('stock', () => {
  test('an agent who signs in over a customer removes her from the page, and her tokens stay valid', async (t) => {
    const shop = await open(t, 'stock');
    await shows(shop, agentAlone);
    await shop.signOutAgent();
    await shows(shop, nobody);
    assert.deepEqual(await revoked(shop, 2), agentRevoked);
    assert.deepEqual(await shop.tokensAlive(), customerTokens);
    assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
  });
});

describe('engine', () => {
  /** @param {TestContext} t */
  async function openEmulating(t) {
    const shop = await open(t, 'engine');
    await shows(shop, annaAndAgent);
    return shop;
  }

  test("R4, R5: an agent who signs in over a customer emulates her, and the agent's sign-out restores her", async (t) => {
    const shop = await openEmulating(t);
    await shop.page.locator('cx-customer-emulation').waitFor();
    assert.deepEqual(await shop.revocations(), []);
    const mark = shop.mark();

    await shop.signOutAgent();
    await shows(shop, annaAlone);
    assert.deepEqual(await revoked(shop, 2), agentRevoked);
    assert.deepEqual(await shop.tokensAlive(), customerTokens);
    assert.deepEqual(await shop.messages(), []);

    await shop.page.locator('cx-login a', { hasText: 'My Account' }).click();
    await shop.page.locator('cx-update-profile').waitFor();
    assert.equal(await shop.page.locator('[name=firstName]').inputValue(), 'Anna');
    const [customer] = await shop.backend.tokens();
    assert.deepEqual(
      shop
        .since(mark, { path: '/occ/v2/shop/users/current' })
        .map(({ authorization }) => authorization === `Bearer ${customer?.token}`),
      [true],
    );
    await shop.signOut();
    assert.deepEqual(await revoked(shop, 4), [...agentRevoked, ...customerRevoked]);
    assert.deepEqual(await shop.tokensAlive(), []);
    assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
  });

  test("R25: after a reload the agent still emulates the customer, and the agent's sign-out restores her", async (t) => {
    const shop = await openEmulating(t);
    await shop.reload();
    await shows(shop, annaAndAgent);
    await shop.signOutAgent();
    await shows(shop, annaAlone);
    assert.deepEqual(await revoked(shop, 1), ['agent #2 access under agent #2 access']);
    assert.deepEqual(await shop.tokensAlive(), customerTokens);

    await shop.signOut();
    await answered(shop.backend, 2);
    assert.deepEqual(await shop.tokensAlive(), []);
    assert.deepEqual(await shop.messages(), []);
  });

  test("R3, R2: when the emulated customer signs out, her tokens are revoked at the agent's sign-out", async (t) => {
    const shop = await openEmulating(t);
    await shop.signOut();
    await shows(shop, agentAlone);
    assert.deepEqual(await shop.revocations(), []);

    await shop.signOutAgent();
    await shows(shop, nobody);
    assert.deepEqual(await revoked(shop, 4), [...agentRevoked, ...customerRevoked]);
    assert.deepEqual(await shop.tokensAlive(), []);
    assert.deepEqual(await shop.storedTokens(), { engine: [], elsewhere: [] });
  });

  test("R6, R7: when the agent emulates another customer, the first one's tokens are revoked at the agent's sign-out", async (t) => {
    const shop = await openEmulating(t);
    await shop.endEmulation();
    await shop.emulate('Ben Okafor');
    await shop.signOutAgent();
    await shows(shop, nobody);
    assert.deepEqual(await revoked(shop, 4), [...agentRevoked, ...customerRevoked]);
    assert.deepEqual(await shop.tokensAlive(), []);
  });

  test("R25, R6: after reloads, the stored tokens of the first customer are revoked at the agent's sign-out", async (t) => {
    const shop = await openEmulating(t);
    await shop.reload();
    await shows(shop, annaAndAgent);
    await shop.endEmulation();
    await shop.emulate('Ben Okafor');
    await shop.reload();
    await shows(shop, { ...annaAndAgent, greeting: 'Hi, Ben Okafor' });
    await shop.signOutAgent();
    await shows(shop, nobody);
    assert.deepEqual(await revoked(shop, 2), [
      'agent #2 access under agent #2 access',
      'customer #1 access under customer #1 access',
    ]);
    assert.deepEqual(await shop.tokensAlive(), []);
  });

  test("R4, R2: a customer whose id is not known is not emulated, and her tokens are revoked at the agent's sign-out", async (t) => {
    const shop = await openStorefront(t, { browser, build: 'engine', path: '?asm=true' });
    shop.backend.set({ occ: { answer: 404, only: '/occ/v2/shop/users/current' } });
    await shop.submitSignIn(anna);
    await shop.page.locator('cx-login-form').waitFor({ state: 'detached' });
    await shop.signInAgent(agent);
    await shows(shop, agentAlone);
    assert.deepEqual(await shop.revocations(), []);

    await shop.signOutAgent();
    await shows(shop, nobody);
    assert.deepEqual(await revoked(shop, 4), [...agentRevoked, ...customerRevoked]);
    assert.deepEqual(await shop.tokensAlive(), []);
  });
});
