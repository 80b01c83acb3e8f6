// Tabs that share a session or hold the same grant (R24, R8), and the session after a reload (R25).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  agent,
  anna,
  answered,
  assertStorageHasNoToken,
  ben,
  lives,
  received,
  revocations,
  revokePath,
  tokenPath,
  waitFor,
} from './browser.js';
import { openContext, startPages, waitForPhase } from './engine.js';

/** @import { Page } from './engines/types.js' */
/** @import { TestContext } from 'node:test' */

const { browser, backend, site } = await startPages();

/** @typedef {{ storage?: 'session' | 'local', persist?: '1' }} Options */

/** @param {TestContext} t @param {Options} [options] */
async function openContextWithPage(t, options) {
  const context = await openContext(t, browser, backend);
  const page = await context.newPage();
  await page.goto(site.page(backend, options));
  await waitForPhase(page, 'anonymous');
  return { context, page };
}

/** @param {TestContext} t @param {Options} [options] */
const openPage = async (t, options) => (await openContextWithPage(t, options)).page;

/** @param {Page} page */
const signIn = (page) =>
  page.evaluate((credentials) => globalThis.session.signIn(credentials), anna);

/** @param {Page} page @param {string} [customerId] */
const signInAgent = (page, customerId) =>
  page.evaluate(
    ([credentials, options]) => globalThis.session.signInAgent(credentials, options),
    /** @type {const} */ ([agent, { customerId }]),
  );

/** @param {Page} page */
const signOut = (page) => page.evaluate(() => void globalThis.session.signOut());

/** @param {Page} page */
const stateOf = (page) => page.evaluate(() => globalThis.session.state);

/** @param {Page} page */
const bearerOf = (page) => page.evaluate(() => globalThis.session.authorization());

/** Requests a resource for customers only. @param {Page} page */
const askForUser = (page) =>
  page.evaluate(
    async (url) => (await globalThis.session.fetch(url)).status,
    `${backend.url}/occ/v2/shop/users/current`,
  );

/** The ways to open tabs with Anna signed in, two by default. The first has the refresh token. */
const pairs = {
  /** Opens tabs that share one storage. @param {TestContext} t @param {Options} [options] */
  async shared(t, options, count = 2) {
    const shared = /** @type {Options} */ ({ storage: 'local', ...options });
    const { context, page: first } = await openContextWithPage(t, shared);
    await signIn(first);
    const pages = [first];
    while (pages.length < count) {
      const page = await context.newPage();
      await page.goto(site.page(backend, shared));
      await waitForPhase(page, 'customer');
      pages.push(page);
    }
    return pages;
  },

  /**
   * Opens windows that begin with a copy of the first tab's sessionStorage, as duplicates do.
   *
   * @param {TestContext} t
   * @param {Options} [options]
   */
  async duplicated(t, options, count = 2) {
    const copied = /** @type {Options} */ ({ storage: 'session', ...options });
    const first = await openPage(t, copied);
    await signIn(first);
    const pages = [first];
    while (pages.length < count) {
      const page = await first.openWindow(site.page(backend, copied));
      await waitForPhase(page, 'customer');
      pages.push(page);
    }
    return pages;
  },
};

/** @param {Page} page */
const expiriesOf = (page) => page.evaluate(() => globalThis.expiries);

/** Returns the grant types of the token requests. */
const grantTypes = () => backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);

/** Resolves with the labels of the tokens that the server still accepts. */
async function alive() {
  const states = Object.entries(await lives(backend));
  return states.filter(([, state]) => state === 'active').map(([label]) => label);
}

/**
 * Waits until the pages have the same bearer, and no other token is valid at the server.
 *
 * @param {Page[]} pages
 * @returns {Promise<string>} the label that the tokens of the bearer share
 */
async function agreedOn(pages) {
  const end = performance.now() + 30_000;
  for (;;) {
    const bearers = new Set(await Promise.all(pages.map(bearerOf)));
    const tokens = (await backend.tokens()).filter(({ active }) => active);
    const [{ token, label } = { token: '', label: '' }] = tokens.filter(
      ({ kind }) => kind === 'access_token',
    );
    if (bearers.size === 1 && tokens.length === 2 && bearers.has(`Bearer ${token}`)) {
      return label.replace(/ access$/, '');
    }
    assert.ok(performance.now() < end, `${bearers.size} bearers, ${tokens.length} tokens`);
    await delay(20);
  }
}

