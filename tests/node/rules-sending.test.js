// R10 to R13: the sending of a revocation. The tests check the request as fetch got it and as the
// server received it.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, mock, test } from 'node:test';
import {
  agent,
  anna,
  details,
  idle,
  limit,
  revokePath,
  scriptedFetch,
  standIn,
  standInWindow,
  useStorefront,
} from './storefront.js';

/** @import { TestContext } from './storefront.js' */

const storefront = useStorefront();

const never = () => new Promise(() => {});
const baseUrl = 'https://api.shop.example';

/**
 * Stands in for a page whose clock stands at 5 and whose observers get these requests.
 *
 * @param {TestContext} t
 * @param {{ name: string, startTime: number }[]} entries
 */
function standInPage(t, entries) {
  t.mock.method(performance, 'now', () => 5);
  standIn(t, 'PerformanceObserver', {
    value: class {
      /** @type {string | undefined} */
      #type;
      /** @param {PerformanceObserverInit} options */
      observe({ type }) {
        this.#type = type;
      }
      takeRecords() {
        return this.#type === 'resource' ? entries : [];
      }
      disconnect() {}
    },
  });
  // Other elements, and closed ones, dispatch no event.
  const createElement = (/** @type {string} */ name) => ({
    ontoggle() {},
    set open(/** @type {boolean} */ isOpen) {
      if (name === 'details' && isOpen) setTimeout(() => this.ontoggle());
    },
  });
  standIn(t, 'document', { value: { createElement } });
}

const revocationUrl = `${baseUrl}${revokePath}`;

describe('the requests', limit, () => {
  test('R10: a revocation is a form with the token, its hint, the client and the bearer', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    session.signOut();
    await session.settled();
    const access = await shop.token('customer #1 access');
    const refresh = await shop.token('customer #1 refresh');
    const received = shop.backend.received({ path: revokePath });
    assert.deepEqual(
      received.map(({ form }) => form),
      [
        {
          token: refresh,
          token_type_hint: 'refresh_token',
          client_id: 'mobile_android',
          client_secret: 'secret',
        },
        {
          token: access,
          token_type_hint: 'access_token',
          client_id: 'mobile_android',
          client_secret: 'secret',
        },
      ],
    );
    for (const { method, headers, authorization, query } of received) {
      assert.equal(method, 'POST');
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.equal(authorization, `Bearer ${access}`);
      assert.equal(headers.referer, undefined);
      assert.equal(headers.cookie, undefined);
      assert.deepEqual(query, {});
    }
  });

  test('R10: requests omit credentials and referrer, and answers with tokens are not cached', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    session.signOut();
    await session.settled();
    for (const { init } of shop.calls) {
      assert.equal(init.method, 'POST');
      assert.equal(init.credentials, 'omit');
      assert.equal(init.referrerPolicy, 'no-referrer');
    }
    // With no-store Chromium would send a preflight before each revocation, and keep none of them.
    assert.deepEqual(
      shop.calls.map(({ init }) => init.cache),
      ['no-store', undefined, undefined],
    );
  });

  test("R10: with revocation.authorization 'none', tokens are revoked without a bearer", async () => {
    const shop = storefront();
    const session = await shop.openCustomer({ revocation: { authorization: 'none' } });
    const seen = details(session, 'revocation');
    shop.backend.set({ bearerRequired: false });
    session.signOut();
    await session.settled();
    for (const { authorization } of shop.backend.received({ path: revokePath })) {
      assert.equal(authorization, null);
    }
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      ['revoked', 'revoked'],
    );
    assert.deepEqual(await shop.alive(), []);
  });

  test("R10: an agent's grant is revoked as the agent's client, the customer's as the customer's", async () => {
    const shop = storefront();
    const session = await shop.openCustomer({
      agentClientId: 'asm_client',
      agentClientSecret: 'secret',
    });
    await session.signInAgent(agent);
    session.signOut();
    await session.settled();
    const clients = shop.backend
      .received({ path: revokePath })
      .map(({ form }) => `${form?.token_type_hint} of ${form?.client_id}`);
    assert.deepEqual(clients.sort(), [
      'access_token of asm_client',
      'access_token of mobile_android',
      'refresh_token of asm_client',
      'refresh_token of mobile_android',
    ]);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R10: requests without a client secret have no client_secret, and every character is form-encoded', async () => {
    const shop = storefront();
    const { fetch, asked } = scriptedFetch(() => new Response());
    const session = await shop.open({
      baseUrl,
      clientId: 'a b&c=d',
      clientSecret: undefined,
      fetch,
    });
    await session.signIn({ username: 'chloé', password: ' %&+£€' });
    session.signOut();
    await session.settled();
    assert.deepEqual(
      asked.map(({ url, init }) => `${url} ${init.body}`),
      [
        `${baseUrl}/authorizationserver/oauth/token grant_type=password&username=chlo%C3%A9&password=+%25%26%2B%C2%A3%E2%82%AC&client_id=a+b%26c%3Dd`,
        `${baseUrl}/authorizationserver/oauth/revoke token=refresh-1&token_type_hint=refresh_token&client_id=a+b%26c%3Dd`,
        `${baseUrl}/authorizationserver/oauth/revoke token=access-1&token_type_hint=access_token&client_id=a+b%26c%3Dd`,
      ],
    );
  });

  test('R10: the option endpoints sets the URLs, with their query', async () => {
    const { fetch, asked } = scriptedFetch(() => new Response());
    const session = await storefront().openCustomer({
      baseUrl,
      fetch,
      endpoints: {
        token: 'https://id.shop.example/token',
        revoke: 'https://id.shop.example/r?a=b',
      },
    });
    session.signOut();
    await session.settled();
    assert.deepEqual(
      asked.map(({ url }) => url),
      [
        'https://id.shop.example/token',
        'https://id.shop.example/r?a=b',
        'https://id.shop.example/r?a=b',
      ],
    );
  });
});

