// The tarball as other tools see it: linters, TypeScript, bundlers that drop unused code, package
// managers; and a second build that is equal, byte for byte.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { createSession } from 'occ-session';

import { document } from '../../tools/docs.js';
import { root } from '../../tools/command.js';
import { installNpmPackages } from '../../tools/setup.js';
import { startBackend } from '../../web/backend/index.js';
import { revokePath } from '../node/storefront.js';
import { npmPack, packed, project, scratch } from './tarball.js';

const here = join(root, 'tests/everywhere/package');
const short = process.env.OCC_EVERYWHERE === 'short';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The imports of these names are JavaScript. */
const entries = Object.keys(manifest.exports)
  .filter((path) => !/\.(wasm|json)$/.test(path))
  .map((path) => path.replace('.', 'occ-session'));

/** The time limit of a tool, so one that never ends does not block the runner. */
const limit = { timeout: 300_000 };

before(() => installNpmPackages(here), limit);

/**
 * Runs a tool that npm has installed.
 *
 * @param {string} folder where it is installed
 * @param {string} name
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileOptions} [options]
 */
async function run(folder, name, args, options) {
  const command = join(folder, 'node_modules/.bin', name);
  /** @type {Promise<{ stdout: string, stderr: string }>} */
  const running = promisify(execFile)(command, args, {
    cwd: folder,
    maxBuffer: 2 ** 26,
    // A machine that runs tests in CI may ask for colours.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    ...options,
    encoding: 'utf8',
  });
  return running.then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ status: code, stdout, stderr }),
  );
}

/** @param {import('node:test').TestContext} t @param {string} folder @param {string} name */
function sayVersion(t, folder, name) {
  const path = join(folder, 'node_modules', name, 'package.json');
  t.diagnostic(`version: ${JSON.parse(readFileSync(path, 'utf8')).version}`);
}

// ---- Linters ------------------------------------------------------------------------------------

describe('package: publint', limit, () => {
  test('publint has no complaint about the package', async (t) => {
    sayVersion(t, here, 'publint');
    const { file } = await packed();
    const { status, stdout } = await run(here, 'publint', ['run', file, '--strict']);
    assert.deepEqual(
      { status, said: stdout.trim().split('\n').at(-1) },
      { status: 0, said: 'All good!' },
    );
  });
});

describe('package: attw', limit, () => {
  test('attw finds the types of every entry point, and complains only that the package is ESM only', async (t) => {
    sayVersion(t, here, '@arethetypeswrong/cli');
    const { file } = await packed();
    // core.wasm is the address of a file, which has no types.
    const options = ['--format=json', '--exclude-entrypoints=core.wasm'];
    const { stdout } = await run(here, 'attw', [file, ...options]);
    const { analysis } = JSON.parse(stdout);
    assert.deepEqual(Object.keys(analysis.entrypoints), [
      ...entries.map((name) => name.replace('occ-session', '.')),
      './package.json',
    ]);
    // A CommonJS file must use `await import('occ-session')`.
    assert.deepEqual(
      analysis.problems.map((/** @type {any} */ { kind, entrypoint, resolutionKind }) =>
        [kind, entrypoint, resolutionKind].join(' '),
      ),
      entries.map((name) =>
        ['CJSResolvesToESM', name.replace('occ-session', '.'), 'node16-cjs'].join(' '),
      ),
    );
  });
});

// ---- TypeScript ---------------------------------------------------------------------------------

/** The module resolutions of TypeScript, each with the files for it. */
const resolutions = {
  node16: { module: 'node16', files: ['api.ts', 'adapters.ts', 'commonjs.cts'] },
  nodenext: { module: 'nodenext', files: ['api.ts', 'adapters.ts', 'commonjs.cts'] },
  bundler: { module: 'preserve', files: ['api.ts', 'adapters.ts', 'using.ts'] },
};

