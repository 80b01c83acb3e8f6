// Makes copies of the checkout in build/, to be built and tested with changed sources of js/.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

import { root } from '../command.js';
import { cjsonSourceDir, installNpmPackages } from '../setup.js';
import { buildStorefronts } from '../storefront.js';

/** The generated parts of a checkout. */
const made = ['.angular', '.git', 'build', 'dist', 'node_modules'];

/**
 * Leaves a copy of the written files in build/NAME/, with the npm packages of this checkout.
 * Earlier builds in it stay, so only changes are built again.
 *
 * @param {string} name
 * @returns {string} its folder
 */
export function copyTree(name) {
  const folder = join(root, 'build', name);
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder)) {
    if (entry !== 'build') rmSync(join(folder, entry), { recursive: true });
  }
  for (const entry of readdirSync(root)) {
    if (made.includes(entry)) continue;
    cpSync(join(root, entry), join(folder, entry), {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !made.includes(basename(path)),
    });
  }
  linkPackages(folder, '.');
  return folder;
}

/**
 * Links each package separately: npm in a copy must not empty the folder of the checkout.
 *
 * @param {string} tree
 * @param {string} workspace
 */
function linkPackages(tree, workspace) {
  installNpmPackages(join(root, workspace));
  const from = join(root, workspace, 'node_modules');
  const to = join(tree, workspace, 'node_modules');
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    // The copy has its own build of this package, and so its own caches of earlier builds.
    if (['occ-session', '.occ-session', '.cache'].includes(entry)) continue;
    symlinkSync(join(from, entry), join(to, entry));
  }
}

/**
 * Returns the files of js/ that are written and run in Node or in a page, as paths from the root.
 *
 * @param {string} folder
 */
export const sourcesOf = (folder) =>
  readdirSync(join(folder, 'js'), { recursive: true, encoding: 'utf8' })
    // numbers.js is generated from the enums of the C side, and all constants; workerd.js imports a
    // .wasm file as workerd does: tests/everywhere/runtimes.test.js runs it there.
    .filter((name) => name.endsWith('.js') && name !== 'numbers.js' && name !== 'workerd.js')
    .map((name) => `js/${name}`)
    .sort();

/** The environment of a command in a copy. @type {Record<string, string>} */
export const treeEnv = { CJSON_SOURCE_DIR: cjsonSourceDir };

/**
 * Gives a copy the npm packages of the storefronts, and the storefront that is built without this
 * package. That one is built here, with real folders: Angular 12 compiles its packages on first
 * use, and does not produce a working storefront from links.
 *
 * @param {string} tree
 */
export async function linkStorefronts(tree) {
  await buildStorefronts(['stock']);
  for (const name of ['angular-12', 'angular-21'])
    linkPackages(tree, join('tests/storefront', name));
  for (const name of ['stock', 'stock.stamp']) {
    const built = join('build/storefront', name);
    cpSync(join(root, built), join(tree, built), { recursive: true });
  }
}
