// Walks through every configuration that a session can reach, as tests/c/walk_test.c describes, and
// prints how many there were. The short form has one place less for tokens.
//
//   node tools/walk.js [--short]
import { execFile, execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { buildPreset } from './build.js';
import { fail, root, setup } from './setup.js';

/** The time limit of a walk, in milliseconds: exceeding it is a finding. */
const LIMIT = 1_800_000;

/**
 * Walks with one set of options and resolves with the result.
 * @param {string} program
 * @param {string} sentence
 * @returns {Promise<{ what: string, amount: string, findings: number }>}
 */
function walk(program, sentence) {
  return new Promise((resolve) => {
    execFile(program, [sentence], { timeout: LIMIT }, (error, stdout) => {
      process.stdout.write(stdout);
      const [, configurations, transitions] =
        /(\d+) configurations, (\d+) transitions/.exec(stdout) ?? [];
      const amount = configurations
        ? `${count(configurations)} configurations, ${count(transitions)} transitions`
        : 'did not end';
      resolve({ what: `walk, ${sentence}`, amount, findings: error || !configurations ? 1 : 0 });
    });
  });
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
  const sentences = execFileSync(program, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  const waiting = [...sentences.entries()];
  /** @type {Awaited<ReturnType<typeof walk>>[]} */
  const rows = [];
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      rows[next[0]] = await walk(program, next[1]);
    }
  });
  await Promise.all(workers);
  return rows;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    setup('test');
    const rows = await prove({ short: process.argv.includes('--short') });
    process.exitCode = rows.every(({ findings }) => findings === 0) ? 0 : 1;
  } catch (error) {
    fail(error);
  }
}
