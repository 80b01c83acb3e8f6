// Runs the package wherever a storefront runs, and ends with one table: a line for each engine,
// runtime, bundler and tool, with its version, how many behaviours hold there, and why one was
// skipped.
//
//   node tools/everywhere.js [--short] [NAME...]
//
// --short is the form for every change; its output says what it leaves out. With names, only those
// files of tests/everywhere, as in `bundlers`. A place is a suite at the top of such a file; it reports
// its version in a diagnostic, `version: 1.2.3`.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

import { build } from './build.js';
import { printColumns } from './columns.js';
import { main, root, ToolError } from './command.js';
import { findChromium, setup } from './setup.js';

/** @typedef {{ version: string, passed: number, failed: number, reasons: Set<string> }} Place */

const folder = join(root, 'tests/everywhere');
const files = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => [basename(name, '.test.js'), join(folder, name)]),
);

/** The time limit of a file, in milliseconds: one that runs longer has failed. */
const TIMEOUT = 1_200_000;

/**
 * Returns the places of a file, by name. Node reports the tests of a suite before the suite itself,
 * so their results are kept until its name is known.
 *
 * @param {string} file
 * @returns {Promise<Map<string, Place>>}
 */
function visit(file) {
  return new Promise((resolve) => {
    /** @type {Map<string, Place>} */
    const places = new Map();
    /** @type {Place} */
    let place;
    const begin = () => {
      place = { version: '', passed: 0, failed: 0, reasons: new Set() };
    };
    begin();
    const stream = run({ files: [file], timeout: TIMEOUT });
    stream.on('test:diagnostic', ({ message }) => {
      if (message.startsWith('version: ')) place.version = message.slice('version: '.length);
    });
    for (const type of /** @type {const} */ (['test:pass', 'test:fail'])) {
      stream.on(type, ({ name, nesting, details, skip }) => {
        if (typeof skip === 'string') place.reasons.add(skip);
        else if (type === 'test:fail') place.failed += details.type === 'suite' ? 0 : 1;
        else if (details.type !== 'suite') place.passed++;
        if (nesting > 0) return;
        // The suite itself has failed, or the file could not be read.
        if (type === 'test:fail' && place.failed === 0) place.failed = 1;
        places.set(name, place);
        begin();
      });
    }
    stream.on('end', () => resolve(places));
    stream.compose(new spec()).pipe(process.stdout);
  });
}

await main(import.meta, async () => {
  const { values, positionals } = parseArgs({
    options: { short: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !files.has(name));
  if (unknown) {
    throw new ToolError(
      `There is no ${unknown} in tests/everywhere: ${[...files.keys()].join(', ')}.`,
    );
  }
  setup('test');
  setup(values.short ? 'everywhere-short' : 'everywhere');
  await build();
  process.env.OCC_EVERYWHERE = values.short ? 'short' : 'full';
  process.env.CHROMIUM = findChromium();

  const start = performance.now();
  const table = [];
  let failed = 0;
  for (const [name, file] of files) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.log(`\n== everywhere: ${name}`);
    for (const [place, { version, ...found }] of await visit(file)) {
      failed += found.failed;
      table.push([
        place,
        version || '–',
        String(found.passed),
        String(found.failed),
        [...found.reasons].join('; '),
      ]);
    }
  }
  console.log();
  printColumns([['place', 'version', 'passed', 'failed', 'not tried'], ...table]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `\n== everywhere${values.short ? ', short form' : ''}: failed ${failed}, ${seconds} s`,
  );
  process.exitCode = failed === 0 && table.length > 0 ? 0 : 1;
});
