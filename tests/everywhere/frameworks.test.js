// A session in page frameworks: the lines of docs/frameworks.md for each, with the real library, in
// Chromium.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startBackend } from '../../web/backend/index.js';
import {
  anna,
  complaintsOf,
  lives,
  openBrowser,
  openContext,
  tokenPath,
} from '../browser/browser.js';
import { codeWith, openProject } from './bundlers/project.js';
import { serve } from './bundlers/site.js';

/** @import { TestContext } from 'node:test' */
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Backend } from '../../web/backend/index.js' */

/** @type {Browser} */
let browser;
/** @type {Backend} */
let backend;
/** @type {Awaited<ReturnType<typeof openProject>>} */
let project;

before(async () => {
  [browser, backend] = await Promise.all([openBrowser(), startBackend()]);
  project = await openProject('frameworks');
  const { folder } = project;
  rmSync(join(folder, 'from-docs'), { recursive: true, force: true });
  mkdirSync(join(folder, 'from-docs'));
  for (const [file, name] of [
    ['react', 'react'],
    ['vue', 'vue'],
    ['svelte', 'svelte/store'],
    ['requests', 'openapi-fetch'],
  ]) {
    const code = codeWith(name).replace(
      /'https:\/\/api\.shop\.example(.*?)'/,
      '`${location.origin}$1`',
    );
    const text = `import { session } from '../shop.js';\n${code}`;
    writeFileSync(join(folder, 'from-docs', `${file}.js`), text);
  }
  project.build();
  project.shell('cp index.html node_modules/occ-session/dist/core.wasm dist/');
});
after(async () => {
  await browser?.close();
  await backend?.close();
});

/** @param {TestContext} t @param {string} name of the page */
async function open(t, name) {
  const site = await serve({
    folder: join(project.folder, 'dist'),
    backend,
    write: (page) => page.replace('PAGE', name),
  });
  t.after(site.close);
  const context = await openContext(t, browser, backend);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(site.page());
  return { page, complaints };
}

/**
 * Resolves with the rendered texts, when all are rendered.
 *
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
const rendered = (page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return /** @type {any} */ (globalThis).rendered;
  });

for (const [name, file, advertisement] of /** @type {[string, string, RegExp?][]} */ ([
  ['React', 'react', /React DevTools/],
  ['Vue', 'vue'],
  ['Svelte', 'svelte'],
])) {
  describe(`library: ${name}`, () => {
    test('the signed-in user is rendered at each change, and at no other time', async (t) => {
      t.diagnostic(`version: ${project.version(file)}`);
      const { page, complaints } = await open(t, file);
      await page.locator('#app', { hasText: /^anonymous$/ }).waitFor();

      // None of these calls changes anything.
      await page.evaluate(async () => {
        await globalThis.session.signOut();
        await globalThis.session.fetch('/occ/v2/shop/titles');
      });
      const expected = ['anonymous'];
      assert.deepEqual(await rendered(page), expected);

      await page.evaluate((credentials) => globalThis.session.signIn(credentials), anna);
      await page.locator('#app', { hasText: /^customer$/ }).waitFor();
      expected.push('customer-signing-in', 'customer');
      assert.deepEqual(await rendered(page), expected);

      // A request of the customer changes nothing either.
      await page.evaluate(() => globalThis.session.fetch('/occ/v2/shop/users/current'));
      assert.deepEqual(await rendered(page), expected);

      await page.evaluate(async () => {
        await globalThis.session.signOut();
        await globalThis.session.settled();
      });
      await page.locator('#app', { hasText: /^anonymous$/ }).waitFor();
      expected.push('anonymous, revoking 2', 'anonymous, revoking 1', 'anonymous');
      assert.deepEqual(await rendered(page), expected);
      assert.deepEqual(await lives(backend), {
        'customer #1 access': 'revoked',
        'customer #1 refresh': 'revoked',
      });

      await page.evaluate(async (credentials) => {
        /** @type {any} */ (globalThis).unmount();
        await globalThis.session.signIn(credentials);
      }, anna);
      assert.deepEqual(await rendered(page), expected);
      assert.deepEqual(
        complaints.filter((line) => !advertisement?.test(line)),
        [],
      );
    });
  });
}

