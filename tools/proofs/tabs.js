// Proves how tabs with the same session affect each other: Spin searches every state of
// tests/proofs/tabs.pml (who is signed in) and tests/proofs/refresh.pml (who has the tokens, and
// what becomes of them), in several variants of each. The variants that are broken on purpose, and
// those with a slow browser, must lead to what they are named after: the model can fail, and knows
// the limits that docs/limits.md names. The short form has one token less.
//
//   node tools/proofs/tabs.js [--short]
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { atATime, attempt, conclude, main, root, ToolError } from '../command.js';
import { setup } from '../setup.js';

/** The time limit of a search, in milliseconds: exceeding it is a finding. */
const LIMIT = 900_000;

/** The depth limit of a search; one that needs more steps says so, and counts as cut short. */
const DEPTH = 2_000_000;

/**
 * One search. `breaks`: it must find a way to this; otherwise it must go through all states and
 * find none. `needs`: so many tokens to break. `seeks`: the target, if not states that must not be:
 * cycles, in which nothing goes on.
 * @typedef {{ name: string, model?: 'tabs' | 'refresh', defines: string[], tokens?: number,
 *   seeks?: 'cycles', breaks?: string, needs?: number }} Variant
 */

/** The number of tokens that the server issues: customer, agent and a refresh, or two of these. */
const TOKENS = 3;
const TOKENS_SHORT = 2;

const SLOW = ['DELAYED', 'NO_KILL', 'NO_AGENT'];

