// Pages for which the browser blocks the storage and the messages of an origin.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBackend } from '../../web/backend/index.js';
import { anna, lives, revocations } from './browser.js';
import { openBrowser, openContext, waitForPhase } from './engine.js';
import { startSite } from './site.js';

/** @import { TestContext } from 'node:test' */
/** @import { Browser, Page } from './engines/types.js' */

/** @type {Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startBackend>>} */
let backend;

before(async () => {
  [browser, backend] = await Promise.all([openBrowser(), startBackend()]);
});
after(async () => {
  await browser.close();
  await backend.close();
});

/**
 * Resolves with the type of a global, or with the name of its error.
 *
 * @param {Page} page
 * @param {string} name
 */
const asking = (page, name) =>
  page.evaluate((asked) => {
    try {
      return typeof Reflect.get(globalThis, asked);
    } catch (error) {
      return /** @type {Error} */ (error).name;
    }
  }, name);

/** Signs a customer in, loads her account and signs her out. @param {Page} page */
async function useSession(page) {
  await waitForPhase(page, 'anonymous');
  const uid = await page.evaluate(
    async ({ credentials, url }) => {
      await globalThis.session.signIn(credentials);
      const response = await globalThis.session.fetch(`${url}/occ/v2/shop/users/current`);
      const user = await response.json();
      await globalThis.session.signOut();
      await globalThis.session.settled();
      return user.uid;
    },
    { credentials: anna, url: backend.url },
  );
  assert.equal(uid, anna.username);
  assert.deepEqual(await revocations(backend), [
    'customer #1 refresh under customer #1 access',
    'customer #1 access under customer #1 access',
  ]);
  assert.deepEqual(await lives(backend), {
    'customer #1 access': 'revoked',
    'customer #1 refresh': 'revoked',
  });
}

/** @param {TestContext} t @param {Browser} where @param {{ policy?: string }} [options] */
async function openPage(t, where, options) {
  const context = await openContext(t, where, backend);
  const site = await startSite(options);
  t.after(() => site.close());
  return { page: await context.newPage(), site };
}

test('R1: in a sandboxed document a customer signs in and out', async (t) => {
  const { page, site } = await openPage(t, browser, { policy: 'sandbox allow-scripts' });
  await page.goto(site.page(backend));
  assert.equal(await page.evaluate(() => origin), 'null');
  assert.equal(await asking(page, 'localStorage'), 'SecurityError');
  const heard = await page.listen();
  await useSession(page);
  assert.deepEqual(await heard.complaints(), []);
});

for (const storage of ['session', 'local']) {
  test(`R1: a customer signs in and out with blocked cookies (storage: '${storage}')`, async (t) => {
    if (browser.cannot.blockCookies) return t.skip(browser.cannot.blockCookies);
    const blocking = await openBrowser(undefined, { blocksCookies: true });
    t.after(() => blocking.close());
    const { page, site } = await openPage(t, blocking);
    await page.goto(site.page(backend, { storage }));
    assert.equal(await asking(page, 'localStorage'), 'SecurityError');
    const heard = await page.listen();
    await useSession(page);
    assert.deepEqual(await heard.complaints(), []);
  });
}