/** @param {Page} page */
const settled = (page) => page.evaluate(() => globalThis.session.settled());

/** @param {Page[]} pages */
async function assertRevokedOnce(pages) {
  for (const page of pages) {
    await waitForPhase(page, 'anonymous');
    await page.evaluate(() => globalThis.session.settled());
  }
  assert.deepEqual((await revocations(backend)).sort(), [
    'customer #1 access under customer #1 access',
    'customer #1 refresh under customer #1 access',
  ]);
}

/** Signs out in all pages at the same moment of their common clock. @param {Page[]} pages */
async function signOutAtOnce(pages) {
  const soon = Date.now() + 300;
  await Promise.all(
    pages.map((page) =>
      page.evaluate(async (at) => {
        await new Promise((resolve) => {
          setTimeout(resolve, at - performance.timeOrigin - performance.now());
        });
        globalThis.session.signOut();
      }, soon),
    ),
  );
}

describe('two tabs', () => {
  test('R24: a duplicated tab holds the same grant in a storage of its own', async (t) => {
    const [first, second] = await pairs.duplicated(t);
    const bearer = await bearerOf(first);
    assert.equal(bearer, `Bearer ${(await backend.tokens())[0]?.token}`);
    assert.equal(await bearerOf(second), bearer);
    assert.equal(backend.received({ path: tokenPath }).length, 1);

    await second.evaluate(() => sessionStorage.setItem('mine', 'yes'));
    assert.equal(await first.evaluate(() => sessionStorage.getItem('mine')), null);
  });

  test('R24: a sign-in in one tab appears in another that shares its storage', async (t) => {
    const { context, page: first } = await openContextWithPage(t, { storage: 'local' });
    const second = await context.newPage();
    await second.goto(site.page(backend, { storage: 'local' }));
    await waitForPhase(second, 'anonymous');
    await signIn(first);
    await waitForPhase(second, 'customer');
    assert.equal(await bearerOf(second), await bearerOf(first));
    assert.equal(backend.received({ path: tokenPath }).length, 1);
  });

  for (const [kind, openPair] of Object.entries(pairs)) {
    test(`R24: a sign-out in the first of two ${kind} tabs signs the other out, without a request of its own`, async (t) => {
      const [first, second] = await openPair(t);
      const heard = await second.listen();
      // The second tab is notified before the server has answered the first.
      backend.set({ revoke: { answer: 'hold' } });
      await signOut(first);
      await waitForPhase(second, 'anonymous');
      await received(backend, 1);
      assert.equal(backend.received({ path: revokePath })[0]?.answeredAt, null);
      assert.equal(await bearerOf(second), undefined);
      assert.deepEqual(await stateOf(second), {
        phase: 'anonymous',
        userId: 'anonymous',
        signedIn: false,
        agentSignedIn: false,
        emulating: false,
        expiresAt: null,
        revoking: 0,
      });
      await assertStorageHasNoToken(first, backend);
      await assertStorageHasNoToken(second, backend);

      backend.resetBehaviour();
      backend.release();
      await answered(backend, 2);
      await first.evaluate(() => globalThis.session.settled());
      await second.evaluate(() => globalThis.session.settled());
      assert.deepEqual(await revocations(backend), [
        'customer #1 refresh under customer #1 access',
        'customer #1 access under customer #1 access',
      ]);
      assert.deepEqual(await heard.requests(), []);
      assert.deepEqual(await heard.complaints(), []);
    });

    test(`R24: a sign-out in the second of two ${kind} tabs signs the first out, without a request of its own`, async (t) => {
      const [first, second] = await openPair(t, { persist: '1' });
      const heard = await first.listen();
      await signOut(second);
      await waitForPhase(first, 'anonymous');
      await second.evaluate(() => globalThis.session.settled());
      assert.deepEqual(await lives(backend), {
        'customer #1 access': 'revoked',
        'customer #1 refresh': 'revoked',
      });
      await assertStorageHasNoToken(first, backend);
      assert.deepEqual(await heard.requests(), []);
    });

    test(`R8: a sign-out that one of ${kind} tabs passes on to the other revokes once`, async (t) => {
      const [first, second] = await openPair(t, { persist: '1' });
      // A storefront may do so itself, in the order of the browser's storage events.
      await second.evaluate(() => {
        globalThis.awaited = new Promise((resolve) => {
          addEventListener('storage', ({ key }) => {
            if (key === 'sign-out') resolve(globalThis.session.signOut());
          });
        });
      });
      await first.evaluate(() => {
        globalThis.session.signOut();
        globalThis.session.signOut();
        localStorage.setItem('sign-out', 'now');
      });
      await second.evaluate(() => globalThis.awaited);
      await assertRevokedOnce([first, second]);
    });

    test(`R24: a refresh answered late in one of two ${kind} tabs does not bring the session back`, async (t) => {
      const [first, second] = await openPair(t, { persist: '1' });
      await backend.expireAccessTokens();
      backend.set({ token: { answer: 'hold', only: 'refresh_token', times: 1 } });
      const asked = askForUser(second);
      const refresh = (/** @type {import('../../web/backend/index.js').Entry} */ entry) =>
        entry.form?.grant_type === 'refresh_token';
      await waitFor(backend, (entry) => refresh(entry) && entry.status === 'held');

      await signOut(first);
      await waitForPhase(second, 'anonymous');
      await first.evaluate(() => globalThis.session.settled());
      backend.release();
      assert.equal(await asked, 401);

      // The server has rotated the tokens; the tab that received the late ones revokes them.
      const late = (await backend.tokens()).find(({ label }) => label === 'customer #2 refresh');
      await waitFor(backend, ({ form, answeredAt }) => form?.token === late?.token && !!answeredAt);
      await settled(second);
      assert.deepEqual(await alive(), []);
      for (const page of [first, second]) {
        assert.equal((await stateOf(page)).phase, 'anonymous');
        assert.equal(await bearerOf(page), undefined);
        await assertStorageHasNoToken(page, backend);
        await page.reload();
        await waitForPhase(page, 'anonymous');
      }
    });
  }
});

