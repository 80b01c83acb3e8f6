// R31: one tab refreshes a grant that several tabs hold, and the others get its new tokens. By
// default a refresh token is in the memory of the page that signed in, and nowhere else.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Browser } from './browser.js';
import { agent, anna, annaId, ben, details, limit, Notebook, useStorefront } from './storefront.js';

/** @import { Page } from './browser.js' */
/** @import { Session, SessionOptions, TestContext } from './storefront.js' */

const storefront = useStorefront();

/** @param {Page} page */
const signIn = (page) => page.session.signIn(anna);

/** @param {Session[]} sessions */
const expiries = (sessions) => sessions.map((session) => details(session, 'expired'));

for (const storage of /** @type {const} */ (['local', 'session'])) {
  const kind =
    storage === 'local' ? "tabs that share a session ('local')" : "duplicates ('session')";

  /**
   * Opens tabs with Anna signed in and her access token dead; the first has the refresh token.
   *
   * @param {TestContext} t
   * @param {number} count
   * @param {Partial<SessionOptions>} [options]
   */
  async function openExpired(t, count, options) {
    const shop = storefront();
    const browser = new Browser(t, shop, storage);
    const pages = await browser.openTabs(count, signIn, options);
    await shop.backend.expireAccessTokens();
    const sessions = pages.map(({ session }) => session);
    return { shop, browser, pages, sessions, expired: expiries(sessions) };
  }

  describe(`R31 in ${kind}`, limit, () => {
    for (const count of [2, 3]) {
      test(`R31: a dead token in the last of ${count} tabs is refreshed once by the tab with the refresh token, and all stay signed in`, async (t) => {
        const { shop, browser, pages, sessions, expired } = await openExpired(t, count);
        const answer = shop.getUser(pages[count - 1].session);
        assert.equal(await browser.passUntil(answer), 0);
        assert.deepEqual(await answer, { status: 200, uid: anna.username });
        assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
        assert.deepEqual((await shop.alive()).sort(), [
          'customer #2 access',
          'customer #2 refresh',
        ]);

        const bearer = `Bearer ${await shop.token('customer #2 access')}`;
        await browser.quiet();
        for (const { session } of pages) {
          assert.equal(session.state.phase, 'customer');
          assert.equal(session.authorization(), bearer);
          assert.equal((await shop.getUser(session)).status, 200);
        }
        assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
        assert.deepEqual(
          pages.map(({ forms }) => forms.length),
          [2, ...Array(count - 1).fill(0)],
        );
        assert.deepEqual(expired.flat(), []);
        assert.deepEqual(await shop.revoked(), []);
        assert.deepEqual([...new Set(await browser.stored())], ['customer #2 access']);

        sessions[count - 1].signOut();
        await browser.pass(10_000);
        assert.deepEqual(browser.phases(), Array(count).fill('anonymous'));
        assert.deepEqual(await shop.alive(), []);
        assert.deepEqual(await browser.stored(), []);
        assert.deepEqual(expired.flat(), []);
      });

      test(`R31: simultaneous requests of ${count} tabs cause one refresh`, async (t) => {
        const { shop, browser, sessions, expired } = await openExpired(t, count);
        const answers = Promise.all(sessions.map((session) => shop.getUser(session)));
        assert.equal(await browser.passUntil(answers), 0);
        assert.deepEqual(
          (await answers).map(({ status }) => status),
          Array(count).fill(200),
        );
        assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
        assert.deepEqual(expired.flat(), []);
      });
    }

    test('R31: several requests of the tab without the refresh token cause one refresh', async (t) => {
      const { shop, browser, sessions } = await openExpired(t, 2);
      const answers = Promise.all([1, 2, 3].map(() => shop.getUser(sessions[1])));
      assert.equal(await browser.passUntil(answers), 0);
      assert.deepEqual(
        (await answers).map(({ status }) => status),
        [200, 200, 200],
      );
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    });

    test('R31: a tab that already has a newer token hands it over, without another refresh', async (t) => {
      const { shop, browser, pages, sessions } = await openExpired(t, 2);
      // The other is not notified until its own request is answered.
      pages[1].freeze();
      browser.local.isLate = true;
      assert.equal((await shop.getUser(sessions[0])).status, 200);
      const answer = shop.getUser(sessions[1]);
      pages[1].wake();
      await browser.quiet();
      browser.local.isLate = false;
      browser.local.show();
      assert.equal(await browser.passUntil(answer), 0);
      assert.equal((await answer).status, 200);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    });

    test('R31: when the tab with the refresh token sleeps, the session ends after 2 s with expired', async (t) => {
      const { shop, browser, pages, sessions, expired } = await openExpired(t, 2);
      pages[0].freeze();
      const answer = shop.getUser(sessions[1]);
      assert.equal(await browser.passUntil(answer), 2_000);
      assert.equal((await answer).status, 401);
      assert.equal(sessions[1].state.phase, 'anonymous');
      assert.equal(sessions[1].authorization(), undefined);
      assert.deepEqual(expired[1], [{ owner: 'customer' }]);

      // When it wakes up, the token that only it could revoke is revoked, or still in use.
      pages[0].wake();
      await browser.pass(10_000);
      assert.deepEqual(await browser.orphans(), []);
      if (storage === 'local') {
        assert.equal(sessions[0].state.phase, 'anonymous');
        assert.deepEqual(expired[0], []);
        assert.deepEqual(await shop.alive(), []);
        assert.deepEqual(await browser.stored(), []);
      }
    });

    test('R31: a snapshot saved for another reason is no answer: the session ends after 2 s all the same', async (t) => {
      const { shop, browser, pages, sessions } = await openExpired(t, 2, { storageKey: 'shop' });
      pages[0].freeze();
      const snapshot = pages[1][`${storage}Storage`].getItem('shop');
      const answer = shop.getUser(sessions[1]);
      await browser.pass(500);
      const channel = browser.openTab().run(() => new BroadcastChannel('shop'));
      channel.postMessage(['saved', snapshot]);
      assert.equal(await browser.passUntil(answer), 1_500);
      assert.equal(sessions[1].state.phase, 'anonymous');
    });

    test('R31: when the tab with the refresh token wakes up in time, it refreshes, and both tabs stay signed in', async (t) => {
      const { shop, browser, pages, sessions, expired } = await openExpired(t, 2);
      pages[0].freeze();
      const answer = shop.getUser(sessions[1]);
      await browser.pass(1_900);
      assert.deepEqual(shop.asked(), ['password']);
      pages[0].wake();
      assert.equal(await browser.passUntil(answer), 0);
      assert.equal((await answer).status, 200);
      assert.deepEqual(browser.phases(), ['customer', 'customer']);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(expired.flat(), []);
    });

    for (const [how, away] of /** @type {[string, (page: Page) => void][]} */ ([
      ['was closed just before', (page) => page.leave()],
      ['was killed just before', (page) => page.kill()],
      ['is closed while it is asked', (page) => void setImmediate(() => page.leave())],
    ])) {
      test(`R31: when the tab with the refresh token ${how}, the session ends after 2 s with expired`, async (t) => {
        const { shop, browser, pages, sessions, expired } = await openExpired(t, 2);
        away(pages[0]);
        const answer = shop.getUser(sessions[1]);
        assert.equal(await browser.passUntil(answer), 2_000);
        assert.equal((await answer).status, 401);
        assert.deepEqual(browser.phases(), ['anonymous']);
        assert.deepEqual(expired[1], [{ owner: 'customer' }]);
        assert.deepEqual(await browser.stored(), []);
        // The refresh token is lost with the memory of its page.
        assert.deepEqual(await shop.alive(), ['customer #1 refresh']);
      });
    }

    test('R31: a tab that has answered is waited for longer than 2 s', async (t) => {
      const { shop, browser, sessions, expired } = await openExpired(t, 3);
      shop.backend.set({ token: { answer: 'hold' } });
      const answers = Promise.all(sessions.slice(1).map((session) => shop.getUser(session)));
      await browser.pass(8_000);
      assert.deepEqual(browser.phases(), ['customer', 'customer', 'customer']);
      shop.backend.release();
      assert.equal(await browser.passUntil(answers), 0);
      assert.deepEqual(
        (await answers).map(({ status }) => status),
        [200, 200],
      );
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(expired.flat(), []);
    });

    test('R31: when the tab that has answered is killed before it has refreshed, the request resolves with its 401', async (t) => {
      const { shop, browser, pages, sessions, expired } = await openExpired(t, 2);
      shop.backend.set({ token: { answer: 'hold' } });
      const answer = shop.getUser(sessions[1]);
      await browser.quiet();
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      pages[0].kill();
      const waited = await browser.passUntil(answer);
      assert.ok(waited <= 15_000, `it waited ${waited} ms`);
      assert.equal((await answer).status, 401);
      assert.ok(expired[1].length <= 1);
    });

    test('R20, R31: when the refresh of another tab fails temporarily, the 401 stands and all stay signed in', async (t) => {
      const { shop, browser, sessions, expired } = await openExpired(t, 2);
      shop.backend.set({ token: { answer: 503, only: 'refresh_token', times: 1 } });
      const answer = shop.getUser(sessions[1]);
      const waited = await browser.passUntil(answer);
      assert.ok(waited <= 12_000, `it waited ${waited} ms`);
      assert.equal((await answer).status, 401);
      await browser.quiet();
      assert.deepEqual(browser.phases(), ['customer', 'customer']);
      assert.deepEqual(expired.flat(), []);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);

      const again = shop.getUser(sessions[1]);
      await browser.passUntil(again);
      assert.equal((await again).status, 200);
      assert.deepEqual((await shop.alive()).sort(), ['customer #2 access', 'customer #2 refresh']);
    });

    test('R20, R31: a refresh that is refused for good ends the session in all tabs', async (t) => {
      const { shop, browser, sessions, expired } = await openExpired(t, 2);
      await shop.backend.revokeRefreshTokens();
      const answer = shop.getUser(sessions[1]);
      await browser.passUntil(answer);
      assert.equal((await answer).status, 401);
      // In a duplicate the next request is the one that no tab answers.
      if (storage === 'session') await browser.passUntil(shop.getUser(sessions[1]));
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
      assert.deepEqual(expired[0], [{ owner: 'customer' }]);
      assert.ok(expired[1].length <= 1);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(await browser.stored(), []);
      assert.deepEqual(await shop.alive(), []);
    });

    test('R21, R31: when one tab signs out while another waits for a token, the 401 stands, without expired', async (t) => {
      const { shop, browser, sessions, expired } = await openExpired(t, 2);
      shop.backend.set({ token: { answer: 'hold', only: 'refresh_token', times: 1 } });
      const answer = shop.getUser(sessions[1]);
      await browser.quiet();
      sessions[0].signOut();
      assert.ok((await browser.passUntil(answer)) <= 2_000);
      assert.equal((await answer).status, 401);
      shop.backend.release();
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
      assert.deepEqual(expired.flat(), []);
      assert.deepEqual(await shop.alive(), []);
      assert.deepEqual(await browser.stored(), []);
    });

    test("R31: a request's signal ends its wait for another tab, and nothing else", async (t) => {
      const { shop, browser, pages, sessions } = await openExpired(t, 2);
      pages[0].freeze();
      const abort = new AbortController();
      const url = `${shop.backend.url}/occ/v2/shop/users/current`;
      const given = sessions[1].fetch(url, { signal: abort.signal });
      const kept = shop.getUser(sessions[1]);
      await browser.pass(1_000);
      abort.abort();
      await assert.rejects(given, { name: 'AbortError' });
      pages[0].wake();
      assert.equal(await browser.passUntil(kept), 0);
      assert.equal((await kept).status, 200);
    });

    test('R31: when a tab without the refresh token signs out, the tab that has it revokes it', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const [first, second] = await browser.openTabs(2, signIn);
      shop.backend.set({ revocationEnds: 'token' });
      const expired = expiries(browser.sessions);
      second.session.signOut();
      assert.equal(second.session.state.phase, 'anonymous');
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
      assert.deepEqual(await shop.alive(), []);
      assert.deepEqual(await browser.stored(), []);
      assert.deepEqual(expired.flat(), []);
      // R8: only the tab that signed out revokes the access token.
      assert.deepEqual(
        (await shop.revoked()).filter((label) => label === 'customer #1 access'),
        ['customer #1 access'],
      );
      assert.equal(first.session.state.revoking, 0);
    });

    for (const revocationEnds of /** @type {const} */ (['grant', 'token'])) {
      test(`R30, R31: a tab that slept through a sign-out revokes the refresh token that only it has (a revocation ends the ${revocationEnds})`, async (t) => {
        const shop = storefront();
        const browser = new Browser(t, shop, storage);
        const [first, second] = await browser.openTabs(2, signIn);
        shop.backend.set({ revocationEnds });
        const expired = expiries(browser.sessions);
        first.freeze();
        second.session.signOut();
        await browser.pass(10_000);
        assert.equal(second.session.state.phase, 'anonymous');
        assert.equal(second.session.state.revoking, 0);
        assert.deepEqual(await shop.revoked(), ['customer #1 access']);

        first.wake();
        await browser.pass(10_000);
        assert.equal(first.session.state.phase, 'anonymous');
        assert.equal(first.session.state.revoking, 0);
        assert.equal(first.session.authorization(), undefined);
        assert.deepEqual(expired.flat(), []);
        assert.deepEqual(await shop.alive(), []);
        assert.deepEqual(await browser.stored(), []);
      });
    }

    for (const [isTold, persistRefreshToken] of [
      [true, false],
      [true, true],
      [false, false],
      [false, true],
    ]) {
      test(`R24, R31: a tab with newer tokens than another tab has revoked is signed out too, and revokes its own (${isTold ? 'a message notifies it' : 'it reads the list'}${persistRefreshToken ? '; refresh tokens are stored' : ''})`, async (t) => {
        const { shop, browser, pages, sessions, expired } = await openExpired(t, 2, {
          persistRefreshToken,
        });
        browser.local.isLate = true;
        browser.holdMessages();
        assert.equal((await shop.getUser(sessions[0])).status, 200);
        assert.deepEqual((await shop.alive()).sort(), [
          'customer #2 access',
          'customer #2 refresh',
        ]);
        // The second tab has only the older tokens, and gets none from the server.
        shop.backend.set({ token: { answer: 503, only: 'refresh_token' } });
        sessions[1].signOut();
        browser.local.isLate = false;
        browser.local.show();
        if (isTold) browser.deliverMessages();
        else browser.heldMessages = undefined;
        await browser.pass(10_000);
        assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
        assert.deepEqual(await shop.alive(), []);
        assert.deepEqual(await browser.stored(), []);
        assert.deepEqual(expired.flat(), []);
        assert.equal(pages.length, 2);
      });
    }

    test('R20, R31: with stored refresh tokens the tab that sends the request refreshes, and the others get its tokens', async (t) => {
      const { shop, browser, pages, sessions, expired } = await openExpired(t, 3, {
        persistRefreshToken: true,
      });
      const answer = shop.getUser(sessions[2]);
      assert.equal(await browser.passUntil(answer), 0);
      assert.equal((await answer).status, 200);
      await browser.quiet();
      for (const session of sessions) assert.equal((await shop.getUser(session)).status, 200);
      assert.deepEqual(
        pages.map(({ forms }) => forms.length),
        [1, 0, 1],
      );
      assert.deepEqual([...new Set(await browser.stored())].sort(), [
        'customer #2 access',
        'customer #2 refresh',
      ]);

      // All tabs are up to date: the first one refreshes next.
      await browser.pass(60_000);
      await shop.backend.expireAccessTokens();
      assert.equal((await shop.getUser(sessions[0])).status, 200);
      await browser.quiet();
      for (const session of sessions) assert.equal((await shop.getUser(session)).status, 200);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token', 'refresh_token']);
      assert.deepEqual(browser.phases(), ['customer', 'customer', 'customer']);
      assert.deepEqual(expired.flat(), []);
    });

    test('R31: an emulation goes on in a tab without the refresh token', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const [, second] = await browser.openTabs(2, async ({ session }) => {
        await session.signIn(anna);
        await session.signInAgent(agent, { customerId: annaId });
      });
      await shop.backend.expireAccessTokens();
      const expired = expiries(browser.sessions);
      const answer = shop.getUser(second.session);
      assert.equal(await browser.passUntil(answer), 0);
      assert.deepEqual(await answer, { status: 200, uid: anna.username });
      assert.deepEqual(shop.asked(), ['password', 'password', 'refresh_token']);
      await browser.quiet();
      assert.deepEqual(browser.phases(), ['emulating', 'emulating']);
      assert.deepEqual(expired.flat(), []);
    });

    test("R31: when the agent's refresh is refused in another tab, the parked customer is restored in both", async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const [first, second] = await browser.openTabs(2, async ({ session }) => {
        await session.signIn(anna);
        await session.signInAgent(agent, { customerId: annaId });
      });
      await shop.backend.expireAccessTokens();
      const expired = expiries(browser.sessions);
      shop.backend.set({ token: { answer: 400, only: 'refresh_token', times: 1 } });
      await browser.passUntil(shop.getUser(second.session));
      // In a duplicate the next request is the one that no tab answers.
      if (storage === 'session') await browser.passUntil(shop.getUser(second.session));
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['customer', 'customer']);
      assert.deepEqual(expired[0], [{ owner: 'agent' }]);
      assert.equal((await shop.getUser(first.session)).uid, anna.username);
      const asked = shop.getUser(second.session);
      await browser.passUntil(asked);
      assert.equal((await asked).uid, anna.username);
    });

    test('R31: of two sessions of one page, the one without the refresh token asks the other', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = browser.openTab();
      const first = await page.open();
      await first.signIn(anna);
      const second = await page.open();
      assert.equal(second.state.phase, 'customer');
      await shop.backend.expireAccessTokens();
      const expired = expiries([first, second]);
      const answers = Promise.all([shop.getUser(second), shop.getUser(second)]);
      assert.equal(await browser.passUntil(answers), 0);
      assert.deepEqual(
        (await answers).map(({ status }) => status),
        [200, 200],
      );
      assert.equal((await shop.getUser(first)).status, 200);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(expired.flat(), []);

      second.signOut();
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
      assert.deepEqual(await shop.alive(), []);
    });

    test('R31: a session of a page refreshes after an earlier session of the page was closed', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = browser.openTab();
      const [first, second] = [await page.open(), await page.open()];
      first.close();
      await second.signIn(anna);
      await shop.backend.expireAccessTokens();
      assert.equal((await shop.getUser(second)).status, 200);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    });

    test('R31: without BroadcastChannel a session without the refresh token ends with expired', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage, { channel: false });
      const [, second] = await browser.openTabs(2, signIn);
      await shop.backend.expireAccessTokens();
      const expired = details(second.session, 'expired');
      const answer = shop.getUser(second.session);
      assert.ok((await browser.passUntil(answer)) <= 2_000);
      assert.equal((await answer).status, 401);
      assert.equal(second.session.state.phase, 'anonymous');
      assert.deepEqual(expired, [{ owner: 'customer' }]);
      await browser.pass(10_000);
      assert.deepEqual(await browser.orphans(), []);
    });

    // ---- Refresh tokens that are older than those of another tab (R41) ---------------------------

    test('R31, R41: a tab that slept through a refresh gets the newer pair, and refreshes with it', async (t) => {
      const { shop, browser, pages, sessions, expired } = await openExpired(t, 2, {
        persistRefreshToken: true,
      });
      pages[1].freeze();
      assert.equal((await shop.getUser(sessions[0])).status, 200);
      pages[1].wake();
      await browser.quiet();
      assert.equal((await shop.getUser(sessions[1])).status, 200);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);

      await browser.pass(60_000);
      await shop.backend.expireAccessTokens();
      assert.equal((await shop.getUser(sessions[1])).status, 200);
      assert.deepEqual(
        shop.backend.received({ path: '/authorizationserver/oauth/token' }).at(-1)?.form
          ?.refresh_token,
        await shop.token('customer #2 refresh'),
      );
      assert.deepEqual(browser.phases(), ['customer', 'customer']);
      assert.deepEqual(expired.flat(), []);
    });

    test('R31, R41: a refused older refresh token does not end the session while another tab has newer tokens', async (t) => {
      const { shop, browser, sessions, expired } = await openExpired(t, 2, {
        persistRefreshToken: true,
      });
      // The second tab has not been notified when it refreshes as well.
      browser.local.isLate = true;
      browser.holdMessages();
      assert.equal((await shop.getUser(sessions[0])).status, 200);
      shop.backend.set({ token: { answer: 400, only: 'refresh_token', times: 1 } });
      const answer = shop.getUser(sessions[1]);
      await browser.quiet();
      browser.local.isLate = false;
      browser.local.show();
      browser.deliverMessages();
      assert.ok((await browser.passUntil(answer)) <= 2_000);
      assert.equal((await answer).status, 200);
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['customer', 'customer']);
      assert.deepEqual(expired.flat(), []);
      const bearer = `Bearer ${await shop.token('customer #2 access')}`;
      for (const session of sessions) assert.equal(session.authorization(), bearer);
    });

    if (storage === 'session') {
      test('R31, R41: a refused older refresh token in a duplicate leaves the tab with the newer pair signed in', async (t) => {
        const shop = storefront();
        const browser = new Browser(t, shop, storage, { channel: false });
        const [first, second] = await browser.openTabs(2, signIn, { persistRefreshToken: true });
        await shop.backend.expireAccessTokens();
        const expired = expiries(browser.sessions);
        assert.equal((await shop.getUser(first.session)).status, 200);
        // The server refuses the older refresh token without ending the grant.
        shop.backend.set({ token: { answer: 400, only: 'refresh_token', times: 1 } });
        const answer = shop.getUser(second.session);
        await browser.passUntil(answer);
        assert.equal((await answer).status, 401);
        await browser.pass(10_000);
        assert.deepEqual(browser.phases(), ['customer', 'anonymous']);
        assert.deepEqual(expired, [[], [{ owner: 'customer' }]]);
        assert.equal((await shop.getUser(first.session)).status, 200);
        assert.deepEqual(await browser.orphans(), []);
      });
    }

    test('R31: alternating requests of two tabs cause one refresh if the server does not rotate the refresh token', async (t) => {
      const { shop, browser, sessions, expired } = await openExpired(t, 2, {
        persistRefreshToken: true,
      });
      shop.backend.set({ rotate: false });
      for (const session of [...sessions, ...sessions]) {
        assert.equal((await shop.getUser(session)).status, 200);
        await browser.quiet();
      }
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(expired.flat(), []);
    });

    // ---- R32: a session that is known to be dead ---------------------------------------------------

    test('R32: the token of an expired stored session is put on no request, and the session ends with expired when no tab has its refresh token', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = await browser.open();
      await page.session.signIn(anna);
      const next = page.reload();
      await browser.quiet();
      browser.sleep(3 * 24 * 3_600_000);
      const session = await next.open();
      const expired = details(session, 'expired');
      assert.equal(session.authorization(), undefined);
      const url = `${shop.backend.url}/occ/v2/shop/products/search`;
      const answer = session.fetch(url);
      assert.ok((await browser.passUntil(answer)) <= 2_000);
      assert.equal((await answer).status, 200);
      await browser.pass(2_000);
      assert.deepEqual(expired, [{ owner: 'customer' }]);
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(next.bearers.filter(Boolean), []);
      assert.deepEqual(await browser.stored(), []);
    });

    test('R31, R32: an expired stored session goes on with the tokens that another tab refreshes', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const [first, second] = await browser.openTabs(2, signIn);
      await shop.backend.expireAccessTokens();
      // Timers of a tab in the background have not run.
      browser.sleep(3 * 24 * 3_600_000);
      const third = second.reload();
      const session = await third.open();
      const expired = details(session, 'expired');
      await browser.pass(2_500);
      assert.equal(session.state.phase, 'customer');
      const answer = shop.getUser(session);
      await browser.passUntil(answer);
      assert.equal((await answer).status, 200);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.equal(first.session.authorization(), session.authorization());
      assert.deepEqual(expired, []);
      const dead = `Bearer ${await shop.token('customer #1 access')}`;
      assert.equal(third.bearers.includes(dead), false);
    });
  });
}

