// The figures of stock against engine: behaviours.test.js collects them, and this prints them.
//
//   node tests/storefront/table.js [--markdown]
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../../build/storefront/table.json', import.meta.url));

/**
 * The measurements of one sign-out.
 *
 * @typedef {object} Row
 * @property {'stock' | 'engine'} build
 * @property {string} who the role that signs out
 * @property {string} server its answer to a revocation
 * @property {number | null} milliseconds from the click until the page shows it; null after 4 s
 * @property {number} sent requests of the page to the revocation endpoint
 * @property {string[]} revocations the ones that the server received
 * @property {{ requests: number, withBearer: number }} loginPage
 * @property {string[]} alive
 * @property {string[]} stored
 * @property {string[]} messages
 * @property {string[]} complaints
 */

/** Begins a table, and removes that of the last run. */
export function startTable() {
  /** @type {Row[]} */
  const rows = [];
  rmSync(file, { force: true });

  return {
    /** @param {Row} row */
    add: (row) => void rows.push(row),

    save() {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
    },
  };
}

/** @type {[heading: string, figure: (row: Row) => string][]} */
const columns = [
  [
    'ms until signed out',
    ({ milliseconds }) =>
      milliseconds === null ? '> 4,000' : Math.round(milliseconds).toLocaleString('en'),
  ],
  ['requests', ({ sent }) => `${sent}`],
  [
    'login.jsp',
    ({ loginPage: { requests, withBearer } }) =>
      withBearer > 0 ? `${requests} (bearer)` : `${requests}`,
  ],
  ['alive', ({ alive }) => `${alive.length}`],
  ['stored', ({ stored }) => `${stored.length}`],
  ['messages', ({ messages }) => `${messages.length}`],
];

const legend = `Each figure: stock / engine, one sign-out each. A time of the engine of 100 ms or
more is measured again, twice at most, since a busy machine lets a click wait.
ms until signed out: from the click until the page shows nobody as signed in, by the clock of the page.
requests: sent by the page to the revocation endpoint. login.jsp: GETs of it, and whether with the bearer.
alive: tokens of the session that the server still takes afterwards; where it ends only the token that
is named, stock's two requests race, and after a reload nobody knows the refresh token any more.
stored: tokens in localStorage or sessionStorage afterwards. messages: shown to whoever signed out.`;

/**
 * Returns the table as lines of cells, in the order of the measurements.
 *
 * @param {Row[]} rows
 * @returns {{ who: string, lines: string[][] }[]}
 */
function pair(rows) {
  return [...new Set(rows.map(({ who }) => who))].map((who) => {
    const his = rows.filter((row) => row.who === who);
    return {
      who,
      lines: [...new Set(his.map(({ server }) => server))].map((server) => [
        server,
        ...columns.map(([, figure]) =>
          /** @type {const} */ (['stock', 'engine'])
            .map((build) => his.find((row) => row.server === server && row.build === build))
            .map((row) => (row ? figure(row) : '–'))
            .join(' / '),
        ),
      ]),
    };
  });
}

/** @param {Row[]} rows */
function plain(rows) {
  const groups = pair(rows);
  const heading = ['', ...columns.map(([name]) => name)];
  const all = [heading, ...groups.flatMap(({ lines }) => lines)];
  const widths = heading.map((_, at) => Math.max(...all.map((line) => line[at].length)));
  /** @param {string[]} line */
  const text = (line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd();
  return [
    ...groups.flatMap(({ who, lines }) => [
      text([who, ...heading.slice(1)]),
      ...lines.map(text),
      '',
    ]),
    legend,
  ].join('\n');
}

/** @param {Row[]} rows */
function markdown(rows) {
  /** @param {string[]} line */
  const text = (line) => `| ${line.join(' | ')} |`;
  return [
    ...pair(rows).flatMap(({ who, lines }) => [
      text([`${who} signs out, and the server`, ...columns.map(([name]) => name)]),
      text(['---', ...columns.map(() => '---')]),
      ...lines.map(text),
      '',
    ]),
    legend,
  ].join('\n');
}

/** Prints the measurements of the last run. @param {{ asMarkdown?: boolean }} [options] */
export function printTable({ asMarkdown = false } = {}) {
  /** @type {Row[]} */
  let rows;
  try {
    rows = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.error('There is no table: tests/storefront/behaviours.test.js has not run to its end.');
    return;
  }
  console.log(asMarkdown ? markdown(rows) : plain(rows));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  printTable({ asMarkdown: process.argv.includes('--markdown') });
}
