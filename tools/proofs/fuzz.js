// Runs the fuzz targets of tests/fuzz, one per processor at a time, and reports how far each came.
// Interesting inputs are kept in build/fuzz/corpus, where the next run continues; an input that
// breaks the core is left in build/fuzz/findings.
//
//   node tools/proofs/fuzz.js [--short | SECONDS [TARGET]]
//
// SECONDS is the time of each target, 30 by default; 0 fuzzes until Ctrl-C.
import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';

import { buildPreset } from '../build.js';
import { atATime, attempt, main, root, ToolError } from '../command.js';
import { setup } from '../setup.js';

const SECONDS = 30;
const SECONDS_SHORT = 10;

/** The exit code of libFuzzer when it is interrupted. */
const INTERRUPTED = 72;

const sources = join(root, 'tests/fuzz');
const folder = join(root, 'build/fuzz');

const targets = readdirSync(sources)
  .filter((name) => name.endsWith('_fuzz.c'))
  .map((name) => name.slice(0, -'_fuzz.c'.length));

/**
 * @typedef {object} Run of one target
 * @property {string} target
 * @property {number} executions
 * @property {number} edges of the target's code that its corpus covers
 * @property {number} findings
 */

/** @param {{ short: boolean }} options */
export async function prove({ short }) {
  const runs = await fuzz(short ? SECONDS_SHORT : SECONDS, targets);
  return runs.map(({ target, executions, edges, findings }) => ({
    what: `fuzzing: ${target}`,
    amount: `${executions.toLocaleString('en')} runs, ${edges} edges`,
    findings,
  }));
}

/**
 * @param {number} seconds
 * @param {string[]} names
 */
async function fuzz(seconds, names) {
  setup('proof');
  buildPreset('fuzz');
  // Without a time limit all run at once, and Ctrl-C ends them but not this process, which reports.
  const ignore = () => {};
  if (seconds === 0) process.on('SIGINT', ignore);
  const runs = await atATime(
    names,
    async (target) => {
      const result = await fuzzOne(seconds, target);
      console.log(
        `${target.padEnd(15)} ${result.executions.toLocaleString('en').padStart(13)} runs  ` +
          `${String(result.edges).padStart(5)} edges  ${result.findings} findings`,
      );
      return result;
    },
    seconds === 0 ? names.length : undefined,
  );
  process.off('SIGINT', ignore);
  return runs;
}

/**
 * @param {number} seconds
 * @param {string} target
 * @returns {Promise<Run>}
 */
async function fuzzOne(seconds, target) {
  const corpus = join(folder, 'corpus', target);
  const findings = join(folder, 'findings');
  mkdirSync(corpus, { recursive: true });
  mkdirSync(findings, { recursive: true });
  const program = join(folder, `${target}_fuzz`);
  const args = [
    `-max_total_time=${seconds}`,
    '-print_final_stats=1',
    `-dict=${join(sources, `${target}.dict`)}`,
    `-artifact_prefix=${join(findings, target)}-`,
    corpus,
    join(sources, 'corpus', target),
  ];
  const { status, stderr: output } = await attempt(program, args);
  /** @param {RegExp} pattern */
  const last = (pattern) => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  const broken = status !== 0 && status !== INTERRUPTED;
  if (broken) {
    const input = /Test unit written to (.*)/.exec(output)?.[1];
    console.error(output.split('\n').filter(tells).join('\n'));
    if (input) console.error(`again: ${[program, input].map(inProject).join(' ')}`);
  }
  return {
    target,
    executions: last(/^stat::number_of_executed_units: (\d+)/gm) || last(/^#(\d+)/gm),
    edges: last(/ cov: (\d+)/g),
    findings: Number(broken),
  };
}

/** @param {string} path */
const inProject = (path) => relative(root, path);

/**
 * True if a line of libFuzzer is more than progress.
 * @param {string} line
 */
const tells = (line) =>
  line !== '' && !/^#\d+\t|^INFO: |^stat::|^\t?NEW_FUNC|^Dictionary: /.test(line);

await main(import.meta, async () => {
  const [first, only] = process.argv.slice(2);
  const short = first === '--short';
  const seconds = short ? SECONDS_SHORT : Number(first ?? SECONDS);
  if (!Number.isInteger(seconds) || seconds < 0) {
    throw new ToolError(`'${first}' is no number of seconds.`);
  }
  if (only !== undefined && !targets.includes(only)) {
    throw new ToolError(`There is no target '${only}': ${targets.join(', ')}.`);
  }
  const runs = await fuzz(seconds, only === undefined ? targets : [only]);
  process.exitCode = runs.every(({ findings }) => findings === 0) ? 0 : 1;
});
