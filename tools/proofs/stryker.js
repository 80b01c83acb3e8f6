// Changes one thing at a time in the engine's files of js/, and checks that a test of tests/node
// fails: Stryker makes the mutants, in a copy of the checkout, and tests/mutation/runner.js runs
// the tests. Fails if a mutant survives that tests/mutation/explained.js does not explain, or if
// that explains one that does not survive.
//
//   node tools/proofs/stryker.js [--short] [FILE...]
//
// The short form mutates one file. js/numbers.js is left out, which is generated, and
// js/workerd.js, which runs in workerd only, and js/angular and js/spartacus: their effect shows
// only in a built storefront, which takes minutes for each mutant.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { explained } from '../../tests/mutation/explained.js';
import { conclude, main, root, ToolError } from '../command.js';
import { lock, setup } from '../setup.js';
import { copyTree, sourcesOf, treeEnv } from './tree.js';

/** @import { FileResult, MutantResult, MutationTestResult } from 'mutation-testing-report-schema/api' */

/**
 * @param {{ short: boolean, files?: string[] }} options
 * @returns {Promise<{ what: string, amount: string, findings: number }[]>}
 */
export async function prove({ short, files = [] }) {
  setup('test');
  const unlock = lock('stryker', 'waiting for other mutants to be tested');
  try {
    const all = sourcesOf(root).filter((source) => !/^js\/\w+\//.test(source));
    const unknown = files.find((file) => !all.includes(file));
    if (unknown) throw new ToolError(`${unknown} is none of: ${all.join(', ')}`);
    return [show(test(files.length > 0 ? files : short ? ['js/shim.js'] : all))];
  } finally {
    unlock();
  }
}

/**
 * @param {string[]} mutate
 * @returns {MutationTestResult}
 */
function test(mutate) {
  const tree = copyTree('stryker');
  const tests = join(tree, 'tests/node');
  for (const name of readdirSync(tests)) {
    const path = join(tests, name);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace("from 'node:test'", "from '../mutation/node-test.js'"));
  }
  const report = 'build/mutants.json';
  const config = {
    testRunner: 'occ-session',
    plugins: ['./tests/mutation/runner.js'],
    inPlace: true,
    mutate,
    buildCommand: 'node tools/build.js',
    coverageAnalysis: 'perTest',
    concurrency: availableParallelism(),
    // The tests have a time limit, and loops a limit of rounds; this is for everything else.
    timeoutMS: 120_000,
    disableTypeChecks: false,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    tempDirName: 'build/mutants',
    allowConsoleColors: false,
  };
  writeFileSync(join(tree, 'stryker.config.json'), JSON.stringify(config));
  rmSync(join(tree, report), { force: true });
  spawnSync(join(tree, 'node_modules/.bin/stryker'), ['run'], {
    cwd: tree,
    env: { ...process.env, ...treeEnv },
    stdio: 'inherit',
  });
  // Its exit code does not report a failure.
  if (!existsSync(join(tree, report))) throw new ToolError('Stryker could not test the mutants.');
  return JSON.parse(readFileSync(join(tree, report), 'utf8'));
}

/** @param {string} text */
const onOneLine = (text) => text.replace(/\s+/g, ' ').trim();

/**
 * Returns the key of a mutant in tests/mutation/explained.js.
 *
 * @param {string} file
 * @param {FileResult} result
 * @param {MutantResult} mutant
 */
function keyOf(file, { source }, { location: { start, end }, replacement = '' }) {
  const lines = source.split('\n');
  const line = lines[start.line - 1];
  const covered = lines.slice(start.line - 1, end.line);
  covered[covered.length - 1] = covered[covered.length - 1].slice(0, end.column - 1);
  covered[0] = covered[0].slice(start.column - 1);
  const change = `${onOneLine(covered.join('\n'))} -> ${onOneLine(replacement)}`;
  return { at: `${file}:${start.line}:${start.column}`, file, line: onOneLine(line), change };
}

/** @param {MutationTestResult} report */
function show({ files }) {
  const names = Object.keys(files).sort();
  const notMet = new Set(explained.filter(({ file }) => names.includes(file)));
  /** @type {string[]} */
  const findings = [];
  const sum = { mutants: 0, found: 0, timedOut: 0, explained: 0 };
  console.log(`\n${'file'.padEnd(16)}  mutants  found  of these timed out  explained  score`);
  /** @param {string} name @param {typeof sum} counts */
  const print = (name, counts) =>
    console.log(
      name.padEnd(16) +
        `${counts.mutants}`.padStart(9) +
        `${counts.found}`.padStart(7) +
        `${counts.timedOut}`.padStart(20) +
        `${counts.explained}`.padStart(11) +
        `${scoreOf(counts)} %`.padStart(9),
    );
  for (const name of names) {
    const counts = { mutants: 0, found: 0, timedOut: 0, explained: 0 };
    for (const mutant of files[name].mutants) {
      const { at, file, line, change } = keyOf(name, files[name], mutant);
      const entry = explained.find(
        (each) => each.file === file && each.line === line && each.changes.includes(change),
      );
      const isFound = mutant.status === 'Killed' || mutant.status === 'Timeout';
      counts.mutants++;
      if (isFound) counts.found++;
      if (mutant.status === 'Timeout') counts.timedOut++;
      if (entry) {
        notMet.delete(entry);
        counts.explained += isFound ? 0 : 1;
        // A busy machine may time out on any mutant.
        if (mutant.status === 'Killed') findings.push(`${at}: explained, but found: ${change}`);
      } else if (!isFound) {
        findings.push(`${at}: ${mutant.status}: ${change}`);
      }
    }
    for (const key of /** @type {(keyof typeof sum)[]} */ (Object.keys(sum))) {
      sum[key] += counts[key];
    }
    print(name, counts);
  }
  print('together', sum);
  for (const { file, line } of notMet) findings.push(`${file}: explained, but not there: ${line}`);
  for (const finding of findings) console.error(finding);
  return {
    what: `mutants of ${names.length === 1 ? names[0] : 'the engine in js/'} that tests/node find`,
    amount: `${sum.found} of ${sum.mutants} (${scoreOf(sum)} %), ${sum.explained} explained`,
    findings: findings.length,
  };
}

/** @param {{ found: number, mutants: number }} counts */
const scoreOf = ({ found, mutants }) =>
  (mutants === 0 ? 100 : Math.floor((1000 * found) / mutants) / 10).toFixed(1);

await main(import.meta, async () => {
  const { values, positionals } = parseArgs({
    options: { short: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  conclude(await prove({ short: values.short, files: positionals }));
});
