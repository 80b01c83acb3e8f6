// The revocations of a page that goes away right after a sign-out (R11, R12).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startBackend } from '../../web/backend/index.js';
import { anna, answered, lives, received, revocations, revokePath } from './browser.js';
import { openContext, startPages, waitForPhase, waitInPage, waitUntilClosed } from './engine.js';

const { browser, backend, site } = await startPages();

/** Opens a page with Anna signed in. @param {import('node:test').TestContext} t */
async function openPage(t) {
  const context = await openContext(t, browser, backend);
  const page = await context.newPage();
  await page.goto(site.page(backend));
  await signIn(page);
  return page;
}

/** @param {import('./engines/types.js').Page} page */
async function signIn(page) {
  await waitForPhase(page, 'anonymous');
  await page.evaluate((credentials) => globalThis.session.signIn(credentials), anna);
}

/** Asserts that both tokens were revoked, each once, each under the bearer that was still valid. */
async function assertBothReceived(at = backend) {
  await answered(at, 2);
  assert.deepEqual((await revocations(at)).sort(), [
    'customer #1 access under customer #1 access',
    'customer #1 refresh under customer #1 access',
  ]);
  assert.deepEqual(await lives(at), {
    'customer #1 access': 'revoked',
    'customer #1 refresh': 'revoked',
  });
}

describe('a page that goes away', () => {
  test('R12: a navigation in the same task as the sign-out loses no revocation', async (t) => {
    const page = await openPage(t);
    await page.evaluate(() => {
      globalThis.session.signOut();
      location.href = '/other';
    });
    await waitForPhase(page, 'other');
    await assertBothReceived();
  });

  test('R12: a reload in the same task as the sign-out loses no revocation', async (t) => {
    const page = await openPage(t);
    const opened = await page.evaluate(() => performance.timeOrigin);
    await page.evaluate(() => {
      globalThis.session.signOut();
      location.reload();
    });
    await waitInPage(page, (earlier) => performance.timeOrigin !== earlier, opened);
    await waitForPhase(page, 'anonymous');
    await assertBothReceived();
  });

  test('R12: a tab that closes itself in the same task as the sign-out loses no revocation', async (t) => {
    const context = await openContext(t, browser, backend);
    const opener = await context.newPage();
    await opener.goto(`${site.url}other`);
    // A script may close only a window that a script has opened.
    const popup = await opener.openWindow(site.page(backend));
    await signIn(popup);
    await popup
      .evaluate(() => {
        globalThis.session.signOut();
        close();
      })
      // The window may be gone before it answers.
      .catch(() => {});
    await waitUntilClosed(popup);
    await assertBothReceived();
  });

  test('R12: a tab that is closed right after the sign-out loses no revocation', async (t) => {
    // A separate back end, since the second request, which the browser may lose, may also come
    // late.
    const other = await startBackend();
    t.after(() => other.close());
    const context = await openContext(t, browser, backend);
    const page = await context.newPage();
    // A second page keeps the context alive, and with it the browser's part of the tab.
    await context.newPage();
    await page.goto(site.page(other));
    await signIn(page);
    await page.evaluate(() => void globalThis.session.signOut());
    await page.close();
    if (browser.cannot.sendWhileClosing) {
      t.diagnostic(browser.cannot.sendWhileClosing);
      // The sign-out's own request arrives, and a server that ends the grant needs no more.
      await answered(other, 1);
      const [first] = await revocations(other);
      assert.equal(first, 'customer #1 refresh under customer #1 access');
      assert.deepEqual(await lives(other), {
        'customer #1 access': 'revoked',
        'customer #1 refresh': 'revoked',
      });
      return;
    }
    await assertBothReceived(other);
  });

  test('R11: a queued revocation is sent at once when the page goes away', async (t) => {
    const page = await openPage(t);
    backend.set({ revoke: { answer: 'hold', only: 'refresh_token' } });
    await page.evaluate(() => void globalThis.session.signOut());
    await received(backend, 1);
    assert.deepEqual(await revocations(backend), ['customer #1 refresh under customer #1 access']);

    await page.evaluate(() => void (location.href = '/other'));
    await received(backend, 2);
    assert.deepEqual(await revocations(backend), [
      'customer #1 refresh under customer #1 access',
      'customer #1 access under customer #1 access',
    ]);
    assert.equal(backend.received({ path: revokePath })[0]?.status, 'held');
    backend.release();
    await assertBothReceived();
    // Chromium cannot close a context during a navigation: it never answers.
    await waitForPhase(page, 'other');
  });

  test('R11: a page that stays waits for the answer to the first revocation before the second', async (t) => {
    const page = await openPage(t);
    backend.set({ revoke: { answer: 'hold', only: 'refresh_token' } });
    await page.evaluate(() => void globalThis.session.signOut());
    await received(backend, 1);
    // A later request has arrived, so a second revocation sent with the first would have, too.
    await page.evaluate((url) => fetch(url), `${backend.url}/occ/v2/shop/basesites`);
    assert.equal(backend.received({ path: revokePath }).length, 1);
    backend.release();
    await assertBothReceived();
  });
});

