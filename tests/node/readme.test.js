// What the README says: its code runs, and its lists are those of the module.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startBackend } from '../../web/backend/index.js';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');

/** The fenced blocks of a language. @param {string} language */
function blocks(language) {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...readme.matchAll(fence)].map(([, text]) => text);
}

/** The codes in the first column of the table below a heading. @param {string} heading */
function firstColumn(heading) {
  const section = readme.split(`\n## ${heading}\n`)[1].split('\n## ')[0];
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) =>
    [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, code]) => code),
  );
}

describe('the code in the README', () => {
  /** @type {import('../../web/backend/index.js').Backend} */
  let backend;
  before(async () => (backend = await startBackend()));
  after(() => backend.close());

  /** Runs a block as a program of its own, against the development back end. @param {number} index */
  async function run(index) {
    const folder = new URL('build/readme/', root);
    mkdirSync(folder, { recursive: true });
    const file = new URL(`${index}.mjs`, folder);
    writeFileSync(file, blocks('js')[index].replaceAll('https://api.shop.example', backend.url));
    const { stdout } = await promisify(execFile)(process.execPath, [file.pathname]);
    return stdout;
  }

  const limit = { timeout: 20_000 };

  test(
    'the first block signs a customer in, asks for her name, and signs her out',
    limit,
    async () => {
      const printed = await run(0);
      assert.equal(
        printed,
        [
          'customer-signing-in anonymous',
          'customer current',
          'Anna Keller',
          'anonymous anonymous',
          'anonymous anonymous',
          'anonymous anonymous',
          '',
        ].join('\n'),
      );
      const tokens = await backend.tokens();
      assert.deepEqual(
        tokens.map(({ label, active }) => [label, active]),
        [
          ['customer #1 access', false],
          ['customer #1 refresh', false],
        ],
      );
    },
  );

  test(
    'R3: the second block signs an emulated customer out, and then the agent',
    limit,
    async () => {
      backend.reset();
      await run(1);
      const revocations = backend.received({ path: '/authorizationserver/oauth/revoke' });
      assert.deepEqual(
        revocations.map(({ form }) => form?.token_type_hint),
        ['refresh_token', 'access_token'],
      );
      assert.deepEqual(
        (await backend.tokens()).map(({ label, active }) => [label, active]),
        [
          ['agent #1 access', false],
          ['agent #1 refresh', false],
        ],
      );
    },
  );
});

describe('the lists in the README', () => {
  test('the error codes are those of the module', () => {
    const source = readFileSync(new URL('js/error.js', root), 'utf8');
    const type = source.split('@typedef {')[1].split('}')[0];
    const codes = [...type.matchAll(/'([^']+)'/g)].map(([, code]) => code);
    assert.deepEqual(firstColumn('Errors').sort(), codes.sort());
  });

  test('the events and the members of the state are those of the module', () => {
    assert.deepEqual(firstColumn('Events'), ['change', 'revocation', 'expired']);
    assert.deepEqual(firstColumn('States'), [
      'phase',
      'userId',
      'signedIn',
      'agentSignedIn',
      'emulating',
      'expiresAt',
      'revoking',
    ]);
  });

  test('the options are those of the module', () => {
    const source = readFileSync(new URL('js/types.js', root), 'utf8');
    const [type] = source.split('@typedef {object} SessionOptions')[1].split('*/');
    const options = [...type.matchAll(/^ \* @property \{.*?\}\s*(?:\*\s*)?\[?(\w+)\]? /gms)];
    const documented = firstColumn('Options').map((name) => name.split('.')[0]);
    assert.deepEqual([...new Set(documented)].sort(), options.map(([, name]) => name).sort());
  });
});
