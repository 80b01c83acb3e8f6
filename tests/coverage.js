// Saves the counters of an instrumented engine for tools/proofs/coverage-js.js, which loads this
// file into every process of Node; without a folder in OCC_COVERAGE it does nothing.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** @import { BrowserContext, Page } from 'playwright-core' */

const folder = process.env.OCC_COVERAGE;

/** @param {string | undefined} counters as JSON; undefined if nothing instrumented was loaded */
function keep(counters) {
  if (folder && counters) writeFileSync(join(folder, `${randomUUID()}.json`), counters);
}

process.on('exit', () => keep(JSON.stringify(Reflect.get(globalThis, '__coverage__'))));

/** Sends the counters of a page. */
const tell = () => {
  const page = /** @type {any} */ (globalThis);
  return page.keepCounters(JSON.stringify(page.__coverage__));
};

/**
 * Saves the counters of the pages of a context, each when it goes away.
 *
 * @param {BrowserContext} context
 * @returns {Promise<() => Promise<unknown>>} saves those of the pages that are still open
 */
export async function keepCounters(context) {
  if (!folder) return async () => {};
  await context.exposeFunction('keepCounters', keep);
  await context.addInitScript(`addEventListener('pagehide', ${tell})`);
  /** @param {Page} page */
  const ask = (page) => page.evaluate(tell).catch(() => {});
  context.on('page', (page) => {
    const close = page.close.bind(page);
    // A page that is closed from outside gets no event.
    page.close = (options) => ask(page).then(() => close(options));
  });
  return () => Promise.all(context.pages().map(ask));
}
