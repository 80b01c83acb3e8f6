// R24: tabs that share a session, or hold the same grant, in a simulated browser. The browser tests
// use real tabs.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Browser } from './browser.js';
import {
  agent,
  anna,
  annaId,
  ben,
  limit,
  Notebook,
  phases as phasesIn,
  scriptedFetch,
  useStorefront,
} from './storefront.js';

/** @import { Page } from './browser.js' */

const storefront = useStorefront();

/** @param {Page} page */
const signIn = (page) => page.session.signIn(anna);

/** @param {Page} page @returns {string[]} the phases at the change events of its session */
function phasesOf({ session }) {
  /** @type {string[]} */
  const phases = [];
  session.addEventListener('change', () => phases.push(session.state.phase));
  return phases;
}

/** The storage key that the tests read. */
const storageKey = 'shop';

const persist = { persistRefreshToken: true };

describe("tabs that share a session (storage: 'local')", limit, () => {
  test('R24: a sign-out in one tab signs the other out, without a request of its own', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    assert.equal(other.session.state.phase, 'customer');
    one.session.signOut();
    await browser.quiet();
    assert.equal(other.session.state.phase, 'anonymous');
    assert.equal(other.session.authorization(), undefined);
    await browser.pass(10_000);
    assert.deepEqual(other.forms, []);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: a page that was cached during the sign-out is signed out when it is shown again', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const [one, other] = await browser.openTabs(2, signIn);
    other.keep();
    one.session.signOut();
    await browser.quiet();
    assert.equal(other.session.state.phase, 'customer');
    other.show();
    assert.equal(other.session.state.phase, 'anonymous');
  });

  test('R24: a page that was cached while another customer signed in is notified of the sign-out and the sign-in', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    const phases = phasesOf(other);
    other.keep();
    one.session.signOut();
    await one.session.signIn(ben);
    other.show();
    assert.deepEqual(phases, ['anonymous', 'customer']);
    assert.equal(other.session.authorization(), `Bearer ${await shop.token('customer #2 access')}`);

    // A refresh is not another customer.
    phases.length = 0;
    other.keep();
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(one.session)).status, 200);
    other.show();
    assert.deepEqual(phases, ['customer']);
    assert.deepEqual(other.forms, []);
  });

  test('R24: a sign-out by a listener of the first notification is not undone by the second', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    other.keep();
    one.session.signOut();
    await one.session.signIn(ben);
    const phases = phasesOf(other);
    other.session.addEventListener('change', () => other.session.signOut(), { once: true });
    other.show();
    // The first sign-out, that of the listener, and the second customer, who is signed out by then.
    assert.deepEqual(phases, ['anonymous', 'anonymous', 'anonymous']);
    assert.equal(other.session.authorization(), undefined);
    await browser.pass(10_000);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('a closed session does not read the storage, and leaves no listener on itself', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const page = browser.openTab();
    const opened = await page.open();
    await opened.signIn(anna);
    opened.signOut();
    await opened.settled();
    assert.deepEqual(getEventListeners(page.opened[0], 'change'), []);
    opened.close();
    const getItem = t.mock.method(page.localStorage, 'getItem');
    page.window.dispatchEvent(new Event('storage'));
    opened.authorization();
    assert.equal(getItem.mock.callCount(), 0);
    assert.equal(browser.channels.size, 0);
  });

  test('R24: a sign-in during which a listener closes the session is rejected with closed', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const one = await browser.open();
    const other = await browser.open();
    other.freeze();
    await one.session.signIn(anna);
    other.session.addEventListener('change', () => other.session.close(), { once: true });
    await assert.rejects(other.session.signIn(ben), { name: 'SessionError', code: 'closed' });
    assert.deepEqual(other.forms, []);
  });

  test('R24: a session of another tab for which the core has no room is adopted as soon as there is room', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local', { channel: false });
    const one = await browser.open();
    const other = await browser.open();
    // The other tab has no room: pending token requests take every place for sign-ins, and two
    // sessions that it has signed out take the rest.
    shop.backend.set({ token: { answer: 'hold' } });
    const attempts = Array.from({ length: 8 }, () =>
      assert.rejects(other.session.signIn(anna), { code: 'cancelled' }),
    );
    await shop.held(8);
    shop.backend.set({ token: { answer: 'normal' }, revoke: { answer: 'hold' } });
    for (let i = 0; i < 2; i++) {
      await browser.passUntil(one.session.signIn(ben));
      other.session.signOut();
      await browser.quiet();
      assert.equal(one.session.authorization(), undefined);
    }
    await browser.passUntil(one.session.signIn(ben));
    const bearer = one.session.authorization();
    assert.notEqual(bearer, undefined);
    assert.equal(other.session.authorization(), undefined);
    assert.equal(other.session.state.phase, 'anonymous');
    shop.backend.set({ revoke: { answer: 'normal' } });
    shop.backend.release();
    await Promise.all(attempts);
    await browser.pass(10_000);
    assert.equal(other.session.authorization(), bearer);
    assert.equal(other.session.state.phase, 'customer');
  });

  test('R24: a session that waited for room notifies of the sign-out and the sign-in if it is of another customer', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local', { channel: false });
    const [one, other] = await browser.openTabs(2, signIn);
    // The other tab has no room: pending token requests, two sessions that it has signed out, and
    // the present one take every place.
    shop.backend.set({ token: { answer: 'hold' } });
    const cancel = new AbortController();
    const attempts = Array.from({ length: 7 }, () =>
      assert.rejects(other.session.signInAgent(agent, { signal: cancel.signal }), {
        code: 'cancelled',
      }),
    );
    await shop.held(7);
    cancel.abort();
    await Promise.all(attempts);
    shop.backend.set({ token: { answer: 'normal' }, revoke: { answer: 'hold' } });
    for (let i = 0; i < 2; i++) {
      other.session.signOut();
      await browser.passUntil(one.session.signIn(anna));
    }
    assert.equal(other.session.authorization(), one.session.authorization());
    other.keep();
    one.session.signOut();
    await browser.passUntil(one.session.signIn(ben));
    const seen = phasesIn(other.session);
    other.show();
    assert.notEqual(other.session.authorization(), one.session.authorization());
    assert.deepEqual(seen, []);
    shop.backend.set({ revoke: { answer: 'normal' } });
    shop.backend.release();
    await browser.pass(10_000);
    assert.equal(other.session.authorization(), one.session.authorization());
    assert.deepEqual(seen, ['customer', 'anonymous', 'customer']);
  });

  test('R24: the other tab reads the current session even before the storage event', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const [one, other] = await browser.openTabs(2, signIn);
    one.session.signOut();
    assert.equal(other.session.authorization(), undefined);
    assert.equal(other.session.state.phase, 'anonymous');
  });

  test('R8, R24: when both tabs sign out, each token is revoked once', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    one.session.signOut();
    other.session.signOut();
    await browser.pass(10_000);
    assert.deepEqual(other.forms, []);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: a refresh answered after the sign-out of the other tab does not bring the session back', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold', times: 1 } });
    const answer = shop.getUser(other.session);
    await browser.quiet();
    one.session.signOut();
    await browser.quiet();
    shop.backend.release();
    await browser.passUntil(answer);
    assert.equal((await answer).status, 401);
    await browser.pass(10_000);
    assert.deepEqual(await browser.stored(), []);
    assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
    assert.equal(one.session.authorization(), undefined);
    assert.equal((await browser.open()).session.state.phase, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R24: a sign-in in one tab appears in the other', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const one = await browser.open();
    const other = await browser.open();
    const phases = phasesOf(other);
    await one.session.signIn(anna);
    await browser.quiet();
    assert.deepEqual(phases, ['customer']);
    await other.session.signInAgent(agent, { customerId: annaId });
    await browser.quiet();
    assert.deepEqual(one.session.state, other.session.state);
    assert.equal(one.session.state.phase, 'emulating');
    one.session.signOutAgent();
    phases.length = 0;
    await browser.quiet();
    assert.equal(phases[0], 'customer');
    assert.equal((await shop.getUser(other.session)).uid, anna.username);
  });

  test('R19, R24: a tab sends its request again with the token that the other tab has refreshed', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    await shop.backend.expireAccessTokens();
    shop.backend.set({ occ: { answer: 'hold', times: 1 } });
    const late = shop.getUser(other.session);
    await browser.quiet();
    assert.equal((await shop.getUser(one.session)).status, 200);
    shop.backend.release();
    assert.equal((await late).status, 200);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('R24: an old snapshot from a tab that slept does not replace a newer one', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const page = await browser.open({ storageKey });
    const another = browser.openTab();
    await page.session.signIn(anna);
    const old = another.localStorage.getItem(storageKey) ?? '';
    page.session.signOut();
    await page.session.settled();
    await page.session.signIn(ben);
    const newest = another.localStorage.getItem(storageKey) ?? '';
    another.localStorage.setItem(storageKey, old);
    await browser.quiet();
    assert.equal((await shop.getUser(page.session)).uid, ben.username);

    // A newer snapshot of the same customer is not reported as another customer either.
    const phases = phasesOf(page);
    another.localStorage.setItem(storageKey, newest.replace(/"epoch":\d+/, '"epoch":1234'));
    await browser.quiet();
    assert.deepEqual(phases, ['customer']);
  });

  test('R24: an epoch that differs only in its last digit is a new one', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const page = await browser.open({ storageKey });
    const another = browser.openTab();
    await page.session.signIn(anna);
    const stored = JSON.parse(another.localStorage.getItem(storageKey) ?? '');
    /** @param {number} epoch @param {string} access */
    const write = (epoch, access) =>
      another.localStorage.setItem(
        storageKey,
        JSON.stringify({ ...stored, epoch, active: { ...stored.active, access } }),
      );
    write(10, 'x');
    await browser.quiet();
    write(11, 'y');
    await browser.quiet();
    assert.equal(page.session.authorization(), 'Bearer y');
  });
});

