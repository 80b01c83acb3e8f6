// Measures the engine beside the alternatives of a page, and prints a table for each part.
//
//   node tools/bench.js [--only PART]... [--json FILE] [--runs N]
//
// Each part is a file of tests/bench that runs in a process of its own with a time limit, so a
// failing part spoils no other. --json writes the figures to a file, --runs is for trying out.
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { format } from '../tests/bench/figures.js';
import { build } from './build.js';
import { main, root, run, ToolError } from './command.js';
import { findChromium, findHeadlessShell, installNpmPackages, setup } from './setup.js';
import { buildStorefronts } from './storefront.js';

/** The parts in their order, each with its time limit in seconds. */
const parts = new Map([
  ['size', 60],
  ['sign-out', 360],
  ['leaving', 400],
  ['wire', 120],
  ['races', 240],
  ['start', 300],
  ['request', 120],
  ['memory', 120],
  ['scale', 120],
  ['instructions', 120],
]);

/** The parts in which Spartacus is one of the subjects. */
const withSpartacus = ['sign-out', 'leaving', 'wire'];

/** The time that a part has to end its browsers and servers after its limit, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * @typedef {import('../tests/bench/figures.js').Table & { title: string }} Result
 * @typedef {{ seconds: number } & (Result | { error: string })} Outcome
 */

/**
 * @param {string} name
 * @param {string[]} args
 * @returns {Promise<Outcome>}
 */
function measureApart(name, args) {
  const start = performance.now();
  const limit = Number(parts.get(name));
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), args, {
      env: { ...process.env, OCC_BENCH_PART: name },
      execArgv: ['--expose-gc'],
    });
    /** @type {Result | { error: string } | undefined} */
    let result;
    /** @type {NodeJS.Timeout | undefined} */
    let killing;
    const timer = setTimeout(() => {
      result ??= { error: `was not done after ${limit} s` };
      child.kill();
      killing = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    }, limit * 1000);
    child.on('message', (message) => (result ??= /** @type {Result} */ (message)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(killing);
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      resolve({ seconds, ...(result ?? { error: `ended with ${signal ?? `exit code ${code}`}` }) });
    });
  });
}

/**
 * Measures a part, in the process that was forked for it.
 * @param {string} name
 * @param {number} [runs]
 */
async function measure(name, runs) {
  const say = (/** @type {string} */ line) => console.error(`  ${line}`);
  /** @type {Result | { error: string }} */
  let result;
  try {
    const part = await import(`../tests/bench/${name}.js`);
    result = { title: part.title, ...(await part.measure({ runs, say })) };
  } catch (error) {
    console.error(error);
    result = { error: String(error instanceof Error ? error.message : error) };
  }
  // A leftover browser or server must not keep the other parts waiting.
  process.send?.(result, () => process.exit());
}

/** Prepares everything, and returns what could not be prepared. @param {string[]} names */
async function prepare(names) {
  setup('test');
  setup('bench');
  await build();
  installNpmPackages(join(root, 'tests/bench'));
  if (!names.some((name) => withSpartacus.includes(name))) return [];
  try {
    setup('storefront');
    await buildStorefronts(['stock', 'engine']);
    return [];
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    console.error(error.message);
    return ['Spartacus could not be built'];
  }
}

function machine() {
  const chromium = process.env.CHROMIUM;
  return {
    processors: `${availableParallelism()} x ${cpus()[0]?.model ?? arch()}`,
    system: `${platform()} ${release()}`,
    node: process.version,
    chromium: chromium && run(chromium, ['--version']).stdout.trim(),
  };
}

const args = process.argv.slice(2);

await main(import.meta, async () => {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      runs: { type: 'string' },
    },
  });
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) {
    throw new ToolError(`--runs is a number of runs, not '${values.runs}'.`);
  }
  const names = [...parts.keys()].filter((name) => values.only?.includes(name) ?? true);
  const unknown = values.only?.find((name) => !parts.has(name));
  if (unknown !== undefined) {
    throw new ToolError(`There is no part '${unknown}': ${[...parts.keys()].join(', ')}.`);
  }

  if (process.env.OCC_BENCH_PART) {
    await measure(process.env.OCC_BENCH_PART, runs);
  } else {
    const start = performance.now();
    const failed = await prepare(names);
    process.env.CHROMIUM = findHeadlessShell() ?? findChromium();

    /** @type {Record<string, Outcome>} */
    const results = {};
    for (const name of names) {
      const outcome = await measureApart(name, args);
      results[name] = outcome;
      if ('error' in outcome) {
        failed.push(`${name}: ${outcome.error}`);
        console.log(`\n== ${name} FAILED: ${outcome.error}`);
      } else {
        console.log(`\n== ${name}, ${outcome.seconds} s\n${format(outcome.title, outcome)}`);
      }
    }
    const seconds = Math.round((performance.now() - start) / 1000);
    if (values.json !== undefined) {
      const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      const date = new Date().toISOString().slice(0, 10);
      const content = { date, version, machine: machine(), seconds, parts: results };
      writeFileSync(values.json, `${JSON.stringify(content, null, 2)}\n`);
    }
    console.log(`\n== bench: ${failed.length === 0 ? 'nothing failed' : 'FAILED'}, ${seconds} s`);
    for (const line of failed) console.log(`   ${line}`);
    process.exitCode = failed.length === 0 ? 0 : 1;
  }
});
