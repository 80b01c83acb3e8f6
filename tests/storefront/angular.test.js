// occ-session/angular in an application of the oldest supported version of Angular, and in one of
// the newest tested version: the same page in both, used through its fields and buttons.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { startBackend } from '../../web/backend/index.js';
import {
  agent,
  anna,
  answered,
  assertStorageHasNoToken,
  complaintsOf,
  lives,
  openBrowser,
  revocations,
  tokenPath,
} from '../browser/browser.js';
import { keepCounters } from '../coverage.js';
import { serveStorefront } from './site.js';

/** @import { Browser, Page } from 'playwright-core' */
/** @import { Backend } from '../../web/backend/index.js' */

const usersPath = '/occ/v2/shop/users';
const policy = "default-src 'self'; img-src data:; connect-src *; script-src 'self'";
const wasmPolicy = `${policy} 'wasm-unsafe-eval'`;

/** @type {Browser} */
let browser;
/** @type {Backend} */
let backend;

before(async () => {
  [browser, backend] = await Promise.all([openBrowser(), startBackend()]);
});
after(async () => {
  await browser.close();
  await backend.close();
});

for (const build of ['plain-12', 'plain-21']) {
  describe(build, () => {
    /** @type {(() => Promise<unknown>)[]} */
    let ends;
    beforeEach(() => {
      ends = [];
    });
    afterEach(async () => {
      await Promise.all(ends.map((end) => end()));
      backend.reset();
    });

    /** @param {{ options?: object, csp?: string, query?: string }} [visit] */
    async function openShop({ options, csp = wasmPolicy, query = '' } = {}) {
      const site = await serveStorefront({ build, backendUrl: backend.url, options, csp });
      const context = await browser.newContext();
      context.setDefaultTimeout(30_000);
      const keep = await keepCounters(context);
      ends.push(() => keep().then(() => context.close()), site.close);
      const page = await context.newPage();
      const complaints = complaintsOf(page);
      await page.goto(`${site.url}${query}`);
      await shows(page, 'state', 'anonymous as anonymous');
      return { page, complaints };
    }

    /** Opens the shop with Anna signed in. @param {Parameters<typeof openShop>[0]} [visit] */
    async function openSignedIn(visit) {
      const { page, complaints } = await openShop(visit);
      await signIn(page);
      return { page, complaints };
    }

    test('the build contains the engine once', async () => {
      const { page } = await openShop();
      const script = await page.evaluate(async () => (await fetch('/main.js')).text());
      assert.equal(script.split('occ-session could not be started').length - 1, 1);
      // The first bytes of a WebAssembly module, in hexadecimal digits.
      assert.equal(script.split('0061736d').length - 1, 1);
    });

    test('R1, R11: a customer signs in, loads her account, signs out, and both tokens are revoked', async () => {
      const { page, complaints } = await openSignedIn();
      await press(page, 'Load the user');
      await shows(page, 'answer', '200 anna.keller@example.com');
      assert.deepEqual(await loads(), ['current with customer #1 access']);

      await press(page, 'Sign out');
      await shows(page, 'state', 'anonymous as anonymous');
      await answered(backend, 2);
      assert.deepEqual(await revocations(backend), [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ]);
      assert.deepEqual(complaints, []);
    });

    test('R14: a customer is shown as signed out while the back end holds its answer', async () => {
      const { page } = await openSignedIn();
      backend.set({ revoke: { answer: 'hold-before' } });
      await press(page, 'Sign out');
      await shows(page, 'answer', 'done');
      await shows(page, 'state', 'anonymous as anonymous');
      await assertStorageHasNoToken(page, backend);
      assert.equal((await lives(backend))['customer #1 access'], 'active');
    });

    test('a sign-in with a wrong password is rejected with invalid-credentials, and the page stays anonymous', async () => {
      const { page, complaints } = await openShop();
      await enter(page, { ...anna, password: 'Welcome-9' }, 'Sign in');
      await shows(page, 'answer', 'invalid-credentials');
      await shows(page, 'state', 'anonymous as anonymous');
      assert.deepEqual(complaints, []);
    });

    test('R25: a reload keeps the customer signed in', async () => {
      const { page } = await openSignedIn();
      await page.reload();
      await shows(page, 'state', 'customer as current');
      await press(page, 'Load the user');
      await shows(page, 'answer', '200 anna.keller@example.com');
      assert.deepEqual(await loads(), ['current with customer #1 access']);
      assert.equal((await backend.tokens()).length, 2);
    });

    test('R24: a sign-out in one tab is shown in the other', async () => {
      const { page } = await openSignedIn({ options: { storage: 'local' } });
      const other = await page.context().newPage();
      await other.goto(page.url());
      await shows(other, 'state', 'customer as current');
      await press(page, 'Sign out');
      await shows(other, 'state', 'anonymous as anonymous');
      await answered(backend, 2);
      assert.deepEqual(await revocations(backend), [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ]);
    });

    test('R3, R2: an agent emulates a customer, ends the emulation, and signs out', async () => {
      const { page, complaints } = await openShop();
      await enter(page, agent, 'Sign in as an agent');
      await shows(page, 'state', 'agent as anonymous');
      await page.getByLabel('Customer').fill('0001');
      await press(page, 'Emulate');
      await shows(page, 'state', 'emulating as 0001');
      await press(page, 'Load the user');
      await shows(page, 'answer', '200 anna.keller@example.com');
      assert.deepEqual(await loads(), ['0001 with agent #1 access']);

      await press(page, 'Sign out');
      await shows(page, 'state', 'agent as anonymous');
      assert.deepEqual(await revocations(backend), []);

      await press(page, 'Sign out the agent');
      await shows(page, 'state', 'anonymous as anonymous');
      await answered(backend, 2);
      assert.deepEqual(await lives(backend), {
        'agent #1 access': 'revoked',
        'agent #1 refresh': 'revoked',
      });
      assert.deepEqual(complaints, []);
    });

    test('R19: eight requests that meet an expired token cause one refresh, and all succeed', async () => {
      const { page } = await openSignedIn();
      await backend.expireAccessTokens();
      await press(page, 'Load the user eight times at once');
      await shows(page, 'answer', Array(8).fill('200 anna.keller@example.com').join(', '));
      assert.deepEqual(grants(), ['password', 'refresh_token']);
      assert.deepEqual((await loads()).sort(), [
        ...Array(8).fill('current with customer #1 access'),
        ...Array(8).fill('current with customer #2 access'),
      ]);
    });

    test('R19: a request for a blob that meets an expired token is sent again', async () => {
      const { page } = await openSignedIn();
      await backend.expireAccessTokens();
      await press(page, 'Load the user as a blob');
      await shows(page, 'answer', '200 anna.keller@example.com');
      assert.deepEqual(grants(), ['password', 'refresh_token']);
    });

    test('R20: a temporary failure of the refresh fails the request, and the session stays', async () => {
      const { page } = await openSignedIn();
      await backend.expireAccessTokens();
      backend.set({ token: { answer: 503, only: 'refresh_token' } });
      await press(page, 'Load the user');
      await shows(page, 'answer', '401');
      await shows(page, 'state', 'customer as current');

      backend.resetBehaviour();
      await press(page, 'Load the user');
      await shows(page, 'answer', '200 anna.keller@example.com');
      assert.deepEqual(grants(), ['password', 'refresh_token', 'refresh_token']);
    });

    test('R20, R9: a refused refresh ends the session with expired, and nothing is revoked', async () => {
      const { page } = await openSignedIn();
      await backend.expireAccessTokens();
      await backend.expireRefreshTokens();
      await press(page, 'Load the user eight times at once');
      await shows(page, 'answer', Array(8).fill('401').join(', '));
      await shows(page, 'state', 'anonymous as anonymous');
      await shows(page, 'expired', 'customer');
      assert.deepEqual(grants(), ['password', 'refresh_token']);
      assert.deepEqual(await revocations(backend), []);
    });

    test('R22: another host gets no bearer, and no second request after a 401', async (t) => {
      const other = await startBackend();
      t.after(() => other.close());
      const url = `${other.url}${usersPath}/current`;
      const { page } = await openSignedIn({ query: `?other=${encodeURIComponent(url)}` });
      await press(page, 'Load from the other host');
      await shows(page, 'answer', '401');
      assert.deepEqual(
        other.journal.map(({ method, path, authorization }) => [method, path, authorization]),
        [['GET', `${usersPath}/current`, null]],
      );
      assert.deepEqual(grants(), ['password']);
    });

    test('a request with an Authorization header of its own is left alone', async () => {
      const { page } = await openSignedIn();
      await press(page, 'Load the user with a header of its own');
      await shows(page, 'answer', '401');
      assert.deepEqual(
        backend.received({ method: 'GET' }).map(({ authorization }) => authorization),
        ['Basic c2hvcDpzaG9w'],
      );
      assert.deepEqual(grants(), ['password']);
    });

    test("a registration is sent again with the application's own token", async () => {
      const { page } = await openShop();
      await press(page, 'Register');
      await shows(page, 'answer', '201 dora@example.com');
      const labels = await tokenLabels();
      assert.deepEqual(
        backend.received({ path: usersPath }).map(({ authorization }) => labels(authorization)),
        ['nothing', 'client #1 access'],
      );
      assert.deepEqual(grants(), ['client_credentials']);
    });

    test('R19: an application token that dies before its time fails one registration, and not the next', async () => {
      const { page } = await openShop();
      await press(page, 'Register');
      await shows(page, 'answer', '201 dora@example.com');
      await backend.expireAccessTokens();
      await press(page, 'Register');
      await shows(page, 'answer', '401');
      await press(page, 'Register');
      // The account exists since the first registration.
      await shows(page, 'answer', '400');
      assert.deepEqual(grants(), ['client_credentials', 'client_credentials']);
    });

    test('the application is stable while the token waits to expire', async () => {
      const { page } = await openSignedIn();
      await press(page, 'Load the user');
      await shows(page, 'answer', '200 anna.keller@example.com');
      await page.locator('body[data-stable="true"]').waitFor();
    });

    /** @type {[what: string, visit: Parameters<typeof openShop>[0], message: RegExp][]} */
    const faults = [
      ['options without a client id', { options: { clientId: null } }, /clientId/],
      ['a missing core.wasm', { options: { wasm: '/missing.wasm' } }, /missing\.wasm \(404,/],
      ['a policy without wasm-unsafe-eval', { csp: policy }, /Content Security Policy/],
    ];
    for (const [what, visit, message] of faults) {
      test(`${what}: the error is reported once, and anonymous visitors are served`, async () => {
        const { page, complaints } = await openShop(visit);
        await press(page, 'Search');
        await shows(page, 'answer', '200');
        await enter(page, anna, 'Sign in');
        await shows(page, 'answer', /^(invalid-options|wasm-unavailable)$/);
        await shows(page, 'state', 'anonymous as anonymous');
        assert.equal(complaints.length, 1, complaints.join('\n'));
        assert.match(`${complaints}`, /^error: .*occ-session could not be started: /);
        assert.match(`${complaints}`, message);
        assert.deepEqual(grants(), []);
      });
    }
  });
}

/**
 * Waits until an element shows a text, and nothing else.
 *
 * @param {Page} page
 * @param {string} id
 * @param {string | RegExp} text
 */
const shows = (page, id, text) =>
  page
    .locator(`#${id}`, { hasText: text instanceof RegExp ? text : new RegExp(`^${text}$`) })
    .waitFor();

/** @param {Page} page @param {string} name */
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/**
 * @param {Page} page
 * @param {{ username: string, password: string }} credentials
 * @param {string} button
 */
async function enter(page, { username, password }, button) {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await press(page, button);
}

/** @param {Page} page */
async function signIn(page) {
  await enter(page, anna, 'Sign in');
  await shows(page, 'state', 'customer as current');
}

/** Returns the grant types of the token requests. */
const grants = () => backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);

async function tokenLabels() {
  const tokens = await backend.tokens();
  /** @param {string | null} authorization */
  return (authorization) =>
    tokens.find(({ token }) => authorization === `Bearer ${token}`)?.label ??
    authorization ??
    'nothing';
}

/** Resolves with the user requests, each with its token. */
async function loads() {
  const label = await tokenLabels();
  return backend
    .received({ method: 'GET' })
    .filter(({ path }) => path.startsWith(`${usersPath}/`))
    .map(({ path, authorization }) => `${path.split('/').at(-1)} with ${label(authorization)}`);
}
