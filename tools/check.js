// Runs every check of the sources, reports all of them, and fails if any of them fails. --fix lets
// the formatters and eslint repair what they can instead.
import { join, relative } from 'node:path';
import process from 'node:process';

import { build, buildPreset, filesIn } from './build.js';
import { atATime, attempt, main, root, run } from './command.js';
import { installNpmPackages, setup } from './setup.js';

/**
 * @param {string} folder
 * @param {RegExp} pattern
 */
const sources = (folder, pattern) =>
  filesIn(join(root, folder))
    .map((path) => relative(root, path))
    .filter((path) => pattern.test(path));

const projects = ['tsconfig.json', 'tools/tsconfig.json', 'tools/tsconfig.spartacus.json'];

/** The pages whose links are checked, to files and to the headings in them. */
const pages = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...sources('docs', /\.md$/),
  ...['tests/browser/README.md'],
];

/** Offline: without a repository only relative links are checked. */
const remarkOptions = [
  ...['--frail', '--no-stdout', '--quiet', '--no-config', '--no-ignore'],
  ...['--use', 'remark-validate-links=repository:false'],
];

/** @param {string} name of a command that npm has installed */
const npm = (name) => join('node_modules/.bin', name);

await main(import.meta, async () => {
  setup('check');
  setup('test');
  // tsc needs js/numbers.js; clang-tidy needs the compile commands of CMake.
  await build();
  buildPreset('native');
  // The declarations of Spartacus.
  installNpmPackages(join(root, 'tests/storefront/angular-12'));
  // The packages that the benchmark compares with.
  installNpmPackages(join(root, 'tests/bench'));

  const c = [
    ...['src', 'tests/c'].flatMap((folder) => sources(folder, /\.[ch]$/)),
    'tests/bench/events.c',
  ];
  const formatted = [
    ...c,
    ...['tests/fuzz', 'tests/proofs'].flatMap((folder) => sources(folder, /\.[ch]$/)),
  ];
  if (process.argv.includes('--fix')) {
    await report('clang-format', [['clang-format', '-i', ...formatted]]);
    await report('prettier', [[npm('prettier'), '--write', '--log-level=warn', '.']]);
    await report('eslint', [[npm('eslint'), '--fix', '.']]);
  } else {
    /** @type {[string, string[][]][]} */
    const checks = [
      ['clang-format', [['clang-format', '--dry-run', '-Werror', ...formatted]]],
      ['clang-tidy', c.filter((path) => path.endsWith('.c')).map(tidy)],
      ['prettier', [[npm('prettier'), '--check', '--log-level=warn', '.']]],
      ['eslint', [[npm('eslint'), '--max-warnings=0', '.']]],
      ['tsc', projects.map((path) => [npm('tsc'), '-p', path])],
      ['rules', [['node', 'tools/rules.js', '--check']]],
      ['structure', [['node', 'tools/structure.js', '--check']]],
      ['links', [[npm('remark'), ...remarkOptions, ...pages]]],
    ];
    for (const [name, commands] of checks) {
      await report(name, commands);
    }
  }
});

/**
 * Returns the check of one C file. A file of the wasm build only is checked as Emscripten compiles
 * it.
 * @param {string} path
 */
function tidy(path) {
  const command = ['clang-tidy', '--quiet', '--warnings-as-errors=*'];
  if (!['src/wasm.c', 'src/numbers.c'].includes(path)) {
    return [...command, '-p', 'build/native', path];
  }
  const { stdout } = run('em-config', ['CACHE']);
  const target = ['--target=wasm32-unknown-emscripten', `--sysroot=${stdout.trim()}/sysroot`];
  return [...command, ...target.map((arg) => `--extra-arg=${arg}`), '-p', 'build/wasm', path];
}

/**
 * Runs the commands of a check, one per processor at a time, and reports the result.
 * @param {string} name
 * @param {string[][]} commands
 */
async function report(name, commands) {
  const start = performance.now();
  const results = await atATime(commands, ([command, ...args]) => attempt(command, args));
  const failed = results.filter(({ status }) => status !== 0);
  for (const { stdout, stderr } of failed) process.stdout.write(stdout + stderr);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== ${name.padEnd(13)} ${failed.length === 0 ? 'passed' : 'FAILED'}  ${seconds} s`);
  if (failed.length > 0) {
    process.exitCode = 1;
  }
}
