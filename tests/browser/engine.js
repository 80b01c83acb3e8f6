// The browser of the tests: Chromium, or the one that OCC_BROWSER names.
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

/** Starts the browser, the back end and the pages of one test file, which end with it. */
export async function startPages() {
  const [browser, backend, site] = await Promise.all([openBrowser(), startBackend(), startSite()]);
  after(async () => {
    await browser.close();
    await Promise.all([backend.close(), site.close()]);
  });
  return { browser, backend, site };
}

/**
 * Opens a context, which is closed with the test; the back end is then reset for the next test,
 * since pages that go away may still have sent something.
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
 * Waits until a function returns true in the current page, also after a navigation.
 *
 * @template Argument
 * @param {Page} page
 * @param {(argument: Argument) => boolean} act
 * @param {Argument} argument
 */
export async function waitInPage(page, act, argument) {
  const end = performance.now() + 30_000;
  /** @type {unknown} */
  let seen;
  do {
    // During a navigation there is no page to evaluate in.
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
  const end = performance.now() + 30_000;
  while (!(await page.isClosed())) {
    assert.ok(performance.now() < end, 'the tab stays open');
    await delay(20);
  }
}
