// Reads the code, sections and lists of the documentation, for the tests that check them.
import { readFileSync } from 'node:fs';

/** Returns the text of a page. @param {string} page its path from the root of the project */
export const read = (page) => readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');

/**
 * Returns the fenced blocks of a language.
 *
 * @param {string} text
 * @param {string} language
 */
export function blocks(text, language) {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...text.matchAll(fence)].map(([, code]) => code);
}

/**
 * Returns the part below a heading of the second level.
 *
 * @param {string} text
 * @param {string} heading
 */
export function section(text, heading) {
  const [, after] = text.split(`\n## ${heading}\n`);
  if (after === undefined) throw new Error(`no heading "${heading}"`);
  return after.split('\n## ')[0];
}

/** Returns the codes in the first column of a table. @param {string} text */
export function firstColumn(text) {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) =>
    [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, code]) => code),
  );
}
