// Asks the registry for known weaknesses of the npm packages: of those that come with the published
// package, and of all that it is built and tested with. A registry that does not answer such
// questions is no proof that there are none, and is said as what it is.
//
// The storefronts of tests/storefront are not asked about: they are what they were when they came
// out, which is what is tested there, and nothing of them is published.
//
//   node tools/audit.js [--short]
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { fail, root, setup, ToolError } from './setup.js';

/** What is asked, and how: npm counts the package itself among those that are published. */
const questions = [
  { what: 'known weaknesses of what is published', args: ['--omit=dev', '--omit=peer'] },
  { what: 'known weaknesses of what it is built and tested with', args: [] },
];

/**
 * The proof in both of its forms, long and short. Where nobody answers, the findings are null.
 *
 * @returns {Promise<{ what: string, amount: string, findings: number | null }[]>}
 */
export async function prove() {
  return questions.map(({ what, args }) => {
    const { stdout, status } = spawnSync('npm', ['audit', '--json', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    let answer;
    try {
      answer = JSON.parse(stdout);
    } catch {
      throw new ToolError(`npm audit gave no JSON (exit code ${status})`);
    }
    const { metadata, vulnerabilities, statusCode, message } = answer;
    if (!metadata) {
      const code = statusCode ?? /^\d+/.exec(message ?? '')?.[0] ?? message ?? 'no reason given';
      return { what, amount: `not available here: ${code}`, findings: null };
    }
    for (const [name, { severity, range }] of Object.entries(vulnerabilities)) {
      console.log(`${name} ${range}: ${severity}`);
    }
    const { prod, total } = metadata.dependencies;
    const amount = args.length > 0 ? `${prod - 1} packages` : `${total} packages`;
    return { what, amount, findings: metadata.vulnerabilities.total };
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    setup('packages');
    const rows = await prove();
    for (const { what, amount, findings } of rows) {
      console.log(`${what}: ${amount}, findings ${findings}`);
    }
    process.exitCode = rows.some(({ findings }) => findings) ? 1 : 0;
  } catch (error) {
    fail(error);
  }
}
