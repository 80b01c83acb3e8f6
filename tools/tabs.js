// Proves what tabs that have the same session do to each other: Spin goes through every state of
// tests/proofs/tabs.pml, in several variants of it. Those that are broken on purpose, and those in
// which the browser is slow, must lead to what they are named after: the model can fail, and knows
// the limits that the README names. The short form has one token less.
//
//   node tools/tabs.js [--short]
import { execFile } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { fail, root, setup, ToolError } from './setup.js';

const model = join(root, 'tests/proofs/tabs.pml');

/** No search takes this long, in milliseconds: one that does not end is a finding. */
const LIMIT = 900_000;

/** Steps of the longest way; the search says if it met a longer one, and counts as cut short. */
const DEPTH = 2_000_000;

/**
 * One search. `breaks`: it must find a way to this; otherwise it must go through all states and
 * find none. `isWhole`: with all tokens there is no statement of the model that it does not reach.
 * @typedef {{ name: string, defines: string[], tokens?: number, isWhole?: true, breaks?: string }}
 *   Variant
 */

/** How many tokens the server issues: customer, agent and a refresh, or two of these. */
const TOKENS = 3;
const TOKENS_SHORT = 2;

/** @type {Variant[]} */
const variants = [
  { name: "two tabs, storage 'local'", defines: [], isWhole: true },
  { name: "two tabs, storage 'session'", defines: ['SESSION'], isWhole: true },
  // With agents, three have more states than there is time for.
  { name: "three tabs, storage 'local'", defines: ['TABS=3', 'NO_AGENT'], tokens: TOKENS_SHORT },
  {
    name: "three tabs, storage 'session'",
    defines: ['TABS=3', 'NO_AGENT', 'SESSION'],
    tokens: TOKENS_SHORT,
  },
  {
    name: "two tabs, a slow browser, storage 'local': who has left stays away",
    defines: ['DELAYED', 'NO_KILL', 'CLAIMS=R24_LEFT'],
    tokens: TOKENS_SHORT,
  },
  {
    name: 'the same without the check of the epoch',
    defines: ['DELAYED', 'NO_KILL', 'CLAIMS=R24_LEFT', 'NO_EPOCH'],
    breaks: 'a tab that has signed out is signed in again',
  },
  {
    name: "without reading before an event, storage 'local'",
    defines: ['NO_READ', 'CLAIMS=R8'],
    breaks: 'a token is revoked twice',
  },
  {
    name: "without reading before an event, storage 'session'",
    defines: ['SESSION', 'NO_READ', 'CLAIMS=R8'],
    breaks: 'a token is revoked twice',
  },
  {
    name: 'without reading before an event',
    defines: ['NO_READ', 'CLAIMS=R24'],
    breaks: 'a tab goes on with a grant that has ended',
  },
  {
    name: "a slow browser, storage 'local' (a limit)",
    defines: ['DELAYED', 'CLAIMS=R8'],
    breaks: 'a token is revoked twice',
  },
  {
    name: "a slow browser, storage 'session' (a limit)",
    defines: ['DELAYED', 'SESSION', 'CLAIMS=R8'],
    breaks: 'a token is revoked twice',
  },
  {
    name: "a slow browser, storage 'local' (a limit)",
    defines: ['DELAYED', 'CLAIMS=R24_STORED'],
    breaks: 'a grant that has ended is stored again',
  },
];

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ text: string, failure?: string }>}
 */
const run = (command, args, cwd) =>
  new Promise((resolve) => {
    const options = { cwd, maxBuffer: 2 ** 28, timeout: LIMIT };
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ text: stdout + stderr, failure: error?.message }),
    );
  });

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
async function runWell(command, args, cwd) {
  const { text, failure } = await run(command, args, cwd);
  if (failure) throw new ToolError(`${failure}\n${text}`);
}

/**
 * @param {Variant} variant
 * @param {string} folder a new one, for what is built
 * @param {boolean} short
 */
async function search({ name, defines, tokens = TOKENS, isWhole, breaks }, folder, short) {
  mkdirSync(folder, { recursive: true });
  const issued = breaks || short ? TOKENS_SHORT : tokens;
  const options = [...defines, `TOKENS=${issued}`].map((define) => `-D${define}`);
  await runWell('spin', [...options, '-a', model], folder);
  // Without partial-order reduction: each event is one step on what all tabs have, so there is
  // nothing to reduce.
  const ways = ['-DSAFETY', '-DNOREDUCE', '-DNOCLAIM', '-DVECTORSZ=1024', '-DMEMLIM=8192'];
  await runWell('clang', ['-w', breaks ? '-O0' : '-O2', ...ways, '-o', 'pan', 'pan.c'], folder);
  const { text, failure } = await run('./pan', [`-m${DEPTH}`], folder);

  const [, depth, errors] = /depth reached (\d+), errors: (\d+)/.exec(text) ?? [];
  const [, states] = /^ *(\S+) states, stored/m.exec(text) ?? [];
  const [, transitions] = /^ *(\S+) transitions/m.exec(text) ?? [];
  const isViolated = errors === '1' && /^pan:1: assertion violated/m.test(text);
  const isComplete =
    errors === '0' &&
    !failure &&
    !/search not completed|max search depth|out of memory/i.test(text);
  const unreached = text.match(/^\t.*, state \d+, .*(?<!"-end-")$/gm) ?? [];
  const figures =
    `${count(states)} states, ${count(transitions)} transitions, ${count(depth)} deep, ` +
    `${issued} tokens`;
  console.log(`${name}: ${figures}, ${isViolated ? 'an assertion is violated' : 'no violation'}`);
  const isReached = !isWhole || issued < TOKENS || unreached.length === 0;
  if (breaks ? isViolated : isComplete && isReached) {
    return {
      what: `tabs: ${name}`,
      amount: breaks ? `found: ${breaks}` : figures,
      findings: 0,
    };
  }
  if (isViolated) {
    // What the pages did, in the order in which they did it.
    const trail = await run('spin', ['-k', 'tabs.pml.trail', ...options, model], folder);
    console.error(`${name}: ${trail.text.replace(/^spin: trail ends[\s\S]*/m, '')}`);
  } else if (!isComplete) {
    console.error(`${name}: ${failure ?? ''}\n${text}`);
  } else if (breaks) {
    console.error(`${name}: not found: ${breaks}`);
  } else {
    console.error(`${name}: never reached:\n${unreached.join('\n')}`);
  }
  return { what: `tabs: ${name}`, amount: figures, findings: 1 };
}

/** @param {string | undefined} digits */
const count = (digits) => Number(digits).toLocaleString('en');

/**
 * @param {{ short: boolean }} options
 * @returns {Promise<{ what: string, amount: string, findings: number }[]>}
 */
export async function prove({ short }) {
  const folder = join(root, 'build/proofs/tabs');
  rmSync(folder, { recursive: true, force: true });
  const waiting = [...variants.entries()];
  /** @type {Awaited<ReturnType<typeof search>>[]} */
  const rows = [];
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, variant] = next;
      rows[i] = await search(variant, join(folder, String(i + 1)), short);
    }
  });
  await Promise.all(workers);
  return rows;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    setup('proof');
    const rows = await prove({ short: process.argv.includes('--short') });
    process.exitCode = rows.some(({ findings }) => findings > 0) ? 1 : 0;
  } catch (error) {
    fail(error);
  }
}
