// Chromium for the tests: its launch, the complaints of a page, and the queries of the back end
// that several files share.
import assert from 'node:assert/strict';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { keepCounters } from '../coverage.js';

/** @import { Browser, BrowserContextOptions, Page } from 'playwright-core' */
/** @import { TestContext } from 'node:test' */
/** @import { Backend, Entry } from '../../web/backend/index.js' */

export const revokePath = '/authorizationserver/oauth/revoke';
export const tokenPath = '/authorizationserver/oauth/token';

/** @typedef {{ username: string, password: string }} Credentials */

export const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
export const ben = { username: 'ben.okafor@example.com', password: 'Welcome-2' };
export const agent = { username: 'asagent', password: 'Support-1' };

export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

/**
 * Opens a context, which is closed with the test; the back end is then reset for the next test,
 * since pages that go away may still have sent something.
 *
 * @param {TestContext} t
 * @param {Browser} browser
 * @param {Backend} backend
 * @param {BrowserContextOptions} [options]
 */
export async function openContext(t, browser, backend, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(30_000);
  const keep = await keepCounters(context);
  t.after(async () => {
    await keep();
    await context.close();
    backend.reset();
  });
  return context;
}

/** The browser's own message about a failed request, which no page can prevent. */
const networkNote = /^Failed to load resource: /;

/**
 * Collects the complaints of a page: console messages, errors, and unhandled rejections.
 *
 * @param {Page} page
 * @returns {string[]} filled as they come
 */
export function complaintsOf(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on('console', (message) => {
    if (!networkNote.test(message.text())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${error}`));
  return complaints;
}

/**
 * Collects the requests of a page, from now on.
 *
 * @param {Page} page
 * @returns {string[]} filled as they come
 */
export function requestsOf(page) {
  /** @type {string[]} */
  const requests = [];
  page.on('request', (request) =>
    requests.push(`${request.method()} ${new URL(request.url()).pathname}`),
  );
  return requests;
}

/** @param {Page} page @param {string} phase */
export const waitForPhase = (page, phase) =>
  page.waitForSelector(`body[data-phase="${phase}"]`, { state: 'attached' });

/** Resolves with the state of each token at the server, by its label. @param {Backend} backend */
export async function lives(backend) {
  return Object.fromEntries(
    (await backend.tokens()).map(({ label, active }) => [label, active ? 'active' : 'revoked']),
  );
}

/**
 * Resolves with the revocation requests in the order received: the labels of the token and of the
 * bearer.
 *
 * @param {Backend} backend
 */
export async function revocations(backend) {
  const tokens = await backend.tokens();
  /** @param {string | undefined} value */
  const label = (value) => tokens.find(({ token }) => token === value)?.label ?? 'unknown token';
  return backend.received({ path: revokePath }).map(({ form, authorization }) => {
    const [type, bearer] = (authorization ?? '').split(' ');
    assert.equal(type, 'Bearer');
    return `${label(form?.token)} under ${label(bearer)}`;
  });
}

/**
 * Waits for requests that are on their way, for at most 30 s.
 *
 * @param {Backend} backend
 * @param {(entry: Entry) => boolean} predicate
 * @param {number} count
 */
export async function waitFor(backend, predicate, count = 1) {
  const late = new AbortController();
  const error = new Error(`waited for ${count} requests such as ${predicate}`);
  const [found] = await Promise.race([
    Promise.all([backend.waitFor(predicate, count)]),
    delay(30_000, [], { signal: late.signal }).then(() => Promise.reject(error)),
  ]).finally(() => late.abort());
  return found;
}

/** @param {Entry} entry */
const isRevocation = ({ method, path }) => method === 'POST' && path === revokePath;

/**
 * Waits until the server has received `count` revocations.
 *
 * @param {Backend} backend
 * @param {number} count
 */
export const received = (backend, count) => waitFor(backend, isRevocation, count);

/**
 * Waits until the server has answered `count` revocations.
 *
 * @param {Backend} backend
 * @param {number} count
 */
export const answered = (backend, count) =>
  waitFor(backend, (entry) => isRevocation(entry) && entry.answeredAt !== null, count);

/**
 * Asserts that no storage of the page holds a token that the server has issued.
 *
 * @param {{ evaluate: (act: () => string) => Promise<string> }} page
 * @param {Backend} backend
 */
export async function assertStorageHasNoToken(page, backend) {
  const stored = await page.evaluate(() =>
    JSON.stringify([{ ...sessionStorage }, { ...localStorage }]),
  );
  for (const { token, label } of await backend.tokens()) {
    assert.ok(!stored.includes(token), `${label} is still stored`);
  }
}
