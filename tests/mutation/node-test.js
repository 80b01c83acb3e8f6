// A stand-in for node:test when tools/proofs/stryker.js runs the tests of tests/node: it stores
// them instead of running them at once, so one process can run those that reach a mutant, mutant
// after mutant.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { mock } from 'node:test';

export { mock };

/**
 * The time limit of an idle test, in milliseconds: everything that it waits for is in this process.
 * Any time beyond that depends on the machine and its other work.
 */
const LIMIT = 1_000;

// Tests put mocks in place of the global ones.
const { setImmediate, setInterval, clearInterval } = globalThis;

/** @typedef {{ after: (cleanup: () => unknown) => void, mock: typeof mock }} Context */
/** @typedef {{ around?: Group, name: string, beforeEach: (() => unknown)[], afterEach: (() => unknown)[] }} Group */

/**
 * The tests by their names; each resolves with the reason of its failure.
 *
 * @type {Map<string, () => Promise<Error | undefined>>}
 */
export const tests = new Map();

/** The tests that use the engine in processes of their own. @type {Set<string>} */
export const programs = new Set();

/** @type {Group} */
let group;
/** The uncaught errors of the present test. @type {unknown[]} */
const uncaught = [];

/** Returns all globals, and the time. Reading them creates those that Node creates on first use. */
const globals = () =>
  new Map([
    ...Object.getOwnPropertyNames(globalThis).map(
      (name) => /** @type {const} */ ([name, Reflect.get(globalThis, name)]),
    ),
    ['Date.now', Date.now],
  ]);

/** Thrown by a timer of Node's own fetch, when the clock of a test has stood still meanwhile. */
const ofNode = /\bonParserTimeout\b/;

for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    if (!ofNode.test(error?.stack)) uncaught.push(error);
  });
}

/** @param {string} file the URL of a file of tests */
export async function load(file) {
  group = { name: file.split('/').at(-1) ?? '', beforeEach: [], afterEach: [] };
  await import(file);
}

/**
 * @param {string} name
 * @param {unknown[]} parameters options, which are not needed here, and the body
 */
export function describe(name, ...parameters) {
  const around = group;
  group = { around, name, beforeEach: [], afterEach: [] };
  /** @type {() => void} */ (parameters.at(-1))();
  group = around;
}

/** @param {() => unknown} hook */
export const beforeEach = (hook) => group.beforeEach.push(hook);
/** @param {() => unknown} hook */
export const afterEach = (hook) => group.afterEach.push(hook);

/**
 * @param {string} name
 * @param {unknown[]} parameters options, which are not needed here, and the body
 */
export function test(name, ...parameters) {
  const body = /** @type {(t: Context) => unknown} */ (parameters.at(-1));
  /** The groups from the outermost to this one. @type {Group[]} */
  const groups = [];
  for (let each = /** @type {Group | undefined} */ (group); each; each = each.around) {
    groups.unshift(each);
  }
  const id = [...groups.map((each) => each.name), name].join(' > ');
  if (tests.has(id)) throw new Error(`There are two tests of this name: ${id}`);
  if (/\brunProgram\(/.test(String(body))) programs.add(id);
  tests.set(id, async () => {
    // A test that fails once may do so because of an earlier test, or a busy machine.
    return (await run(groups, body)) && run(groups, body);
  });
}

/**
 * @param {Group[]} groups
 * @param {(t: Context) => unknown} body
 * @returns {Promise<Error | undefined>} why it failed
 */
async function run(groups, body) {
  /** @type {(() => unknown)[]} */
  const cleanups = [];
  /** @type {Context} */
  const t = { mock, after: (cleanup) => cleanups.push(cleanup) };
  uncaught.length = 0;
  const found = globals();
  const before = groups.flatMap((each) => each.beforeEach);
  const after = [...groups].reverse().flatMap((each) => each.afterEach);
  const failures = [
    await failureOf(async () => {
      for (const hook of before) await hook();
      await body(t);
    }),
  ];
  for (const hook of [...after, ...cleanups, () => mock.reset()]) {
    failures.push(await failureOf(hook));
  }
  // A leftover global would make some other test fail.
  const left = globals();
  for (const name of new Set([...found.keys(), ...left.keys()])) {
    if (!Object.is(found.get(name), left.get(name))) failures.push(`${name} is left changed`);
  }
  await new Promise((resolve) => setImmediate(resolve));
  const [error] = [...uncaught, ...failures].filter(Boolean);
  return error === undefined || error instanceof Error ? error : new Error(String(error));
}

/** @param {() => unknown} act @returns {Promise<unknown>} */
async function failureOf(act) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const endless = new Promise((_, reject) => {
    let waited = 0;
    let before = performance.eventLoopUtilization();
    timer = setInterval(() => {
      const now = performance.eventLoopUtilization();
      // A test may wait for a program that it has started.
      const isAlone = !process.getActiveResourcesInfo().includes('ProcessWrap');
      if (isAlone) waited += now.idle - before.idle;
      if (waited > LIMIT) reject(new Error('waits for what does not come'));
      before = now;
    }, LIMIT / 10);
  });
  try {
    await Promise.race([act(), endless]);
    return undefined;
  } catch (error) {
    return error ?? new Error('rejected with nothing');
  } finally {
    clearInterval(timer);
  }
}
