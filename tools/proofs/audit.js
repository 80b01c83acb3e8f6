// Asks the registry for known vulnerabilities of the npm packages: of the published dependencies,
// and of everything the package is built and tested with. If the registry does not support such
// questions, that proves nothing, and the output says so.
//
// The storefronts of tests/storefront are left out: the tests need their packages as they were
// released, and none of them is published.
//
//   node tools/proofs/audit.js [--short]

import { atATime, attempt, conclude, main, ToolError } from '../command.js';
import { setup } from '../setup.js';

/** The questions: npm counts the package itself among those that are published. */
const questions = [
  { what: 'known weaknesses of what is published', args: ['--omit=dev', '--omit=peer'] },
  { what: 'known weaknesses of what it is built and tested with', args: [] },
];

/**
 * Returns the proof's rows, the same in its long and its short form. Findings are null if the
 * registry did not answer.
 *
 * @returns {Promise<{ what: string, amount: string, findings: number | null }[]>}
 */
export async function prove() {
  return atATime(questions, async ({ what, args }) => {
    const { stdout, status } = await attempt('npm', ['audit', '--json', ...args]);
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

await main(import.meta, async () => {
  setup('packages');
  conclude(await prove());
});
