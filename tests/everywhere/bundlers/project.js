// A page as a team has it on its disk: the files of a project, its npm packages, and this package as
// npm installs it from the tarball.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { root } from '../../../tools/command.js';
import { installNpmPackages } from '../../../tools/setup.js';
import { blocks, read } from '../../pages.js';
import { packed, scratch } from '../tarball.js';

/** Returns the code of docs/frameworks.md that imports a name. @param {string} name */
export function codeWith(name) {
  const code = blocks(read('docs/frameworks.md'), 'js');
  const found = code.find((text) => text.includes(` from '${name}';`));
  if (!found) throw new Error(`no code in docs/frameworks.md imports ${name}`);
  return found;
}

/**
 * @param {string[]} folders below tests/everywhere/, whose files the project has; the first names it
 */
export async function openProject(...folders) {
  const folder = join(scratch, folders[0]);
  for (const name of folders) {
    cpSync(join(root, 'tests/everywhere', name), folder, { recursive: true });
  }
  installNpmPackages(folder);
  const { file } = await packed();
  /** @param {string} command @param {string[]} args the error has its output, if it fails */
  const run = (command, args) =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', env: environment, stdio: 'pipe' });
  run('npm', ['install', '--no-save', '--ignore-scripts', '--prefer-offline', file]);

  return {
    folder,
    /** @param {...string} options more of the bundler's own */
    build: (...options) => run('npm', ['run', 'build', '--', ...options]),
    /** Runs a line of the shell as one would type it. @param {string} line */
    shell: (line) => run('sh', ['-c', line]),
    /** Returns the version of one of its packages. @param {string} name @returns {string} */
    version: (name) =>
      JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version,
  };
}

/** The environment without the variables of the test runner and npm. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_)/i.test(name)),
);
