// R24 with storage that is emptied, full, shared or late: in the end all tabs agree, and every
// valid token is held by a tab.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Browser } from './browser.js';
import { agent, anna, annaId, ben, benId, details, limit, useStorefront } from './storefront.js';

/** @import { Page } from './browser.js' */
/** @import { Session } from './storefront.js' */

const storefront = useStorefront();

/** Resolves with the user that the server sees in the session. @param {Session} session */
const userOf = async (session) => (await storefront().getUser(session)).uid;

/** @param {Page} page */
const signIn = (page) => page.session.signIn(anna);

const taken = { code: 'already-signed-in' };

/** @param {Browser} browser @param {string} phase */
async function assertAgreed(browser, phase) {
  await browser.pass(10_000);
  assert.deepEqual([...new Set(browser.phases())], [phase]);
  assert.equal(new Set(browser.sessions.map((session) => session.authorization())).size, 1);
  assert.deepEqual(await browser.orphans(), []);
}

describe("R24: emptied storage (storage: 'local')", limit, () => {
  test('R24: a tab restores the storage that another document has emptied, and the next tab has its session', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    await first.session.signIn(anna);
    browser.openTab().localStorage.clear();
    await browser.quiet();
    const second = await browser.open();
    assert.equal(second.session.state.phase, 'customer');
    await assert.rejects(second.session.signIn(ben), taken);
    second.session.signOut();
    await assertAgreed(browser, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R24: a tab restores the storage that its own document has emptied at its next call', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    await first.session.signIn(anna);
    first.localStorage.clear();
    const bearer = first.session.authorization();
    const second = await browser.open();
    assert.equal(second.session.state.phase, 'customer');
    assert.equal(second.session.authorization(), bearer);
  });

  test('R24: the snapshot that a woken tab writes to an emptied storage is adopted by the others, even with an equal epoch', async (t) => {
    const browser = new Browser(t, storefront(), 'local');
    const [first, second] = await browser.openTabs(2, ({ session }) => session.signInAgent(agent));
    first.freeze();
    second.session.emulate(annaId);
    second.freeze();
    browser.openTab().localStorage.clear();
    // It missed the emulation, and its epoch equals that of the other tab.
    first.wake();
    await browser.quiet();
    second.wake();
    await browser.quiet();
    assert.deepEqual(browser.phases(), ['agent', 'agent']);
  });

  test("R7, R24: when the storage was emptied unnoticed, a sign-in in a new tab replaces the first tab's customer, and every token is revoked", async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    const expired = details(first.session, 'expired');
    await first.session.signIn(anna);
    first.localStorage.clear();
    const second = await browser.open();
    await second.session.signIn(ben);
    await browser.pass(10_000);
    assert.deepEqual(browser.phases(), ['customer', 'customer']);
    assert.equal(await userOf(first.session), ben.username);
    assert.deepEqual(await browser.orphans(), []);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    second.session.signOut();
    await assertAgreed(browser, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(expired, []);
  });

  test('R7, R24: when the storage was emptied while a tab slept, a sign-in and sign-out in a new tab sign the woken tab out', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    await first.session.signIn(anna);
    first.localStorage.clear();
    first.freeze();
    const second = await browser.open();
    await second.session.signIn(ben);
    second.session.signOut();
    await browser.pass(10_000);
    first.wake();
    await assertAgreed(browser, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R24: after a sign-out and an emptied storage, a sign-in in a new tab appears in the first, where another is refused', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    await first.session.signIn(ben);
    first.session.signOut();
    await browser.pass(10_000);
    first.localStorage.clear();
    const second = await browser.open();
    await second.session.signIn(anna);
    await browser.quiet();
    assert.equal(await userOf(first.session), anna.username);
    await assert.rejects(first.session.signIn(ben), taken);
    await assertAgreed(browser, 'customer');
    assert.equal(await userOf(second.session), anna.username);
  });

  for (const isFirst of [true, false]) {
    test(`R7, R24: of two simultaneous sign-ins after an emptied storage one stays, and the tokens of the other are revoked (${isFirst ? 'the older tab is answered first' : 'the newer tab is answered first'})`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, 'local');
      const first = await browser.open();
      await first.session.signIn(ben);
      first.session.signOut();
      await browser.pass(10_000);
      first.localStorage.clear();
      const second = await browser.open();
      shop.backend.set({ token: { answer: 'hold' } });
      const [one, other] = isFirst ? [first, second] : [second, first];
      const signedIn = [Promise.allSettled([one.session.signIn(anna)])];
      await shop.held(1);
      signedIn.push(Promise.allSettled([other.session.signIn(ben)]));
      await shop.held(2);
      shop.backend.release(1);
      await browser.quiet();
      shop.backend.release();
      await Promise.all(signedIn);
      await assertAgreed(browser, 'customer');
    });
  }

  test('R24: the epoch continues after the last grant: a cached older page does not undo a sign-out', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [first, second] = await browser.openTabs(2, signIn, { persistRefreshToken: true });
    second.keep();
    first.session.signOut();
    await browser.pass(10_000);
    const third = first.reload();
    await third.open();
    await third.session.signIn(ben);
    await browser.quiet();
    second.show();
    await assertAgreed(browser, 'customer');
    assert.equal(await userOf(second.session), ben.username);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: two tabs that sign in before they see each other agree in the end', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [first, second] = await browser.openTabs(2, async () => {});
    browser.local.isLate = true;
    browser.holdMessages();
    await first.session.signIn(anna);
    await second.session.signIn(ben);
    browser.local.isLate = false;
    browser.local.show();
    browser.deliverMessages();
    await assertAgreed(browser, 'customer');
  });

  test('R24, R25: a reload after the sign-out is anonymous, and the next sign-in appears in all tabs', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const [first, second] = await browser.openTabs(2, signIn);
    first.session.signOut();
    await browser.pass(10_000);
    const third = first.reload();
    await third.open();
    assert.equal(third.session.state.phase, 'anonymous');
    await third.session.signIn(ben);
    await assertAgreed(browser, 'customer');
    assert.equal(await userOf(second.session), ben.username);
  });
});

