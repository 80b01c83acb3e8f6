// The adapters report complaints and requests, so that other tests can rely on their absence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openContext, startPages, waitForPhase } from './engine.js';

const { browser, backend, site } = await startPages();

test('console output, errors, rejections and requests of a page are reported', async (t) => {
  const page = await (await openContext(t, browser, backend)).newPage();
  await page.goto(site.page(backend));
  await waitForPhase(page, 'anonymous');
  const heard = await page.listen();
  await page.evaluate(async () => {
    console.info('it was printed');
    setTimeout(() => {
      throw new Error('it was thrown');
    });
    Promise.reject(new Error('it was rejected'));
    await (await fetch('/asked-for')).text();
    await new Promise((resolve) => setTimeout(resolve));
  });
  const complaints = (await heard.complaints()).sort();
  assert.equal(complaints.length, 3, complaints.join('\n'));
  for (const what of ['printed', 'thrown', 'rejected']) {
    assert.ok(
      complaints.some((complaint) => complaint.includes(`it was ${what}`)),
      what,
    );
  }
  assert.equal((await heard.requests()).length, 1);
  assert.match((await heard.requests())[0], /\/asked-for$/);
});

test('the storage of one context is not visible to the next', async () => {
  for (let contexts = 0; contexts < 2; contexts++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${site.url}other`);
    const stored = await page.evaluate(() => {
      const found = [localStorage.getItem('left'), sessionStorage.getItem('left')];
      localStorage.setItem('left', 'here');
      sessionStorage.setItem('left', 'here');
      return found;
    });
    await context.close();
    assert.deepEqual(stored, [null, null]);
  }
});