describe('package: TypeScript', limit, () => {
  /** @type {string} */
  let folder;
  before(async () => {
    // Angular and RxJS are found in a folder above it.
    folder = await project('types');
    const names = new Set(Object.values(resolutions).flatMap(({ files }) => files));
    for (const name of names) cpSync(join(here, name), join(folder, name));
  });

  test('TypeScript reports its version', (t) => sayVersion(t, root, 'typescript'));

  for (const [moduleResolution, { module, files }] of Object.entries(resolutions)) {
    for (const exactOptionalPropertyTypes of [true, false]) {
      const how = exactOptionalPropertyTypes ? ', with exactOptionalPropertyTypes' : '';
      const skip =
        short &&
        (!how || moduleResolution === 'nodenext') &&
        'left out of the short form: a check that is much like another';
      test(`the declarations hold under ${moduleResolution}${how}`, { skip }, async () => {
        const config = join(folder, `tsconfig.${moduleResolution}${how ? '.exact' : ''}.json`);
        const compilerOptions = {
          ...{ module, moduleResolution, exactOptionalPropertyTypes, skipLibCheck: false },
          ...{ target: 'es2022', types: [] },
          lib: [
            ...['es2022', 'dom', 'dom.iterable'],
            ...(files.includes('using.ts') ? ['esnext.disposable'] : []),
          ],
          ...{ strict: true, noEmit: true, verbatimModuleSyntax: false },
        };
        writeFileSync(config, JSON.stringify({ compilerOptions, files }));
        const { stdout } = await run(root, 'tsc', ['-p', config, '--pretty', 'false']);
        assert.equal(stdout, '');
      });
    }
  }
});

// ---- Unused imports -----------------------------------------------------------------------------

/** The conditions that have an entry point of their own. */
const conditions = ['browser', 'workerd', 'node'];

/** @returns {Promise<string>} the folder of a page that imports everything, and uses nothing */
async function unused() {
  const folder = await project('unused');
  writeFileSync(
    join(folder, 'page.js'),
    entries.map((name, i) => `import * as unused${i} from '${name}';\n`).join(''),
  );
  return folder;
}

describe('package: esbuild', limit, () => {
  for (const condition of conditions) {
    test(`esbuild leaves nothing of an unused import under the condition ${condition}`, async (t) => {
      sayVersion(t, root, 'esbuild');
      const esbuild = await import('esbuild');
      const { outputFiles, metafile } = await esbuild.build({
        absWorkingDir: await unused(),
        entryPoints: ['page.js'],
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'neutral',
        conditions: [condition],
        external: ['node:*', '*.wasm', ...Object.keys(manifest.peerDependencies)],
        logLevel: 'silent',
      });
      assert.deepEqual(
        outputFiles.map(({ text }) => text),
        [''],
      );
      // The imports were seen.
      assert.equal(metafile.inputs['page.js'].imports.length, entries.length);
    });
  }
});

describe('package: Rollup', limit, () => {
  test('Rollup leaves nothing of an unused import', async (t) => {
    sayVersion(t, here, 'rollup');
    const folder = await unused();
    const plugin = join(here, 'node_modules/@rollup/plugin-node-resolve/dist/es/index.js');
    const options = ['--plugin', plugin, '--format', 'es', '--silent'];
    const { status, stdout } = await run(here, 'rollup', [join(folder, 'page.js'), ...options]);
    assert.deepEqual({ status, left: stdout.trim() }, { status: 0, left: '' });
  });
});

// ---- Installation -------------------------------------------------------------------------------

/**
 * @typedef {object} Installer
 * @property {string} [package] its folder in node_modules; without it, the npm of the machine
 * @property {string} [command] its path in there
 * @property {string[]} install
 * @property {string[]} [run] the arguments of node
 * @property {Record<string, string>} [settings] files
 */

