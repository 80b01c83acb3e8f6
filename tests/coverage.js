// Keeps what the counters of an instrumented engine say, for tools/coverage-js.js, which loads this file
// into every process of Node; where it has not named a folder with OCC_COVERAGE, nothing happens.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** @import { BrowserContext, Page } from 'playwright-core' */

const folder = process.env.OCC_COVERAGE;

/** @param {string | undefined} counters as JSON; undefined where nothing instrumented was loaded */
function keep(counters) {
  if (folder && counters) writeFileSync(join(folder, `${randomUUID()}.json`), counters);
}

process.on('exit', () => keep(JSON.stringify(Reflect.get(globalThis, '__coverage__'))));

/** In a page. */
const tell = () => {
  const page = /** @type {any} */ (globalThis);
  return page.keepCounters(JSON.stringify(page.__coverage__));
};

/**
 * Keeps the counters of the pages of a context, each when it goes away.
 *
 * @param {BrowserContext} context
 * @returns {Promise<() => Promise<unknown>>} for those that are there in the end
 */
export async function keepCounters(context) {
  if (!folder) return async () => {};
  await context.exposeFunction('keepCounters', keep);
  await context.addInitScript(`addEventListener('pagehide', ${tell})`);
  /** @param {Page} page */
  const ask = (page) => page.evaluate(tell).catch(() => {});
  context.on('page', (page) => {
    const close = page.close.bind(page);
    // A page that is closed from outside does not hear of it.
    page.close = (options) => ask(page).then(() => close(options));
  });
  return () => Promise.all(context.pages().map(ask));
}
