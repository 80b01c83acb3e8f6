// The debug build as a browser's developer tools see it, here Node's: stacks must lead to the
// sources.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { before, describe, test } from 'node:test';
import {
  PARAMETER_AGENT_CLIENT_ID,
  PARAMETER_CLIENT_ID,
  PARAMETER_IDENTITY,
} from '../../js/numbers.js';
import { buildDebug } from '../../tools/build.js';
import { root } from '../../tools/command.js';

const isShort = process.env.OCC_EVERYWHERE === 'short';

describe('package: npm run build:debug', () => {
  if (isShort) {
    test('the debug build is built', {
      skip: 'left out of the short form: it compiles the core once more',
    });
    return;
  }

  before(buildDebug);

  test('an error of the JavaScript names the line of its source', async (t) => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    t.diagnostic(`version: ${version}`);
    const program =
      "import { createSession } from './build/debug/node.js'; await createSession({});";
    const { stderr } = spawnSync(
      process.execPath,
      ['--enable-source-maps', '--input-type=module', '--eval', program],
      { cwd: root, encoding: 'utf8' },
    );
    assert.match(stderr, /SessionError: baseUrl must be/);
    const source = await readFile(join(root, 'js/options.js'), 'utf8');
    const line =
      source.split('\n').findIndex((text) => text.includes('throw new SessionError')) + 1;
    assert.ok(stderr.includes(`js/options.js:${line}:`), stderr);
  });

  test('an error in the core names its functions, and the published core has no names', async () => {
    const debug = new WebAssembly.Module(await readFile(join(root, 'build/debug/core.wasm')));
    const env = Object.fromEntries(
      WebAssembly.Module.imports(debug).map(({ name }) => [
        name,
        () => {
          throw new Error('stop');
        },
      ]),
    );
    const { exports } = new WebAssembly.Instance(debug, { env });
    const core = /** @type {Record<string, (...values: number[]) => number>} */ (exports);
    const { buffer } = /** @type {WebAssembly.Memory} */ (exports.memory);
    new Uint8Array(buffer, core.occ_input(), 3).fill(0x61);
    for (const parameter of [PARAMETER_IDENTITY, PARAMETER_CLIENT_ID, PARAMETER_AGENT_CLIENT_ID]) {
      core.occ_text(parameter, 1);
    }
    assert.equal(core.occ_open(1, 7, 0, 0), 0);
    assert.throws(
      () => core.occ_sign_in(1, 1, 1),
      ({ stack }) => /\bconclude\b[^]*\bocc_session_sign_in\b/.test(stack),
    );

    const published = new WebAssembly.Module(await readFile(join(root, 'dist/core.wasm')));
    assert.equal(WebAssembly.Module.customSections(debug, 'name').length, 1);
    assert.equal(WebAssembly.Module.customSections(published, 'name').length, 0);
  });
});