describe('an access token that has died', () => {
  for (const [kind, open] of Object.entries(pairs)) {
    test(`R31: a dead token in the last of three ${kind} tabs is refreshed once, and all stay signed in`, async (t) => {
      const pages = await open(t, {}, 3);
      await backend.expireAccessTokens();
      assert.equal(await askForUser(pages[2]), 200);
      assert.equal(await askForUser(pages[1]), 200);
      assert.equal(await askForUser(pages[0]), 200);
      assert.deepEqual(grantTypes(), ['password', 'refresh_token']);
      assert.deepEqual((await alive()).sort(), ['customer #2 access', 'customer #2 refresh']);
      for (const page of pages) {
        assert.equal((await stateOf(page)).phase, 'customer');
        assert.equal(await bearerOf(page), await bearerOf(pages[0]));
        assert.deepEqual(await expiriesOf(page), []);
        const stored = await page.evaluate(() =>
          JSON.stringify([{ ...sessionStorage }, { ...localStorage }]),
        );
        const refresh = (await backend.tokens()).filter((token) => token.kind === 'refresh_token');
        assert.equal(refresh.length, 2);
        for (const { token } of refresh) assert.equal(stored.includes(token), false);
      }

      await signOut(pages[2]);
      for (const page of pages) {
        await waitForPhase(page, 'anonymous');
        await settled(page);
        await assertStorageHasNoToken(page, backend);
      }
      assert.deepEqual(await alive(), []);
    });

    test(`R31: simultaneous requests of three ${kind} tabs cause one refresh`, async (t) => {
      const pages = await open(t, {}, 3);
      await backend.expireAccessTokens();
      assert.deepEqual(await Promise.all(pages.map(askForUser)), [200, 200, 200]);
      assert.deepEqual(grantTypes(), ['password', 'refresh_token']);
    });

    test(`R31: when the one of two ${kind} tabs with the refresh token was closed, the session ends with expired`, async (t) => {
      const [first, second] = await open(t);
      await backend.expireAccessTokens();
      await first.close();
      assert.equal(await askForUser(second), 401);
      await waitForPhase(second, 'anonymous');
      assert.deepEqual(await expiriesOf(second), [{ owner: 'customer' }]);
      await assertStorageHasNoToken(second, backend);
    });

    test(`R31: the one of two ${kind} tabs with the refresh token revokes it when the other signs out`, async (t) => {
      const [first, second] = await open(t);
      backend.set({ revocationEnds: 'token' });
      await signOut(second);
      await waitForPhase(first, 'anonymous');
      for (const page of [second, first]) {
        await settled(page);
        await assertStorageHasNoToken(page, backend);
        assert.deepEqual(await expiriesOf(page), []);
      }
      assert.deepEqual(await alive(), []);
    });
  }
});