describe("a duplicated tab (storage: 'session')", limit, () => {
  test('R24: a sign-out in the original signs the duplicate out, without a request of its own', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const [one, other] = await browser.openTabs(2, signIn, { ...persist, storageKey });
    assert.equal(other.session.state.phase, 'customer');
    one.session.signOut();
    other.session.signOut();
    assert.equal(other.session.state.phase, 'anonymous');
    // The customer and the token are gone; the line and its epoch go on.
    for (const { sessionStorage } of [one, other]) {
      const stored = JSON.parse(sessionStorage.getItem(storageKey) ?? '');
      assert.equal(stored.active, undefined);
      assert.ok(stored.line > 0);
      assert.ok(stored.epoch > 1);
    }
    assert.match(one.localStorage.getItem(`${storageKey}.ended`) ?? '', /^\d+:0 *$/);
    await browser.pass(10_000);
    assert.deepEqual(other.forms, []);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: a duplicate that is opened after the sign-out is signed out', async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const one = await browser.open();
    await one.session.signIn(anna);
    const other = one.duplicate();
    one.session.signOut();
    await other.open();
    assert.equal(other.session.authorization(), undefined);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.deepEqual(other.forms, []);
  });

  test('R24: a refresh of the duplicate that is answered after the sign-out is revoked', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const [one, other] = await browser.openTabs(2, signIn, persist);
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold', times: 1 } });
    const answer = shop.getUser(other.session);
    await browser.quiet();
    one.session.signOut();
    await browser.quiet();
    shop.backend.release();
    await browser.passUntil(answer);
    assert.equal((await answer).status, 401);
    await browser.pass(10_000);
    assert.deepEqual(await browser.stored(), []);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R24: other tabs know the last thirty ended grants', async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const { fetch } = scriptedFetch(() => new Response());
    const options = { storageKey, fetch };
    const page = await browser.open(options);
    /** @type {Page[]} */
    const asBefore = [];
    for (let i = 0; i < 32; i++) {
      await page.session.signIn(anna);
      asBefore.push(page.duplicate());
      page.session.signOut();
      await page.session.settled();
    }
    const list = page.localStorage.getItem(`${storageKey}.ended`) ?? '';
    assert.deepEqual(
      list.trim().split(' '),
      asBefore
        .slice(2)
        .map(({ sessionStorage }) => JSON.parse(sessionStorage.getItem(storageKey) ?? '').active)
        .map(({ number }) => `${number}:0`),
    );
    assert.equal((await asBefore[2].open(options)).state.phase, 'anonymous');
    assert.equal((await asBefore[1].open(options)).state.phase, 'customer');
  });

  test('R24: an emptied or invalid list of ended grants does no harm', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open({ storageKey });
    await page.session.signIn(anna);
    page.session.signOut();
    await page.session.settled();
    await page.session.signIn(ben);
    for (const text of [null, '', ' ', 'x', '0', '-1:2', '1:2:3', 'NaN:NaN', 'Infinity']) {
      const another = browser.openTab();
      if (text === null) another.localStorage.removeItem(`${storageKey}.ended`);
      else another.localStorage.setItem(`${storageKey}.ended`, text);
      await browser.quiet();
      assert.equal((await shop.getUser(page.session)).uid, ben.username);
    }
  });

  test('R24: a sign-out in one tab does not affect a tab with another grant', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const one = await browser.open();
    await one.session.signIn(anna);
    const other = await browser.open();
    await other.session.signIn(ben);
    one.session.signOut();
    await browser.pass(10_000);
    assert.equal((await shop.getUser(other.session)).uid, ben.username);
    assert.equal(other.session.state.phase, 'customer');
    assert.equal(other.forms.length, 1);
  });
});

