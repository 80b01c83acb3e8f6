// One suite over the public API in each runtime, from the packed tarball; the requests that the
// back end received are checked here.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { root } from '../../tools/command.js';
import { installNpmPackages } from '../../tools/setup.js';
import { startBackend } from '../../web/backend/index.js';
import { Storefront } from '../node/storefront.js';
import { project } from './tarball.js';

/**
 * @typedef {import('./runtimes/suite.js').Place} Place
 *
 * @typedef {object} Outcome the result of a runtime
 * @property {string} said its standard output
 * @property {string} complained its error output
 * @property {number | null} code its exit code; null: it is a server, and was ended
 *
 * @typedef {object} Runtime
 * @property {string} [folder] its folder, installed by npm
 * @property {string} command
 * @property {(folder: string, places: Record<string, Place>, command: string) => Promise<Outcome>} run
 * @property {string} [core] a module that exports the result of the import of core.wasm there
 * @property {string} [noCore] the reason why there is none
 * @property {boolean} [compiles] true, the default, if it compiles bytes
 * @property {boolean} [short] true if it has a part in the short form
 */

const here = join(root, 'tests/everywhere/runtimes');
const more = join(here, 'more');
const short = process.env.OCC_EVERYWHERE === 'short';

/** The time limit of a process, so one that never ends does not block the runner. */
const limit = { timeout: 120_000 };

/** Runs the suite as a command. @param {string[]} options @returns {Runtime['run']} */
const asCommand =
  (...options) =>
  async (folder, places, command) => {
    const args = [...options, 'command.js', JSON.stringify(places)];
    /** @type {Promise<{ stdout: string, stderr: string }>} */
    const running = promisify(execFile)(command, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' },
      timeout: 60_000,
    });
    return running.then(
      ({ stdout, stderr }) => ({ said: stdout, complained: stderr, code: 0 }),
      ({ code, stdout, stderr }) => ({ said: stdout, complained: stderr, code: code ?? -1 }),
    );
  };