/** @type {Record<string, Installer>} */
const installers = {
  npm: { install: ['install', '--ignore-scripts', '--offline'] },
  pnpm: {
    package: 'pnpm',
    command: 'bin/pnpm.cjs',
    install: ['install', '--offline', '--no-frozen-lockfile', '--ignore-scripts'],
  },
  'Yarn classic': {
    package: 'yarn',
    command: 'bin/yarn.js',
    install: ['install', '--offline', '--ignore-scripts', '--no-lockfile'],
  },
  'Yarn with node_modules': {
    package: '@yarnpkg/cli-dist',
    command: 'bin/yarn.js',
    install: ['install', '--no-immutable', '--mode=skip-build'],
    settings: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\n' },
  },
  "Yarn with Plug'n'Play": {
    package: '@yarnpkg/cli-dist',
    command: 'bin/yarn.js',
    install: ['install', '--no-immutable', '--mode=skip-build'],
    // The package stays in its archive, core.wasm too.
    run: ['--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs', '--no-warnings'],
    settings: { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: pnp\n' },
  },
};

/** The code that signs a customer in and out. @param {string} url */
const visit = (url) => `
  const session = await createSession({
    baseUrl: '${url}',
    clientId: 'mobile_android',
    clientSecret: 'secret',
  });
  await session.signIn({ username: 'anna.keller@example.com', password: 'Welcome-1' });
  const { phase } = session.state;
  await session.signOut();
  await session.settled();
  console.log(phase, session.state.phase);
`;

/** The two kinds of project: the type in package.json, and a program. */
const projects = {
  'an ESM project': {
    type: 'module',
    program: (/** @type {string} */ url) =>
      `import { createSession } from 'occ-session';\n${visit(url)}`,
  },
  'a CommonJS project': {
    type: 'commonjs',
    program: (/** @type {string} */ url) =>
      `async function main() {\nconst { createSession } = await import('occ-session');${visit(url)}}\nmain();\n`,
  },
};

for (const [
  installer,
  { package: from, command, install, run: options = [], settings },
] of Object.entries(installers)) {
  describe(`package: ${installer}`, limit, () => {
    const skip = short && from && 'left out of the short form: another package manager';
    test('the package manager reports its version', { skip }, (t) => {
      if (from) sayVersion(t, here, from);
      else
        t.diagnostic(`version: ${execFileSync('npm', ['--version'], { encoding: 'utf8' }).trim()}`);
    });
    for (const [kind, { type, program }] of Object.entries(projects)) {
      test(
        `installs the package into ${kind}, where a customer signs in and out`,
        { skip },
        async (t) => {
          const { file } = await packed();
          // Not below the sources, where some package managers would look for a workspace.
          const folder = mkdtempSync(join(tmpdir(), 'occ-session-'));
          t.after(() => rmSync(folder, { recursive: true }));
          const backend = await startBackend();
          t.after(() => backend.close());
          const dependencies = { 'occ-session': `file:${file}` };
          const files = {
            ...settings,
            'package.json': JSON.stringify({ name: 'shop', private: true, type, dependencies }),
            'main.js': program(backend.url),
          };
          for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);

          const [tool, ...first] = from
            ? [process.execPath, join(here, 'node_modules', from, String(command))]
            : ['npm'];
          const env = { ...process.env, YARN_ENABLE_GLOBAL_CACHE: '0' };
          await promisify(execFile)(tool, [...first, ...install], { cwd: folder, env });
          const { stdout } = await promisify(execFile)(process.execPath, [...options, 'main.js'], {
            cwd: folder,
          });

          assert.equal(stdout, 'customer anonymous\n');
          assert.deepEqual(
            backend.received({ path: revokePath }).map(({ form }) => form?.token_type_hint),
            ['refresh_token', 'access_token'],
          );
        },
      );
    }
  });
}

// ---- Subresource Integrity ----------------------------------------------------------------------

describe('package: Subresource Integrity', limit, () => {
  /** The output of the build, by file. @type {Map<string, string>} */
  let printed;
  /** @type {string} */
  let folder;
  before(async () => {
    folder = join(await project('integrity'), 'node_modules/occ-session');
    const command = [join(root, 'tools/build.js'), '--integrity'];
    const lines = execFileSync(process.execPath, command, { encoding: 'utf8' }).trim().split('\n');
    printed = new Map(lines.map((line) => /** @type {[string, string]} */ (line.split(/\s+/))));
  });

  test('the build prints the SHA-384 of each file that a page may load', async (t) => {
    t.diagnostic(`version: ${manifest.version}`);
    const { files } = await packed();
    const loaded = files.filter((path) => /\.(js|wasm)$/.test(path));
    assert.deepEqual([...printed.keys()].sort(), loaded);
    for (const [path, integrity] of printed) {
      const sha384 = createHash('sha384').update(readFileSync(join(folder, path)));
      assert.equal(integrity, `sha384-${sha384.digest('base64')}`, path);
    }
  });

  test('a changed core.wasm is refused with its integrity', async (t) => {
    const bytes = readFileSync(join(folder, 'dist/core.wasm'));
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] ^= 1;
    const server = createServer(({ url }, response) => {
      response.writeHead(200, { 'content-type': 'application/wasm' });
      response.end(url === '/changed' ? changed : bytes);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close().closeAllConnections());
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const integrity = printed.get('dist/core.wasm');
    const options = { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };
    /** @param {string} path */
    const open = (path) =>
      createSession({ ...options, wasm: fetch(`http://127.0.0.1:${port}${path}`, { integrity }) });
    assert.equal((await open('/core.wasm')).state.phase, 'anonymous');
    await assert.rejects(open('/changed'), { code: 'wasm-unavailable' });
  });
});