describe('the order', limit, () => {
  test('R11: the refresh token is revoked first, and the access token when that has settled', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 'hold-before' }, revocationEnds: 'token' });
    session.signOut();
    await shop.held();
    await idle();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh']);
    assert.equal(shop.calls.length, 2);
    assert.equal(session.state.revoking, 2);
    shop.backend.release();
    await shop.held();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.deepEqual(await shop.alive(), ['customer #1 access']);
    shop.backend.release();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  for (const answer of /** @type {const} */ (['drop', 500, 400, 'redirect', 'silent'])) {
    test(`R11: the access token is revoked even if the revocation of the refresh token fails (${answer})`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer({
        ...(answer === 'silent' && { revocation: { timeoutMs: 50 } }),
      });
      shop.backend.set({ revoke: { answer, only: 'refresh_token' } });
      session.signOut();
      await session.settled();
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
      assert.deepEqual(await shop.alive(), []);
    });
  }

  test('R11: a queued revocation is sent at once when the page goes away', async (t) => {
    const page = standInWindow(t);
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 'hold' } });
    session.signOut();
    await shop.held(1);
    assert.equal(shop.calls.length, 2);
    page.dispatchEvent(new Event('pagehide'));
    assert.equal(shop.calls.length, 3);
    await shop.held(2);
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.equal(shop.calls[2]?.init.keepalive, true);
    page.dispatchEvent(new Event('pagehide'));
    assert.equal(shop.calls.length, 3);
  });

  test('R1, R7, R11: a queued revocation is sent at once when the session is closed', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 'hold-before', only: 'refresh_token' } });
    session.signOut();
    session.close();
    assert.equal(shop.calls.length, 3);
    await shop.backend.waitFor(({ path }) => path === revokePath, 2);
    assert.deepEqual((await shop.revoked()).sort(), ['customer #1 access', 'customer #1 refresh']);
    shop.backend.release();
    await shop.backend.waitFor(({ path, status }) => path === revokePath && status === 200, 2);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R11: a waiting stray grant is revoked at once when the page goes away, the refresh token first', async (t) => {
    const page = standInWindow(t);
    const shop = storefront();
    shop.backend.set({ token: { answer: 'hold' }, revoke: { answer: 'hold' } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held(1);
    const second = assert.rejects(session.signIn(agent), { code: 'closed' });
    await shop.held(2);
    shop.backend.release(1);
    await first;
    await shop.backend.waitFor(({ status }) => status === 200);
    await idle();
    page.dispatchEvent(new Event('pagehide'));
    const hints = shop.calls
      .slice(2)
      .map(({ init }) => new URLSearchParams(String(init.body)).get('token_type_hint'));
    assert.deepEqual(hints, ['refresh_token', 'access_token']);
    await shop.held(3);
    assert.deepEqual((await shop.revoked()).sort(), ['customer #1 access', 'customer #1 refresh']);
    session.close();
    await second;
  });

  test('R11: a page that goes away revokes nothing of a session that is still signed in', async (t) => {
    const page = standInWindow(t);
    const shop = storefront();
    const session = await shop.openTakenOver();
    const calls = shop.calls.length;
    page.dispatchEvent(new Event('pagehide'));
    assert.equal(shop.calls.length, calls);
    assert.equal(session.state.phase, 'emulating');
  });
});

