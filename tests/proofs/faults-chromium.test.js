// The fault matrix in Chromium, in pages of another origin than the back end's: R7, R14, R16, R28
// and R30 hold in every case.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { findChromium, findHeadlessShell } from '../../tools/setup.js';
import { openBrowser, revokePath } from '../browser/browser.js';
import { startSite } from '../browser/site.js';
import {
  casesOf,
  chosen,
  createRunner,
  faults,
  isFull,
  occurring,
  sayWhatWasRun,
} from './faults.js';

/** @import { Browser, Page } from 'playwright-core' */
/** @import { RemoteClient } from './faults.js' */

const { cases, omitted } = casesOf('Chromium');
const matrix = chosen(cases, 'Chromium');

/** The messages of the browser itself, about requests that have failed. */
const notesOfBrowser =
  /^(Failed to load resource: |Access to fetch at .* has been blocked by CORS policy)/;

const pageCount = 2;
const runner = createRunner({ place: 'Chromium', atOnce: 12, openClient });

/** Anything that could disturb a page, with the cases under way. @type {string[]} */
const noise = [];
/** @param {string} what */
const note = (what) => void noise.push(`${what} during ${[...runner.underWay].join('; ')}`);

/** The messages on the console, the browser's own included. @type {string[]} */
const printed = [];

/** @type {Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;
/** @type {Page[]} */
let pages = [];

before(async () => {
  process.env.CHROMIUM ??= findHeadlessShell() ?? findChromium();
  [browser, site] = await Promise.all([openBrowser(), startSite()]);
  const source = await readFile(new URL('faults-client.js', import.meta.url), 'utf8');
  pages = await Promise.all(Array.from({ length: pageCount }, () => openPage(source)));
});
after(async () => {
  await browser.close();
  await site.close();
});

/** Opens a page in which clients can be made. @param {string} source of a client */
async function openPage(source) {
  const page = await (await browser.newContext()).newPage();
  page.on('console', (message) => {
    printed.push(message.text());
    if (!notesOfBrowser.test(message.text())) note(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`${error}`));
  await page.goto(`${site.url}empty`);
  await page.evaluate(async (text) => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    const { createSession } = await import(/** @type {any} */ ('/occ-session/index.js'));
    const { Client, watchTimers } = await import(url);
    watchTimers();
    Object.assign(globalThis, { clients: new Map(), makeClient: () => new Client(createSession) });
  }, source);
  return page;
}

let lastClient = 0;

/**
 * Opens a client in a page, which is called from here.
 *
 * @param {number} lane
 * @returns {RemoteClient}
 */
function openClient(lane) {
  const page = /** @type {Page} */ (pages[lane % pages.length]);
  const id = ++lastClient;
  /** @param {string} method @param {unknown[]} parameters @returns {Promise<any>} */
  const call = (method, ...parameters) =>
    page.evaluate(([key, name, values]) => {
      /** @type {any} */
      const { clients, makeClient } = globalThis;
      if (!clients.has(key)) clients.set(key, makeClient());
      const client = clients.get(key);
      if (name === 'close') clients.delete(key);
      return client[name](...values);
    }, /** @type {const} */ ([id, method, parameters]));
  return /** @type {any} */ (
    new Proxy({}, { get: (_, name) => name !== 'then' && call.bind(undefined, String(name)) })
  );
}

describe('in Chromium', { concurrency: true }, () => {
  for (const fault of faults) {
    const own = matrix.filter((each) => each.fault === fault);
    if (own.length === 0) continue;
    test(`R7, R14, R16, R28, R30: nothing is lost and nothing leaks if the back end ${fault.does}`, async () => {
      assert.deepEqual((await Promise.all(own.map(runner.run))).flat(), []);
    });
  }
});

describe('during the whole fault matrix', () => {
  test('R16: the engine throws nothing, leaves no rejection unhandled and prints nothing', async () => {
    await Promise.all(
      pages.map((page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve)))),
    );
    assert.deepEqual(noise, []);
  });

  test('R28: no token appears on the console', () => {
    const text = printed.join('\n');
    assert.ok(text.includes(revokePath), 'not even what the browser notes by itself');
    assert.equal(runner.secrets.filter((secret) => text.includes(secret)).length, 0);
  });

  test('every fault, request, role and storage occurs in the matrix', (t) => {
    assert.deepEqual(occurring(matrix), occurring(cases));
    assert.equal(runner.cases, matrix.length);
    if (!isFull) assert.ok(matrix.length < cases.length);
    sayWhatWasRun(t, 'Chromium', runner, omitted);
  });
});
