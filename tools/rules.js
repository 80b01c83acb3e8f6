// Writes the parts of docs/rules.md that follow from the sources: the state table of the core, and
// for each rule the files that implement it and those that test it.
//
//   node tools/rules.js [--check]
//
// --check writes nothing. It fails if the page is out of date, if a file cites a rule that the page
// does not state, or if a rule is implemented or tested nowhere.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { build } from './build.js';
import { main, root, run } from './command.js';
import { keepPage } from './pages.js';

const page = 'docs/rules.md';

/** The files that may cite a rule. */
const citing = /^(?!.*-lock\.json$).*\.([ch]|[jt]s|md|pml|html|css|json)$/;

/** The files that implement the rules. */
const isSource = /^(src|js)\//;

/** A cited rule, or the first and the last of several. */
const citation = /\bR(\d+)(?: to R(\d+))?\b/g;

/** The beginning of the name of a test in C or JavaScript: the numbers of its rules. */
const testName = /\b(?:test|TEST)\(\s*(?:\w+,\s*)?['"`](R\d[R\d ,and]*)/g;

/** The part of a path that only says that a file holds tests. */
const testSuffix = /(_test\.c|\.test\.js|\.js)$/;

/**
 * Returns the numbers of the rules that a text cites, each once.
 * @param {string} text
 * @param {RegExp} [pattern]
 */
function cited(text, pattern = citation) {
  /** @type {Set<number>} */
  const numbers = new Set();
  for (const [, first, last = first] of text.matchAll(pattern)) {
    for (let number = Number(first); number <= Number(last); number++) numbers.add(number);
  }
  return numbers;
}

/** Returns the files that cite rules, each with its rules and those its tests begin with. */
function citations() {
  const listed = run('git', ['ls-files', '-co', '--exclude-standard']).stdout;
  const paths = listed.split('\n').filter((path) => citing.test(path));
  return paths.map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const names = testSuffix.test(path) ? [...text.matchAll(testName)] : [];
    return { path, cites: cited(text), tests: cited(names.map(([, rules]) => rules).join(' ')) };
  });
}

/**
 * A cell of the table: a status of the core, and for `ok` the next state, its effects, and the
 * guard that decides for another move.
 *
 * @typedef {{ state: string, effects: string[] }} Move
 * @typedef {{ state: string, event: string, status: string, move: Move, guard: string, given: Move }} Cell
 */

/** The table of the core. @returns {Promise<Cell[]>} */
async function readTable() {
  const { EFFECT, EVENT, GUARD, STATE, STATUS } = await import('../js/numbers.js');
  const bytes = readFileSync(join(root, 'build/wasm/numbers.wasm'));
  const { exports } = (await WebAssembly.instantiate(bytes)).instance;
  const { occ_table, occ_table_effects } =
    /** @type {Record<string, (state: number, event: number) => number>} */ (exports);
  /** @param {Record<string, number>} names @param {number} number */
  const nameOf = (names, number) => Object.keys(names).find((name) => names[name] === number) ?? '';
  /** @param {number} next @param {number} effects @returns {Move} */
  const move = (next, effects) => ({
    state: nameOf(STATE, next & 255),
    effects: Object.entries(EFFECT)
      .filter(([, bit]) => bit & effects & 255)
      .map(([name]) => name),
  });
  return Object.entries(STATE).flatMap(([state, from]) =>
    Object.entries(EVENT).map(([event, number]) => {
      const cell = occ_table(from, number) >>> 0;
      const effects = occ_table_effects(from, number);
      return {
        state,
        event,
        status: nameOf(STATUS, cell >>> 24),
        move: move(cell, effects),
        guard: nameOf(GUARD, (cell >>> 16) & 255),
        given: move(cell >>> 8, effects >>> 8),
      };
    }),
  );
}

/** @param {Move} move */
const moveText = ({ state, effects }) => [`**${state}**`, ...effects].join(', ');

/** @param {Cell} cell */
function cellText({ status, move, guard, given }) {
  if (['done', 'stale'].includes(status)) return status;
  if (status !== 'ok') return `error ${status}`;
  const otherwise = moveText(move);
  return guard === 'none' ? otherwise : `${guard}: ${moveText(given)}; else ${otherwise}`;
}

/**
 * Draws the moves for Mermaid; of two that lead to the same state only one.
 *
 * @param {Cell[]} cells
 */
const diagram = (cells) => [
  '```mermaid',
  'stateDiagram-v2',
  '  [*] --> anonymous',
  ...cells
    .filter(({ status }) => status === 'ok')
    .flatMap(({ state, event, move, guard, given }) => [
      ...(guard === 'none' || given.state === move.state
        ? []
        : [`  ${state} --> ${given.state}: ${event} [${guard}]`]),
      `  ${state} --> ${move.state}: ${event}`,
    ]),
  '```',
];

/** Groups files by folder, without the common suffix. @param {string[]} paths */
function byFolder(paths) {
  /** @type {Map<string, string[]>} */
  const folders = new Map();
  for (const path of paths) {
    const folder = dirname(path);
    const names = folders.get(folder) ?? [];
    folders.set(folder, [...names, basename(path).replace(testSuffix, '')]);
  }
  return [...folders].map(([folder, names]) => `\`${folder}\` (${names.join(', ')})`).join(', ');
}

/**
 * Returns the parts of the page that follow from the sources.
 * @param {Set<number>} known the rules that it states
 * @param {ReturnType<typeof citations>} files
 */
async function partsOf(known, files) {
  const cells = await readTable();
  const head = ['state', ...new Set(cells.map(({ event }) => event))];
  const rows = [...new Set(cells.map(({ state }) => state))].map((state) => [
    state,
    ...cells.filter((cell) => cell.state === state).map(cellText),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  const rules = [...known].map((number) => {
    const kept = files.filter(({ path, cites }) => isSource.test(path) && cites.has(number));
    const tested = files.filter(({ tests }) => tests.has(number));
    return [
      `- R${number}: ${kept.map(({ path }) => `\`${path}\``).join(', ')};`,
      `tests: ${byFolder(tested.map(({ path }) => path))}`,
    ].join(' ');
  });
  return { states: [...lines, '', ...diagram(cells)].join('\n'), rules: rules.join('\n') };
}

/**
 * Returns the rules that are cited but not stated, or stated but not implemented or not tested.
 * @param {Set<number>} known the rules that the page states
 * @param {ReturnType<typeof citations>} files
 */
function faultsOf(known, files) {
  return [
    ...files.flatMap(({ path, cites }) =>
      [...cites].filter((number) => !known.has(number)).map((number) => `${path} cites R${number}`),
    ),
    ...[...known].flatMap((number) => [
      ...(files.some(({ path, cites }) => isSource.test(path) && cites.has(number))
        ? []
        : [`R${number} is kept nowhere`]),
      ...(files.some(({ tests }) => tests.has(number)) ? [] : [`R${number} is tested nowhere`]),
    ]),
  ];
}

await main(import.meta, async () => {
  await build();
  const known = cited(readFileSync(join(root, page), 'utf8'), /^- \*\*R(\d+)\*\*/gm);
  const files = citations();
  await keepPage(page, 'npm run rules', await partsOf(known, files), faultsOf(known, files));
});