describe("R24: full storage (storage: 'local')", limit, () => {
  test('R24: a snapshot that does not fit leaves nothing stored: a reload is anonymous', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const page = await browser.open();
    await page.session.signIn(anna);
    const { items } = browser.local;
    page.session.signOut();
    await browser.pass(10_000);
    browser.local.quota = 10;
    await page.session.signIn(ben);
    assert.deepEqual([...items.values()], ['']);
    const next = page.reload();
    await next.open();
    assert.equal(next.session.state.phase, 'anonymous');
  });

  test('R7, R24: after two sign-ins with a full storage, tabs agree once there is room, and every token is revoked', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    const second = await browser.open();
    browser.local.fill();
    await first.session.signIn(anna);
    await second.session.signIn(ben);
    await browser.quiet();
    browser.local.quota = Infinity;
    second.session.signOut();
    await browser.pass(10_000);
    first.session.signOut();
    await assertAgreed(browser, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R7, R24: after two sign-ins with a full storage, tabs agree on a third that fits', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'local');
    const first = await browser.open();
    browser.local.fill();
    await first.session.signIn(anna);
    const second = await browser.open();
    await second.session.signIn(ben);
    second.session.signOut();
    await browser.pass(10_000);
    browser.local.quota = Infinity;
    await second.session.signIn(ben).catch(() => {});
    await assertAgreed(browser, 'customer');
  });
});

