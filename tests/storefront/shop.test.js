// An application of today's Angular that is rendered on a server: its guards, and the data of the
// user. The server runs in this process, the page in Chromium.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import process from 'node:process';
import { after, afterEach, before, test } from 'node:test';

import { startBackend } from '../../web/backend/index.js';
import { complaintsOf, openBrowser, tokenPath } from '../browser/browser.js';
import { keepCounters } from '../coverage.js';

/** @import { AddressInfo } from 'node:net' */
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Backend } from '../../web/backend/index.js' */

const build = new URL('../../build/storefront/shop-21/', import.meta.url);
const usersPath = '/occ/v2/shop/users/';

/** @type {Browser} */
let browser;
/** @type {Backend} */
let backend;
/** @type {import('node:http').Server} */
let server;
let url = '';
/** The functions that close what a test has opened. @type {(() => Promise<unknown>)[]} */
const ends = [];

before(async () => {
  [browser, backend] = await Promise.all([openBrowser(), startBackend()]);
  process.env.OCC_BASE_URL = backend.url;
  const { reqHandler } = await import(new URL('server/server.mjs', build).href);
  server = createServer(async (request, response) => {
    const script = /^\/[\w-]+\.js$/.exec(request.url ?? '');
    if (script) {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(await readFile(new URL(`browser${script[0]}`, build)));
    } else {
      reqHandler(request, response, () => response.writeHead(404).end());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}`;
});
after(async () => {
  await browser.close();
  server.close();
  server.closeAllConnections();
  await backend.close();
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  backend.reset();
});

/** Resolves with the answer of the server. @param {string} path */
async function rendered(path) {
  const response = await fetch(url + path, { redirect: 'manual' });
  return { status: response.status, html: await response.text() };
}

/** Opens a page of the shop. @param {string} path */
async function openPage(path) {
  const context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  const keep = await keepCounters(context);
  ends.push(() => keep().then(() => context.close()));
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(url + path);
  return { page, complaints };
}

/** Opens the page of Anna's account after her sign-in. */
async function openSignedIn() {
  const opened = await openPage('/sign-in');
  await opened.page.getByRole('button', { name: 'Sign in' }).click();
  await shows(opened.page, 'email', 'anna.keller@example.com');
  return opened;
}

/**
 * Waits until an element shows a text.
 *
 * @param {Page} page
 * @param {string} id
 * @param {string} text
 */
const shows = (page, id, text) =>
  page.locator(`#${id}`, { hasText: new RegExp(`^${text}$`) }).waitFor();

const grants = () => backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);

/** Returns the status of each request for the customer. */
const loads = () =>
  backend
    .received({ method: 'GET' })
    .filter(({ path }) => path.startsWith(usersPath))
    .map(({ status }) => status);

test('a server renders a page for customers without a redirect, and leaves the user unknown', async () => {
  const account = await rendered('/account');
  assert.equal(account.status, 200);
  assert.match(account.html, /<p[^>]* id="page"[^>]*>Account</);
  assert.match(account.html, /<p[^>]* id="who"[^>]*>…</);
  assert.doesNotMatch(account.html, /sign in|not signed in/i);
  assert.deepEqual(loads(), []);

  const home = await rendered('/');
  assert.match(home.html, /<p[^>]* id="products"[^>]*>resolved</);
  assert.match(home.html, /<p[^>]* id="who"[^>]*>…</);
});

test('a page with RenderMode.Client is left to the browser', async () => {
  const { status, html } = await rendered('/orders');
  assert.equal(status, 200);
  assert.doesNotMatch(html, /id="page"/);
});

test('the browser redirects an anonymous visitor from a page for customers to the sign-in', async () => {
  for (const path of ['/account', '/orders']) {
    const { page, complaints } = await openPage(path);
    await shows(page, 'page', 'Please sign in');
    await shows(page, 'who', 'You are not signed in');
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    assert.deepEqual(loads(), []);
    assert.deepEqual(complaints, []);
  }
});

test('R25: a customer who reloads a page for customers stays on it, and its data are loaded once', async () => {
  const { page, complaints } = await openSignedIn();
  for (const path of ['/account', '/orders']) {
    const loaded = loads().length;
    await page.goto(url + path);
    await shows(page, 'email', 'anna.keller@example.com');
    await shows(page, 'who', 'Welcome back');
    assert.equal(new URL(page.url()).pathname, path);
    assert.deepEqual(loads().slice(loaded), [200]);
  }
  assert.deepEqual(complaints, []);
});

test('R49: an API that refuses every token costs one refresh and two requests', async () => {
  const { page } = await openPage('/sign-in');
  backend.set({ occ: { answer: 401, only: usersPath } });
  await page.getByRole('button', { name: 'Sign in' }).click();
  await shows(page, 'email', 'error');
  // Any request after the refresh would precede those of this click.
  await page.getByRole('link', { name: 'Home' }).click();
  await shows(page, 'products', 'resolved');
  assert.deepEqual(loads(), [401, 401]);
  assert.deepEqual(grants(), ['password', 'refresh_token']);
});

test('R49: a refresh reloads no data', async () => {
  const { page } = await openSignedIn();
  await page.getByRole('link', { name: 'Home' }).click();
  await shows(page, 'products', 'resolved');
  await backend.expireAccessTokens();
  await page.getByRole('link', { name: 'Account' }).click();
  await shows(page, 'email', 'anna.keller@example.com');
  await page.getByRole('link', { name: 'Home' }).click();
  await shows(page, 'products', 'resolved');
  assert.deepEqual(grants(), ['password', 'refresh_token']);
  assert.deepEqual(loads(), [200, 401, 200]);
});

test('R14: a sign-out clears the loaded data of the customer at once', async () => {
  const { page } = await openSignedIn();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await shows(page, 'who', 'You are not signed in');
  await shows(page, 'email', 'idle');
  assert.deepEqual(loads(), [200]);
});
