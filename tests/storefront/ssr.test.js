// The storefront on a server: its root module, rendered by Angular in Node, where no user is signed
// in and there is no window.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';

import { startBackend } from '../../web/backend/index.js';

/** @import { Backend } from '../../web/backend/index.js' */

const run = promisify(execFile);
const workspace = fileURLToPath(new URL('./angular-12/', import.meta.url));
const sources = join(workspace, 'spartacus/src');

/** Renders the pages at the same time, as a server does, and ends by itself. */
const entry = `
  import 'zone.js/node';
  import '@angular/compiler';
  import '@angular/localize/init';
  import { enableProdMode, NgModule } from '@angular/core';
  import { BrowserModule } from '@angular/platform-browser';
  import { renderModule, ServerModule } from '@angular/platform-server';
  import { SERVER_REQUEST_ORIGIN, SERVER_REQUEST_URL } from '@spartacus/core';
  import { StorefrontComponent } from '@spartacus/storefront';
  import { AppModule } from './app.module';

  @NgModule({
    imports: [AppModule, BrowserModule.withServerTransition({ appId: 'storefront' }), ServerModule],
    bootstrap: [StorefrontComponent],
  })
  class ServerAppModule {}

  const { document, pages, stored } = JSON.parse(process.argv[2]);
  // Some versions of Node have a localStorage, which is nobody's.
  if (stored) globalThis.localStorage = { getItem: (key) => stored[key] ?? null };
  enableProdMode();
  const origin = 'https://shop.example';
  const render = (url) =>
    renderModule(ServerAppModule, {
      document,
      url,
      extraProviders: [
        { provide: SERVER_REQUEST_ORIGIN, useValue: origin },
        { provide: SERVER_REQUEST_URL, useValue: origin + url },
      ],
    });
  Promise.all(pages.map(render)).then((htmls) =>
    console.log(JSON.stringify({ htmls, window: typeof window })),
  );
`;

/** @type {string} */
let folder;
/** @type {Backend} */
let backend;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storefront-'));
  backend = await startBackend();
  // This version of Angular must compile its own packages before their first build.
  const ngcc = [
    '--target',
    '@angular/platform-server',
    '--properties',
    'es2015',
    '--first-only',
    '--create-ivy-entry-points',
  ];
  await run(join(workspace, 'node_modules/.bin/ngcc'), ngcc, { cwd: workspace });
  await build({
    stdin: { contents: entry, loader: 'ts', resolveDir: sources },
    bundle: true,
    outfile: join(folder, 'server.cjs'),
    platform: 'node',
    // This package cannot be bundled: it is written for the sloppy mode of JavaScript.
    external: ['domino'],
    logLevel: 'error',
    mainFields: ['es2015_ivy_ngcc', 'module_ivy_ngcc', 'es2015', 'module', 'main'],
    tsconfigRaw: {
      compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false },
    },
    plugins: [
      {
        name: 'storefront with the engine',
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^\.\/session$/ }, () => ({
            path: join(sources, 'session.engine.ts'),
          }));
          // The application reads the settings of the tests from the page.
          onLoad({ filter: /\/meta\.ts$/ }, () => ({
            contents: 'export const fromMeta = () => ({});',
          }));
        },
      },
    ],
  });
});
after(() => Promise.all([backend.close(), rm(folder, { recursive: true })]));

/**
 * @param {string[]} pages
 * @param {Record<string, string>} [stored] in the localStorage of the process
 */
async function render(pages, stored) {
  const page = await readFile(join(sources, 'index.html'), 'utf8');
  const document = page.replace('OCC_BACKEND_BASE_URL_VALUE', backend.url);
  const given = JSON.stringify({ document, pages, stored });
  const { stdout, stderr } = await run(process.execPath, [join(folder, 'server.cjs'), given], {
    env: { ...process.env, NODE_PATH: join(workspace, 'node_modules') },
    maxBuffer: 2 ** 26,
    timeout: 30_000,
  });
  return { ...JSON.parse(stdout), stderr };
}

/** Returns the requests with a bearer, or for one. */
const bearers = () =>
  backend.journal.filter(({ method, authorization }) => method !== 'GET' || authorization !== null);

test('a server renders the shop for a visitor, with no window and no request of a session', async () => {
  const { htmls, window, stderr } = await render(['/', '/my-account/update-profile']);
  const [home, account] = htmls;
  assert.equal(window, 'undefined');
  assert.match(home, /<h1>Good things for every day<\/h1>/);
  assert.match(home, /<cx-login[^>]*>.*Sign In \/ Register/);
  assert.doesNotMatch(home, /cx-login-greet/);
  // This page is never shown on a server.
  assert.match(account, /<cx-login-form/);
  assert.doesNotMatch(account, /<cx-update-profile/);
  assert.ok(backend.received({ method: 'GET' }).length > 0);
  assert.deepEqual(bearers(), []);
  assert.equal(stderr, '');
});

test('a server renders the shop signed out, whatever its storage holds', async () => {
  const token = { access_token: 'somebody', token_type: 'bearer', expires_at: '4102444800000' };
  const { htmls, stderr } = await render(['/'], {
    'spartacus⚿⚿auth': JSON.stringify({ token, userId: 'current' }),
    'occ-session': JSON.stringify({
      v: 1,
      for: `${backend.url}/ mobile_android mobile_android`,
      epoch: 1,
      active: { owner: 'customer', number: 1, expires: 4_102_444_800_000, access: 'somebody' },
    }),
  });
  assert.match(htmls[0], /Sign In \/ Register/);
  assert.deepEqual(bearers(), []);
  assert.equal(stderr, '');
});
