// R27 in Chromium: the same ways as in Node, in a page on another origin than the back end.
import { after, before } from 'node:test';
import { startBackend } from '../../web/backend/index.js';
import { openBrowser } from '../browser/browser.js';
import { startSite } from '../browser/site.js';
import { proveAll } from './secrets-ways.js';
import { watchCores } from './secrets-witness.js';

/** @import { Page } from 'playwright-core' */
/** @import { Witness } from './secrets-witness.js' */

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;

before(async () => {
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
});
after(async () => {
  await browser.close();
  await site.close();
});

/** @typedef {{ session: Record<string, any>, witness: Witness }} Globals what a page has */

proveAll(
  'Chromium',
  async (t) => {
    const backend = await startBackend();
    t.after(() => backend.close());
    const context = await browser.newContext();
    t.after(() => context.close());
    await context.addInitScript(watchCores);
    /** @type {Page[]} */
    const pages = [];

    /**
     * @param {Page} page
     * @param {string} member of the page's one core
     * @param {unknown[]} parameters
     */
    const askCore = (page, member, ...parameters) =>
      page.evaluate(([name, values]) => {
        const [core] = /** @type {Globals & any} */ (globalThis).witness.cores;
        if (name === 'seen') return [...core.seen];
        return typeof core[name] === 'function' ? core[name](...values) : core[name];
      }, /** @type {const} */ ([member, parameters]));

    return {
      backend,
      async responses() {
        const texts = pages.map((page) =>
          page.evaluate(() => /** @type {Globals & any} */ (globalThis).witness.responses),
        );
        return (await Promise.all(texts)).flat();
      },
      async open(options) {
        const page = await context.newPage();
        pages.push(page);
        await page.goto(`${site.url}shop`);
        await page.evaluate(async ([url, more]) => {
          const engine = await import(/** @type {string} */ ('/occ-session/index.js'));
          /** @type {Globals & any} */ (globalThis).session = await engine.createSession({
            baseUrl: url,
            clientId: 'mobile_android',
            clientSecret: 'secret',
            storage: 'memory',
            ...more,
          });
        }, /** @type {const} */ ([backend.url, options]));
        return {
          call: (method, ...parameters) =>
            page.evaluate(async ([name, values]) => {
              try {
                const { session } = /** @type {Globals & any} */ (globalThis);
                await session[name](...values);
                return 'done';
              } catch (error) {
                return /** @type {any} */ (error).code;
              }
            }, /** @type {const} */ ([method, parameters])),
          ask: () =>
            page.evaluate(async (url) => {
              const { session } = /** @type {Globals & any} */ (globalThis);
              return String((await session.fetch(`${url}/${session.state.userId}`)).status);
            }, `${backend.url}/occ/v2/shop/users`),
          leave: () => page.evaluate(() => void globalThis.dispatchEvent(new Event('pagehide'))),
          rest: () => askCore(page, 'rest'),
          heard: (least) => askCore(page, 'heard', least),
          look: () => askCore(page, 'look'),
          seen: () => askCore(page, 'seen'),
          innocent: () => askCore(page, 'innocent'),
          size: () => askCore(page, 'size'),
        };
      },
    };
  },
  false,
);
