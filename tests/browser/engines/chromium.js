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
    cannot: { blockCookies: 'the driver cannot block cookies' },
    async newContext() {
      const context = await browser.newContext();
      context.setDefaultTimeout(30_000);
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
  /** @type {Playwright.CDPSession | undefined} */
  let debug;
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
    // A breakpoint stops the page: Chromium itself freezes no visible page, and here all are.
    async sleep() {
      debug = await page.context().newCDPSession(page);
      await debug.send('Debugger.enable');
      await debug.send('Debugger.pause');
    },
    async wakeUp() {
      // Disabling the debugger also resumes the page.
      await debug?.send('Debugger.disable');
    },
    close: () => page.close({ runBeforeUnload: false }),
    isClosed: async () => page.isClosed(),
    async listen() {
      const complaints = complaintsOf(page);
      const requests = requestsOf(page);
      return { complaints: async () => complaints, requests: async () => requests };
    },
  };
}
