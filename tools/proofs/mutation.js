// Tests the tests of the core: changes one thing of src/ at a time (mutants.js) and runs the C
// tests, one of which has to fail. A mutant that survives them all is a finding, unless
// tests/mutation/explained.json says why no test can detect it.
//
//   node tools/proofs/mutation.js [--short | FILE...]
//
// --short: the mutants of four files, one in ten. With files, only theirs:
// `node tools/proofs/mutation.js text.c form.c`.
//
// Each mutant is compiled alone and linked with the objects of CMake: first without sanitizers,
// most effective test first; then with them, for what only they detect; then the walk over all
// sequences of events.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';

import { buildPreset } from '../build.js';
import { atATime, attempt, main, root, ToolError } from '../command.js';
import { mutantsOf, readEnums } from './mutants.js';
import { lock, setup } from '../setup.js';

/** The files of the short form: those that move grants and sign-ins, and the smallest. */
const SHORT = ['sign_in.c', 'table.c', 'text.c', 'transition.c'];

/**
 * True for a mutant of a cell: tests/c/table_test.c restates each cell, so it detects every one.
 */
const isCell = (/** @type {Mutant} */ { file, within }) =>
  file === 'table.c' && within.startsWith('OCC_STATE_');

/** The time limit of a test with a mutant, in milliseconds: one that takes longer will not end. */
const TIMEOUT = 10_000;
const TIMEOUT_WALK = 120_000;

const src = join(root, 'src');
const work = join(root, 'build/mutation/mutants');
const explainedFile = join(root, 'tests/mutation/explained.json');

/** @typedef {import('./mutants.js').Mutant} Mutant */
/** @typedef {Pick<Mutant, 'file' | 'within' | 'code' | 'mutant'> & { reason: string }} Explanation */
/** @typedef {'killed' | 'timed out' | 'not compiled' | 'equivalent' | 'survived'} Fate */

/**
 * A C file of a target, and how CMake compiles it.
 * @typedef {{ source: string, object: string, command: string }} Unit
 */

/**
 * The programs of a preset that test the core.
 * @typedef {object} Stage
 * @property {Map<string, Unit[]>} targets
 * @property {string[]} tests
 * @property {string} link the command that links them
 * @property {number} timeout
 * @property {Map<string, number>} kills by test
 */

const explained = /** @type {Explanation[]} */ (JSON.parse(readFileSync(explainedFile, 'utf8')));

/**
 * @param {Explanation} entry
 * @param {Mutant} mutant
 */
const explains = (entry, mutant) =>
  /** @type {const} */ (['file', 'within', 'code', 'mutant']).every(
    (key) => entry[key] === mutant[key],
  );

/** @param {{ short: boolean }} options */
export async function prove({ short }) {
  return [await mutate(short ? SHORT : readdirSync(src).sort(), !short)];
}

/**
 * @param {string[]} files
 * @param {boolean} whole true if these are all files
 */
async function mutate(files, whole) {
  setup('test');
  const unlock = lock('mutation', 'waiting for another run to end');
  try {
    return await mutateAll(files, whole);
  } finally {
    unlock();
  }
}

/**
 * @param {string[]} files
 * @param {boolean} whole true if these are all files
 */
async function mutateAll(files, whole) {
  const stages = [
    stage('mutation', (name) => name !== 'walk_test', TIMEOUT),
    stage('native', (name) => name !== 'walk_test', TIMEOUT),
    stage('mutation', (name) => name === 'walk_test', TIMEOUT_WALK),
  ];
  const enums = readEnums(
    readdirSync(src)
      .filter((name) => name.endsWith('.h'))
      .map((name) => readFileSync(join(src, name), 'utf8')),
  );
  const mutants = files.flatMap((file) =>
    mutantsOf(file, readFileSync(join(src, file), 'utf8'), enums).filter(
      (mutant) => !isCell(mutant),
    ),
  );

  // A test that fails without a mutant kills nothing.
  const text = readFileSync(join(src, 'session.c'), 'utf8');
  const unchanged = { file: 'session.c', line: 0, within: '', code: '', mutant: '', text };
  overlay(join(work, 'unchanged'), unchanged);
  for (const each of stages.slice(0, 2)) {
    if ((await fateIn(each, unchanged, join(work, 'unchanged'))) !== 'survived') {
      throw new ToolError('The tests fail, or cannot be built, without a mutant.');
    }
    each.kills.clear();
  }

  /** @type {Map<Mutant, Fate>} */
  const fates = new Map();
  await atATime(mutants, async (mutant, worker) => {
    const folder = join(work, String(worker));
    overlay(folder, mutant);
    // The walk takes too long for mutants that are known to survive.
    const isExplained = explained.some((entry) => explains(entry, mutant));
    const fate = await fateOf(mutant, folder, isExplained ? stages.slice(0, -1) : stages);
    fates.set(mutant, fate);
    if (fate === 'survived' && !isExplained) {
      console.log(`survived: src/${mutant.file}:${mutant.line}, ${mutant.within}`);
      console.log(`  ${mutant.code}\n  ${mutant.mutant}`);
    }
  });
  return report(mutants, fates, whole);
}