// ---- API reference ------------------------------------------------------------------------------

describe('package: typedoc', limit, () => {
  const left = short && 'left out of the short form: it changes with comments alone';

  /**
   * The examples of the engine, in order: the code that each needs before it, and the session's
   * output after it. The adapters' examples need a compiler of Angular: tests/storefront has
   * applications.
   */
  const expected = [
    { name: 'createSession', before: [], after: 'anonymous anonymous' },
    { name: 'signIn', before: ['createSession'], after: 'customer current' },
    { name: 'signInAgent', before: ['createSession'], after: 'agent anonymous' },
    { name: 'fetch', before: ['createSession', 'signIn'], after: 'customer current 200' },
  ];

  /** The examples by the name of their API. @type {Map<string, string>} */
  const examples = new Map();
  before(async () => {
    if (left) return;
    await document();
    /** @param {any} reflection */
    const collect = ({ name, comment, signatures = [], children = [] }) => {
      for (const { tag, content } of comment?.blockTags ?? []) {
        if (tag !== '@example') continue;
        const text = content.map((/** @type {{ text: string }} */ part) => part.text).join('');
        examples.set(name, text.replace(/^```ts\n|```$/g, ''));
      }
      for (const each of [...signatures, ...children]) collect(each);
    };
    const { children } = JSON.parse(readFileSync(join(root, 'build/docs.json'), 'utf8'));
    for (const module of children) {
      if (['index', 'session', 'types', 'error', 'inline'].includes(module.name)) collect(module);
    }
  });

  test('every example of the reference is tested', { skip: left }, (t) => {
    sayVersion(t, here, 'typedoc');
    assert.deepEqual([...examples.keys()].sort(), expected.map(({ name }) => name).sort());
  });

  for (const { name, before: needed, after: printed } of expected) {
    test(`the example of ${name} does what it says`, { skip: left }, async (t) => {
      const backend = await startBackend();
      t.after(() => backend.close());
      const folder = await project('examples');
      const code = [...needed, name].map((each) => examples.get(each) ?? '').join('\n');
      const status = code.includes('const response') ? ', response.status' : '';
      const program =
        `import { createSession } from 'occ-session';\n${code}\n` +
        `console.log(session.state.phase, session.state.userId${status});\n`;
      writeFileSync(
        join(folder, 'main.js'),
        program.replaceAll('https://api.shop.example', backend.url),
      );
      const { stdout } = await promisify(execFile)(process.execPath, ['main.js'], { cwd: folder });
      assert.equal(stdout, `${printed}\n`);
    });
  }
});

// ---- Reproducible build -------------------------------------------------------------------------

describe('package: built again', limit, () => {
  /** The place and the time of a build: neither may show in the result. */
  const places = [
    { path: 'again', time: new Date('2001-02-03T04:05:06Z'), TZ: 'Pacific/Auckland', LANG: 'C' },
    {
      path: 'once/more/elsewhere',
      time: new Date('2021-12-31T23:59:59Z'),
      TZ: 'UTC',
      LANG: 'tr_TR.UTF-8',
    },
  ];

  for (const [index, { path, time, ...env }] of places.entries()) {
    const skip = short && index > 0 && 'left out of the short form: another fresh copy';
    test(`a fresh copy of the sources in ${path} gives the same bytes`, { skip }, async (t) => {
      t.diagnostic(`version: ${manifest.version}`);
      const { integrity } = await packed();
      const copy = join(scratch, path);
      rmSync(copy, { recursive: true, force: true });
      for (const name of sources()) {
        mkdirSync(dirname(join(copy, name)), { recursive: true });
        cpSync(join(root, name), join(copy, name));
        utimesSync(join(copy, name), time, time);
      }
      symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
      execFileSync(process.execPath, ['tools/build.js'], {
        cwd: copy,
        env: { CJSON_SOURCE_DIR: join(root, 'build/cjson'), ...process.env, ...env },
      });
      assert.equal(npmPack(copy, copy).integrity, integrity);
    });
  }
});

/** Returns the files that git knows, and the new ones that it would add. */
function sources() {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((name) => name && existsSync(join(root, name)));
}
