// The browser that the tests run in: Chromium, or the one that OCC_BROWSER names.
import assert from 'node:assert/strict';
import process from 'node:process';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startBackend } from '../../web/backend/index.js';
import { startSite } from './site.js';

/** @import { TestContext } from 'node:test' */
/** @import { Backend } from '../../web/backend/index.js' */
/** @import { Browser, Open, Page } from './engines/types.js' */

/** @type {Record<string, () => Promise<{ open: Open }>>} */
const engines = {
  chromium: () => import('./engines/chromium.js'),
  firefox: () => import('./engines/firefox.js'),
  webkitgtk: () => import('./engines/webkitgtk.js'),
  wpe: () => import('./engines/wpe.js'),
};

/** @param {string} [name] @param {Parameters<Open>[0]} [options] */
export async function openBrowser(name = process.env.OCC_BROWSER ?? 'chromium', options = {}) {
  const engine = engines[name];
  assert.ok(engine, `OCC_BROWSER is none of ${Object.keys(engines).join(', ')}: ${name}`);
  return (await engine()).open(options);
}

/** The browser, the back end and the pages of one test file, ended with it. */
export async function startPages() {
  const [browser, backend, site] = await Promise.all([openBrowser(), startBackend(), startSite()]);
  after(async () => {
    await browser.close();
    await Promise.all([backend.close(), site.close()]);
  });
  return { browser, backend, site };
}

/**
 * A context of its own, closed with the test; and then, since pages that go away may still have sent
 * something, the back end is as new for the next one.
 *
 * @param {TestContext} t
 * @param {Browser} browser
 * @param {Backend} backend
 */
export async function openContext(t, browser, backend) {
  const context = await browser.newContext();
  t.after(async () => {
    await context.close();
    backend.reset();
  });
  return context;
}

/**
 * Waits until a function of the page gives true, in whatever page is there by then.
 *
 * @template Argument
 * @param {Page} page
 * @param {(argument: Argument) => boolean} act
 * @param {Argument} argument
 */
export async function waitInPage(page, act, argument) {
  const end = performance.now() + 10_000;
  /** @type {unknown} */
  let seen;
  do {
    // While one page makes way for another there is none to ask.
    seen = await page.evaluate(act, argument).catch((error) => error);
    if (seen === true) return;
    await delay(20);
  } while (performance.now() < end);
  assert.fail(`waited for ${act} with ${JSON.stringify(argument)}: ${seen}`);
}

/** @param {Page} page @param {string} phase */
export const waitForPhase = (page, phase) =>
  waitInPage(page, (wanted) => document.body?.dataset.phase === wanted, phase);

/** @param {Page} page */
export async function waitUntilClosed(page) {
  const end = performance.now() + 10_000;
  while (!(await page.isClosed())) {
    assert.ok(performance.now() < end, 'the tab stays open');
    await delay(20);
  }
}
