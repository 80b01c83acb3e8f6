// Measures what a page loads against the budget, as the server would send it: dist/index.js
// minified, and dist/core.wasm, each under gzip -9. Fails above the budget.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { build } from './build.js';
import { fail, root } from './setup.js';

const budget = 12_288;
const aim = 10_240;

try {
  await build();
  const { transformSync } = await import('esbuild');
  const read = (/** @type {string} */ name) => readFileSync(join(root, 'dist', name));
  const script = transformSync(read('index.js').toString(), {
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
  }).code;
  const rows = [
    measure('dist/index.js, minified', Buffer.from(script)),
    measure('dist/core.wasm', read('core.wasm')),
  ];
  const sum = rows.reduce(
    (total, row) => ({ name: 'together', raw: total.raw + row.raw, gzip: total.gzip + row.gzip }),
    { name: '', raw: 0, gzip: 0 },
  );
  console.log(`${''.padEnd(24)} ${'raw'.padStart(9)} ${'gzip -9'.padStart(9)}`);
  for (const { name, raw, gzip } of [...rows, sum]) {
    console.log(`${name.padEnd(24)} ${bytes(raw)} ${bytes(gzip)}`);
  }
  console.log(`${'budget'.padEnd(24)} ${''.padStart(9)} ${bytes(budget)}`);
  if (sum.gzip > budget) {
    console.error(`${sum.gzip - budget} bytes above the budget.`);
    process.exitCode = 1;
  } else if (sum.gzip > aim) {
    console.log(`Within the budget; ${sum.gzip - aim} bytes above the aim of ${aim}.`);
  } else {
    console.log(`Within the budget, and within the aim of ${aim}.`);
  }
} catch (error) {
  fail(error);
}

/**
 * @param {string} name
 * @param {Uint8Array} content
 */
function measure(name, content) {
  // The program, not Node's zlib: that one trades some size for speed.
  const compressed = execFileSync('gzip', ['-9'], { input: content });
  return { name, raw: content.length, gzip: compressed.length };
}

/** @param {number} count */
function bytes(count) {
  return count.toLocaleString('en').padStart(9);
}