describe('keepalive and redirects', limit, () => {
  test('R12: revocations are sent with keepalive and do not follow redirects', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    session.signOut();
    await session.settled();
    const revocations = shop.calls.filter(({ url }) => url.endsWith(revokePath));
    assert.deepEqual(
      revocations.map(({ init }) => ({ keepalive: init.keepalive, redirect: init.redirect })),
      [
        { keepalive: true, redirect: 'manual' },
        { keepalive: true, redirect: 'manual' },
      ],
    );
  });

  for (const answer of /** @type {const} */ (['redirect', 'redirect-other-origin'])) {
    test(`R12: a revocation that is redirected sends no token to login.jsp (${answer})`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      shop.backend.set({ revoke: { answer } });
      session.signOut();
      await session.settled();
      assert.deepEqual(
        shop.backend.journal.map(({ method, path, status }) => `${method} ${path} ${status}`),
        [
          'POST /authorizationserver/oauth/token 200',
          'POST /authorizationserver/oauth/revoke 302',
          'POST /authorizationserver/oauth/revoke 302',
        ],
      );
    });

    test(`R12: a token request that is redirected sends no password or refresh token to login.jsp (${answer})`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      await shop.backend.expireAccessTokens();
      shop.backend.set({ token: { answer } });
      assert.equal((await shop.getUser(session)).status, 401);
      session.signOut();
      await session.settled();
      const other = session.signIn(agent);
      await assert.rejects(other, { code: 'unexpected-response' });
      const paths = new Set(shop.backend.journal.map(({ path }) => path));
      assert.equal(paths.has('/login.jsp'), false);
    });
  }

  for (const [status, isRead] of /** @type {const} */ ([
    [200, true],
    [300, false],
    [302, false],
    [399, false],
    [400, true],
  ])) {
    test(`R12: the body of an answer to a sign-in with status ${status} is ${isRead ? '' : 'not '}read`, async () => {
      let wasRead = false;
      const body = new ReadableStream(
        {
          pull(stream) {
            wasRead = true;
            stream.close();
          },
        },
        // Otherwise a stream is pulled before anything reads it.
        { highWaterMark: 0 },
      );
      const session = await storefront().open({
        fetch: async () => new Response(body, { status }),
      });
      await assert.rejects(session.signIn(anna));
      assert.equal(wasRead, isRead);
    });
  }

  /**
   * Returns a fetch that refuses keepalive, as some browsers do.
   *
   * @param {(boolean | undefined)[]} kept
   */
  const refusesKeepalive = (kept) =>
    scriptedFetch(({ init }) => {
      kept.push(init.keepalive);
      return init.keepalive ? Promise.reject(new TypeError('Failed to fetch')) : new Response();
    }).fetch;

  test('R12: a revocation is sent without keepalive if the browser refuses keepalive', async (t) => {
    /** @type {(boolean | undefined)[]} */
    const kept = [];
    const session = await storefront().openCustomer({ baseUrl, fetch: refusesKeepalive(kept) });
    const seen = details(session, 'revocation');
    standInPage(t, [
      { name: revocationUrl, startTime: 4 },
      { name: `${baseUrl}/occ/v2/shop/products/search`, startTime: 6 },
    ]);
    session.signOut();
    await session.settled();
    assert.deepEqual(kept, [true, false, true, false]);
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      ['revoked', 'revoked'],
    );
  });

  test('R12: a failed revocation is not sent again if it has begun, or outside a browser', async (t) => {
    for (const isPage of [false, true]) {
      /** @type {(boolean | undefined)[]} */
      const kept = [];
      const session = await storefront().openCustomer({ baseUrl, fetch: refusesKeepalive(kept) });
      const seen = details(session, 'revocation');
      if (isPage) {
        standInPage(t, [
          { name: revocationUrl, startTime: 4 },
          { name: revocationUrl, startTime: 5 },
        ]);
      }
      session.signOut();
      await session.settled();
      assert.deepEqual(kept, [true, true]);
      assert.deepEqual(
        seen.map(({ outcome }) => outcome),
        ['unreachable', 'unreachable'],
      );
    }
  });

  /** @type {Record<string, (t: TestContext) => void>} */
  const blind = {
    'has no PerformanceObserver': (t) => standIn(t, 'PerformanceObserver', { value: undefined }),
    'has a PerformanceObserver that throws': (t) =>
      standIn(t, 'PerformanceObserver', {
        value: class {
          observe() {
            throw new TypeError('resource is not supported');
          }
        },
      }),
    'cannot create elements': (t) => standIn(t, 'document', { value: {} }),
  };
  for (const [what, hide] of Object.entries(blind)) {
    test(`R8: when a page ${what}, a refusal of keepalive cannot be detected, and nothing is sent again`, async (t) => {
      /** @type {(boolean | undefined)[]} */
      const kept = [];
      const session = await storefront().openCustomer({ baseUrl, fetch: refusesKeepalive(kept) });
      standInPage(t, []);
      hide(t);
      session.signOut();
      await session.settled();
      assert.deepEqual(kept, [true, true]);
    });
  }

  test('R12, R18: a revocation that fails later than a refusal of keepalive would is not sent again, even if no observer reports it', async (t) => {
    /** @type {(boolean | undefined)[]} */
    const kept = [];
    const { fetch } = scriptedFetch(async ({ init }) => {
      kept.push(init.keepalive);
      for (let timers = 0; timers < 3; timers++) await new Promise((done) => setTimeout(done));
      throw new TypeError('Load failed');
    });
    const session = await storefront().openCustomer({ baseUrl, fetch });
    const seen = details(session, 'revocation');
    standInPage(t, []);
    session.signOut();
    await session.settled();
    assert.deepEqual(kept, [true, true]);
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      ['unreachable', 'unreachable'],
    );
  });
});