/** Runs the suite as a worker, bundled as the tools of workerd do. @type {Runtime['run']} */
async function asWorker(folder, places, command) {
  const esbuild = await import('esbuild');
  const { metafile } = await esbuild.build({
    absWorkingDir: folder,
    entryPoints: ['worker.js'],
    bundle: true,
    outdir: 'worker',
    format: 'esm',
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    metafile: true,
    logLevel: 'silent',
  });
  const modules = Object.keys(metafile.outputs)
    .map((path) => path.replace('worker/', ''))
    // The first one is started.
    .sort((a, b) => Number(b === 'worker.js') - Number(a === 'worker.js'))
    .map(
      (name) =>
        `(name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}")`,
    );
  writeFileSync(
    join(folder, 'worker/config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "suite", worker = (
      modules = [${modules.join(', ')}],
      compatibilityDate = "2026-11-01",
      globalOutbound = "back end",
    )),
    (name = "back end", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);
`,
  );
  const child = spawn(command, ['serve', 'worker/config.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let complained = '';
  child.stdout?.on('data', (data) => (complained += data));
  child.stderr?.on('data', (data) => (complained += data));
  const ended = once(child, 'close');
  try {
    const control = /** @type {import('node:stream').Readable} */ (child.stdio[3]);
    const [line] = await Promise.race([once(createInterface(control), 'line'), ended]);
    if (typeof line !== 'string') throw new Error(complained);
    const { port } = JSON.parse(line);
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      body: JSON.stringify(places),
    });
    return { said: await response.text(), complained, code: null };
  } finally {
    child.kill();
    await ended;
  }
}

/** An import that gives a WebAssembly.Module. */
const asSource = "import source core from 'occ-session/core.wasm';\nexport default core;\n";
const asModule = "export { default } from 'occ-session/core.wasm';\n";
/** An import that gives a path. */
const asPath =
  "import path from 'occ-session/core.wasm';\nexport default Bun.file(path).arrayBuffer();\n";

/** @param {string} name @param {Partial<Runtime>} core @returns {Runtime} */
const node = (name, core) => ({
  folder: more,
  command: join(more, 'node_modules', name, 'bin/node'),
  run: asCommand(),
  ...core,
});

/** @type {Record<string, Runtime>} */
const runtimes = {
  "the machine's Node": {
    command: process.execPath,
    run: asCommand(),
    noCore: 'Node 20 imports no .wasm file',
    short: true,
  },
  'Node 22': node('node-22', { noCore: 'Node 22 imports a .wasm file under a flag only' }),
  'Node 24': node('node-24', { core: asSource }),
  'Node 26': node('node-26', { core: asSource }),
  Deno: {
    folder: more,
    command: join(more, 'node_modules/@deno/linux-x64-glibc/deno'),
    run: asCommand('run', '--no-prompt', '--allow-net=127.0.0.1', '--allow-read=.'),
    core: asSource,
  },
  Bun: {
    folder: more,
    command: join(more, 'node_modules/@oven/bun-linux-x64/bin/bun'),
    run: asCommand('run'),
    core: asPath,
  },
  workerd: {
    folder: join(here, 'workerd'),
    command: join(here, 'workerd/node_modules/@cloudflare/workerd-linux-64/bin/workerd'),
    run: asWorker,
    core: asModule,
    compiles: false,
    short: true,
  },
};

// ---- The behaviours of every runtime ----------------------------------------------------------------

/**
 * @typedef {object} Expectation
 * @property {string} name of the test
 * @property {import('../../web/backend/index.js').BehaviourChange} [backend] the behaviour of the back end
 * @property {unknown} saw the observations of the storefront
 * @property {string[]} [revoked] the revocations at the server, in order
 * @property {string[]} [alive] the tokens that it accepts afterwards
 * @property {string[]} [asked] the grants that were requested
 * @property {string} [skip] the reason why it cannot be tested
 */

const gone = 'anonymous anonymous';
const revocationsOf = (/** @type {string} */ owner) => [
  `${owner} refresh_token revoked 200`,
  // The server ends the whole grant with the refresh token.
  `${owner} access_token already-invalid 401`,
];
const tokensOf = (/** @type {string} */ owner) => [`${owner} #1 refresh`, `${owner} #1 access`];

/**
 * The expectations by the name of the behaviour in the suite.
 *
 * @type {Record<string, Expectation>}
 */
const expectations = {
  customer: {
    name: 'R1, R14: a customer signs out at once, and the tokens are revoked',
    saw: {
      signedIn: ['customer current', 'anna.keller@example.com'],
      atOnce: gone,
      revocations: revocationsOf('customer'),
    },
    revoked: tokensOf('customer'),
    alive: [],
    asked: ['password'],
  },
  agent: {
    name: 'R2, R14: an agent signs out at once, and the tokens are revoked',
    saw: { signedIn: 'agent anonymous', atOnce: gone, revocations: revocationsOf('agent') },
    revoked: tokensOf('agent'),
    alive: [],
  },
  'emulated customer': {
    name: 'R3: an emulated customer signs out, nothing is sent, and the agent stays',
    saw: {
      emulating: ['emulating 0001', 'anna.keller@example.com'],
      atOnce: 'agent anonymous',
      revocations: [],
    },
    revoked: [],
    alive: ['agent #1 access', 'agent #1 refresh'],
  },
  'parked customer': {
    name: 'R5: an agent who had signed in over a customer signs out, and the customer is restored',
    saw: {
      emulating: 'emulating 0001',
      atOnce: 'customer current',
      uid: 'anna.keller@example.com',
      revocations: revocationsOf('agent'),
    },
    revoked: ['agent #2 refresh', 'agent #2 access'],
    alive: ['customer #1 access', 'customer #1 refresh'],
  },
  refresh: {
    name: 'R19: three requests that meet an expired token cause one refresh, and are sent again',
    saw: { users: Array(3).fill('anna.keller@example.com'), still: 'customer current' },
    revoked: [],
    asked: ['password', 'refresh_token'],
  },
  redirect: {
    name: 'R12: a revocation that is redirected to login.jsp is not followed there',
    backend: { revoke: { answer: 'redirect' } },
    saw: ['customer refresh_token unsupported 302', 'customer access_token unsupported 302'],
    revoked: tokensOf('customer'),
  },
  'closed port': {
    name: 'R16: nobody listens: a sign-out succeeds, a sign-in is unreachable',
    saw: {
      revocations: ['customer refresh_token unreachable 0', 'customer access_token unreachable 0'],
      signIn: 'unreachable',
    },
    revoked: [],
  },
  timeout: {
    name: 'R13: a revocation that is never answered is given up after its time',
    backend: { revoke: { answer: 'silent' } },
    saw: ['customer refresh_token timed-out 0', 'customer access_token timed-out 0'],
    revoked: tokensOf('customer'),
  },
  refused: {
    name: 'a sign-in with a wrong password, or with a signal that was given, fails with its code',
    saw: { wrong: 'invalid-credentials', aborted: 'cancelled', still: gone },
    revoked: [],
    asked: ['password'],
  },
  'default storage': {
    name: 'unless told, a session is kept in memory: another one of the same process does not find it',
    saw: { another: gone, revocations: revocationsOf('customer') },
    revoked: tokensOf('customer'),
    alive: [],
  },
};

/** @param {Runtime} runtime @returns {Record<string, Expectation>} */
const loads = ({ compiles = true, noCore }) => ({
  'loads by itself': { name: 'core.wasm is found beside the module', saw: gone },
  'loads an import': { name: 'core.wasm can be imported and handed in', saw: gone, skip: noCore },
  'loads inline': {
    name: compiles
      ? 'occ-session/inline needs no file'
      : 'occ-session/inline is wasm-unavailable: no bytes are compiled there',
    saw: compiles ? gone : 'wasm-unavailable',
  },
  'loads from a URL': {
    name: compiles
      ? 'core.wasm can be at a URL'
      : 'core.wasm at a URL is wasm-unavailable: no bytes are compiled there',
    saw: compiles ? gone : 'wasm-unavailable',
  },
  'loads a page': { name: 'a page in its place is wasm-unavailable', saw: 'wasm-unavailable' },
});

for (const [name, runtime] of Object.entries(runtimes)) {
  describe(`runtime: ${name}`, limit, () => {
    const left = short && !runtime.short;
    if (left) {
      test('runs the suite', { skip: 'left out of the short form: it takes long to install' });
      return;
    }
    /** @type {Record<string, Expectation>} */
    const wanted = { ...loads(runtime), ...expectations };
    /** @type {Map<string, Storefront>} */
    const shops = new Map();
    /** @type {Map<string, { saw?: unknown, failed?: string }>} */
    const results = new Map();
    /** @type {Outcome} */
    let outcome;

    before(async () => {
      if (runtime.folder) installNpmPackages(runtime.folder);
      const folder = await project(`runtimes/${name.replace(/\W+/g, '-')}`);
      for (const file of ['suite.js', 'command.js', 'worker.js', 'core.js']) {
        cpSync(join(here, file), join(folder, file));
      }
      if (runtime.core) writeFileSync(join(folder, 'core.js'), runtime.core);

      const files = await serveFile(join(folder, 'node_modules/occ-session/dist/core.wasm'));
      const closed = await closedPort();
      /** @type {Record<string, Place>} */
      const places = {};
      for (const [behaviour, { backend: change, skip }] of Object.entries(wanted)) {
        if (skip) continue;
        const backend = await startBackend();
        if (change) backend.set(change);
        shops.set(behaviour, new Storefront(backend));
        places[behaviour] = { url: backend.url, closed, wasm: `${files.url}/core.wasm` };
      }
      outcome = await runtime.run(folder, places, runtime.command);
      files.close();
      for (const line of outcome.said.split('\n').filter(Boolean)) {
        const { behaviour, ...result } = JSON.parse(line);
        results.set(behaviour, result);
      }
    });
    after(() => Promise.all([...shops.values()].map((shop) => shop.close())));

    test('R16: the suite prints nothing else, and the process ends by itself', (t) => {
      const version = execFileSync(runtime.command, ['--version'], { encoding: 'utf8' });
      t.diagnostic(`version: ${/\d[\d.-]+/.exec(version)}`);
      assert.deepEqual(
        { complained: outcome.complained, code: outcome.code },
        { complained: '', code: runtime.run === asWorker ? null : 0 },
      );
    });

    for (const [behaviour, { name: title, skip, ...expected }] of Object.entries(wanted)) {
      test(title, { skip }, async () => {
        assert.deepEqual(results.get(behaviour), { saw: expected.saw });
        const shop = /** @type {Storefront} */ (shops.get(behaviour));
        const { revoked, alive, asked } = expected;
        if (revoked) assert.deepEqual(await shop.revoked(), revoked);
        if (alive) assert.deepEqual((await shop.alive()).sort(), alive);
        if (asked) assert.deepEqual(shop.asked(), asked);
        // Only the behaviour that gets a page in place of core.wasm has requested one.
        const pages = shop.backend.received({ method: 'GET', path: '/login.jsp' });
        assert.equal(pages.length, behaviour === 'loads a page' ? 1 : 0);
      });
    }
  });
}

/** @param {string} file */
async function serveFile(file) {
  const bytes = readFileSync(file);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/wasm' }).end(bytes);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Resolves with an address without a listener. */
async function closedPort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** @param {import('node:http').Server} server */
async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}
