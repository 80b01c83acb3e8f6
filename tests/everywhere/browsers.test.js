// The browser tests in every browser engine that Debian has: the files of tests/browser that use an
// adapter, in each engine. tests/browser/README.md lists the differences of the engines.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { before, describe, test } from 'node:test';
import { build } from '../../tools/build.js';
import { root } from '../../tools/command.js';
import { findChromium, setup } from '../../tools/setup.js';
import { openBrowser } from '../browser/engine.js';

/** @import { Result } from './results.js' */

const isShort = process.env.OCC_EVERYWHERE === 'short';

const files = isShort
  ? ['engine', 'leaving', 'csp', 'blocked']
  : ['engine', 'roles', 'leaving', 'tabs', 'csp', 'blocked'];

/** @type {{ name: string, browser: string, leftOut?: string }[]} */
const engines = [
  { name: 'Chromium', browser: 'chromium', leftOut: 'the same tests are in npm run test:browser' },
  { name: 'Firefox ESR', browser: 'firefox' },
  { name: 'WebKitGTK', browser: 'webkitgtk', leftOut: 'a second engine does not fit in' },
  { name: 'WPE WebKit', browser: 'wpe', leftOut: 'a second engine does not fit in' },
];

before(async () => {
  setup(isShort ? 'everywhere-short' : 'everywhere');
  await build();
});

/**
 * Runs a file in an engine, in a process of its own: Node's test runner cannot run inside itself.
 *
 * @param {string} browser
 * @param {string} file
 * @returns {AsyncGenerator<Result>}
 */
async function* run(browser, file) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, CHROMIUM: findChromium(), OCC_BROWSER: browser };
  delete env.NODE_TEST_CONTEXT;
  const reporter = new URL('results.js', import.meta.url);
  const child = spawn(
    process.execPath,
    ['--test', '--test-timeout=300000', `--test-reporter=${reporter}`, file],
    { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line);
  await ended;
}

for (const { name, browser, leftOut } of engines) {
  describe(`browser: ${name}`, () => {
    if (isShort && leftOut) {
      test('runs the browser tests', { skip: `left out of the short form: ${leftOut}` });
      return;
    }
    test('the browser opens and reports its version', async (t) => {
      const opened = await openBrowser(browser);
      t.diagnostic(`version: ${opened.version}`);
      await opened.close();
    });

    for (const file of files) {
      test(`tests/browser/${file}.test.js`, async (t) => {
        let count = 0;
        for await (const { title, skip, error } of run(browser, `tests/browser/${file}.test.js`)) {
          count += 1;
          await t.test(title, (each) => {
            if (skip) each.skip(skip);
            if (error) throw new Error(error);
          });
        }
        if (count === 0) throw new Error(`nothing was tested in ${name}`);
      });
    }
  });
}
