// The package in the bundlers of storefronts: from the tarball, with only the settings of
// docs/bundlers.md, in Chromium, under the content security policy of the demo; server bundles in Node.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { root } from '../../tools/command.js';
import { buildStorefronts } from '../../tools/storefront.js';
import { startDemo } from '../../web/server.js';
import {
  anna,
  answered,
  complaintsOf,
  lives,
  openBrowser,
  openContext,
  revocations,
} from '../browser/browser.js';
import { read } from '../pages.js';
import { openProject } from './bundlers/project.js';
import { backendPaths, serve } from './bundlers/site.js';

/** @import { TestContext } from 'node:test' */
/** @import { Browser } from 'playwright-core' */
/** @import { Backend } from '../../web/backend/index.js' */

const isShort = process.env.OCC_EVERYWHERE === 'short';

/** @type {Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startDemo>>} */
let demo;
/** @type {Backend} */
let backend;
/** @type {string} the demo's, but only the page's own origin may be reached */
let policy;

before(async () => {
  [browser, demo] = await Promise.all([openBrowser(), startDemo()]);
  backend = demo.backend;
  const sent = (await fetch(demo.url)).headers.get('content-security-policy') ?? '';
  policy = sent.replace(` ${new URL(backend.url).origin}`, '');
  assert.ok(policy.split('; ').includes("connect-src 'self'"), policy);
});
after(async () => {
  await browser?.close();
  await demo?.close();
});

const documentation = read('docs/bundlers.md');

/** The settings that the documentation gives for a bundler: the code in its table row. @param {string} bundler */
function needs(bundler) {
  const rows = documentation.split('\n').filter((line) => line.startsWith('| '));
  const row = rows.map((line) => line.split(' | ')).find(([name]) => name.includes(bundler));
  assert.ok(row, `docs/bundlers.md says nothing of ${bundler}`);
  return /`(.*?)`/.exec(row[1])?.[1];
}

/**
 * Opens a page and collects its console messages.
 *
 * @param {TestContext} t
 * @param {string} url
 */
async function open(t, url) {
  const context = await openContext(t, browser, backend);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(url);
  /** @param {RegExp} text */
  const shows = (text) => page.locator('#state', { hasText: text }).waitFor();
  return { page, complaints, shows };
}

/**
 * Signs a customer in and out on a page.
 *
 * @param {TestContext} t
 * @param {string} url
 * @param {RegExp} [own] matches the bundler's own console messages
 */