/**
 * Converts a response to one of node-fetch 2, whose body is a Node stream.
 *
 * @param {Response} response
 */
function asOfNodeFetch({ status, headers, body }) {
  const stream = Readable.fromWeb(/** @type {any} */ (body));
  // The stream handles the end of a request by itself.
  stream.on('error', () => {});
  return /** @type {Response} */ (
    /** @type {unknown} */ ({
      status,
      headers,
      body: stream,
      arrayBuffer: async () => Uint8Array.from(Buffer.concat(await stream.toArray())).buffer,
    })
  );
}

describe('a fetch whose bodies are not web streams', limit, () => {
  test('R7: the tokens of a sign-in and of a refresh through node-fetch 2 are read, and are revoked', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({
      async fetch(input, init) {
        const response = await fetch(input, init);
        // Only the engine's own requests: session.fetch sends a Request, refused by node-fetch 2.
        return input instanceof Request ? response : asOfNodeFetch(response);
      },
    });
    const seen = details(session, 'revocation');
    await shop.backend.expireAccessTokens();
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    session.signOut();
    await session.settled();
    assert.deepEqual(
      seen.map(({ token, outcome }) => `${token} ${outcome}`),
      ['refresh_token revoked', 'access_token already-invalid'],
    );
    assert.deepEqual(await shop.alive(), []);
  });

  test('R15: an answer of more than 64 KiB through node-fetch 2 is rejected with token-too-large', async () => {
    const refused = await storefront().open({
      fetch: async () => asOfNodeFetch(new Response(' '.repeat(65_537))),
    });
    await assert.rejects(refused.signIn(anna), { code: 'token-too-large' });
    const taken = await storefront().open({
      fetch: async () =>
        asOfNodeFetch(
          new Response('{"access_token":"access-1","token_type":"bearer"}'.padEnd(65_536)),
        ),
    });
    await taken.signIn(anna);
    assert.equal(taken.authorization(), 'Bearer access-1');
  });
});

