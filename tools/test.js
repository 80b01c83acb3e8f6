// Builds everything and runs the tests, every part even if an earlier one failed. The part
// `storefront`, in real storefronts, runs only when it is named.
//
//   node tools/test.js [c | node | browser | storefront] [FILE... | OPTION...]
//
// Files and options are passed to the runner: `node tools/test.js node --test-name-pattern=R3`,
// `node tools/test.js c -R table_test`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { build, buildPreset } from './build.js';
import { main, root, ToolError } from './command.js';
import { findChromium, findHeadlessShell, setup } from './setup.js';
import { buildStorefronts } from './storefront.js';

/** @type {Record<string, (args: string[]) => boolean | Promise<boolean>>} */
const parts = {
  c(args) {
    try {
      buildPreset('native');
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      console.error(error.message);
      return false;
    }
    return passes('ctest', ['--preset', 'native', `-j${availableParallelism()}`, ...args]);
  },
  // The tests of the development back end stand beside it.
  node: (args) => runNode(['tests/node', 'web/backend'], args),
  // Two cores can run two browsers at a time.
  browser: (args) => runNode(['tests/browser'], ['--test-concurrency=2', ...args]),
  async storefront(args) {
    setup('storefront');
    process.env.CHROMIUM = findHeadlessShell();
    await buildStorefronts();
    const named = args.filter((arg) => !arg.startsWith('-'));
    const options = args.filter((arg) => arg.startsWith('-'));
    const files = named.length > 0 ? named : testFiles('tests/storefront');
    // The tests that measure run alone.
    const [measuring, others] = [true, false].map((wanted) =>
      files.filter((file) => file.endsWith('behaviours.test.js') === wanted),
    );
    const results = [measuring, others].map(
      (each) =>
        each.length === 0 ||
        runNode(['tests/storefront'], ['--test-concurrency=2', ...options, ...each]),
    );
    if (measuring.length > 0) passes(process.execPath, ['tests/storefront/table.js']);
    return results.every(Boolean);
  },
};

/**
 * Runs the tests of folders with Node's test runner.
 * @param {string[]} folders
 * @param {string[]} args
 */
function runNode(folders, args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const named = args.filter((arg) => !arg.startsWith('-'));
  const files = named.length > 0 ? named : folders.flatMap(testFiles);
  if (files.length === 0) {
    console.error(`no tests in ${folders.join(', ')}`);
    return false;
  }
  // A file that runs longer than five minutes is reported as failed.
  const usual = ['--test', '--test-reporter=spec', '--test-timeout=300000'];
  return passes(process.execPath, [...usual, ...options, ...files]);
}

/** @param {string} folder */
function testFiles(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(folder, name));
}

/**
 * Runs a test program, and returns true if it passes.
 * @param {string} command
 * @param {string[]} args
 */
function passes(command, args) {
  const env = { ...process.env, CHROMIUM: findChromium() };
  return spawnSync(command, args, { cwd: root, env, stdio: 'inherit' }).status === 0;
}

await main(import.meta, async () => {
  const [only, ...args] = process.argv.slice(2);
  if (only !== undefined && !(only in parts)) {
    throw new ToolError(`There is no part '${only}': ${Object.keys(parts).join(', ')}.`);
  }
  setup('test');
  await build();
  const results = [];
  for (const name of only ? [only] : ['c', 'node', 'browser']) {
    console.log(`\n== tests: ${name}`);
    const start = performance.now();
    const passed = await parts[name](args);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    results.push({
      passed,
      line: `${name.padEnd(8)} ${passed ? 'passed' : 'FAILED'}  ${seconds} s`,
    });
  }
  console.log(`\n== ${results.map(({ line }) => line).join('\n== ')}`);
  process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
});
