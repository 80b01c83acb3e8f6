// Firefox ESR, driven by Puppeteer over WebDriver BiDi: Playwright cannot drive Debian's Firefox.
import process from 'node:process';
import { launch } from 'puppeteer-core';

/** @import * as Puppeteer from 'puppeteer-core' */
/** @import { Page } from './types.js' */

/** @type {import('./types.js').Open} */
export async function open({ blocksCookies = false } = {}) {
  const browser = await launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr',
    extraPrefsFirefox: blocksCookies ? { 'network.cookie.cookieBehavior': 2 } : {},
  });
  return {
    version: (await browser.version()).replace(/^\w+\//, ''),
    cannot: {
      sendWhileClosing:
        'a request of pagehide that needs a preflight may be lost with a tab closed from outside',
    },
    async newContext() {
      const context = await browser.createBrowserContext();
      return {
        newPage: async () => pageOf(await context.newPage()),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** The browser's own message about a failed request, which no page can prevent. */
const networkNote = /^Error: Cross-Origin Request Blocked: /;

/** @param {Puppeteer.Page} page @returns {Page} */
function pageOf(page) {
  return {
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    /** @param {(argument: any) => any} act @param {unknown} [argument] */
    evaluate: (act, argument) => page.evaluate(act, argument),
    async openWindow(url) {
      /** @type {Promise<Puppeteer.Page | null>} */
      const popup = new Promise((resolve) => page.once('popup', resolve));
      await page.evaluate((address) => void globalThis.open(address, '_blank'), url);
      return pageOf(/** @type {Puppeteer.Page} */ (await popup));
    },
    close: () => page.close(),
    isClosed: async () => page.isClosed(),
    async listen() {
      /** @type {string[]} */
      const complaints = [];
      /** @type {string[]} */
      const requests = [];
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => {
        if (!networkNote.test(`${error}`)) complaints.push(`${error}`);
      });
      page.on('request', (request) =>
        requests.push(`${request.method()} ${new URL(request.url()).pathname}`),
      );
      return { complaints: async () => complaints, requests: async () => requests };
    },
  };
}
