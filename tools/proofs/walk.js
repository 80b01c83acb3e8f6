// Walks through every configuration that a session can reach, as tests/c/walk_test.c describes, and
// prints how many there were. The short form has one place less for tokens.
//
//   node tools/proofs/walk.js [--short]
import { join } from 'node:path';
import process from 'node:process';

import { buildPreset } from '../build.js';
import { atATime, attempt, conclude, main, root, run } from '../command.js';
import { setup } from '../setup.js';

/** The time limit of a walk, in milliseconds: exceeding it is a finding. */
const LIMIT = 1_800_000;

/**
 * Walks with one set of options and resolves with the result.
 * @param {string} program
 * @param {string} sentence
 * @returns {Promise<{ what: string, amount: string, findings: number }>}
 */
async function walk(program, sentence) {
  const { status, stdout } = await attempt(program, [sentence], { limit: LIMIT });
  process.stdout.write(stdout);
  const [, configurations, transitions] =
    /(\d+) configurations, (\d+) transitions/.exec(stdout) ?? [];
  const amount = configurations
    ? `${count(configurations)} configurations, ${count(transitions)} transitions`
    : 'did not end';
  return {
    what: `walk, ${sentence}`,
    amount,
    findings: status === 0 && configurations ? 0 : 1,
  };
}

/** @param {string} digits */
const count = (digits) => Number(digits).toLocaleString('en');

/**
 * @param {{ short: boolean }} options
 * @returns {Promise<{ what: string, amount: string, findings: number }[]>}
 */
export async function prove({ short }) {
  const preset = short ? 'walk' : 'walk-full';
  buildPreset(preset);
  const program = join(root, 'build', preset, 'walk_test');
  const sentences = run(program, ['--list']).stdout.trim().split('\n');
  return atATime(sentences, (sentence) => walk(program, sentence));
}

await main(import.meta, async () => {
  setup('test');
  conclude(await prove({ short: process.argv.includes('--short') }));
});
