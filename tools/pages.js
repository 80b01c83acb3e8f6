// Writes the generated parts of pages: each stands between `<!-- its name -->` and `<!-- end -->`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { format, resolveConfig } from 'prettier';

import { root } from './command.js';

/**
 * Writes the parts of a page, or with --check on the command line only checks that they are up to
 * date. Fails if they are not, and in any case if there are other faults.
 * @param {string} page its path from the root of the project
 * @param {string} command that writes it
 * @param {Record<string, string>} parts
 * @param {string[]} [faults]
 */
export async function keepPage(page, command, parts, faults = []) {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
  const path = join(root, page);
  const text = readFileSync(path, 'utf8');
  const filled = text.replace(/(<!-- (\w+) -->).*?(<!-- end -->)/gs, (_, begin, name, end) =>
    [begin, parts[name], end].join('\n\n'),
  );
  const written = await format(filled, { ...(await resolveConfig(path)), parser: 'markdown' });
  if (!values.check) writeFileSync(path, written);
  const all = [
    ...faults,
    ...(values.check && written !== text ? [`${page} is out of date: ${command}`] : []),
  ];
  for (const fault of all) console.error(fault);
  process.exitCode = all.length === 0 ? 0 : 1;
}
