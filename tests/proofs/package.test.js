// The published package: these files and no others, without traces of the machine that built them,
// and without further installations.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { read } from '../pages.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** @type {string[]} */
const published = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
)[0]
  .files.map((/** @type {{ path: string }} */ { path }) => path)
  .sort();

const entries = ['index', 'node', 'workerd', 'inline'].map((name) => `dist/${name}.js`);
const adapters = [
  'angular/index',
  'angular/signals',
  'angular/testing',
  'spartacus/index',
  'spartacus/without-asm',
];

test('exactly the listed files are published', (t) => {
  assert.deepEqual(published, [
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist/angular/guard.d.ts',
    'dist/angular/index.d.ts',
    'dist/angular/index.js',
    'dist/angular/interceptor.d.ts',
    'dist/angular/session.d.ts',
    'dist/angular/signals.d.ts',
    'dist/angular/signals.js',
    'dist/angular/state.d.ts',
    'dist/angular/testing.d.ts',
    'dist/angular/testing.js',
    'dist/core.d.ts',
    'dist/core.wasm',
    'dist/dead-token.d.ts',
    'dist/engine.d.ts',
    'dist/error.d.ts',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/inline.d.ts',
    'dist/inline.js',
    'dist/load.d.ts',
    'dist/node.d.ts',
    'dist/node.js',
    'dist/numbers.d.ts',
    'dist/options.d.ts',
    'dist/own.d.ts',
    'dist/requests.d.ts',
    'dist/session.d.ts',
    'dist/shim.d.ts',
    'dist/spartacus/agent.d.ts',
    'dist/spartacus/auth.d.ts',
    'dist/spartacus/identity.d.ts',
    'dist/spartacus/index.d.ts',
    'dist/spartacus/index.js',
    'dist/spartacus/options.d.ts',
    'dist/spartacus/persistence.d.ts',
    'dist/spartacus/providers.d.ts',
    'dist/spartacus/requests.d.ts',
    'dist/spartacus/take-over.d.ts',
    'dist/spartacus/transitions.d.ts',
    'dist/spartacus/without-asm.d.ts',
    'dist/spartacus/without-asm.js',
    'dist/state.d.ts',
    'dist/storage.d.ts',
    'dist/types.d.ts',
    'dist/wait.d.ts',
    'dist/workerd.d.ts',
    'dist/workerd.js',
    'docs/angular.md',
    'docs/api.md',
    'docs/back-ends.md',
    'docs/bundlers.md',
    'docs/comparison.md',
    'docs/frameworks.md',
    'docs/limits.md',
    'docs/rules.md',
    'docs/security.md',
    'docs/sign-out.svg',
    'docs/spartacus.md',
    'package.json',
  ]);
  t.diagnostic(`proof: the package: ${published.length} files`);
});

test('every file that the README links to is published', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)#]+)/g)].map(([, path]) => path);
  assert.ok(links.length > 0);
  assert.deepEqual(
    links.filter((path) => !published.includes(path)),
    [],
  );
});

test('no published file names the machine that built it, nor a source map', () => {
  const strange = [root, `${homedir()}/`, `${tmpdir()}/`, 'file://', 'sourceMappingURL'];
  for (const path of published) {
    const text = readFileSync(root + path, 'latin1');
    assert.deepEqual(
      strange.filter((part) => text.includes(part)),
      [],
      path,
    );
    assert.doesNotMatch(path, /\.map$/);
  }
});

test('core.wasm has no function names, no tool names and no debugging information', () => {
  const core = new WebAssembly.Module(readFileSync(`${root}dist/core.wasm`));
  for (const name of ['name', 'producers', 'target_features', 'sourceMappingURL', '.debug_info']) {
    assert.equal(WebAssembly.Module.customSections(core, name).length, 0, name);
  }
});

test('the package installs nothing else and runs no script when it is installed', () => {
  for (const name of ['dependencies', 'optionalDependencies', 'bundleDependencies']) {
    assert.equal(manifest[name], undefined, name);
  }
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
    assert.equal(manifest.scripts[name], undefined, name);
  }
  for (const name of Object.keys(manifest.peerDependencies)) {
    assert.equal(manifest.peerDependenciesMeta[name]?.optional, true, name);
  }
});

test('the engine imports only its own files, an adapter only packages of its storefront', () => {
  /** @param {string} path */
  const imports = (path) => {
    const text = readFileSync(root + path, 'utf8');
    const found = text.matchAll(
      /(?:^|[;\n])\s*(?:import|export)\b[^'"`;]*?from\s*["']([^"']+)["']/g,
    );
    return [...new Set([...found].map(([, name = '']) => name))].filter(
      (name) => !name.startsWith('./') && !name.startsWith('../'),
    );
  };
  assert.deepEqual(entries.map(imports), [[], ['node:fs/promises'], [], []]);
  const peers = Object.keys(manifest.peerDependencies);
  for (const path of adapters) {
    const names = imports(`dist/${path}.js`);
    assert.ok(names.length > 0, path);
    assert.deepEqual(
      names.filter((name) => !peers.some((peer) => name === peer || name.startsWith(`${peer}/`))),
      [],
      path,
    );
  }
});