describe('an access token that has died while the tab that could refresh it sleeps', () => {
  test('R30, R31: while the tab with the refresh token sleeps, the session ends with expired, and the tab revokes when it wakes up', async (t) => {
    const [first, second] = await pairs.shared(t);
    if (!first.sleep || !first.wakeUp) return t.skip('this browser puts no page to sleep');
    await backend.expireAccessTokens();
    await first.sleep();
    assert.equal(await askForUser(second), 401);
    await waitForPhase(second, 'anonymous');
    assert.deepEqual(await expiriesOf(second), [{ owner: 'customer' }]);
    await first.wakeUp();
    await waitForPhase(first, 'anonymous');
    await settled(first);
    assert.deepEqual(await expiriesOf(first), []);
    assert.deepEqual(await alive(), []);
  });

  test('R31: when the tab with the refresh token wakes up in time, both tabs stay signed in', async (t) => {
    const [first, second] = await pairs.shared(t);
    if (!first.sleep || !first.wakeUp) return t.skip('this browser puts no page to sleep');
    await backend.expireAccessTokens();
    await first.sleep();
    const asked = askForUser(second);
    await waitFor(backend, ({ path, status }) => path.endsWith('/current') && status === 401);
    await first.wakeUp();
    assert.equal(await asked, 200);
    assert.equal(await askForUser(first), 200);
    assert.deepEqual(grantTypes(), ['password', 'refresh_token']);
  });
});

describe('two sessions of one page', () => {
  for (const storage of /** @type {const} */ (['session', 'local'])) {
    test(`R24, R31: two sessions of one page notify each other, and refresh for each other ('${storage}')`, async (t) => {
      const page = await openPage(t, { storage });
      await page.evaluate(
        async ([baseUrl, kind]) => {
          const { createSession } = await import('/occ-session/index.js');
          globalThis.second = await createSession({
            ...{ baseUrl, clientId: 'mobile_android', clientSecret: 'secret' },
            storage: /** @type {'session' | 'local'} */ (kind),
          });
          globalThis.awaited = new Promise((resolve) =>
            globalThis.second.addEventListener('change', () =>
              resolve(globalThis.second.state.phase),
            ),
          );
        },
        [backend.url, storage],
      );
      await signIn(page);
      assert.equal(await page.evaluate(() => globalThis.awaited), 'customer');
      await backend.expireAccessTokens();
      const url = `${backend.url}/occ/v2/shop/users/current`;
      const statuses = await page.evaluate(
        async (user) => [
          (await globalThis.second.fetch(user)).status,
          (await globalThis.session.fetch(user)).status,
        ],
        url,
      );
      assert.deepEqual(statuses, [200, 200]);
      assert.deepEqual(grantTypes(), ['password', 'refresh_token']);
      await page.evaluate(() => void globalThis.second.signOut());
      await waitForPhase(page, 'anonymous');
      await page.evaluate(() =>
        Promise.all([globalThis.session.settled(), globalThis.second.settled()]),
      );
      assert.deepEqual(await alive(), []);
      assert.deepEqual(await expiriesOf(page), []);
    });
  }
});