describe("R24: a page and a frame that share sessionStorage (storage: 'session')", limit, () => {
  test('R24: a sign-in or sign-out in a page or its frame takes effect in the other', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open();
    const frame = page.openFrame();
    await frame.open();
    await page.session.signIn(anna);
    await browser.quiet();
    assert.equal(await userOf(frame.session), anna.username);
    frame.session.signOut();
    await assertAgreed(browser, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R7, R24: after a sign-in in a reloaded frame, another sign-in in the page is refused', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open();
    let frame = page.openFrame();
    await frame.open();
    await page.session.signIn(ben);
    page.session.signOut();
    await browser.pass(10_000);
    frame = frame.reload();
    await frame.open();
    await frame.session.signIn(anna);
    await browser.quiet();
    await assert.rejects(page.session.signIn(ben), taken);
    await assertAgreed(browser, 'customer');
    assert.equal(await userOf(page.session), anna.username);
  });

  test('R7, R24: a page and a frame that sign in after the storage was emptied agree, and other tokens are revoked', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open();
    await page.session.signIn(ben);
    page.session.signOut();
    await browser.pass(10_000);
    const frame = page.openFrame();
    frame.sessionStorage.clear();
    await frame.open();
    await frame.session.signIn(anna);
    await page.session.signIn(ben).catch(() => {});
    await assertAgreed(browser, 'customer');
  });
});

describe("R24: the list of ended grants (storage: 'session')", limit, () => {
  /** @type {Record<string, { away: (page: Page) => Page, back: (page: Page) => Promise<unknown> }>} */
  const ways = {
    'was cached and comes back': {
      away: (page) => (page.keep(), page),
      back: async (page) => page.show(),
    },
    'was reloaded and comes back': {
      away: (page) => page.reload(),
      back: (page) => page.open(),
    },
    'was frozen and wakes up': {
      away: (page) => (page.freeze(), page),
      back: async (page) => page.wake(),
    },
  };

  for (const [way, { away, back }] of Object.entries(ways)) {
    test(`R24: a duplicate that ${way} after the sign-out is signed out, even if localStorage is full`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, 'session');
      const [first, second] = await browser.openTabs(2, signIn);
      const bearer = second.session.authorization() ?? '';
      const gone = away(second);
      await browser.quiet();
      browser.local.fill();
      shop.backend.set({ revoke: { answer: 302 } });
      first.session.signOut();
      await browser.pass(10_000);
      await back(gone);
      await browser.quiet();
      assert.equal(gone.session.state.phase, 'anonymous');
      assert.equal(gone.session.authorization(), undefined);
      assert.notEqual((await shop.getUser(gone.session)).status, 200);
      assert.equal(gone.bearers.includes(bearer), false);
    });

    test(`R24: a duplicate that ${way} after the sign-out is signed out, even if localStorage was emptied`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, 'session');
      const [first, second] = await browser.openTabs(2, signIn);
      const gone = away(second);
      shop.backend.set({ revoke: { answer: 302 } });
      first.session.signOut();
      await browser.pass(10_000);
      // Another document empties it; a script of the tab itself would be noticed at the next call.
      browser.openTab().localStorage.clear();
      await browser.quiet();
      await back(gone);
      await browser.quiet();
      assert.equal(gone.session.state.phase, 'anonymous');
      assert.equal(gone.session.authorization(), undefined);
    });
  }

  test('R24: a full list of ended grants drops the oldest for the newest', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open();
    /** @type {Page[]} */
    const copies = [];
    for (let i = 0; i < 60; i++) {
      await page.session.signIn(anna);
      browser.local.fill();
      copies.push(page.duplicate());
      page.session.signOut();
      await page.session.settled();
    }
    for (const copy of copies.slice(-20)) {
      await copy.open();
      assert.equal(copy.session.state.phase, 'anonymous');
    }
  });

  test('R24: a tab that adds to the list of ended grants keeps the entries of other tabs', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const first = await browser.open();
    await first.session.signIn(anna);
    const copy = first.duplicate();
    first.session.signOut();
    await first.session.settled();
    first.leave();
    const second = await browser.open();
    await second.session.signIn(ben);
    second.session.signOut();
    await copy.open();
    assert.equal(copy.session.state.phase, 'anonymous');
  });

  test('R24: the list of ended grants is written when it is missing and when a grant ends, and not with each token', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = browser.openTab();
    const setItem = t.mock.method(page.localStorage, 'setItem');
    const session = await page.open();
    await session.signIn(anna);
    assert.equal(setItem.mock.callCount(), 1);
    await shop.backend.expireAccessTokens();
    assert.equal(await userOf(session), anna.username);
    assert.equal(setItem.mock.callCount(), 1);
    session.signOut();
    assert.equal(setItem.mock.callCount(), 2);
  });

  test('R24: a list of ended grants that a script of the same tab has emptied is restored at the next call', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const page = await browser.open();
    await page.session.signIn(anna);
    const copy = page.duplicate();
    page.session.signOut();
    await browser.pass(10_000);
    page.localStorage.clear();
    page.session.authorization();
    await copy.open();
    assert.equal(copy.session.state.phase, 'anonymous');
  });
});