describe('R31 where there are no other tabs', limit, () => {
  for (const [name, storage] of /** @type {const} */ ([
    ["'memory'", () => /** @type {const} */ ('memory')],
    ["the caller's own storage", () => new Notebook()],
  ])) {
    test(`R31: with ${name} a session without a refresh token ends at once`, async (t) => {
      const shop = storefront();
      shop.backend.set({ refreshTokens: false });
      const browser = new Browser(t, shop, 'session');
      const page = browser.openTab();
      const session = await page.open({ storage: storage() });
      await session.signIn(anna);
      await shop.backend.expireAccessTokens();
      const expired = details(session, 'expired');
      const answer = shop.getUser(session);
      assert.equal(await browser.passUntil(answer), 0);
      assert.equal((await answer).status, 401);
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(expired, [{ owner: 'customer' }]);
    });
  }

  test("R32: an expired session in the caller's own storage ends when it is opened, and a listener is notified", async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const notebook = new Notebook();
    const page = browser.openTab();
    await (await page.open({ storage: notebook })).signIn(anna);
    const next = page.reload();
    browser.sleep(3 * 24 * 3_600_000);
    const session = await next.open({ storage: notebook });
    const expired = details(session, 'expired');
    assert.equal(session.authorization(), undefined);
    await browser.quiet();
    assert.equal(session.state.phase, 'anonymous');
    assert.deepEqual(expired, [{ owner: 'customer' }]);
    assert.equal(notebook.text?.includes(await shop.token('customer #1 access')) ?? false, false);
  });

  test('R31: tabs with sessions of their own do not refresh for each other', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const [one, other] = [await browser.open(), await browser.open()];
    await one.session.signIn(anna);
    shop.backend.set({ refreshTokens: false });
    await other.session.signIn(ben);
    shop.backend.set({ refreshTokens: true });
    await shop.backend.expireAccessTokens();
    const answer = shop.getUser(other.session);
    assert.equal(await browser.passUntil(answer), 2_000);
    assert.equal((await answer).status, 401);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.equal(one.session.state.phase, 'customer');
    assert.deepEqual(shop.asked(), ['password', 'password']);
    assert.equal((await shop.getUser(one.session)).uid, anna.username);
  });
});
