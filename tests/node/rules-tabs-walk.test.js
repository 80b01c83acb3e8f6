// R7, R24, R31 on random walks: actions of shoppers, scripts and browsers on a few tabs, in random
// order. When everything has come to rest, tabs that share a storage agree, and every valid token
// is held by a tab.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Browser } from './browser.js';
import { agent, anna, annaId, ben, benId, useStorefront } from './storefront.js';

/** @import { Page } from './browser.js' */
/** @import { TestContext } from 'node:test' */

const storefront = useStorefront();

/** Ignores the rejection of a refused or cancelled sign-in. @param {Promise<unknown>} promise */
const attempt = (promise) => void promise.catch(() => {});

/**
 * The actions on a tab that is awake.
 *
 * @type {Record<string, (page: Page) => unknown>}
 */
const acts = {
  'Anna signs in': ({ session }) => attempt(session.signIn(anna)),
  'Ben signs in': ({ session }) => attempt(session.signIn(ben)),
  'an agent signs in': ({ session }) => attempt(session.signInAgent(agent)),
  'an agent takes over': ({ session }) =>
    attempt(session.signInAgent(agent, { customerId: annaId })),
  'emulates Ben'({ session }) {
    try {
      session.emulate(benId);
    } catch {
      // There is no agent.
    }
  },
  'signs out': ({ session }) => void session.signOut(),
  'the agent signs out': ({ session }) => void session.signOutAgent(),
  asks: (page) => attempt(page.browser.shop.getUser(page.session)),
  'empties the storage': (page) => page.localStorage.clear(),
  sleeps: (page) => page.freeze(),
};

/** The events around the tabs. @type {Record<string, (browser: Browser) => unknown>} */
const events = {
  'access tokens die': ({ shop }) => shop.backend.expireAccessTokens(),
  'a moment passes': (browser) => browser.quiet(),
  '3 s pass': async (browser) => {
    show(browser);
    await browser.pass(3_000);
  },
  // A browser takes some milliseconds to show one tab the storage writes of another.
  'tabs see each other late': (browser) => {
    browser.local.isLate = true;
    browser.heldMessages ??= [];
  },
  'tabs see each other': (browser) => show(browser),
  'somebody wakes up': ({ pages }) => [...pages].find(({ isFrozen }) => isFrozen)?.wake(),
};

/** @param {Browser} browser */
function show(browser) {
  browser.local.isLate = false;
  browser.local.show();
  browser.deliverMessages();
}

/** @param {Browser} browser */
async function comeToRest(browser) {
  for (const page of browser.pages) page.wake();
  show(browser);
  await browser.pass(30_000);
  // Each session reads the storage once more, as at the next request of a shopper.
  for (const session of browser.sessions) session.authorization();
  await browser.pass(30_000);
}

/**
 * @param {TestContext} t
 * @param {'local' | 'session'} storage
 * @param {boolean} persistRefreshToken
 * @param {[number, string][]} steps
 */
async function walk(t, storage, persistRefreshToken, steps) {
  const shop = storefront();
  shop.backend.reset();
  shop.backend.set({ revocationEnds: 'token' });
  const browser = new Browser(t, shop, storage);
  await browser.openTabs(3, ({ session }) => session.signIn(anna), { persistRefreshToken });
  const pages = [...browser.pages];
  for (const [index, name] of steps) {
    const page = pages[index];
    if (events[name]) await events[name](browser);
    else if (!page.isAsleep) acts[name](page);
  }
  await comeToRest(browser);
  if (storage === 'local') {
    const bearers = browser.sessions.map((session) => session.authorization());
    assert.equal(new Set(browser.phases()).size, 1, `${browser.phases()}`);
    assert.equal(new Set(bearers).size, 1);
  }
  for (const session of browser.sessions) {
    session.signOutAgent();
    session.signOut();
    await browser.pass(30_000);
  }
  assert.deepEqual(new Set(browser.phases()), new Set(['anonymous']));
  const alive = (await shop.alive()).filter((label) => !label.startsWith('client'));
  assert.deepEqual(alive, []);
  assert.deepEqual(await browser.stored(), []);
  for (const session of browser.sessions) session.close();
  for (const page of pages) page.kill();
}

// Other walks: OCC_WALKS='SEED COUNT' npm run test:node -- tests/node/rules-tabs-walk.test.js
const [seed = 1, numRuns = 5] = (process.env.OCC_WALKS ?? '')
  .split(' ')
  .filter(Boolean)
  .map(Number);

describe('random walks', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.nat(2), fc.constantFrom(...Object.keys(acts))) },
    { weight: 4, arbitrary: fc.tuple(fc.constant(0), fc.constantFrom(...Object.keys(events))) },
  );
  for (const storage of /** @type {const} */ (['local', 'session'])) {
    for (const persistRefreshToken of [false, true]) {
      const options = persistRefreshToken ? ', refresh tokens stored' : '';
      test(`R7, R24, R31: tabs agree after random walks, and every token is revoked in the end ('${storage}'${options})`, async (t) => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 7 }), (steps) =>
            walk(t, storage, persistRefreshToken, steps),
          ),
          { seed, numRuns },
        );
      });
    }
  }
});
