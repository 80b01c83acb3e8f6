// Generates the API reference from the published declarations: build/docs/ to read, and
// build/docs.json, from which a test takes the examples.
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { build } from './build.js';
import { fail, installNpmPackages, root, setup, ToolError } from './setup.js';

/** The folder with typedoc, which is among the packages that check the published one. */
const folder = join(root, 'tests/everywhere/package');

/** The entry points, and the modules with the types of `occ-session`. */
const modules = [
  ...['index', 'session', 'types', 'error', 'inline', 'angular/index', 'angular/signals'],
  'angular/testing',
  ...['spartacus/index', 'spartacus/without-asm'],
];

/** Brings build/docs/ and build/docs.json up to date. */
export async function document() {
  setup('packages');
  await build();
  installNpmPackages(folder);
  const { status, stdout, stderr } = spawnSync(
    join(folder, 'node_modules/.bin/typedoc'),
    [
      ...['--tsconfig', 'tools/tsconfig.docs.json', '--basePath', 'dist', '--readme', 'none'],
      ...modules.flatMap((name) => ['--entryPoints', `dist/${name}.d.ts`]),
      ...['--out', 'build/docs', '--json', 'build/docs.json'],
    ],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) throw new ToolError(`Failed: typedoc\n${stdout}${stderr}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await document().then(() => console.log(join(root, 'build/docs/index.html')), fail);
}