describe("R24: an agent's duplicates (storage: 'session')", limit, () => {
  /** @param {Page} page */
  async function emulateAnna({ session }) {
    await session.signIn(anna);
    await session.signInAgent(agent, { customerId: annaId });
  }

  /** @type {Record<string, (session: Session) => unknown>} */
  const moves = {
    'ended the emulation': (session) => session.signOut(),
    'turned to another customer': (session) => session.emulate(benId),
  };

  for (const [move, act] of Object.entries(moves)) {
    test(`R5, R24: a customer restored in one tab stays signed in, even if another tab has ${move}`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, 'session');
      const options = { persistRefreshToken: true };
      const [first, second] = await browser.openTabs(2, emulateAnna, options);
      act(first.session);
      await browser.quiet();
      const before = first.forms.length;
      second.session.signOutAgent();
      await browser.pass(10_000);
      assert.deepEqual(browser.phases(), ['anonymous', 'customer']);
      assert.equal(await userOf(second.session), anna.username);
      assert.equal(first.forms.length, before);
      assert.deepEqual(await shop.revoked(), ['agent #2 refresh', 'agent #2 access']);
      assert.deepEqual((await shop.alive()).sort(), ['customer #1 access', 'customer #1 refresh']);
    });
  }

  test('R5, R24: a customer parked in both tabs is restored in both, and her tokens are not revoked', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const options = { persistRefreshToken: true };
    const [first, second] = await browser.openTabs(2, emulateAnna, options);
    first.session.signOutAgent();
    await browser.pass(10_000);
    assert.deepEqual(browser.phases(), ['customer', 'customer']);
    assert.equal(await userOf(second.session), anna.username);
    assert.deepEqual(await shop.revoked(), ['agent #2 refresh', 'agent #2 access']);
    second.session.signOut();
    await browser.pass(10_000);
    assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R2, R24: a customer retired in both tabs is revoked by the tab in which the agent signs out', async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const options = { persistRefreshToken: true };
    const [first, second] = await browser.openTabs(
      2,
      async ({ session }) => {
        await session.signIn(anna);
        await session.signInAgent(agent);
      },
      options,
    );
    second.session.signOutAgent();
    await browser.pass(10_000);
    assert.deepEqual(browser.phases(), ['anonymous', 'anonymous']);
    assert.deepEqual(await shop.alive(), []);
    assert.equal((await shop.revoked()).length, 4);
    assert.equal(first.forms.length, 2);
  });
});

