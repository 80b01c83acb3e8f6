// Runs every proof of the engine and ends with one table: what was proved or run, how much of it,
// and what was found. Fails if there is any finding.
//
//   node tools/proof.js [--short] [NAME...]
//
// --short is the form for every change: the same proofs, a share of the long ones. With names, only
// those: a tool, as in `walk`, or a test file, as in `model` or `faults`. Each is a process of its own,
// two at a time, since most of them keep one processor busy; its output is shown when it ends.
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from './build.js';
import { printColumns } from './columns.js';
import { atATime, main, root, ToolError } from './command.js';
import { findChromium, findHeadlessShell, setup } from './setup.js';

/**
 * A line of the table. Findings are null if the proof could not be run.
 * @typedef {{ what: string, amount: string, findings: number | null }} Row
 */

/** The proofs that are tools, the slowest first; each returns its lines. */
const tools = [
  'stryker',
  'mutation',
  'coverage-js',
  'frama-c',
  'walk',
  'tabs',
  'fuzz',
  'coverage-c',
  'audit',
];

/** The proofs that are tests, by name. */
const tests = new Map(
  readdirSync(join(root, 'tests/proofs'))
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => [basename(name, '.test.js'), join('tests/proofs', name)]),
);

/** The beginning of the diagnostics in which a test reports what it has done. */
const said = 'proof: ';

/** The time limit of a test file, in milliseconds: exceeding it is a finding. */
const TEST_TIMEOUT = 600_000;

/**
 * @param {string} file
 * @returns {Promise<Row[]>}
 */
function runTests(file) {
  return new Promise((resolve) => {
    /** @type {Row[]} */
    const rows = [];
    let findings = 0;
    const stream = run({ files: [join(root, file)], timeout: TEST_TIMEOUT });
    stream.on('test:diagnostic', ({ message }) => {
      if (!message.startsWith(said)) return;
      const [what, amount] = message.slice(said.length).split(/: (.*)/s);
      rows.push({ what, amount, findings: 0 });
    });
    stream.on('test:fail', ({ details }) => {
      // A test around a failed one fails too: both are one finding.
      const { failureType } = /** @type {{ failureType?: string }} */ (details.error);
      if (failureType !== 'subtestsFailed') findings++;
    });
    stream.on('end', () => {
      if (rows.length > 0) rows[0].findings = findings;
      // A test that does not report what it has done is a finding by itself.
      else rows.push({ what: file, amount: 'said nothing', findings: findings + 1 });
      resolve(rows);
    });
    stream.compose(new spec()).pipe(process.stdout);
  });
}

/** Runs one proof. @param {string} name @param {boolean} short @returns {Promise<Row[]>} */
async function prove(name, short) {
  const file = tests.get(name);
  if (file) return runTests(file);
  return (await import(`./proofs/${name}.js`)).prove({ short });
}

/**
 * @param {string} name
 * @param {boolean} short
 * @returns {Promise<Row[]>}
 */
function proveApart(name, short) {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), [name, ...(short ? ['--short'] : [])], {
      env: { ...process.env, OCC_PROOF_APART: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    /** @type {Row[]} */
    let rows = [];
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    child.on('message', (message) => (rows = /** @type {Row[]} */ (message)));
    child.on('close', (code) => {
      console.log(`\n== proof: ${name}\n${output.trimEnd()}`);
      if (code !== 0 && !rows.some(({ findings }) => findings)) {
        rows.push({ what: name, amount: `could not be run: exit code ${code}`, findings: 1 });
      }
      resolve(rows);
    });
  });
}

/** @param {(Row & { name: string, seconds: string })[]} table */
function print(table) {
  const columns = /** @type {const} */ (['name', 'what', 'amount', 'findings', 'seconds']);
  console.log();
  printColumns([
    columns.map(String),
    ...table.map((row) => columns.map((column) => String(row[column] ?? '–'))),
  ]);
}

/** @param {number} from */
const since = (from) => ((performance.now() - from) / 1000).toFixed(1);

await main(import.meta, async () => {
  const { values, positionals } = parseArgs({
    options: { short: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const { short } = values;
  if (process.env.OCC_PROOF_APART) {
    const rows = await prove(positionals[0], short);
    process.send?.(rows, () => process.disconnect());
    process.exitCode = rows.some(({ findings }) => (findings ?? 0) > 0) ? 1 : 0;
  } else {
    const all = [...tools, ...tests.keys()];
    const unknown = positionals.find((name) => !all.includes(name));
    if (unknown) throw new ToolError(`There is no proof '${unknown}': ${all.join(', ')}.`);
    const names = all.filter((name) => positionals.length === 0 || positionals.includes(name));

    for (const purpose of /** @type {const} */ (['test', 'storefront', 'proof'])) setup(purpose);
    await build();
    process.env.OCC_PROOF = short ? 'short' : 'full';
    process.env.CHROMIUM = findHeadlessShell() ?? findChromium();

    const start = performance.now();
    const results = await atATime(
      names,
      async (name) => {
        const began = performance.now();
        const rows = await proveApart(name, short);
        const seconds = since(began);
        return rows.map((row, i) => ({ ...row, name, seconds: i === 0 ? seconds : '' }));
      },
      2,
    );
    const table = results.flat();
    print(table);
    const findings = table.reduce((sum, row) => sum + (row.findings ?? 0), 0);
    console.log(
      `\n== proof${short ? ', short form' : ''}: findings ${findings}, ${since(start)} s on ` +
        `${availableParallelism()} processors`,
    );
    process.exitCode = findings === 0 ? 0 : 1;
  }
});