async function signInAndOut(t, url, own) {
  const { page, complaints, shows } = await open(t, url);
  await shows(/^anonymous as anonymous$/);
  await page.getByLabel('User name').fill(anna.username);
  await page.getByLabel('Password').fill(anna.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await shows(/^customer as current$/);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await shows(/^anonymous as anonymous$/);
  await answered(backend, 2);

  assert.deepEqual(await revocations(backend), [
    'customer #1 refresh under customer #1 access',
    'customer #1 access under customer #1 access',
  ]);
  assert.deepEqual(await lives(backend), {
    'customer #1 access': 'revoked',
    'customer #1 refresh': 'revoked',
  });
  assert.deepEqual(
    complaints.filter((line) => !own?.test(line)),
    [],
  );
}

/**
 * Resolves with the text of a page that cannot open a session.
 *
 * @param {TestContext} t
 * @param {string} url
 */
async function failure(t, url) {
  const { page, complaints, shows } = await open(t, url);
  await shows(/SessionError/);
  assert.deepEqual(complaints, []);
  return page.innerText('#state');
}

/** @param {TestContext} t @param {Omit<Parameters<typeof serve>[0], 'backend' | 'policy'> & { policy?: string }} options */
async function openSite(t, options) {
  const site = await serve({ backend, policy, ...options });
  t.after(site.close);
  return site;
}

const revoked = 'R1, R11: a customer signs in and out, and both tokens are revoked';

/** @param {string} name @param {() => void} tests */
function place(name, tests) {
  describe(`bundler: ${name}`, () => {
    if (!isShort || /^(esbuild|Vite)(, server)?$/.test(name)) return tests();
    const skip = 'left out of the short form: esbuild and Vite stand for the others';
    test(revoked, { skip });
  });
}

/** @typedef {Awaited<ReturnType<typeof openProject>>} Project */

/**
 * Defines the tests of a bundler; its own tests come last.
 *
 * @param {string} name as the documentation has it
 * @param {string} npmName
 * @param {(project: Project, line: string | undefined) => void} build with the line of the documentation
 * @param {(project: () => Project) => void} [more]
 */
function describeBundler(name, npmName, build, more) {
  place(name, () => {
    /** @type {Project} */
    let project;
    before(async () => {
      project = await openProject(`bundlers/${npmName}`, 'bundlers/page');
      rmSync(join(project.folder, 'dist'), { recursive: true, force: true });
      build(project, needs(name));
    });

    test(revoked, async (t) => {
      t.diagnostic(`version: ${project.version(npmName)}`);
      const site = await openSite(t, { folder: join(project.folder, 'dist') });
      await signInAndOut(t, site.page());
    });

    more?.(() => project);
  });
}

/** The page with occ-session/inline. @param {Project} project */
function writeInline({ folder, shell }) {
  const main = readFileSync(join(folder, 'main.js'), 'utf8');
  shell('rm -rf inline && mkdir inline && cp index.html inline/');
  writeFileSync(
    join(folder, 'inline/main.js'),
    main.replace("'occ-session'", "'occ-session/inline'"),
  );
}

/** @param {Project} project @param {string | undefined} line of the shell */
function buildAndType(project, line) {
  project.build();
  project.shell(line ?? assert.fail('docs/bundlers.md has no line for it'));
}

/** @param {Project} project @param {string | undefined} line */
function buildOnly(project, line) {
  assert.equal(line, undefined);
  project.build();
}

describeBundler('esbuild', 'esbuild', buildAndType, (project) => {
  const dist = () => join(project().folder, 'dist');

  /** Opens the site with another answer for core.wasm. @param {TestContext} t @param {object} answer */
  const openSiteWith = (t, answer) =>
    openSite(t, {
      folder: dist(),
      instead: (path) => (path === '/core.wasm' ? answer : undefined),
    });

  for (const [what, headers] of /** @type {[string, Record<string, string>][]} */ ([
    ['without a type', {}],
    ['with the type of a text', { 'Content-Type': 'text/plain' }],
  ])) {
    test(`core.wasm that is served ${what} is compiled from its bytes, without a message`, async (t) => {
      const site = await openSiteWith(t, { headers });
      const { headers: served } = await fetch(`${site.url}/core.wasm`);
      assert.equal(served.get('content-type'), headers['Content-Type'] ?? null);
      await signInAndOut(t, site.page());
    });
  }

  const html = { 'Content-Type': 'text/html; charset=utf-8' };
  const body = '<!doctype html><title>Shop</title>';
  for (const [what, answer, said] of /** @type {[string, object, string][]} */ ([
    ['is not there', { status: 404, headers: html, body }, '404, text/html; charset=utf-8'],
    ['is a page of HTML', { status: 200, headers: html, body }, '200, text/html; charset=utf-8'],
    ['is empty, and has no type', { status: 200, headers: {}, body: '' }, '200, null'],
  ])) {
    test(`core.wasm that ${what} fails with wasm-unavailable, its address, status and type`, async (t) => {
      const site = await openSiteWith(t, answer);
      const message = await failure(t, site.page());
      const start = `SessionError wasm-unavailable: core.wasm could not be loaded from ${site.url}/core.wasm (${said}): `;
      assert.equal(message.slice(0, start.length), start);
      assert.ok(!message.includes('<'), message);
    });
  }

  /** Serves core.wasm on another origin. @param {TestContext} t @param {Record<string, string>} headers */
  async function openCdn(t, headers) {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/wasm', ...headers });
      response.end(readFileSync(join(dist(), 'core.wasm')));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close().closeAllConnections());
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const url = `http://127.0.0.1:${port}`;
    const allowed = policy.replace("connect-src 'self'", `connect-src 'self' ${url}`);
    const site = await openSite(t, { folder: dist(), policy: allowed });
    return { wasm: `${url}/occ-session/core.wasm`, site };
  }

  test('core.wasm is loaded from another origin that allows it', async (t) => {
    const { wasm, site } = await openCdn(t, { 'Access-Control-Allow-Origin': '*' });
    await signInAndOut(t, site.page({ wasm }));
  });

  test('core.wasm of another origin that forbids it fails with wasm-unavailable and its address', async (t) => {
    const { wasm, site } = await openCdn(t, {});
    const { page, shows } = await open(t, site.page({ wasm }));
    await shows(/SessionError/);
    assert.equal(
      await page.innerText('#state'),
      `SessionError wasm-unavailable: core.wasm could not be loaded from ${wasm}: Failed to fetch`,
    );
  });

  describe('in a bundle that is no ES module', () => {
    /** @param {TestContext} t */
    function openClassic(t) {
      const { folder, shell } = project();
      const options = '--bundle --format=iife --log-level=error';
      shell(`npx esbuild main.js ${options} --outfile=classic/main.js`);
      shell('cp index.html dist/core.wasm classic/');
      return openSite(t, { folder: join(folder, 'classic') });
    }

    test('a bundle that is no ES module loads core.wasm from the given address', async (t) => {
      const site = await openClassic(t);
      await signInAndOut(t, site.page({ wasm: '/core.wasm' }));
    });

    test('a bundle that is no ES module fails with wasm-unavailable without an address', async (t) => {
      const site = await openClassic(t);
      assert.match(await failure(t, site.page()), /^SessionError wasm-unavailable: .*Invalid URL/);
    });
  });

  test('occ-session/inline needs no file', async (t) => {
    const { folder, shell } = project();
    writeInline(project());
    shell('npx esbuild inline/main.js --bundle --format=esm --outfile=inline/dist/main.js');
    shell('cp index.html inline/dist/');
    const site = await openSite(t, { folder: join(folder, 'inline/dist') });
    await signInAndOut(t, site.page());
  });
});

