// The instructions of the core for a fixed script of events, counted by Callgrind: the same on
// every run and every processor, for one compiler. The C library, whose functions differ with the
// processor, is not counted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildPreset } from '../../tools/build.js';

export const title = 'Instructions: what the core does for each script of events';

const program = fileURLToPath(new URL('../../build/bench/events', import.meta.url));

/** @type {Record<string, number>} */
const budgets = JSON.parse(
  readFileSync(new URL('budgets.json', import.meta.url), 'utf8'),
).instructions;

/** Matches the core's own files, and cJSON's, as they were given to the compiler. */
const CORE = /(^|\/)(src|cjson)\/\w+\.[ch]$/;

/**
 * Returns the sum over the core's files in the output of Callgrind. In its format a line is a cost
 * of the file that was named last, unless it follows a line `calls=`: then the callee's lines have
 * it too.
 * @param {string} output
 */
function sum(output) {
  let total = 0;
  let isCore = false;
  let isCall = false;
  for (const line of output.split('\n')) {
    const file = /^f[lie]=(.*)/.exec(line)?.[1];
    const cost = /^\d+ (\d+)$/.exec(line)?.[1];
    if (file !== undefined) isCore = CORE.test(file);
    if (cost !== undefined && isCore && !isCall) total += Number(cost);
    isCall = line.startsWith('calls=');
  }
  return total;
}

/**
 * Counts the instructions of every script of events.c, by its name.
 * @returns {Map<string, number>}
 */
export function countInstructions() {
  buildPreset('bench');
  const folder = mkdtempSync(join(tmpdir(), 'occ-instructions-'));
  try {
    const scripts = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
    return new Map(
      scripts.map((script) => {
        const output = join(folder, script);
        execFileSync(
          'valgrind',
          [
            ...['-q', '--tool=callgrind', '--toggle-collect=measured', '--compress-strings=no'],
            ...['--compress-pos=no', `--callgrind-out-file=${output}`, program, script],
          ],
          { timeout: 60_000 },
        );
        return [script, sum(readFileSync(output, 'utf8'))];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('./figures.js').Options} _options the same each time: there is nothing to repeat
 * @returns {Promise<import('./figures.js').Table>}
 */
export async function measure(_options) {
  return {
    columns: [
      { name: 'counted', unit: 'instructions' },
      { name: 'budget', unit: 'instructions' },
    ],
    rows: [...countInstructions()].map(([script, value]) => ({
      subject: script,
      version: '',
      figures: [{ value }, script in budgets ? { value: budgets[script] } : null],
    })),
    notes: [
      `Compiled by ${execFileSync('clang', ['--version'], { encoding: 'utf8' }).split('\n')[0]}.`,
    ],
  };
}
