// The README and docs/api.md: their code runs, and their lists are those of the module.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startBackend } from '../../web/backend/index.js';
import { blocks, firstColumn, read, section } from '../pages.js';

const api = read('docs/api.md');

describe('the code in the README and in docs/api.md', () => {
  /** @type {import('../../web/backend/index.js').Backend} */
  let backend;
  before(async () => (backend = await startBackend()));
  beforeEach(() => backend.reset());
  after(() => backend.close());

  /**
   * Runs the only code block in a part of a page as a program, against the development back end.
   *
   * @param {string} name
   * @param {string} text
   */
  async function run(name, text) {
    const code = blocks(text, 'js');
    assert.equal(code.length, 1);
    const folder = new URL('../../build/readme/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    const file = new URL(`${name}.mjs`, folder);
    writeFileSync(file, code[0].replaceAll('https://api.shop.example', backend.url));
    const { stdout } = await promisify(execFile)(process.execPath, [file.pathname]);
    return stdout;
  }

  /** Resolves with the label of every token, and true if the server still accepts it. */
  const lives = async () => (await backend.tokens()).map(({ label, active }) => [label, active]);

  const limit = { timeout: 120_000 };

  test(
    'R1: the code for a page signs a customer in, requests her data, and signs her out',
    limit,
    async () => {
      await run('page', section(read('README.md'), 'Into a page'));
      const asked = backend.received({ path: '/occ/v2/shop/users/current', method: 'GET' });
      assert.deepEqual(
        asked.map(({ status }) => status),
        [200],
      );
      assert.deepEqual(await lives(), [
        ['customer #1 access', false],
        ['customer #1 refresh', false],
      ]);
    },
  );

  test(
    'R1: the code for a customer signs her in, requests her name, and signs her out',
    limit,
    async () => {
      assert.equal(
        await run('customer', section(api, 'A customer')),
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
      assert.deepEqual(await lives(), [
        ['customer #1 access', false],
        ['customer #1 refresh', false],
      ]);
    },
  );

  test(
    'R3: the code for an agent signs an emulated customer out, and then the agent',
    limit,
    async () => {
      await run('agent', section(api, 'An agent'));
      const revocations = backend.received({ path: '/authorizationserver/oauth/revoke' });
      assert.deepEqual(
        revocations.map(({ form }) => form?.token_type_hint),
        ['refresh_token', 'access_token'],
      );
      assert.deepEqual(await lives(), [
        ['agent #1 access', false],
        ['agent #1 refresh', false],
      ]);
    },
  );
});

describe('the lists in docs/api.md', () => {
  /** @param {string} heading */
  const listed = (heading) => firstColumn(section(api, heading));

  test('the error codes in docs/api.md are those of the module', () => {
    const [, type] = read('js/error.js').split('@typedef {');
    const codes = [...type.split('}')[0].matchAll(/'([^']+)'/g)].map(([, code]) => code);
    assert.deepEqual(listed('Errors').sort(), codes.sort());
  });

  test('the events and the members of the state in docs/api.md are those of the module', () => {
    assert.deepEqual(listed('Events'), ['change', 'revocation', 'expired']);
    assert.deepEqual(listed('State'), [
      'phase',
      'userId',
      'signedIn',
      'agentSignedIn',
      'emulating',
      'expiresAt',
      'revoking',
    ]);
  });

  test('the options in docs/api.md are those of the module', () => {
    const source = read('js/types.js');
    const [type] = source.split('@typedef {object} SessionOptions')[1].split('*/');
    const options = [...type.matchAll(/^ \* @property \{.*?\}\s*(?:\*\s*)?\[?(\w+)\]? /gms)];
    const documented = listed('Options').map((name) => name.split('.')[0]);
    assert.deepEqual([...new Set(documented)].sort(), options.map(([, name]) => name).sort());
  });

  test('the methods in docs/api.md are those of the module', () => {
    const members = [...read('js/session.js').matchAll(/^ {2}(?:async )?([a-z]\w+)\(.*\{$/gm)];
    const documented = listed('Methods').map((code) => code.split('(')[0]);
    assert.deepEqual(
      documented.filter((name) => !/^(createSession|using)/.test(name)).sort(),
      members.map(([, name]) => name).sort(),
    );
  });
});
