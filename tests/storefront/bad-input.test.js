// A storefront whose engine cannot be started: the console shows the reason once, and visitors are
// served.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { agent, anna, openBrowser } from '../browser/browser.js';
import { openStorefront } from './storefront.js';

/** @import { Browser } from 'playwright-core' */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const policy = "script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src *";
const path = '?asm=true';

/** @param {object} authentication */
const configured = (authentication) => ({ config: { authentication } });

/** @type {[what: string, given: object, says: string][]} */
const faults = [
  ['an empty client id', configured({ client_id: '' }), 'clientId must be '],
  ['a base URL of no web protocol', configured({ baseUrl: 'htp://x' }), 'baseUrl must be '],
  ['an invalid base URL', configured({ baseUrl: 'nonsense' }), 'baseUrl must be '],
  ['a missing core.wasm', { options: { wasm: '/missing.wasm' } }, 'missing.wasm (404, '],
  ['a policy without wasm-unsafe-eval', { csp: policy }, 'Content Security Policy'],
];

describe('engine', () => {
  test('an API prefix without a leading slash is accepted, as in Spartacus', async (t) => {
    const config = { backend: { occ: { prefix: 'occ/v2/' } } };
    const shop = await openStorefront(t, { browser, build: 'engine', config });
    await shop.signIn(anna);
    assert.equal(await shop.greeting(), 'Hi, Anna Keller');
    assert.deepEqual(shop.complaints, []);
  });

  for (const [what, given, says] of faults) {
    test(`${what}: the error is reported once, and anonymous visitors are served`, async (t) => {
      const shop = await openStorefront(t, { browser, build: 'engine', path, ...given });
      await shop.page.locator('cx-banner').first().waitFor();
      assert.equal(await shop.isShownSignedOut(), true);

      const alert = shop.page.locator('cx-global-message .alert-danger');
      const told = { kind: 'alert-danger', text: 'An unknown error occurred' };
      await shop.submitAgentSignIn(agent);
      await alert.locator('.close').click();
      await alert.waitFor({ state: 'detached' });
      assert.deepEqual(await shop.messages(), [told]);
      await shop.submitSignIn(anna);
      await alert.waitFor();
      assert.deepEqual(await shop.messages(), [told, told]);
      assert.equal(await shop.isShownSignedOut(), true);
      await shop.page.locator('a[href="/login/register"]').click();
      await shop.page.locator('cx-register').waitFor();

      assert.equal(shop.since(0, { method: 'POST' }).length, 0);
      assert.equal(await shop.storedByEngine(), null);
      // Only the first line of each is compared: the others are the stack.
      const [said = '', ...more] = shop.complaints.map((text) => text.split('\n')[0]);
      assert.ok(said.startsWith('error: ERROR SessionError: occ-session could not be started: '));
      assert.ok(said.includes(says), said);
      assert.deepEqual(more, []);
    });
  }

  test('an unsupported OAuth flow: the error is reported once, and anonymous visitors are served', async (t) => {
    const given = configured({ OAuthLibConfig: { responseType: 'code' } });
    const shop = await openStorefront(t, { browser, build: 'engine', ...given });
    await shop.page.locator('cx-banner').first().waitFor();
    assert.equal(await shop.isShownSignedOut(), true);
    assert.equal(shop.complaints.length, 1, shop.complaints.join('\n'));
    assert.match(
      shop.complaints[0] ?? '',
      /OAuthLibConfig\.responseType .* other than the password/,
    );
  });

  test('under a policy with wasm-unsafe-eval a customer signs in and out', async (t) => {
    const csp = policy.replace("'self'", "'self' 'wasm-unsafe-eval'");
    const shop = await openStorefront(t, { browser, build: 'engine', csp });
    await shop.signIn(anna);
    await shop.signOut();
    assert.deepEqual(shop.complaints, []);
  });
});