describeBundler('Vite', 'vite', buildOnly, (project) => {
  const files = (/** @type {string} */ name) => readdirSync(join(project().folder, name, 'assets'));

  test('core.wasm gets a name with a hash of its content', () => {
    assert.match(files('dist').join(' '), /^core-[\w-]{8}\.wasm index-[\w-]{8}\.js$/);
  });

  test('core.wasm is inlined if configured, and no policy has to allow data:', async (t) => {
    project().build('--outDir', 'inlined', '--assetsInlineLimit', '100000');
    assert.match(files('inlined').join(' '), /^index-[\w-]{8}\.js$/);
    const site = await openSite(t, { folder: join(project().folder, 'inlined') });
    await signInAndOut(t, site.page());
  });

  test('a shop below a path finds core.wasm there', async (t) => {
    project().build('--outDir', 'based', '--base', '/shop/');
    const site = await openSite(t, { folder: join(project().folder, 'based'), base: '/shop/' });
    assert.equal(new URL(site.page()).pathname, '/shop/');
    await signInAndOut(t, site.page());
  });
});

place('Vite, development server', () => {
  test(revoked, async (t) => {
    const project = await openProject('bundlers/vite', 'bundlers/page');
    t.diagnostic(`version: ${project.version('vite')}`);
    assert.equal(needs('Vite (build, development server)'), undefined);
    const entry = join(project.folder, 'node_modules/vite/dist/node/index.js');
    const vite = await import(pathToFileURL(entry).href);
    const server = await vite.createServer({
      root: project.folder,
      configFile: false,
      logLevel: 'silent',
      server: {
        host: '127.0.0.1',
        port: 0,
        headers: { 'Content-Security-Policy': policy },
        proxy: Object.fromEntries(backendPaths.map((path) => [path, backend.url])),
      },
    });
    t.after(() => server.close());
    await server.listen();
    const url = `http://127.0.0.1:${server.httpServer.address().port}`;
    await signInAndOut(t, `${url}/?${new URLSearchParams({ backend: url })}`, /^debug: \[vite\] /);
  });
});

describeBundler('webpack 5', 'webpack', buildOnly);

describeBundler('Rollup', 'rollup', buildAndType);