/** @type {Variant[]} */
const variants = [
  { name: "two tabs, storage 'local'", defines: ['NO_KILL'] },
  { name: "two tabs, storage 'session'", defines: ['SESSION', 'NO_KILL'] },
  // With tabs that are killed, or three with agents, there are more states than there is time for.
  { name: "two tabs that are killed, storage 'local'", defines: [], tokens: TOKENS_SHORT },
  {
    name: "two tabs that are killed, storage 'session'",
    defines: ['SESSION'],
    tokens: TOKENS_SHORT,
  },
  { name: "three tabs, storage 'local'", defines: ['TABS=3', 'NO_AGENT'], tokens: TOKENS_SHORT },
  {
    name: "three tabs, storage 'session'",
    defines: ['TABS=3', 'NO_AGENT', 'SESSION'],
    tokens: TOKENS_SHORT,
  },
  {
    name: "two tabs, storage 'local' is emptied",
    defines: ['CLEAR', 'NO_KILL', 'CLAIMS=R5+R7+R7_HELD'],
    tokens: TOKENS_SHORT,
  },
  {
    name: "customers in two tabs, storage 'local' is emptied",
    defines: ['CLEAR', 'NO_KILL', 'NO_AGENT', 'CLAIMS=R5+R7+R7_HELD'],
  },
  {
    name: "two tabs, storage 'local' is full",
    defines: ['FULL', 'NO_KILL', 'CLAIMS=R5+R7+R7_HELD'],
    tokens: TOKENS_SHORT,
  },
  {
    name: "customers in two tabs, a slow browser, storage 'local': who has left stays away",
    defines: [...SLOW, 'CLAIMS=R24_LEFT'],
    tokens: TOKENS_SHORT,
  },
  {
    name: 'the same without a memory of it',
    defines: [...SLOW, 'CLAIMS=R24_LEFT', 'NO_MEMORY'],
    breaks: 'a tab that has signed out is signed in again',
  },
  {
    name: 'without lines, the storage is emptied',
    defines: ['CLEAR', 'NO_KILL', 'NO_AGENT', 'NO_LINE', 'CLAIMS=R7_HELD'],
    breaks: 'a grant is dropped that nobody has ended',
  },
  {
    name: 'the line goes on where the storage was emptied',
    defines: ['CLEAR', 'NO_KILL', 'NO_AGENT', 'OLD_LINE', 'CLAIMS=R7'],
    breaks: 'a grant is dropped that nobody has ended',
    needs: TOKENS,
  },
  {
    name: "where the end of an agent's grant ends the customer's too, storage 'session'",
    defines: ['SESSION', 'NO_KILL', 'NO_RESTORING', 'CLAIMS=R5'],
    breaks: 'a restored customer is signed out',
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
  ...tokenVariants(),
];

/** @returns {Variant[]} of the tokens of one grant */
function tokenVariants() {
  const kept = 'CLAIMS=R7+R24_AGREE+R7_HELD';
  /** @type {[name: string, ...defines: string[]][]} */
  const hold = [
    ["storage 'local'", 'ENDS'],
    ["storage 'local', tabs are killed", 'KILL'],
    ["storage 'local', messages are lost, refreshes fail", 'LOST', 'FAIL', 'ROTATING'],
    ["storage 'local' is emptied", 'CLEAR', kept],
    ["storage 'local', refresh tokens are stored", 'PERSIST', 'ROTATING', 'FAIL'],
    ["storage 'local', refresh tokens are stored and reused", 'PERSIST', 'ENDS', 'LOST'],
    ["storage 'session'", 'SESSION', 'ENDS'],
    ["storage 'session', messages are lost, refreshes fail", 'SESSION', 'LOST', 'FAIL', 'ROTATING'],
    ["storage 'session', the list is emptied", 'SESSION', 'CLEAR', kept],
    ["storage 'session', refresh tokens are stored", 'SESSION', 'PERSIST', 'ROTATING', 'LOST'],
    ["storage 'session', refresh tokens are stored and reused", 'SESSION', 'PERSIST', 'ENDS'],
  ];
  const whole = 'CLAIMS=R7+R8+R24+R24_AGREE+R31+R7_HELD';
  const model = /** @type {const} */ ('refresh');
  return [
    {
      name: "tokens, storage 'local' is emptied, refresh tokens are stored",
      model,
      defines: ['CLEAR', 'PERSIST', 'ROTATING', kept],
      tokens: TOKENS_SHORT,
    },
    ...hold.map(([name, ...defines]) => ({ name: `tokens, ${name}`, model, defines })),
    ...[[], ['SESSION']].map((defines) => ({
      name: `one refresh for three tabs, storage '${defines.length ? 'session' : 'local'}'`,
      model,
      defines: [...defines, 'TABS=3', 'PROMPT', whole],
      tokens: TOKENS_SHORT,
    })),
    ...[[], ['SESSION']].map((defines) => ({
      name: `no endless exchange, storage '${defines.length ? 'session' : 'local'}'`,
      model,
      defines: [...defines, 'CYCLES'],
      tokens: TOKENS_SHORT,
      seeks: /** @type {const} */ ('cycles'),
    })),
    {
      name: 'without asking other tabs',
      model,
      defines: ['PROMPT', 'NO_ASKING', 'CLAIMS=R31'],
      breaks: 'a session ends that could go on',
    },
    {
      name: 'without revoking what only this tab has',
      model,
      defines: ['NO_LEFTOVERS', 'CLAIMS=R7'],
      breaks: 'a refresh token lives on',
    },
    {
      name: 'without a living bearer for a revocation',
      model,
      defines: ['NO_R30', 'CLAIMS=R7'],
      breaks: 'a refresh token lives on',
    },
    {
      name: 'without asking which refresh token was refused',
      model,
      defines: ['PERSIST', 'ROTATING', 'NO_COMPARISON', 'CLAIMS=R7'],
      needs: TOKENS,
      breaks: 'a refresh token lives on',
    },
    {
      name: "refresh tokens are stored, storage 'local' is emptied, the line goes on",
      model,
      defines: ['PERSIST', 'ROTATING', 'CLEAR', 'OLD_LINE', kept],
      breaks: 'newer tokens than those that were revoked live on',
    },
    {
      name: 'the same, what is stored is taken although it is older',
      model,
      defines: ['PERSIST', 'ROTATING', 'CLEAR', 'TAKES_OLDER', kept],
      breaks: 'newer tokens than those that are stored live on',
    },
    {
      name: "three tabs, one signs out with old tokens, storage 'session' (a limit)",
      model,
      defines: ['SESSION', 'TABS=3', 'CLAIMS=R8'],
      breaks: 'a token is revoked twice',
    },
  ];
}

/**
 * Runs a command that has to succeed, beside others.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
async function succeed(command, args, cwd) {
  const { status, stdout, stderr } = await attempt(command, args, { cwd });
  if (status !== 0) {
    throw new ToolError(`${command}: exit code ${status}\n${stdout}${stderr}`);
  }
}

/**
 * @param {Variant} variant
 * @param {string} folder a new one, for what is built
 * @param {boolean} short
 */
async function search(variant, folder, short) {
  const { name, model = 'tabs', defines, tokens = TOKENS, seeks, breaks } = variant;
  const { needs = TOKENS_SHORT } = variant;
  const file = join(root, `tests/proofs/${model}.pml`);
  mkdirSync(folder, { recursive: true });
  const issued = breaks ? needs : short ? TOKENS_SHORT : tokens;
  const options = [...defines, `TOKENS=${issued}`].map((define) => `-D${define}`);
  await succeed('spin', [...options, '-a', file], folder);
  // No partial-order reduction: each event is one step on the state that all tabs share, so there
  // is nothing to reduce.
  const ways = [
    ...(seeks ? ['-DNP'] : ['-DSAFETY', '-DNOCLAIM']),
    ...['-DNOREDUCE', '-DVECTORSZ=1024', '-DMEMLIM=8192'],
  ];
  // A search of seconds is not worth a minute of the compiler.
  const optimised = breaks || model === 'refresh' ? '-O0' : '-O2';
  await succeed('clang', ['-w', optimised, ...ways, '-o', 'pan', 'pan.c'], folder);
  const { status, stdout, stderr } = await attempt(
    './pan',
    [`-m${DEPTH}`, ...(seeks ? ['-l'] : [])],
    {
      cwd: folder,
      limit: LIMIT,
    },
  );
  const output = stdout + stderr;

  const [, depth, errors] = /depth reached (\d+), errors: (\d+)/.exec(output) ?? [];
  const [, states] = /^ *(\S+) states, stored/m.exec(output) ?? [];
  const [, transitions] = /^ *(\S+) transitions/m.exec(output) ?? [];
  const isViolated = errors === '1' && /^pan:1: (assertion violated|non-progress)/m.test(output);
  const isComplete =
    errors === '0' &&
    status === 0 &&
    !/search not completed|max search depth|out of memory/i.test(output);
  const figures =
    `${count(states)} states, ${count(transitions)} transitions, ${count(depth)} deep, ` +
    `${issued} tokens`;
  console.log(`${name}: ${figures}, ${isViolated ? 'an assertion is violated' : 'no violation'}`);
  if (breaks ? isViolated : isComplete) {
    return {
      what: `tabs: ${name}`,
      amount: breaks ? `found: ${breaks}` : figures,
      findings: 0,
    };
  }
  if (isViolated) {
    // The steps of the pages, in their order.
    const trail = await attempt('spin', ['-k', `${model}.pml.trail`, ...options, file], {
      cwd: folder,
    });
    console.error(`${name}: ${trail.stdout.replace(/^spin: trail ends[\s\S]*/m, '')}`);
  } else if (!isComplete) {
    console.error(`${name}: exit code ${status}\n${output}`);
  } else {
    console.error(`${name}: not found: ${breaks}`);
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
  return atATime(variants.entries(), ([i, variant]) =>
    search(variant, join(folder, String(i + 1)), short),
  );
}

await main(import.meta, async () => {
  setup('proof');
  conclude(await prove({ short: process.argv.includes('--short') }));
});
