// Chromium, driven by Playwright.
import { keepCounters } from '../../coverage.js';
import { complaintsOf, openBrowser, requestsOf } from '../browser.js';

/** @import * as Playwright from 'playwright-core' */
/** @import { Page } from './types.js' */

/** @type {import('./types.js').Open} */
export async function open() {
  const browser = await openBrowser();
  return {
    version: browser.version(),
    cannot: {},
    async newContext() {
      const context = await browser.newContext();
      context.setDefaultTimeout(8_000);
      const keep = await keepCounters(context);
      return {
        newPage: async () => pageOf(await context.newPage()),
        async close() {
          await keep();
          await context.close();
        },
      };
    },
    close: () => browser.close(),
  };
}

/** @param {Playwright.Page} page @returns {Page} */
function pageOf(page) {
  /** @param {'frozen' | 'active'} state */
  const setState = async (state) => {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Page.setWebLifecycleState', { state });
  };
  return {
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    evaluate: page.evaluate.bind(page),
    async openWindow(url) {
      const [opened] = await Promise.all([
        page.waitForEvent('popup'),
        page.evaluate((address) => void globalThis.open(address, '_blank'), url),
      ]);
      return pageOf(opened);
    },
    sleep: () => setState('frozen'),
    wakeUp: () => setState('active'),
    close: () => page.close({ runBeforeUnload: false }),
    isClosed: async () => page.isClosed(),
    async listen() {
      const complaints = complaintsOf(page);
      const requests = requestsOf(page);
      return { complaints: async () => complaints, requests: async () => requests };
    },
  };
}
