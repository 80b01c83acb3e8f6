// The package as npm would publish it: one tarball for all tests that install it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { build } from '../../tools/build.js';
import { root } from '../../tools/command.js';

/** The folder for the output of these tests, apart from the sources. */
export const scratch = join(root, 'build/everywhere');

/**
 * @typedef {object} Tarball
 * @property {string} file its path
 * @property {string} integrity its SHA-512, as package managers write it
 * @property {string[]} files its files, in order
 */

/** @type {Promise<Tarball> | undefined} */
let tarball;

/** The package, built and packed once. An unchanged file is not rewritten. */
export function packed() {
  return (tarball ??= pack());
}

/** @returns {Promise<Tarball>} */
async function pack() {
  await build();
  mkdirSync(scratch, { recursive: true });
  // The file is replaced as a whole: another test may be reading the old one.
  const folder = mkdtempSync(join(scratch, 'pack-'));
  try {
    const { filename, integrity, files } = npmPack(root, folder);
    const file = join(scratch, filename);
    const isNew = !existsSync(file) || integrityOf(readFileSync(file)) !== integrity;
    if (isNew) renameSync(join(folder, filename), file);
    return { file, integrity, files };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Packs the build of a copy of the sources.
 *
 * @param {string} sources
 * @param {string} destination
 * @returns {{ filename: string, integrity: string, files: string[] }}
 */
export function npmPack(sources, destination) {
  // The script `prepack` would build and print into the JSON: the caller has built.
  const options = ['--json', '--ignore-scripts', '--pack-destination', destination];
  const [{ filename, integrity, files }] = JSON.parse(
    execFileSync('npm', ['pack', ...options], {
      cwd: sources,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const paths = files.map((/** @type {{ path: string }} */ { path }) => path).sort();
  return { filename, integrity, files: paths };
}

/** @param {Uint8Array} bytes */
export const integrityOf = (bytes) =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

/**
 * Makes a new project below `scratch`, with the package unpacked as a package manager does it.
 *
 * @param {string} name
 * @param {object} [manifest]
 * @returns {Promise<string>} its folder
 */
export async function project(name, manifest) {
  const { file } = await packed();
  const folder = join(scratch, name);
  const there = join(folder, 'node_modules/occ-session');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(there, { recursive: true });
  execFileSync('tar', ['-xzf', file, '--strip-components=1', '-C', there]);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'storefront', private: true, type: 'module', ...manifest }),
  );
  return folder;
}
