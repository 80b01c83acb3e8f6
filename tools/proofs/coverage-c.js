// Measures how much of the core its tests run: lines, branches, and conditions that decide by
// themselves (MC/DC). Prints the table, and each gap with its place and its source; fails unless
// everything is covered. The walk is left out: the other tests assert one by one what it passes
// through.
//
//   node tools/proofs/coverage-c.js
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';

import { buildPreset } from '../build.js';
import { conclude, main, root, run, ToolError } from '../command.js';
import { setup } from '../setup.js';

const folder = join(root, 'build/coverage');
const withoutWalk = ['--exclude-regex', '^walk_test$'];

/**
 * The report of llvm-cov on a file. A segment is [line, column, count, has a count, begins a
 * region, is a gap]; a branch [line, column, line, column, times true, times false, …]; a decision
 * the same place and, last, for each of its conditions, true if it was seen to decide by itself.
 * @typedef {{ count: number, covered: number }} Sum
 * @typedef {[number, number, number, boolean, boolean, boolean]} Segment
 * @typedef {{
 *   filename: string,
 *   segments: Segment[],
 *   branches: number[][],
 *   mcdc_records?: [number, number, ...(number | boolean[])[]][],
 *   summary: Record<'lines' | 'branches' | 'mcdc', Sum>,
 * }} File
 */

const measures = /** @type {const} */ ({
  lines: 'lines',
  branches: 'branches',
  mcdc: 'MC/DC conditions',
});
/** @typedef {keyof typeof measures} Measure */

/** Builds the tests, runs them, and returns the report of llvm-cov on the files in src/. */
function measure() {
  buildPreset('coverage');
  const profiles = join(folder, 'profiles');
  rmSync(profiles, { recursive: true, force: true });
  mkdirSync(profiles);
  run('ctest', ['--preset', 'coverage', `-j${availableParallelism()}`, ...withoutWalk], {
    env: { LLVM_PROFILE_FILE: join(profiles, '%p.profraw') },
  });
  const merged = join(folder, 'tests.profdata');
  const files = readdirSync(profiles).map((name) => join(profiles, name));
  runQuiet('llvm-profdata-19', ['merge', '-o', merged, ...files]);
  /** @type {{ tests: { command: string[] }[] }} */
  const { tests } = JSON.parse(
    run('ctest', ['--preset', 'coverage', '--show-only=json-v1', ...withoutWalk]).stdout,
  );
  // All programs are linked with the same compiled core: llvm-cov counts each function once.
  const [first, ...others] = tests.map(({ command }) => command[0]);
  const report = runQuiet('llvm-cov-19', [
    ...['export', `-instr-profile=${merged}`, `-compilation-dir=${root}`, first],
    ...others.map((path) => `-object=${path}`),
  ]);
  return /** @type {{ data: { files: File[] }[] }} */ (JSON.parse(report)).data[0].files
    .map((file) => ({ ...file, filename: relative(root, file.filename) }))
    .filter(({ filename }) => filename.startsWith('src/'));
}

/**
 * Returns what was not covered in a file, each with its place.
 * @param {File} file
 */
function gapsIn({ filename, segments, branches, mcdc_records: decisions = [] }) {
  const source = readFileSync(join(root, filename), 'utf8').split('\n');
  /** @type {(line: number, column: number, what: string) => string} */
  const gap = (line, column, what) =>
    `${filename}:${line}:${column}: ${what}\n    ${source[line - 1].trim()}`;
  return [
    ...segments
      .filter(([, , count, counted, begins, isGap]) => counted && begins && !isGap && count === 0)
      .map(([line, column]) => gap(line, column, 'is never run')),
    ...branches.flatMap(([line, column, , , yes, no]) => [
      ...(yes === 0 ? [gap(line, column, 'is never true')] : []),
      ...(no === 0 ? [gap(line, column, 'is never false')] : []),
    ]),
    ...decisions.flatMap(([line, column, ...rest]) =>
      /** @type {boolean[]} */ (rest.at(-1)).flatMap((decides, i) =>
        decides ? [] : [gap(line, column, `condition ${i + 1} never decides by itself`)],
      ),
    ),
  ];
}

/**
 * @param {Sum} sum
 */
function share({ count, covered }) {
  const percent = count === 0 ? '-' : `${((100 * covered) / count).toFixed(2)} %`;
  return `${`${covered}/${count}`.padStart(11)} ${percent.padStart(8)}`;
}

/**
 * Returns the proof's rows. There is no short form: it takes seconds.
 * @returns {Promise<{ what: string, amount: string, findings: number }[]>}
 */
export async function prove() {
  const files = measure();
  const kinds = /** @type {Measure[]} */ (Object.keys(measures));
  const gaps = files.flatMap(gapsIn);
  /** @type {Record<string, Sum>} */
  const total = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      {
        count: files.reduce((sum, { summary }) => sum + summary[kind].count, 0),
        covered: files.reduce((sum, { summary }) => sum + summary[kind].covered, 0),
      },
    ]),
  );
  console.log(''.padEnd(22) + kinds.map((kind) => measures[kind].padStart(21)).join(''));
  for (const { filename, summary } of [...files, { filename: 'together', summary: total }]) {
    console.log(filename.padEnd(22) + kinds.map((kind) => ` ${share(summary[kind])}`).join(''));
  }
  for (const name of readdirSync(join(root, 'src')).filter((each) => each.endsWith('.c'))) {
    if (!files.some(({ filename }) => filename === `src/${name}`)) {
      gaps.push(`src/${name}: is in no test`);
    }
  }
  gaps.forEach((each) => console.log(each));
  return kinds.map((kind, i) => {
    const { count, covered } = total[kind];
    // A gap often counts in several measures: each is counted once, with the first.
    const findings = i === 0 ? gaps.length : 0;
    return {
      what: `C: ${measures[kind]} that tests run`,
      amount: `${covered} of ${count}`,
      findings,
    };
  });
}

/**
 * Runs a program of LLVM and returns its output. It must not complain: llvm-cov only warns of
 * functions that it cannot match.
 * @param {string} command
 * @param {string[]} args
 */
function runQuiet(command, args) {
  const { stdout, stderr } = run(command, args);
  if (stderr !== '') throw new ToolError(`${command} ${args[0]}: ${stderr}`);
  return stdout;
}

await main(import.meta, async () => {
  setup('test');
  setup('proof');
  conclude(await prove());
});