describe('storage that was emptied, or is full', () => {
  test('R7, R24: after an emptied storage and a sign-in of another customer in a new tab, both tabs agree, and one of the two is revoked', async (t) => {
    const { context, page: first } = await openContextWithPage(t, { storage: 'local' });
    await signIn(first);
    const second = await context.newPage();
    await first.evaluate(() => localStorage.clear());
    await second.goto(site.page(backend, { storage: 'local' }));
    await waitForPhase(second, 'anonymous');
    await second.evaluate((credentials) => globalThis.session.signIn(credentials), ben);
    // Either tab may be the first to see the other's snapshot, but one of the two sessions stays.
    const holder = await agreedOn([first, second]);
    assert.deepEqual((await alive()).sort(), [`${holder} access`, `${holder} refresh`]);

    await signOut(second);
    await waitForPhase(first, 'anonymous');
    await Promise.all([settled(first), settled(second)]);
    assert.deepEqual(await alive(), []);
    assert.deepEqual(await expiriesOf(first), []);
  });

  for (const isKept of [true, false]) {
    test(`R24: a duplicate that comes back after the sign-out is signed out, even if localStorage is full (${isKept ? 'it may be cached' : 'it is not cached'})`, async (t) => {
      const [first, second] = await pairs.duplicated(t);
      await second.evaluate((mayBeKept) => {
        addEventListener('pageshow', ({ persisted }) => (globalThis.wasKept = persisted));
        if (!mayBeKept) addEventListener('unload', () => {});
      }, isKept);
      await second.goto(`${site.url}other`);
      await waitForPhase(second, 'other');
      await first.evaluate(() => {
        for (let size = 2 ** 22; size >= 1; size = size > 1 ? size / 2 : 0) {
          for (let i = 0; ; i++) {
            try {
              localStorage.setItem(`${size} ${i}`, 'x'.repeat(size));
            } catch {
              break;
            }
          }
        }
      });
      backend.set({ revoke: { answer: 302 } });
      await signOut(first);
      await settled(first);
      await second.evaluate(() => history.back()).catch(() => {});
      await waitForPhase(second, 'anonymous');
      t.diagnostic(`kept: ${await second.evaluate(() => globalThis.wasKept ?? false)}`);
      assert.equal(await bearerOf(second), undefined);
      assert.notEqual(await askForUser(second), 200);
      assert.deepEqual(
        (await alive()).filter((label) => label.startsWith('customer')),
        ['customer #1 access', 'customer #1 refresh'],
      );
    });
  }
});

describe('a pending revocation', () => {
  for (const [kind, open] of Object.entries({
    'the page after a reload': async (/** @type {TestContext} */ t) => {
      const page = await openPage(t);
      return { page, next: async () => (await page.reload(), page) };
    },
    'another tab': async (/** @type {TestContext} */ t) => {
      const { context, page } = await openContextWithPage(t, { storage: 'local' });
      const other = await context.newPage();
      await other.goto(site.page(backend, { storage: 'local' }));
      await waitForPhase(other, 'anonymous');
      return { page, next: async () => other };
    },
  })) {
    test(`R29: a sign-in in ${kind} does not get the token that is being revoked`, async (t) => {
      const { page, next } = await open(t);
      await signIn(page);
      backend.set({ sameToken: true, revoke: { answer: 'hold-before' } });
      await signOut(page);
      await received(backend, 1);
      const after = await next();
      await waitForPhase(after, 'anonymous');
      const signedIn = signIn(after);
      await waitForPhase(after, 'customer-signing-in');
      backend.set({ revoke: { answer: 'normal' } });
      backend.release();
      await signedIn;
      await waitForPhase(after, 'customer');
      assert.equal(await askForUser(after), 200);
      assert.deepEqual(grantTypes(), ['password', 'password']);
      assert.deepEqual((await alive()).sort(), ['customer #2 access', 'customer #2 refresh']);
    });
  }
});

describe('a sign-out in both tabs at once', () => {
  test('R8: simultaneous sign-outs in a page and in the window that it has opened revoke each token once', async (t) => {
    const pages = await pairs.duplicated(t, { persist: '1' });
    await signOutAtOnce(pages);
    await assertRevokedOnce(pages);
  });

  // The browser takes some milliseconds to show one process the storage writes of another.
  test('R8: a tab that signs out at a message of the storefront about a sign-out revokes nothing', async (t) => {
    const pages = await pairs.shared(t, { persist: '1' });
    const [first, second] = pages;
    await second.evaluate(() => {
      const storefront = new BroadcastChannel('storefront');
      storefront.onmessage = () => void globalThis.session.signOut();
    });
    await first.evaluate(() => {
      void globalThis.session.signOut();
      new BroadcastChannel('storefront').postMessage('signed out');
    });
    await assertRevokedOnce(pages);
  });
});

