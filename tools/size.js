// Checks the figures that are the same on every run against tests/bench/budgets.json: the bytes
// that a page loads, the requests of a sign-out, and the core's instructions for fixed scripts of
// events. Fails above a budget.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { format } from '../tests/bench/figures.js';
import { build } from './build.js';
import { main, root } from './command.js';
import { setup } from './setup.js';

/**
 * Prints a table of the counts, each beside its budget; one without a budget, or above it, fails.
 * @param {string} title
 * @param {string} unit
 * @param {Map<string, number>} counts
 * @param {Record<string, number>} budgets
 */
function check(title, unit, counts, budgets) {
  const rows = [...counts].map(([subject, value]) => ({
    subject,
    version: '',
    figures: [{ value }, subject in budgets ? { value: budgets[subject] } : null],
  }));
  const columns = ['counted', 'budget'].map((name) => ({ name, unit }));
  console.log(`${format(title, { columns, rows })}\n`);
  for (const [subject, value] of counts) {
    const budget = budgets[subject];
    if (budget === undefined) failures.push(`${subject}: there is no budget`);
    else if (value > budget) failures.push(`${subject}: ${value} ${unit}, the budget is ${budget}`);
  }
  for (const subject of Object.keys(budgets)) {
    if (!counts.has(subject)) failures.push(`${subject}: there is a budget, but nothing to count`);
  }
}

/** @param {number} bytes @param {number} aim */
const apart = (bytes, aim) => (bytes > aim ? `${bytes - aim} bytes above it` : 'reached');

/** @type {string[]} */
const failures = [];

await main(import.meta, async () => {
  setup('test');
  setup('bench');
  await build();
  const [{ filesOfPage, sum }, { countRequests }, { countInstructions }] = await Promise.all([
    import('../tests/bench/size.js'),
    import('../tests/bench/requests.js'),
    import('../tests/bench/instructions.js'),
  ]);
  const budgets = JSON.parse(readFileSync(join(root, 'tests/bench/budgets.json'), 'utf8'));

  const files = await filesOfPage();
  const all = [...files, { name: 'together', ...sum(files) }];
  const rows = all.map(({ name, raw, gzip, brotli }) => ({
    subject: name,
    version: '',
    figures: [raw, gzip, brotli].map((value) => ({ value })),
  }));
  const columns = ['raw', 'gzip -9', 'brotli -q 11'].map((name) => ({ name, unit: 'bytes' }));
  console.log(`${format('What a page loads', { columns, rows })}\n`);
  const { gzip } = sum(files);
  const { budget, aim } = budgets.bytes;
  if (gzip > budget) failures.push(`what a page loads: ${gzip} bytes, the budget is ${budget}`);
  else console.log(`The budget under gzip is ${budget}, the aim ${aim}: ${apart(gzip, aim)}.\n`);

  check('Revocations of one sign-out', 'requests', await countRequests(), budgets.requests);
  check('Work of the core', 'instructions', countInstructions(), budgets.instructions);

  for (const line of failures) console.error(`FAILED: ${line}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
});
