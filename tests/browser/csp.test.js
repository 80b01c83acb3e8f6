// The engine under a content security policy: the demo's policy is enough, and the error under a
// narrower one names the policy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDemo } from '../../web/server.js';
import { anna, lives } from './browser.js';
import { openBrowser, openContext, waitForPhase } from './engine.js';
import { startSite } from './site.js';

/** @import { TestContext } from 'node:test' */

/** @type {import('./engines/types.js').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startDemo>>} */
let demo;
/** @type {string} the policy that the demo's server sends */
let policy;

before(async () => {
  [browser, demo] = await Promise.all([openBrowser(), startDemo()]);
  policy = (await fetch(demo.url)).headers.get('content-security-policy') ?? '';
});
after(async () => {
  await browser.close();
  await demo.close();
});

/** @param {TestContext} t @param {string} header @param {string} entry */
async function openPage(t, header, entry) {
  const context = await openContext(t, browser, demo.backend);
  const site = await startSite({ policy: header });
  // The site closes after the context, which may still need it.
  t.after(() => site.close());
  const page = await context.newPage();
  const heard = await page.listen();
  await page.goto(site.page(demo.backend, { entry }));
  return { page, heard };
}

test("the demo's policy requires Trusted Types and allows WebAssembly and its own scripts only", () => {
  const directives = policy.split('; ');
  assert.ok(directives.includes("default-src 'none'"));
  assert.ok(directives.includes("script-src 'self' 'wasm-unsafe-eval'"));
  assert.ok(directives.includes("require-trusted-types-for 'script'"));
  assert.ok(directives.includes("trusted-types 'none'"));
});

for (const entry of ['/occ-session/index.js', '/occ-session/inline.js']) {
  test(`${entry} signs in and out under the demo's policy`, async (t) => {
    const { page, heard } = await openPage(t, policy, entry);
    await waitForPhase(page, 'anonymous');
    await page.evaluate(async (credentials) => {
      // Code evaluated by a test is exempt from the policy; a later task of the page is not.
      await new Promise((resolve) => setTimeout(resolve));
      await globalThis.session.signIn(credentials);
      await globalThis.session.signOut();
      await globalThis.session.settled();
    }, anna);
    assert.deepEqual(await lives(demo.backend), {
      'customer #1 access': 'revoked',
      'customer #1 refresh': 'revoked',
    });
    assert.deepEqual(await heard.complaints(), []);
  });

  test(`${entry} rejects with wasm-unavailable and names the policy that forbids WebAssembly`, async (t) => {
    const { page } = await openPage(t, policy.replace(" 'wasm-unsafe-eval'", ''), entry);
    await waitForPhase(page, 'failed');
    const { name, code, message } = JSON.parse(await page.evaluate(() => document.body.innerText));
    assert.equal(name, 'SessionError');
    assert.equal(code, 'wasm-unavailable');
    assert.match(message, /^core\.wasm could not be loaded.*(Content Security Policy|CSP)/is);
  });
}

test("the demo's policy is in force: code from a string is refused", async (t) => {
  const { page } = await openPage(t, policy, '/occ-session/index.js');
  await waitForPhase(page, 'anonymous');
  const refusal = await page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve));
    try {
      return `allowed: ${new Function('return 1')()}`;
    } catch (error) {
      return /** @type {Error} */ (error).name;
    }
  });
  assert.equal(refusal, 'EvalError');
});

test("the demo's policy is in force: markup from a string is refused", async (t) => {
  if (browser.cannot.trustedTypes) return t.skip(browser.cannot.trustedTypes);
  const { page } = await openPage(t, policy, '/occ-session/index.js');
  await waitForPhase(page, 'anonymous');
  const refusal = await page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve));
    try {
      return `allowed: ${(document.createElement('p').innerHTML = '<b>')}`;
    } catch (error) {
      return /** @type {Error} */ (error).name;
    }
  });
  assert.equal(refusal, 'TypeError');
});
