// The accessibility of the demo page: axe finds nothing, it fits a narrow screen, and the keyboard
// is enough.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agent, anna } from './browser.js';
import { startShop } from './demo.js';

/** @typedef {Awaited<ReturnType<typeof open>>} Shop */

const { backend, open } = await startShop();
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const pictures = fileURLToPath(new URL('../../build/screenshots/', import.meta.url));

before(() => mkdir(pictures, { recursive: true }));

/** The steps of a visitor to each state. @type {Record<string, (shop: Shop) => Promise<void>>} */
const states = {
  anonymous: async () => {},
  async 'sign-in'(shop) {
    await shop.submitSignIn({ ...anna, password: 'wrong' });
    await shop.shows('sign-in-error', 'The name or the password is not right.');
  },
  customer: (shop) => shop.signIn(anna, 'Anna Keller'),
  async 'asm-bar'(shop) {
    await shop.get('asm-toggle').click();
    await shop.get('agent-username').waitFor();
  },
  async emulating(shop) {
    await shop.submitAgent(agent);
    await shop.is('agent');
    await shop.emulate('ben', 'Ben Okafor');
    await shop.shows('cart', 'Total');
  },
  async 'signed-out'(shop) {
    await shop.signIn(anna, 'Anna Keller');
    await shop.get('sign-out').click();
    await shop.settled();
    await shop.showsTokens();
  },
};

const widths = [360, 1440];
const schemes = /** @type {const} */ (['light', 'dark']);

/** Resolves with the violations that axe finds, and their targets. @param {Shop} shop */
async function violationsOf(shop) {
  await shop.page.addScriptTag({ path: axePath });
  return shop.page.evaluate(async () => {
    // Fading elements must be fully visible before their contrast is measured.
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
      resultTypes: ['violations'],
    });
    return violations.map(
      (/** @type {{ id: string, help: string, nodes: { target: string[] }[] }} */ violation) =>
        `${violation.id}: ${violation.help}: ${violation.nodes.map(({ target }) => target).join(', ')}`,
    );
  });
}

for (const width of widths) {
  describe(`at ${width} px`, () => {
    for (const colorScheme of schemes) {
      for (const [name, reach] of Object.entries(states)) {
        test(`the demo page in the state ${name} at ${width} px, ${colorScheme}, has no axe violation and no overflow`, async (t) => {
          const shop = await open(t, '', {
            // The page's own policy blocks axe.
            bypassCSP: true,
            colorScheme,
            viewport: { width, height: 900 },
          });
          await reach(shop);
          await shop.page.screenshot({
            path: `${pictures}${name}-${width}-${colorScheme}.png`,
            fullPage: true,
          });
          assert.deepEqual(await violationsOf(shop), []);
          const { scrollWidth, clientWidth } = await shop.page.evaluate(() => ({
            scrollWidth: document.documentElement.scrollWidth,
            clientWidth: document.documentElement.clientWidth,
          }));
          assert.equal(clientWidth, width);
          assert.equal(scrollWidth, width);
        });
      }
    }
  });
}

describe('the keyboard alone', () => {
  /** Presses Tab until the element has the focus. @param {Shop} shop @param {string} id */
  async function tabTo(shop, id) {
    const target = shop.get(id);
    for (let presses = 0; presses < 60; presses += 1) {
      if (await target.evaluate((node) => node === document.activeElement)) return;
      await shop.page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${id}`);
  }

  /** @param {Shop} shop */
  const focused = (shop) =>
    shop.page.evaluate(
      () => /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.testid,
    );

  test('the keyboard alone signs a customer in and out', async (t) => {
    const shop = await open(t);
    const { keyboard } = shop.page;
    await tabTo(shop, 'sign-in');
    await keyboard.press('Enter');
    // The first field of the opened form has the focus.
    assert.equal(await focused(shop), 'username');
    await keyboard.type(anna.username);
    await tabTo(shop, 'password');
    await keyboard.type(anna.password);
    await keyboard.press('Enter');
    await shop.is('customer');
    // The focus is not lost with the form.
    assert.equal(await focused(shop), 'sign-out');
    await shop.shows('greeting', 'Hi, Anna Keller');
    await keyboard.press('Enter');
    await shop.is('anonymous');
    assert.equal(await focused(shop), 'sign-in');
    await shop.settled();
    await shop.received({
      tokenRequests: 1,
      revoked: [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ],
    });
  });

  test('the keyboard alone signs an agent in, emulates a customer, and signs the agent out', async (t) => {
    const shop = await open(t);
    const { keyboard } = shop.page;
    await tabTo(shop, 'asm-toggle');
    await keyboard.press('Enter');
    await tabTo(shop, 'agent-username');
    await keyboard.type(agent.username);
    await tabTo(shop, 'agent-password');
    await keyboard.type(agent.password);
    await keyboard.press('Enter');
    await shop.is('agent');
    assert.equal(await focused(shop), 'customer-query');
    await keyboard.type('ben');
    await keyboard.press('Enter');
    await shop.page.getByText('1 customer', { exact: true }).waitFor();
    await tabTo(shop, 'customer-result');
    await keyboard.press('Enter');
    await shop.is('emulating');
    await shop.shows('greeting', 'Hi, Ben Okafor');
    await tabTo(shop, 'agent-sign-out');
    await keyboard.press('Enter');
    await shop.is('anonymous');
    assert.equal(await focused(shop), 'agent-username');
    await shop.settled();
    assert.ok((await backend.tokens()).every(({ active }) => !active));
    shop.sawNothing();
  });
});