describe('R29 across pages', limit, () => {
  for (const storage of /** @type {const} */ (['session', 'local'])) {
    /** @type {Record<string, (page: Page) => Page>} */
    const successors = {
      'the page after a reload': (page) => page.reload(),
      ...(storage === 'local' && { 'another tab': (page) => page.browser.openTab() }),
    };
    for (const [name, next] of Object.entries(successors)) {
      test(`R29: a sign-in in ${name} waits for a revocation that may be pending ('${storage}')`, async (t) => {
        const shop = storefront();
        const browser = new Browser(t, shop, storage);
        shop.backend.set({ sameToken: true, revoke: { answer: 'hold-before' } });
        const page = await browser.open();
        await page.session.signIn(anna);
        page.session.signOut();
        await browser.quiet();
        const after = next(page);
        const session = await after.open();
        assert.equal(session.state.phase, 'anonymous');
        const signedIn = session.signIn(anna);
        await browser.pass(1_900);
        assert.deepEqual(shop.asked(), ['password']);
        assert.equal(session.state.phase, 'customer-signing-in');
        shop.backend.set({ revoke: { answer: 'normal' } });
        shop.backend.release();
        await browser.pass(100);
        await signedIn;
        assert.deepEqual(shop.asked(), ['password', 'password']);
        assert.equal(await userOf(session), anna.username);
        assert.equal(session.state.phase, 'customer');
        assert.deepEqual(await browser.orphans(), []);
      });
    }

    test(`R29: a sign-in 2 s after the sign-out does not wait ('${storage}')`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = await browser.open();
      await page.session.signIn(anna);
      page.session.signOut();
      await browser.pass(2_000);
      const after = page.reload();
      const session = await after.open();
      assert.equal(await browser.passUntil(session.signIn(ben)), 0);
    });

    test(`R29: a sign-in waits at most 2 s, even if the clock was set back ('${storage}')`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = await browser.open();
      await page.session.signIn(anna);
      page.session.signOut();
      await browser.pass(100);
      const after = page.reload();
      browser.sleep(-3_600_000);
      const session = await after.open();
      assert.ok((await browser.passUntil(session.signIn(ben))) <= 2_000);
    });
  }
});

describe('two sessions of one page', limit, () => {
  for (const storage of /** @type {const} */ (['session', 'local'])) {
    test(`R24: two sessions of one page notify each other without a call ('${storage}')`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage);
      const page = browser.openTab();
      const [one, other] = [await page.open(), await page.open()];
      /** @type {string[]} */
      const phases = [];
      other.addEventListener('change', () => phases.push(other.state.phase));
      await one.signIn(anna);
      await browser.quiet();
      assert.deepEqual(phases, ['customer']);
      one.signOut();
      await browser.pass(10_000);
      assert.deepEqual(phases, ['customer', 'anonymous']);
      await one.signInAgent(agent);
      one.emulate(annaId);
      await browser.quiet();
      assert.equal(other.state.phase, 'emulating');
      assert.equal(other.state.userId, annaId);
      assert.equal(page.forms.length, 4);
    });

    test(`R24: two sessions of one page agree at their next call without BroadcastChannel ('${storage}')`, async (t) => {
      const shop = storefront();
      const browser = new Browser(t, shop, storage, { channel: false });
      const page = browser.openTab();
      const [one, other] = [await page.open(), await page.open()];
      await one.signIn(anna);
      assert.equal(other.authorization(), one.authorization());
      assert.equal(other.state.phase, 'customer');
      one.signOut();
      assert.equal(other.authorization(), undefined);
      assert.equal(other.state.phase, 'anonymous');
    });
  }

  test("R24: a duplicate has a session of its own: a sign-in in one does not appear in the other ('session')", async (t) => {
    const shop = storefront();
    const browser = new Browser(t, shop, 'session');
    const [first, second] = await browser.openTabs(2, signIn);
    first.session.signOut();
    await browser.pass(10_000);
    await first.session.signIn(ben);
    await browser.quiet();
    assert.deepEqual(browser.phases(), ['customer', 'anonymous']);
    await second.session.signIn(anna);
    await browser.quiet();
    assert.equal(await userOf(first.session), ben.username);
    assert.equal(await userOf(second.session), anna.username);
  });
});
