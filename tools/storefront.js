// Builds the applications of tests/storefront into build/storefront/, with all that they need:
// their npm packages, and this package as npm would install it. Unchanged parts are not rebuilt.
//
//   node tools/storefront.js [NAME...]
//
// The names are those of the table below; without any, all of them are built.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { build, filesIn } from './build.js';
import { main, root, run, ToolError } from './command.js';
import { installNpmPackages, lock } from './setup.js';

const storefronts = join(root, 'tests/storefront');
const output = join(root, 'build/storefront');
const packed = join(output, 'occ-session');

/**
 * @typedef {object} Storefront
 * @property {string} name of the folder in build/storefront/, as angular.json has it too
 * @property {string} workspace the folder with the package.json
 * @property {string} project
 * @property {string} [configuration]
 * @property {string[]} sources besides the files that lie in the workspace itself
 * @property {boolean} [stock] true if it does without this package
 */

/** @type {Storefront[]} */
const table = [
  {
    name: 'stock',
    workspace: 'angular-12',
    project: 'spartacus',
    configuration: 'stock',
    sources: ['angular-12/spartacus'],
    stock: true,
  },
  {
    name: 'engine',
    workspace: 'angular-12',
    project: 'spartacus',
    configuration: 'engine',
    sources: ['angular-12/spartacus'],
  },
  {
    name: 'without-asm',
    workspace: 'angular-12',
    project: 'spartacus',
    configuration: 'without-asm',
    sources: ['angular-12/spartacus'],
  },
  {
    name: 'plain-12',
    workspace: 'angular-12',
    project: 'plain',
    sources: ['angular-12/plain', 'plain'],
  },
  {
    name: 'plain-21',
    workspace: 'angular-21',
    project: 'plain',
    sources: ['angular-21/src', 'plain'],
  },
  {
    name: 'shop-21',
    workspace: 'angular-21',
    project: 'shop',
    sources: ['angular-21/shop'],
  },
];

/**
 * Brings the builds of these names up to date.
 * @param {string[]} [names]
 */
export async function buildStorefronts(names = table.map(({ name }) => name)) {
  for (const name of names) {
    if (!table.some((each) => each.name === name)) {
      const known = table.map((each) => each.name).join(', ');
      throw new ToolError(`There is no storefront '${name}': ${known}.`);
    }
  }
  await build();
  const unlock = lock('storefront', 'waiting for other storefronts to be built');
  try {
    const wanted = table.filter(({ name }) => names.includes(name));
    packPackage();
    for (const workspace of new Set(wanted.map((each) => join(storefronts, each.workspace)))) {
      installNpmPackages(workspace);
      installPackage(workspace);
    }
    // One after the other: each keeps both cores busy for most of its time.
    for (const storefront of wanted) {
      buildStorefront(storefront);
    }
  } finally {
    unlock();
  }
}

/** Unpacks the package that npm would publish. */
function packPackage() {
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', packed]).stdout,
  );
  run('tar', ['-xzf', filename, '--strip-components=1'], { cwd: packed });
  rmSync(join(packed, filename));
}

/**
 * Puts the package where npm would have installed it, in one step.
 * @param {string} workspace
 */
function installPackage(workspace) {
  const target = join(workspace, 'node_modules/occ-session');
  if (hashOf(filesIn(target), target) === hashOf(filesIn(packed), packed)) return;
  const beside = join(workspace, 'node_modules/.occ-session');
  rmSync(beside, { recursive: true, force: true });
  cpSync(packed, beside, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(beside, target);
}

/** @param {Storefront} storefront */
function buildStorefront({ name, workspace, project, configuration, sources, stock }) {
  const cwd = join(storefronts, workspace);
  const own = readdirSync(cwd, { withFileTypes: true }).filter((entry) => entry.isFile());
  const hash = hashOf(
    [
      fileURLToPath(import.meta.url),
      ...own.map((entry) => join(cwd, entry.name)),
      ...sources.flatMap((source) => filesIn(join(storefronts, source))),
      ...(stock ? [] : [join(packed, 'package.json'), ...filesIn(join(packed, 'dist'))]),
    ],
    root,
  );
  const stamp = join(output, `${name}.stamp`);
  const folder = join(output, name);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && existsSync(folder)) return;

  console.log(`storefront: building ${name}`);
  const start = performance.now();
  rmSync(stamp, { force: true });
  const args = ['build', project, ...(configuration ? ['--configuration', configuration] : [])];
  run(join(cwd, 'node_modules/.bin/ng'), args, {
    cwd,
    env: {
      NG_CLI_ANALYTICS: 'false',
      // The webpack of Angular 12 uses a hash that OpenSSL 3 no longer offers by default.
      ...(workspace === 'angular-12' && { NODE_OPTIONS: '--openssl-legacy-provider' }),
    },
  });
  writeFileSync(stamp, hash);
  console.log(`storefront: built ${name} in ${Math.round((performance.now() - start) / 1000)} s`);
}

/**
 * @param {string[]} files
 * @param {string} folder to which their names are relative
 */
function hashOf(files, folder) {
  const hash = createHash('sha256');
  for (const path of files) {
    hash.update(`\n${relative(folder, path)} ${statSync(path).size}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

await main(import.meta, async () => {
  const names = process.argv.slice(2);
  await buildStorefronts(names.length > 0 ? names : undefined);
});
