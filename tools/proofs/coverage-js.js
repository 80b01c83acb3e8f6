// Measures which lines and branches of js/ the tests reach, and fails with a list unless all are.
//
//   node tools/proofs/coverage-js.js [--short]
//
// Istanbul puts counters into the sources of a copy of the checkout, which is then built and tested
// as the checkout itself is, so the counts are those of the real bundles, in Node and in Chromium.
// A branch is each arm of `if` (also a missing `else`), `?:`, `&&`, `||`, `??` and `switch`, and
// each default value. `?.` does not count: tools/proofs/stryker.js asks for both of its sides.
//
// The engine has to be covered by tests/node alone, the adapters, which run only in a storefront,
// by tests/storefront. The short form leaves the adapters out: building and testing storefronts
// takes minutes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { conclude, main, root } from '../command.js';
import { lock, setup } from '../setup.js';
import { copyTree, linkStorefronts, sourcesOf, treeEnv } from './tree.js';

/** @import { CoverageMap, FileCoverage, FileCoverageData } from 'istanbul-lib-coverage' */

/** @param {string} source */
const isAdapter = (source) => /^js\/\w+\//.test(source);

/**
 * @param {{ short: boolean }} options
 * @returns {Promise<{ what: string, amount: string, findings: number }[]>}
 */
export async function prove({ short }) {
  setup('test');
  const unlock = lock('coverage-js', 'waiting for another measurement to end');
  try {
    const tree = copyTree('coverage-js');
    const none = await instrument(tree);
    const rows = [await measure(tree, 'node', none, (source) => !isAdapter(source))];
    if (!short) {
      await linkStorefronts(tree);
      rows.push(await measure(tree, 'storefront', none, isAdapter));
    }
    return rows;
  } finally {
    unlock();
  }
}

/**
 * Puts the counters into the sources of a copy.
 *
 * @param {string} tree
 * @returns {Promise<FileCoverageData[]>} the counters before anything has run
 */
async function instrument(tree) {
  // Not imported at the top: it may not be installed before the set-up.
  const { default: istanbul } = await import('istanbul-lib-instrument');
  const instrumenter = istanbul.createInstrumenter({
    esModules: true,
    compact: false,
    // The declarations of the package are generated from them.
    preserveComments: true,
    // The default finds it with a function made of text, which a content security policy may
    // forbid.
    coverageGlobalScope: 'globalThis',
    coverageGlobalScopeFunc: false,
  });
  return sourcesOf(tree).map((source) => {
    const path = join(tree, source);
    writeFileSync(path, instrumenter.instrumentSync(readFileSync(path, 'utf8'), source));
    return instrumenter.lastFileCoverage();
  });
}

/**
 * Runs a part of the tests in a copy, and shows their coverage.
 *
 * @param {string} tree
 * @param {'node' | 'storefront'} part
 * @param {FileCoverageData[]} none
 * @param {(source: string) => boolean} isMeant
 */
async function measure(tree, part, none, isMeant) {
  const folder = join(tree, 'build/counters', part);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(join(tree, 'tests', part))
    // The file that measures the speed of storefronts takes long, and covers nothing more.
    .filter((name) => name.endsWith('.test.js') && name !== 'behaviours.test.js')
    .map((name) => join('tests', part, name));
  const { status } = spawnSync(process.execPath, ['tools/test.js', part, ...files], {
    cwd: tree,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...treeEnv,
      OCC_COVERAGE: folder,
      // The webpack of Angular 12 loses an import that only a field of a class uses, behind a counter.
      OCC_TARGET: part === 'storefront' ? 'es2021' : 'es2022',
      NODE_OPTIONS: `--import=${pathToFileURL(join(root, 'tests/coverage.js'))}`,
    },
  });
  const { default: istanbul } = await import('istanbul-lib-coverage');
  const map = istanbul.createCoverageMap();
  for (const data of none) map.addFileCoverage(data);
  for (const name of readdirSync(folder)) {
    map.merge(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }
  const row = show(part, map, map.files().filter(isMeant).sort());
  if (status === 0) return row;
  console.error(`Tests of tests/${part} failed: see above.`);
  return { ...row, findings: row.findings + 1 };
}

/** @param {string} part @param {CoverageMap} map @param {string[]} files */
function show(part, map, files) {
  const kinds = /** @type {const} */ (['lines', 'branches', 'functions', 'statements']);
  const sums = { lines: [0, 0], branches: [0, 0], functions: [0, 0], statements: [0, 0] };
  console.log(`\n${'by'.padEnd(26)}${kinds.map((kind) => kind.padStart(18)).join('')}`);
  console.log(`tests/${part}`);
  /** @param {string} name @param {Record<typeof kinds[number], readonly number[]>} figures */
  const print = (name, figures) =>
    console.log(
      name.padEnd(26) +
        kinds
          .map((kind) => {
            const [covered, total] = figures[kind];
            const share = total === 0 ? 100 : Math.floor((1000 * covered) / total) / 10;
            return `${covered}/${total} ${share.toFixed(1).padStart(6)}%`.padStart(18);
          })
          .join(''),
    );
  for (const file of files) {
    const summary = map.fileCoverageFor(file).toSummary();
    const figures = { ...sums };
    for (const kind of kinds) {
      const { covered, total } = summary[kind];
      figures[kind] = [covered, total];
      sums[kind] = [sums[kind][0] + covered, sums[kind][1] + total];
    }
    print(file, figures);
  }
  print('together', sums);
  const missing = files.flatMap((file) => missingOf(file, map.fileCoverageFor(file)));
  for (const line of missing) console.error(line);
  return {
    what: `${part === 'node' ? 'engine' : 'adapters'}: lines and branches of js/ that tests/${part} reach`,
    amount: `${sums.lines.join(' of ')} lines, ${sums.branches.join(' of ')} branches in ${files.length} files`,
    findings: missing.length,
  };
}

/** @param {string} file @param {FileCoverage} coverage */
function missingOf(file, { statementMap, fnMap, branchMap, s, f, b }) {
  /** @param {{ start: { line?: number, column?: number } }} range @param {string} what */
  const at = ({ start }, what) => `${file}:${start.line}:${(start.column ?? 0) + 1}: ${what}`;
  return [
    ...Object.keys(s)
      .filter((key) => s[key] === 0)
      .map((key) => at(statementMap[key], 'not run')),
    ...Object.keys(f)
      .filter((key) => f[key] === 0)
      .map((key) => at(fnMap[key].decl, `not called: ${fnMap[key].name}`)),
    ...Object.keys(b).flatMap((key) => {
      const { type, loc, locations } = branchMap[key];
      return b[key].flatMap((count, arm) =>
        // A missing else has no place of its own.
        count === 0
          ? at(
              locations[arm].start.line ? locations[arm] : loc,
              `not taken: ${type}, arm ${arm + 1}`,
            )
          : [],
      );
    }),
  ];
}

await main(import.meta, async () => {
  conclude(await prove({ short: process.argv.includes('--short') }));
});