describe('a page whose request is lost', () => {
  test('R12, R18: a lost revocation is not mistaken for a refusal of keepalive, and not sent again', async (t) => {
    const page = await openPage(t);
    backend.set({ revoke: { answer: 'decide-later', only: 'refresh_token' } });
    await page.evaluate(() => {
      globalThis.sent = 0;
      const { fetch } = globalThis;
      globalThis.fetch = (...request) => {
        globalThis.sent += 1;
        return fetch(...request);
      };
      void globalThis.session.signOut();
    });
    await received(backend, 1);
    // A refusal would have come by now.
    await page.evaluate(async () => {
      for (let timers = 0; timers < 3; timers++) await new Promise((done) => setTimeout(done));
    });
    backend.set({ revoke: { answer: 'drop', only: 'refresh_token' } });
    backend.release();
    await page.evaluate(() => globalThis.session.settled());
    assert.equal(await page.evaluate(() => globalThis.sent), 2);
    // The browser itself may have retried it.
    assert.deepEqual(
      [...new Set(await revocations(backend))],
      [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ],
    );
  });
});

/** Signs out and keeps the page busy for 40 ms, as a listener of the page may. */
const signOutAndBeBusy = () =>
  new Promise((resolve) => {
    /** @param {number} deep */
    const later = (deep) =>
      setTimeout(() => {
        // Browsers delay deeply nested timers.
        if (deep < 6) return later(deep + 1);
        void globalThis.session.signOut();
        for (const end = performance.now() + 40; performance.now() < end;);
        resolve(undefined);
      });
    later(0);
  });

describe('a busy page that must not read the answer', () => {
  /** @type {Record<string, () => unknown>} */
  const timelines = {
    'is its own': () => {},
    'is full': () => Promise.all(Array.from({ length: 300 }, (_, i) => fetch(`/other?${i}`))),
    'is cleared by a script': () => {
      const { fetch } = globalThis;
      globalThis.fetch = (...request) =>
        fetch(...request).finally(() => performance.clearResourceTimings());
    },
  };

  for (const [timeline, prepare] of Object.entries(timelines)) {
    test(`R8: a busy page revokes each token once, when its resource timeline ${timeline}`, async (t) => {
      const page = await openPage(t);
      backend.set({ revoke: { cors: 'preflight' } });
      await page.evaluate(prepare);
      await page.evaluate(signOutAndBeBusy);
      await page.evaluate(() => globalThis.session.settled());
      assert.deepEqual(await revocations(backend), [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ]);
    });
  }
});

describe('a page whose 64 KiB for keepalive are used up by another script', () => {
  /** @param {import('node:test').TestContext} t */
  async function openFullPage(t) {
    backend.set({ tokenLength: 6000 });
    const page = await openPage(t);
    const silent = site.asked('/silent');
    await page.evaluate(() => {
      fetch('/silent', { method: 'POST', body: 'x'.repeat(60 * 1024), keepalive: true }).catch(
        () => {},
      );
    });
    await silent;
    return page;
  }

  test('R12: the revocations arrive even if another script has used up the keepalive quota', async (t) => {
    const page = await openFullPage(t);
    await page.evaluate(() => void globalThis.session.signOut());
    await assertBothReceived();
  });

  test('R12: the revocations of a busy page arrive even if another script has used up the keepalive quota', async (t) => {
    const page = await openFullPage(t);
    await page.evaluate(signOutAndBeBusy);
    await assertBothReceived();
  });
});
