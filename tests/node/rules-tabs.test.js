// R24: tabs that share a session, or hold the same grant, with stand-ins for the browser's storage and
// its event: several sessions in one process are the tabs. Real tabs are tested in the browser.
import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  agent,
  anna,
  annaId,
  ben,
  deadAnswer,
  limit,
  scriptedFetch,
  standIn,
  standInWindow,
  useStorefront,
  WebStorage,
} from './storefront.js';

/** @import { SessionOptions, Storefront, TestContext } from './storefront.js' */

const storefront = useStorefront();

/** A tab, which counts its own requests. @param {Storefront} shop @param {Partial<SessionOptions>} options */
async function openTab(shop, options) {
  let requests = 0;
  /** @type {typeof fetch} */
  const ask = (input, init) => {
    requests++;
    return shop.fetch(input, init);
  };
  const session = await shop.open({ ...options, fetch: ask });
  return { session, requests: () => requests };
}

describe("tabs that share a session (storage: 'local')", limit, () => {
  /** @param {TestContext} t */
  function browser(t) {
    const localStorage = new WebStorage();
    standIn(t, 'localStorage', { value: localStorage });
    const page = standInWindow(t);
    return {
      localStorage,
      /** What the browser does in the other tabs when one has written. */
      tellTabs: () => page.dispatchEvent(new Event('storage')),
      /** What it does in a page that was kept, and is shown again. */
      showPageAgain: () => page.dispatchEvent(new Event('pageshow')),
    };
  }

  test('R24: one tab signs out and the other is signed out, without a request of its own', async (t) => {
    const { tellTabs } = browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local' });
    assert.equal(other.session.state.phase, 'customer');
    one.session.signOut();
    tellTabs();
    assert.equal(other.session.state.phase, 'anonymous');
    assert.equal(other.session.authorization(), undefined);
    await one.session.settled();
    await other.session.settled();
    assert.equal(other.requests(), 0);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: a page that was kept during the sign-out is signed out when it is shown again', async (t) => {
    const { showPageAgain } = browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local' });
    one.session.signOut();
    assert.equal(other.session.state.phase, 'customer');
    showPageAgain();
    assert.equal(other.session.state.phase, 'anonymous');
  });

  test('R24: a page that slept while one customer left and another came is told of both', async (t) => {
    const { showPageAgain } = browser(t);
    // A page that sleeps hears nothing.
    standIn(t, 'BroadcastChannel', { value: undefined });
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local' });
    /** @type {string[]} */
    const phases = [];
    other.session.addEventListener('change', () => phases.push(other.session.state.phase));
    one.session.signOut();
    await one.session.signIn(ben);
    showPageAgain();
    assert.deepEqual(phases, ['anonymous', 'customer']);
    assert.equal(other.session.authorization(), `Bearer ${await shop.token('customer #2 access')}`);

    // A refresh is nobody else.
    phases.length = 0;
    await one.session.renew(one.session.authorization() ?? '', deadAnswer());
    showPageAgain();
    assert.deepEqual(phases, ['customer']);
    assert.equal(other.requests(), 0);
  });

  test('R24: what is done when it is told of the first holds: the state of the second does not come after it', async (t) => {
    const { showPageAgain } = browser(t);
    standIn(t, 'BroadcastChannel', { value: undefined });
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local' });
    one.session.signOut();
    await one.session.signIn(ben);
    /** @type {string[]} */
    const phases = [];
    other.session.addEventListener('change', () => phases.push(other.session.state.phase));
    other.session.addEventListener('change', () => other.session.signOut(), { once: true });
    showPageAgain();
    // Of the first; of the sign-out; and of the second, who is signed out by then.
    assert.deepEqual(phases, ['anonymous', 'anonymous', 'anonymous']);
    assert.equal(other.session.authorization(), undefined);
    await other.session.settled();
    assert.equal(other.session.state.phase, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('a session that is closed reads the storage no more, and leaves no listener on itself', async (t) => {
    const { localStorage, tellTabs } = browser(t);
    const shop = storefront();
    const { session } = await openTab(shop, { storage: 'local' });
    await session.signIn(anna);
    session.signOut();
    await session.settled();
    assert.deepEqual(getEventListeners(session, 'change'), []);
    session.close();
    const getItem = t.mock.method(localStorage, 'getItem');
    tellTabs();
    session.authorization();
    assert.equal(getItem.mock.callCount(), 0);
  });

  test('R24: a page that closes its session when it is told of another tab, in the midst of a sign-in, is told closed', async (t) => {
    browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    const other = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    other.session.addEventListener('change', () => other.session.close(), { once: true });
    await assert.rejects(other.session.signIn(ben), { name: 'SessionError', code: 'closed' });
    assert.equal(other.requests(), 0);
  });

  test('R24: a session that finds no place now is taken over as soon as there is one', async (t) => {
    browser(t);
    standIn(t, 'BroadcastChannel', { value: undefined });
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    const other = await openTab(shop, { storage: 'local' });
    // Tokens are on their way to the other tab in all the places that sign-ins may take, and two
    // sessions that it has signed out take the rest.
    shop.backend.set({ token: { answer: 'hold' } });
    const attempts = Array.from({ length: 8 }, () =>
      assert.rejects(other.session.signIn(anna), { code: 'cancelled' }),
    );
    await shop.held(8);
    shop.backend.set({ token: { answer: 'normal' }, revoke: { answer: 'hold' } });
    for (let i = 0; i < 2; i++) {
      await one.session.signIn(ben);
      other.session.signOut();
      assert.equal(one.session.authorization(), undefined);
    }
    await one.session.signIn(ben);
    const bearer = one.session.authorization();
    assert.equal(other.session.authorization(), undefined);
    assert.equal(other.session.state.phase, 'anonymous');
    shop.backend.set({ revoke: { answer: 'normal' } });
    shop.backend.release();
    await Promise.all(attempts);
    await other.session.settled();
    assert.equal(other.session.authorization(), bearer);
    assert.equal(other.session.state.phase, 'customer');
  });

  test('R24: even before the event has come, the other tab acts on what is true by now', async (t) => {
    browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local' });
    one.session.signOut();
    assert.equal(other.session.authorization(), undefined);
    assert.equal(other.session.state.phase, 'anonymous');
  });

  test('R8, R24: both tabs sign out: each token is revoked once', async (t) => {
    browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local', persistRefreshToken: true });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local', persistRefreshToken: true });
    one.session.signOut();
    other.session.signOut();
    await one.session.settled();
    await other.session.settled();
    assert.equal(other.requests(), 0);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: a refresh that comes after the sign-out of the other tab does not bring the session back', async (t) => {
    const { localStorage } = browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local', persistRefreshToken: true });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local', persistRefreshToken: true });
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const answer = shop.getUser(other.session);
    await shop.held();
    one.session.signOut();
    const stored = localStorage.getItem('occ-session');
    shop.backend.release();
    assert.equal((await answer).status, 401);
    await shop.backend.waitFor(({ path, status }) => path.endsWith('/revoke') && !!status, 4);
    await other.session.settled();
    await one.session.settled();
    assert.equal(localStorage.getItem('occ-session'), stored);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.equal(one.session.authorization(), undefined);
    assert.equal((await shop.open({ storage: 'local' })).state.phase, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R24: whoever signs in in one tab is there in the other', async (t) => {
    const { tellTabs } = browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    const other = await openTab(shop, { storage: 'local' });
    /** @type {string[]} */
    const phases = [];
    other.session.addEventListener('change', () => phases.push(other.session.state.phase));
    await one.session.signIn(anna);
    tellTabs();
    assert.deepEqual(phases, ['customer']);
    await other.session.signInAgent(agent, { customerId: annaId });
    tellTabs();
    assert.deepEqual(one.session.state, other.session.state);
    assert.equal(one.session.state.phase, 'emulating');
    one.session.signOutAgent();
    phases.length = 0;
    tellTabs();
    assert.deepEqual(phases, ['customer']);
    assert.equal((await shop.getUser(other.session)).uid, anna.username);
  });

  test('R19, R24: a token that one tab has refreshed is the one that the other sends again with', async (t) => {
    browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local', persistRefreshToken: true });
    await one.session.signIn(anna);
    const other = await openTab(shop, { storage: 'local', persistRefreshToken: true });
    await shop.backend.expireAccessTokens();
    shop.backend.set({ occ: { answer: 'hold', times: 1 } });
    const late = shop.getUser(other.session);
    await shop.held();
    assert.equal((await shop.getUser(one.session)).status, 200);
    shop.backend.release();
    assert.equal((await late).status, 200);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('R24: a snapshot of a tab that was long asleep does not bring the old epoch back', async (t) => {
    const { localStorage, tellTabs } = browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const old = localStorage.getItem('occ-session') ?? '';
    one.session.signOut();
    await one.session.settled();
    await one.session.signIn(ben);
    const newest = localStorage.getItem('occ-session') ?? '';
    localStorage.setItem('occ-session', old);
    tellTabs();
    assert.equal((await shop.getUser(one.session)).uid, ben.username);

    // Nor does it make somebody else of whoever is there, when another tab writes what is newer.
    /** @type {string[]} */
    const phases = [];
    one.session.addEventListener('change', () => phases.push(one.session.state.phase));
    localStorage.setItem('occ-session', newest.replace(/"epoch":\d+/, '"epoch":1234'));
    tellTabs();
    assert.deepEqual(phases, ['customer']);
  });

  test('R24: an epoch is another when it differs in its last digit', async (t) => {
    const { localStorage, tellTabs } = browser(t);
    const shop = storefront();
    const one = await openTab(shop, { storage: 'local' });
    await one.session.signIn(anna);
    const stored = localStorage.getItem('occ-session') ?? '';
    /** @param {number} epoch @param {string} access */
    const write = (epoch, access) =>
      localStorage.setItem(
        'occ-session',
        JSON.stringify({
          ...JSON.parse(stored),
          epoch,
          active: { ...JSON.parse(stored).active, access },
        }),
      );
    write(10, 'x');
    tellTabs();
    write(11, 'y');
    tellTabs();
    assert.equal(one.session.authorization(), 'Bearer y');
  });
});

describe("a duplicated tab (storage: 'session')", limit, () => {
  /**
   * A browser in which each tab has a sessionStorage of its own; `enter` says which tab acts now.
   *
   * @param {TestContext} t
   */
  function browser(t) {
    const localStorage = new WebStorage();
    let sessionStorage = new WebStorage();
    standIn(t, 'localStorage', { value: localStorage });
    standIn(t, 'sessionStorage', { get: () => sessionStorage });
    return {
      localStorage,
      duplicate: () => new WebStorage(sessionStorage.items),
      original: sessionStorage,
      /** @param {WebStorage} storage */
      enter: (storage) => (sessionStorage = storage),
    };
  }

  test('R24: the original signs out and the duplicate is signed out, without a request of its own', async (t) => {
    const { localStorage, duplicate, original, enter } = browser(t);
    const shop = storefront();
    const options = /** @type {const} */ ({ storage: 'session', persistRefreshToken: true });
    const one = await openTab(shop, options);
    await one.session.signIn(anna);
    const copy = duplicate();
    enter(copy);
    const other = await openTab(shop, options);
    assert.equal(other.session.state.phase, 'customer');

    enter(original);
    one.session.signOut();
    assert.equal(original.getItem('occ-session'), null);
    const ended = localStorage.getItem('occ-session.ended') ?? '';
    assert.match(ended.trim(), /^\d+$/);

    enter(copy);
    other.session.signOut();
    assert.equal(other.session.state.phase, 'anonymous');
    assert.equal(copy.getItem('occ-session'), null);
    await one.session.settled();
    assert.equal(other.requests(), 0);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('R24: a duplicate that is reloaded, or made, after the sign-out is signed out', async (t) => {
    const { duplicate, original, enter } = browser(t);
    const shop = storefront();
    const one = await shop.openCustomer({ storage: 'session' });
    const copy = duplicate();
    enter(original);
    one.signOut();
    enter(copy);
    const other = await openTab(shop, { storage: 'session' });
    assert.equal(other.session.authorization(), undefined);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.equal(other.requests(), 0);
  });

  test('R24: a refresh of the duplicate that comes after the sign-out is revoked', async (t) => {
    const { duplicate, original, enter } = browser(t);
    const shop = storefront();
    const options = /** @type {const} */ ({ storage: 'session', persistRefreshToken: true });
    const one = await shop.openCustomer(options);
    const copy = duplicate();
    enter(copy);
    const other = await openTab(shop, options);
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const answer = shop.getUser(other.session);
    await shop.held();
    enter(original);
    one.signOut();
    enter(copy);
    shop.backend.release();
    assert.equal((await answer).status, 401);
    await shop.backend.waitFor(({ path, status }) => path.endsWith('/revoke') && !!status, 4);
    assert.equal(copy.getItem('occ-session'), null);
    assert.equal(other.session.state.phase, 'anonymous');
    assert.deepEqual(await shop.alive(), []);
  });

  test('R24: of the grants that have ended the last fifty are known to other tabs', async (t) => {
    const { localStorage, duplicate, original, enter } = browser(t);
    const shop = storefront();
    const { fetch } = scriptedFetch(() => new Response());
    const one = await shop.open({ storage: 'session', fetch });
    const asBefore = /** @type {WebStorage[]} */ ([]);
    for (let i = 0; i < 52; i++) {
      await one.signIn(anna);
      asBefore.push(duplicate());
      one.signOut();
      await one.settled();
    }
    const numbers = (localStorage.getItem('occ-session.ended') ?? '').split(' ');
    assert.equal(numbers.length, 50);
    assert.deepEqual(
      numbers,
      asBefore
        .slice(2)
        .map((storage) => String(JSON.parse(storage.getItem('occ-session') ?? '').active.number)),
    );
    enter(asBefore[2]);
    assert.equal((await shop.open({ storage: 'session', fetch })).state.phase, 'anonymous');
    enter(original);
  });

  test('R24: a list of ended grants that somebody has emptied does no harm', async (t) => {
    const { localStorage } = browser(t);
    const shop = storefront();
    const one = await shop.openCustomer({ storage: 'session' });
    one.signOut();
    await one.settled();
    await one.signIn(ben);
    localStorage.removeItem('occ-session.ended');
    assert.equal((await shop.getUser(one)).uid, ben.username);
  });

  test('R24: a sign-out in one tab is nothing to a tab with another grant', async (t) => {
    const { original, enter } = browser(t);
    const shop = storefront();
    const one = await shop.openCustomer({ storage: 'session' });
    const own = new WebStorage();
    enter(own);
    const other = await shop.open({ storage: 'session' });
    await other.signIn(ben);
    enter(original);
    one.signOut();
    await one.settled();
    enter(own);
    assert.equal((await shop.getUser(other)).uid, ben.username);
    assert.equal(other.state.phase, 'customer');
  });
});

describe(
  "a page that was kept while the next one of its tab was shown (storage: 'session')",
  limit,
  () => {
    test('R24: it takes over what the next page has stored, and writes nothing', async (t) => {
      const sessionStorage = new WebStorage();
      standIn(t, 'sessionStorage', { value: sessionStorage });
      standIn(t, 'localStorage', { value: new WebStorage() });
      // A page that is kept hears of nothing.
      standIn(t, 'BroadcastChannel', { value: undefined });
      const page = standInWindow(t);
      const shop = storefront();
      const options = /** @type {const} */ ({ storage: 'session', persistRefreshToken: true });
      const kept = await openTab(shop, options);
      await kept.session.signIn(anna);
      const next = await openTab(shop, options);
      next.session.signOut();
      await next.session.settled();
      await next.session.signInAgent(agent);
      const stored = sessionStorage.getItem('occ-session');
      assert.equal(kept.session.state.phase, 'customer');

      page.dispatchEvent(new Event('pageshow'));
      assert.equal(kept.session.state.phase, 'agent');
      assert.deepEqual(kept.session.state, next.session.state);
      assert.equal(kept.session.authorization(), `Bearer ${await shop.token('agent #2 access')}`);
      assert.equal(sessionStorage.getItem('occ-session'), stored);
      assert.equal(kept.requests(), 1);
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    });
  },
);

describe('tabs that do not see yet what another has stored', limit, () => {
  test('R24: the channel to them is closed with the session; in a browser it has no unref', async (t) => {
    standIn(t, 'sessionStorage', { value: new WebStorage() });
    standIn(t, 'localStorage', { value: new WebStorage() });
    /** @type {string[]} */
    const done = [];
    standIn(t, 'BroadcastChannel', {
      value: class {
        /** @param {string} name */
        constructor(name) {
          done.push(`open ${name}`);
        }

        /** @param {unknown} message */
        postMessage(message) {
          done.push(`post a ${typeof message}`);
        }

        close() {
          done.push('close');
        }
      },
    });
    const { fetch } = scriptedFetch(() => new Response());
    const session = await storefront().openCustomer({ storage: 'session', fetch });
    session.signOut();
    await session.settled();
    session.close();
    assert.deepEqual(done, ['open occ-session', 'post a number', 'close']);
  });

  for (const storage of /** @type {const} */ (['session', 'local'])) {
    test(`R24, R8: a message tells them of a sign-out, and they send nothing (storage '${storage}')`, async (t) => {
      let areas = { session: new WebStorage(), local: new WebStorage() };
      standIn(t, 'sessionStorage', { get: () => areas.session });
      standIn(t, 'localStorage', { get: () => areas.local });
      const shop = storefront();
      const options = { storage, persistRefreshToken: true };
      const one = await openTab(shop, options);
      await one.session.signIn(anna);
      const ofOne = areas;
      const ofOther = {
        session: new WebStorage(areas.session.items),
        local: new WebStorage(areas.local.items),
      };
      areas = ofOther;
      const other = await openTab(shop, options);
      assert.equal(other.session.state.phase, 'customer');

      areas = ofOne;
      one.session.signOut();
      areas = ofOther;
      assert.equal(other.session.state.phase, 'customer');
      await once(other.session, 'change');
      assert.equal(other.session.state.phase, 'anonymous');
      assert.equal(other.session.authorization(), undefined);
      const stored = ofOther[storage].getItem('occ-session') ?? '';
      assert.equal(stored.includes(await shop.token('customer #1 access')), false);
      other.session.signOut();
      await one.session.settled();
      await other.session.settled();
      assert.equal(other.requests(), 0);
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    });
  }

  test('R24: a message that comes while the module is still being loaded does no harm', async (t) => {
    standIn(t, 'sessionStorage', { value: new WebStorage() });
    standIn(t, 'localStorage', { value: new WebStorage() });
    /** @type {(bytes: Buffer<ArrayBuffer>) => void} */
    let give = () => {};
    /** @type {Promise<BufferSource>} */
    const wasm = new Promise((resolve) => (give = resolve));
    const opening = storefront().open({ storage: 'session', wasm });
    const [sender, witness] = [1, 2].map(() => new BroadcastChannel('occ-session'));
    t.after(() => [sender, witness].forEach((channel) => channel.close()));
    const heard = once(witness, 'message');
    sender.postMessage(7);
    await heard;
    give(readFileSync(new URL('../../dist/core.wasm', import.meta.url)));
    assert.equal((await opening).state.phase, 'anonymous');
  });
});