/**
 * @param {Mutant[]} mutants
 * @param {Map<Mutant, Fate>} fates
 * @param {boolean} whole
 */
function report(mutants, fates, whole) {
  /** @param {Fate} fate */
  const count = (fate) => mutants.filter((mutant) => fates.get(mutant) === fate).length;
  const survivors = mutants.filter((mutant) => fates.get(mutant) === 'survived');
  const findings = survivors.filter(
    (mutant) => !explained.some((entry) => explains(entry, mutant)),
  );
  const files = new Set(mutants.map(({ file }) => file));
  const stale = explained
    .filter(({ file }) => whole || files.has(file))
    .filter((entry) => !survivors.some((mutant) => explains(entry, mutant)));
  for (const { file, within, code, mutant } of stale) {
    console.log(`explained, but no mutant survives like this: src/${file}, ${within}`);
    console.log(`  ${code}\n  ${mutant}`);
  }

  const killed = count('killed') + count('timed out');
  const score = (100 * killed) / (killed + survivors.length);
  const amount =
    `${killed + survivors.length} mutants, ${killed} killed (${count('timed out')} of them timed ` +
    `out), ${survivors.length - findings.length} explained: ${score.toFixed(1)} %`;
  console.log(
    `${amount}; left out: the cells of the table, ${count('not compiled')} that do not compile, ` +
      `${count('equivalent')} that the compiler sees no difference in`,
  );
  return { what: 'mutation of the C', amount, findings: findings.length + stale.length };
}

/**
 * Builds a preset, and reads what CMake knows of its tests.
 * @param {string} preset
 * @param {(test: string) => boolean} wanted
 * @param {number} timeout
 * @returns {Stage}
 */
function stage(preset, wanted, timeout) {
  buildPreset(preset);
  const folder = join(root, 'build', preset);
  /** @type {Map<string, Unit[]>} */
  const targets = new Map();
  const commands = readFileSync(join(folder, 'compile_commands.json'), 'utf8');
  for (const { file, command } of JSON.parse(commands)) {
    const [, object, target] = / -o (CMakeFiles\/(\w+)\.dir\/\S+) -c /.exec(command) ?? [];
    const units = targets.get(target) ?? [];
    units.push({ source: file, object: join(folder, object), command });
    targets.set(target, units);
  }
  const tests = [...targets.keys()].filter((name) => name.endsWith('_test') && wanted(name));
  const [compiler, ...options] = commands.match(/\/\S*clang\S*(?= )| -fsanitize=\S+/g) ?? [];
  const link = [...new Set([compiler, ...options])].join('');
  return { targets, tests, link, timeout, kills: new Map() };
}

/**
 * Makes a folder like src/, but with the mutant.
 * @param {string} folder
 * @param {Mutant} mutant
 */
function overlay(folder, mutant) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(src)) {
    if (name !== mutant.file) symlinkSync(join(src, name), join(folder, name));
  }
  writeFileSync(join(folder, mutant.file), mutant.text);
}

/**
 * @param {Mutant} mutant
 * @param {string} folder
 * @param {Stage[]} stages
 * @returns {Promise<Fate>}
 */
async function fateOf(mutant, folder, stages) {
  for (const each of stages) {
    const fate = await fateIn(each, mutant, folder);
    if (fate !== 'survived') return fate;
    if (await isEquivalent(mutant, folder, each)) return 'equivalent';
  }
  return 'survived';
}

/**
 * Runs the tests of a stage until one fails. The test of the same name comes first, then those that
 * have killed most.
 * @param {Stage} stage
 * @param {Mutant} mutant
 * @param {string} folder
 * @returns {Promise<Fate>}
 */