describe('library: React on a server', () => {
  test('the signed-in user is unknown on the server and during hydration, and known afterwards', async (t) => {
    const { page, complaints } = await open(t, 'hydrated');
    await page.locator('#app', { hasText: /^anonymous$/ }).waitFor();
    assert.deepEqual(await rendered(page), ['unknown', 'unknown', 'anonymous']);
    assert.deepEqual(
      complaints.filter((line) => !/React DevTools/.test(line)),
      [],
    );
  });
});

/**
 * Sends so many requests at once, in the way of a library.
 *
 * @param {Page} page
 * @param {string} library
 * @param {[method: string, path: string, body?: object]} request
 */
const ask = (page, library, request, times = 1) =>
  page.evaluate(([way, what, count]) => {
    const { [way]: send } = /** @type {any} */ (globalThis).ask;
    return Promise.all(Array.from({ length: count }, () => send(...what)));
  }, /** @type {const} */ ([library, request, times]));

/**
 * The requests to a path, each with the token it carried.
 *
 * @param {string} method
 * @param {string} path
 */
async function sent(method, path) {
  const tokens = await backend.tokens();
  return backend
    .received({ method, path })
    .map(({ authorization }) =>
      authorization === null
        ? 'without'
        : tokens.find(({ token }) => authorization === `Bearer ${token}`)?.label,
    );
}

const grants = () => backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);

for (const library of ['openapi-fetch', 'ky', 'axios']) {
  describe(`library: ${library}`, () => {
    /** @param {TestContext} t */
    async function openPage(t) {
      const { page, complaints } = await open(t, 'requests');
      await page.waitForFunction('globalThis.ask');
      return { page, complaints };
    }

    test('R19: requests carry the bearer, and three that meet an expired one cause one refresh', async (t) => {
      t.diagnostic(`version: ${project.version(library)}`);
      const { page, complaints } = await openPage(t);
      await page.evaluate((credentials) => globalThis.session.signIn(credentials), anna);
      const user = { status: 200, uid: anna.username };
      assert.deepEqual(await ask(page, library, ['GET', 'users/current']), [user]);
      assert.deepEqual(await sent('GET', '/occ/v2/shop/users/current'), ['customer #1 access']);

      await backend.expireAccessTokens();
      const three = await ask(page, library, ['GET', 'users/current'], 3);
      assert.deepEqual(three, [user, user, user]);
      assert.deepEqual(grants(), ['password', 'refresh_token']);
      assert.deepEqual((await sent('GET', '/occ/v2/shop/users/current')).sort(), [
        ...Array(4).fill('customer #1 access'),
        ...Array(3).fill('customer #2 access'),
      ]);
      assert.deepEqual(complaints, []);
    });

    test("while nobody is signed in a search carries no token, and a registration the application's own, once the server demands one", async (t) => {
      const { page, complaints } = await openPage(t);
      const [{ status }] = await ask(page, library, ['GET', 'products/search']);
      assert.equal(status, 200);
      assert.deepEqual(await sent('GET', '/occ/v2/shop/products/search'), ['without']);
      assert.deepEqual(grants(), []);

      const uid = 'dora@example.com';
      const body = { uid, password: 'Welcome-4', firstName: 'Dora', lastName: 'Lind' };
      assert.deepEqual(await ask(page, library, ['POST', 'users', body]), [{ status: 201, uid }]);
      assert.deepEqual(await sent('POST', '/occ/v2/shop/users'), ['without', 'client #1 access']);
      const bodies = backend.received({ path: '/occ/v2/shop/users' }).map((entry) => entry.body);
      assert.deepEqual(bodies, [JSON.stringify(body), JSON.stringify(body)]);
      assert.deepEqual(grants(), ['client_credentials']);
      assert.deepEqual(complaints, []);
    });
  });
}