describe('the end of a request', limit, () => {
  test('R8: an answered revocation is not sent again, even if no observer has reported it yet', async (t) => {
    const { fetch, asked } = scriptedFetch(() => new Response());
    const session = await storefront().openCustomer({ baseUrl, fetch });
    standInPage(t, []);
    session.signOut();
    await session.settled();
    assert.deepEqual(
      asked.map(({ form, init }) => [form.token_type_hint, init.keepalive]),
      [
        [undefined, undefined],
        ['refresh_token', true],
        ['access_token', true],
      ],
    );
  });

  test('R16: the rest of an answer is not read, and no listener is left on its signal', async (t) => {
    const listened = t.mock.method(EventTarget.prototype, 'addEventListener');
    const { fetch, asked } = scriptedFetch(() => new Response('x'));
    const session = await storefront().openCustomer({ baseUrl, fetch });
    session.signOut();
    await session.settled();
    await idle();
    assert.deepEqual(
      asked.map(({ init }) => init.signal?.aborted),
      [true, true, true],
    );
    const targets = listened.mock.calls
      .filter(({ arguments: [type] }) => type === 'abort')
      .map((call) => /** @type {AbortSignal} */ (call.this));
    assert.ok(targets.length > 0);
    for (const target of targets) assert.deepEqual(getEventListeners(target, 'abort'), []);
  });
});

describe('the time limits', limit, () => {
  test('R13: each unanswered revocation is given up after its own timeout', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({ revocation: { timeoutMs: 50 } });
    shop.backend.set({ revoke: { answer: 'silent' } });
    const seen = details(session, 'revocation');
    session.signOut();
    await session.settled();
    assert.deepEqual(seen, [
      { owner: 'customer', token: 'refresh_token', outcome: 'timed-out', status: 0 },
      { owner: 'customer', token: 'access_token', outcome: 'timed-out', status: 0 },
    ]);
    await shop.backend.waitFor(({ path, aborted }) => path === revokePath && aborted, 2);
  });

  test('R13: a revocation times out after 10 s, also with a fetch that ignores the signal', async () => {
    const { fetch } = scriptedFetch(never);
    const session = await storefront().openCustomer({ baseUrl, fetch });
    const seen = details(session, 'revocation');
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    try {
      session.signOut();
      mock.timers.tick(9_999);
      await idle();
      assert.deepEqual(seen, []);
      mock.timers.tick(1);
      await idle();
      assert.deepEqual(
        seen.map(({ token, outcome }) => `${token} ${outcome}`),
        ['refresh_token timed-out'],
      );
    } finally {
      mock.timers.reset();
    }
  });

  test('R13: an unanswered sign-in is rejected after 10 s with unreachable', async () => {
    const session = await storefront().open({ baseUrl, fetch: never });
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    try {
      const refused = assert.rejects(session.signIn(agent), { code: 'unreachable' });
      mock.timers.tick(9_999);
      await idle();
      assert.equal(session.state.phase, 'customer-signing-in');
      mock.timers.tick(1);
      await refused;
      assert.equal(session.state.phase, 'anonymous');
    } finally {
      mock.timers.reset();
    }
  });

  test('R13: a sign-in whose response never ends is rejected after 10 s with unreachable', async () => {
    const shop = storefront();
    shop.backend.set({ token: { answer: 'endless' } });
    const session = await shop.open();
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const refused = assert.rejects(session.signIn(agent), { code: 'unreachable' });
      await shop.backend.waitFor(({ status }) => status === 200);
      mock.timers.tick(10_000);
      await refused;
    } finally {
      mock.timers.reset();
    }
    await shop.backend.waitFor(({ aborted }) => aborted);
  });

  test('R13: without a revocation endpoint, a sign-out sends nothing and settles at once', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({ endpoints: { revoke: null } });
    const calls = shop.calls.length;
    session.signOut();
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(session.state.revoking, 0);
    await session.settled();
    await session.signIn(agent);
    assert.equal(shop.calls.length, calls + 1);
    assert.deepEqual(await shop.revoked(), []);
  });
});
