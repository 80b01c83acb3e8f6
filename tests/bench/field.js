// The environment of the comparison: the browser, the pages, an OAuth server for each subject; and
// the actions that every part shares.
import { setTimeout as delay } from 'node:timers/promises';
import { openBrowser } from '../browser/browser.js';
import { clientId, startProvider, user } from './provider.js';
import { startSite } from './site.js';

/** @import { BrowserContext, Page } from 'playwright-core' */
/** @import { Options } from './page.js' */
/** @import { OAuthServer } from './provider.js' */
/** @import { Subject } from './subjects.js' */

/** @typedef {Awaited<ReturnType<typeof openField>>} Field */
/** @typedef {{ subject: Subject, server: OAuthServer }} Contestant */

/**
 * @param {Subject[]} subjects
 * @param {{ roundTrip?: number }} [options] milliseconds to each server and back
 */
export async function openField(subjects, { roundTrip } = {}) {
  const [browser, site, ...servers] = await Promise.all([
    openBrowser(),
    startSite(
      subjects.map(({ driver }) => driver),
      roundTrip,
    ),
    ...subjects.map(({ slash }) => startProvider({ slash, roundTrip })),
  ]);

  return {
    browser,
    site,
    /** @type {Contestant[]} */
    contestants: subjects.map((subject, at) => ({ subject, server: servers[at] })),

    async context() {
      const context = await browser.newContext();
      context.setDefaultTimeout(10_000);
      return context;
    },

    /**
     * Returns the address of a contestant's page.
     *
     * @param {Contestant} contestant
     * @param {Partial<Options>} [options]
     */
    address: ({ subject, server }, options) =>
      site.page(subject.driver, {
        provider: server.url,
        clientId,
        user,
        shared: false,
        revocation: 'bearer',
        ...options,
      }),

    async close() {
      await browser.close();
      await Promise.all([site.close(), ...servers.map((server) => server.close())]);
    },
  };
}

/** @param {Page} page @param {'signed in' | 'signed out'} state */
export const isShown = (page, state) =>
  page.locator(`body[data-state="${state}"]`).waitFor({ state: 'attached' });

/** Starts a sign-in: the page may leave for the server and come back. @param {Page} page */
export async function startSignIn(page) {
  await isShown(page, 'signed out');
  await page.evaluate(() => void globalThis.bench.signIn());
}

/** @param {Page} page */
export async function signIn(page) {
  await startSignIn(page);
  await isShown(page, 'signed in');
}

/**
 * Opens a page on which the user is signed in.
 *
 * @param {BrowserContext} context
 * @param {string} address
 */
export async function openSignedIn(context, address) {
  const page = await context.newPage();
  await page.goto(address);
  await signIn(page);
  return page;
}

/**
 * Does the same for each, some at a time: for figures that are counted, not timed.
 *
 * @template T
 * @param {readonly T[]} all
 * @param {number} width
 * @param {(each: T) => Promise<void>} work
 */
export async function atATime(all, width, work) {
  const queue = [...all];
  const next = async () => {
    for (let each = queue.shift(); each; each = queue.shift()) await work(each);
  };
  await Promise.all(Array.from({ length: width }, next));
}

/** Waits until every request is answered, and none comes for a while.
 * @param
 *   {{ journal: { readonly entries: readonly import("../../web/backend/journal.js").Entry[] } }}
 *   server */
export async function settled({ journal }) {
  const quiet = 400;
  const latest = Date.now() + 8_000;
  for (;;) {
    const last = Math.max(0, ...journal.entries.map((each) => each.answeredAt ?? each.at));
    const isOpen = journal.entries.some((each) => each.status === null && !each.aborted);
    const now = Date.now();
    if ((!isOpen && now - last > quiet) || now > latest) return;
    await delay(50);
  }
}