describe('a reload', () => {
  /** The way to each state, and the grants that a sign-out of agent and customer then revokes. */
  const states = [
    {
      name: 'customer',
      phase: 'customer',
      enter: signIn,
      signOut: ['customer #1'],
    },
    {
      name: 'agent',
      phase: 'agent',
      enter: (/** @type {Page} */ page) => signInAgent(page),
      signOut: ['agent #1'],
    },
    {
      name: 'emulating with no customer parked',
      phase: 'emulating',
      async enter(/** @type {Page} */ page) {
        await signInAgent(page);
        await page.evaluate(() => globalThis.session.emulate('0002'));
      },
      signOut: ['agent #1'],
    },
    {
      name: 'emulating with the customer parked',
      phase: 'emulating',
      async enter(/** @type {Page} */ page) {
        await signIn(page);
        await signInAgent(page, '0001');
      },
      // The customer is restored by the agent's sign-out, and signs out after it.
      signOut: ['agent #2', 'customer #1'],
    },
    {
      name: 'agent with the customer retired',
      phase: 'agent',
      async enter(/** @type {Page} */ page) {
        await signIn(page);
        await signInAgent(page);
      },
      signOut: ['agent #2', 'customer #1'],
    },
  ];

  for (const { name, phase, enter, signOut: grants } of states) {
    for (const persist of [false, true]) {
      const title = persist ? ', the refresh token included' : '';
      test(`R25: ${name} is the same after a reload${title}`, async (t) => {
        const page = await openPage(t, persist ? { persist: '1' } : {});
        await enter(page);
        const state = await stateOf(page);
        const bearer = await bearerOf(page);
        assert.equal(state.phase, phase);

        await page.reload();
        await waitForPhase(page, phase);
        assert.deepEqual(await stateOf(page), state);
        assert.equal(await bearerOf(page), bearer);

        backend.set({ revocationEnds: 'token' });
        await page.evaluate(async () => {
          await globalThis.session.signOutAgent();
          await globalThis.session.signOut();
          await globalThis.session.settled();
        });
        // Grants are revoked side by side, the tokens of each in their order.
        const revoked = await revocations(backend);
        for (const grant of grants) {
          assert.deepEqual(
            revoked.filter((line) => line.startsWith(grant)),
            [
              ...(persist ? [`${grant} refresh under ${grant} access`] : []),
              `${grant} access under ${grant} access`,
            ],
          );
        }
        assert.equal(revoked.length, grants.length * (persist ? 2 : 1));
        assert.deepEqual(
          await lives(backend),
          Object.fromEntries(
            grants.flatMap((grant) => [
              [`${grant} access`, 'revoked'],
              [`${grant} refresh`, persist ? 'revoked' : 'active'],
            ]),
          ),
        );
        await assertStorageHasNoToken(page, backend);
      });
    }
  }

  test('R25: an agent who signs out after a reload restores the customer', async (t) => {
    const page = await openPage(t);
    await signIn(page);
    const bearer = await bearerOf(page);
    await signInAgent(page, '0001');
    await page.reload();
    await waitForPhase(page, 'emulating');
    await page.evaluate(() => globalThis.session.signOutAgent());
    await waitForPhase(page, 'customer');
    assert.equal((await stateOf(page)).userId, 'current');
    assert.equal(await bearerOf(page), bearer);
    assert.equal(await askForUser(page), 200);
  });

  test('R25: refresh tokens are not stored by default', async (t) => {
    const page = await openPage(t);
    await signIn(page);
    const [access, refresh] = await backend.tokens();
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...sessionStorage }, { ...localStorage }]),
    );
    assert.ok(access && stored.includes(access.token));
    assert.ok(refresh && !stored.includes(refresh.token));
  });
});
