// Generates the API reference from the published declarations: build/docs/ to read, and
// build/docs.json, from which a test takes the examples.
import { join } from 'node:path';

import { build } from './build.js';
import { main, root, run } from './command.js';
import { installNpmPackages, setup } from './setup.js';

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
  run(join(folder, 'node_modules/.bin/typedoc'), [
    ...['--tsconfig', 'tools/tsconfig.docs.json', '--basePath', 'dist', '--readme', 'none'],
    ...modules.flatMap((name) => ['--entryPoints', `dist/${name}.d.ts`]),
    ...['--out', 'build/docs', '--json', 'build/docs.json'],
  ]);
}

await main(import.meta, async () => {
  await document();
  console.log(join(root, 'build/docs/index.html'));
});