describe(
  "a page that was cached while the next one of its tab was shown (storage: 'session')",
  limit,
  () => {
    test('R24: a page shown again from the cache adopts the snapshot of the next page, and writes nothing', async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, 'session');
      const options = { ...persist, storageKey };
      const kept = await browser.open(options);
      await kept.session.signIn(anna);
      kept.keep();
      const next = kept.openFrame();
      await next.open(options);
      next.session.signOut();
      await next.session.settled();
      await next.session.signInAgent(agent);
      const stored = next.sessionStorage.getItem(storageKey);
      assert.equal(kept.session.state.phase, 'customer');

      kept.show();
      assert.equal(kept.session.state.phase, 'agent');
      assert.deepEqual(kept.session.state, next.session.state);
      assert.equal(kept.session.authorization(), `Bearer ${await shop.token('agent #2 access')}`);
      assert.equal(next.sessionStorage.getItem(storageKey), stored);
      assert.equal(kept.forms.length, 1);
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    });
  },
);

describe("tabs that do not see another tab's storage writes yet", limit, () => {
  test('R24: close also closes the channel to other tabs, which has no unref in a browser', async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const page = browser.openTab();
    const session = await page.open();
    assert.equal(browser.channels.size, 1);
    session.close();
    assert.equal(browser.channels.size, 0);
    assert.equal(session.authorization(), undefined);
  });

  for (const storage of /** @type {const} */ (['session', 'local'])) {
    test(`R24, R8: a message notifies other tabs of a sign-out, and they send nothing (storage '${storage}')`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      browser.local.isLate = true;
      const first = await browser.open(persist);
      await first.session.signIn(anna);
      browser.local.show();
      const other = storage === 'session' ? first.duplicate() : browser.openTab();
      await other.open(persist);
      assert.equal(other.session.state.phase, 'customer');

      browser.holdMessages();
      first.session.signOut();
      assert.equal(other.session.state.phase, 'customer');
      assert.notEqual(other.session.authorization(), undefined);
      browser.deliverMessages();
      await browser.quiet();
      assert.equal(other.session.state.phase, 'anonymous');
      assert.equal(other.session.authorization(), undefined);
      other.session.signOut();
      browser.local.show();
      await browser.pass(10_000);
      assert.deepEqual(await browser.stored(), []);
      assert.deepEqual(other.forms, []);
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    });
  }

  test('R24: a message of another version or from another script does no harm', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open({ storageKey });
    await page.session.signIn(anna);
    browser.openTab().run(() => {
      const channel = new BroadcastChannel(storageKey);
      for (const message of [
        ...[7, '7', null, undefined, {}, [], [[]], new Map(), 'ended', Infinity],
        ...['ended', 'wanted', 'answer', 'saved', 'toString', 0].flatMap((what) => [
          ...[[what], [what, null], [what, {}, {}], [what, '{', 1], [what, -1, Infinity]],
          ...[
            [what, 'x'.repeat(100_000)],
            [what, '{"v":1}'],
            [what, NaN, NaN],
            [what, 1, 1],
          ],
        ]),
      ]) {
        channel.postMessage(message);
      }
    });
    await browser.pass(20_000);
    assert.equal(page.session.state.phase, 'customer');
    assert.equal((await shop.getUser(page.session)).uid, anna.username);
    assert.equal(page.forms.length, 1);
  });

  test('a session that a listener closes within its close changes once for the close', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const page = await browser.open({ storageKey });
    await page.session.signIn(anna);
    const first = page.session;
    const second = await page.open({ storageKey });
    assert.equal(second.state.phase, 'customer');
    let changes = 0;
    second.addEventListener('change', () => {
      changes++;
      second.close();
    });
    page.run(() => {
      first.signOut();
      second.close();
    });
    await browser.quiet();
    // The sign-out of the first session, and the close.
    assert.equal(changes, 2);
    assert.equal(second.state.phase, 'anonymous');
  });

  test('R31: newer tokens in a message of an unknown kind are not adopted', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open({ storageKey });
    await page.session.signIn(anna);
    const bearer = page.session.authorization();
    const snapshot = JSON.parse(page.sessionStorage.getItem(storageKey) ?? '');
    Object.assign(snapshot.active, { access: 'another', issued: Date.now() });
    const channel = browser.openTab().run(() => new BroadcastChannel(storageKey));
    for (const what of ['handed', 'Answer', '']) {
      channel.postMessage([what, JSON.stringify(snapshot)]);
    }
    await browser.quiet();
    assert.equal(page.session.authorization(), bearer);
  });

  test("R24: a session in memory or in the caller's own storage has no channel to other tabs", async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const page = await browser.open({ storage: 'memory' });
    await page.open({ storage: new Notebook() });
    assert.equal(browser.channels.size, 0);
    await page.open();
    assert.equal(browser.channels.size, 1);
  });

  test('R24: the messages about sign-ins and sign-outs hold no tokens', async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const page = await browser.open({ storageKey });
    /** @type {unknown[]} */
    const heard = [];
    const channel = browser.openTab().run(() => new BroadcastChannel(storageKey));
    channel.onmessage = ({ data }) => heard.push(data);
    await page.session.signIn(anna);
    const snapshot = page.sessionStorage.getItem(storageKey);
    const { number } = JSON.parse(snapshot ?? '').active;
    page.session.signOut();
    await browser.quiet();
    const [told, ended, ...more] = heard;
    assert.deepEqual(told, ['saved', '']);
    assert.deepEqual(/** @type {any} */ (ended).slice(0, 2), ['ended', number]);
    assert.deepEqual(more, [['saved', '']]);
  });

  test('R31: tokens are sent only in answer to a message that asks for them', async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const page = await browser.open({ storageKey });
    await page.session.signIn(anna);
    const snapshot = page.sessionStorage.getItem(storageKey);
    const { number } = JSON.parse(snapshot ?? '').active;
    /** @type {unknown[]} */
    const heard = [];
    const channel = browser.openTab().run(() => new BroadcastChannel(storageKey));
    channel.onmessage = ({ data }) => heard.push(data);
    for (const what of ['asked', 'answer', 'saved']) channel.postMessage([what, number, 0]);
    await browser.quiet();
    assert.deepEqual(heard, []);
    channel.postMessage(['wanted', number, 0]);
    await browser.quiet();
    assert.deepEqual(heard[0], ['answer', snapshot]);
  });

  test('R24: a message that arrives while the module is still loading does no harm', async (t) => {
    const browser = new Browser(t, storefront(), 'session');
    const [page, another] = [browser.openTab(), browser.openTab()];
    /** @type {(bytes: Buffer<ArrayBuffer>) => void} */
    let give = () => {};
    /** @type {Promise<BufferSource>} */
    const wasm = new Promise((resolve) => (give = resolve));
    const opening = page.open({ storageKey, wasm });
    another.run(() => new BroadcastChannel(storageKey).postMessage(['ended', 7, 0]));
    await browser.quiet();
    give(readFileSync(new URL('../../dist/core.wasm', import.meta.url)));
    assert.equal((await opening).state.phase, 'anonymous');
  });
});