async function fateIn({ targets, tests, link, timeout, kills }, mutant, folder) {
  /** @type {Map<Unit, string>} */
  const compiled = new Map();
  /** @param {string} test */
  const rank = (test) =>
    test === `${basename(mutant.file, '.c')}_test` ? Infinity : (kills.get(test) ?? 0);
  for (const test of [...tests].sort((one, other) => rank(other) - rank(one))) {
    const units = unitsOf(test, targets);
    const changed = units.filter((unit) => contains(unit, mutant));
    if (changed.length === 0) continue;
    for (const unit of changed.filter((each) => !compiled.has(each))) {
      const object = join(folder, `${compiled.size}.o`);
      const { status } = await compile(unit, folder, object);
      if (status !== 0) return 'not compiled';
      compiled.set(unit, object);
    }
    const program = join(folder, test);
    const objects = units.map((unit) => compiled.get(unit) ?? unit.object);
    const linked = await runLine(`${link} -o ${program} ${objects.join(' ')} -lm`, TIMEOUT);
    if (linked.status !== 0) return 'not compiled';
    const { status, timedOut } = await runLine(program, timeout);
    if (status === 0) continue;
    kills.set(test, (kills.get(test) ?? 0) + 1);
    return timedOut ? 'timed out' : 'killed';
  }
  return 'survived';
}

/**
 * Returns everything that a test is linked from: its own files, the core built for it or the usual
 * one, and cJSON.
 * @param {string} test
 * @param {Stage['targets']} targets
 */
const unitsOf = (test, targets) =>
  [test, targets.has(`${test}_core`) ? `${test}_core` : 'occ', 'cjson'].flatMap(
    (target) => targets.get(target) ?? [],
  );

/**
 * True if a mutant changes the result of compiling a file. Some tests include a source of the core.
 * @param {Unit} unit
 * @param {Mutant} mutant
 */
function contains({ source }, { file }) {
  if (source.startsWith(src)) return file.endsWith('.h') || source === join(src, file);
  return file.endsWith('.c') && readFileSync(source, 'utf8').includes(`#include "${file}"`);
}

/**
 * Compiles a file with the mutant's folder in place of src/.
 * @param {Unit} unit
 * @param {string} folder
 * @param {string} object
 * @param {string} [options]
 */
function compile({ source, command }, folder, object, options = '') {
  const file = source.startsWith(src) ? join(folder, basename(source)) : source;
  const [compiler, ...rest] = command.replace(/ -o \S+ -c \S+$/, '').split(' ');
  // A mutant causes warnings by its nature, such as a comparison that is always true.
  return runLine(
    `${compiler} -I${folder} ${rest.join(' ')} -w ${options} -o ${object} -c ${file}`,
    TIMEOUT,
  );
}

/**
 * True if an optimising compiler makes the same of a mutant as of the original: then nothing
 * changes.
 * @param {Mutant} mutant
 * @param {string} folder
 * @param {Stage} stage
 */
async function isEquivalent(mutant, folder, { targets }) {
  const unit = (targets.get('occ') ?? []).find((each) => contains(each, mutant));
  if (!unit || mutant.file.endsWith('.h')) return false;
  const digest = async (/** @type {string} */ text) => {
    writeFileSync(join(folder, mutant.file), text);
    const object = join(folder, 'optimised.o');
    await compile(unit, folder, object, '-O2 -g0 -fno-sanitize=all');
    return createHash('sha256').update(readFileSync(object)).digest('hex');
  };
  const original = await digest(readFileSync(join(src, mutant.file), 'utf8'));
  return (await digest(mutant.text)) === original;
}

/**
 * Runs a command line without its output.
 * @param {string} line
 * @param {number} limit
 */
function runLine(line, limit) {
  const [program, ...args] = line.split(' ').filter(Boolean);
  return attempt(program, args, { limit, isSilent: true });
}

await main(import.meta, async () => {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== '--short' && !readdirSync(src).includes(arg));
  if (unknown) throw new ToolError(`There is no src/${unknown}.`);
  const named = args.filter((arg) => arg !== '--short');
  const short = args.includes('--short');
  const all = readdirSync(src).sort();
  const files = named.length > 0 ? named : short ? SHORT : all;
  const { findings } = await mutate(files, files === all);
  process.exitCode = findings === 0 ? 0 : 1;
});