/** Adds lines to a package.json. @param {Project} project @param {string | undefined} lines */
function configure({ folder }, lines) {
  const file = join(folder, 'package.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text), ...JSON.parse(`{${lines}}`) }));
}

const buildConfigured = (
  /** @type {Project} */ project,
  /** @type {string | undefined} */ line,
) => {
  configure(project, line);
  project.build();
};

describeBundler('Parcel', 'parcel', buildConfigured, (project) => {
  test('occ-session/inline is found with the line that the documentation has for that', async (t) => {
    writeInline(project());
    configure(project(), /`("@parcel.*?)`/.exec(documentation)?.[1]);
    project().shell('npx parcel build inline/index.html --dist-dir inline/dist');
    const site = await openSite(t, { folder: join(project().folder, 'inline/dist') });
    await signInAndOut(t, site.page());
  });
});

/** The output of a program that has opened, used and closed a session. */
const byItself = 'anna.keller@example.com, then anonymous';

/**
 * Defines the tests of a program for Node, made by a bundler.
 *
 * @param {string} name
 * @param {string} npmName
 * @param {Record<string, { line: string, file: string, alone: string | RegExp }>} builds by product:
 *   the line of the shell, the file that it writes, and its output without an address of core.wasm
 */
function describeServer(name, npmName, builds) {
  place(`${name}, server`, () => {
    /** @type {Project} */
    let project;
    before(async () => {
      project = await openProject(`bundlers/${npmName}`, 'bundlers/server');
      rmSync(join(project.folder, 'server'), { recursive: true, force: true });
      for (const { line } of Object.values(builds)) project.shell(line);
    });

    /** @param {TestContext} t @param {string} file @param {...string} wasm */
    async function run(t, file, ...wasm) {
      t.after(() => backend.reset());
      const args = [file, backend.url, anna.username, anna.password, ...wasm];
      const cwd = project.folder;
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd });
      assert.equal(stderr, '');
      return {
        said: stdout.trim(),
        revoked: await revocations(backend),
        alive: await lives(backend),
      };
    }

    const done = {
      said: byItself,
      revoked: [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ],
      alive: { 'customer #1 access': 'revoked', 'customer #1 refresh': 'revoked' },
    };

    for (const [what, { file, alone }] of Object.entries(builds)) {
      test(`R1, R11: ${what} signs in and out with the core.wasm that it is given`, async (t) => {
        t.diagnostic(`version: ${project.version(npmName)}`);
        const wasm = 'node_modules/occ-session/dist/core.wasm';
        assert.deepEqual(await run(t, file, wasm), done);
      });

      if (alone === byItself) {
        test(`R1, R11: ${what} signs in and out, and finds core.wasm by itself`, async (t) => {
          assert.deepEqual(await run(t, file), done);
        });
      } else {
        test(`${what} reports core.wasm as unavailable if it is not given one`, async (t) => {
          const { said, ...seen } = await run(t, file);
          assert.match(said, /** @type {RegExp} */ (alone));
          assert.deepEqual(seen, { revoked: [], alive: {} });
        });
      }
    }
  });
}

describeServer('esbuild', 'esbuild', {
  'a CommonJS bundle': {
    line: 'npx esbuild server.js --bundle --platform=node --outfile=server/main.cjs --log-level=error',
    file: 'server/main.cjs',
    alone: /^SessionError wasm-unavailable: core\.wasm could not be loaded: Invalid URL$/,
  },
  'an ES module with core.wasm beside it': {
    line: `npx esbuild server.js --bundle --platform=node --format=esm --outfile=server/main.mjs --log-level=error &&
      cp node_modules/occ-session/dist/core.wasm server/`,
    file: 'server/main.mjs',
    alone: byItself,
  },
});

describeServer('Vite', 'vite', {
  'a build that leaves npm packages outside': {
    line: 'npx vite build --ssr server.js --outDir server/outside --logLevel error',
    file: 'server/outside/server.js',
    alone: byItself,
  },
  'a build with npm packages inside': {
    line: 'npx vite build --ssr server.js --outDir server/inside --config inside.config.js --logLevel error',
    file: 'server/inside/server.js',
    alone:
      /^SessionError wasm-unavailable: core\.wasm could not be loaded: ENOENT: .*inside.core\.wasm'$/,
  },
});

describeServer('webpack 5', 'webpack', {
  'a build for Node': {
    line: 'npx webpack build --mode production --target node --entry ./server.js --output-path server --output-filename main.cjs',
    file: 'server/main.cjs',
    alone: byItself,
  },
});

for (const [version, build] of /** @type {const} */ ([
  ['12', 'plain-12'],
  ['21', 'plain-21'],
])) {
  place(`Angular CLI ${version}`, () => {
    before(() => buildStorefronts([build]));

    test(revoked, async (t) => {
      const cli = `tests/storefront/angular-${version}/node_modules/@angular/cli/package.json`;
      t.diagnostic(`version: ${JSON.parse(readFileSync(join(root, cli), 'utf8')).version}`);
      assert.equal(needs('Angular CLI'), undefined);
      const site = await openSite(t, {
        folder: join(root, 'build/storefront', build),
        // Angular needs its <base href="/"> and a policy for Trusted Types; this page has an icon.
        policy: policy
          .replace("img-src 'self'", 'img-src data:')
          .replace("base-uri 'none'", "base-uri 'self'")
          .replace("trusted-types 'none'", 'trusted-types angular angular#bundler'),
        write: (page, url) =>
          page.replace('OCC_BACKEND_BASE_URL_VALUE', url).replace('OCC_SESSION_OPTIONS_VALUE', ''),
      });
      await signInAndOut(t, site.page());
    });
  });
}
