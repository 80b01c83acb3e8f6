// R14 to R17: a sign-out is immediate and silent, whatever the outcome of the revocation.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import {
  details,
  idle,
  limit,
  Notebook,
  revokePath,
  scriptedFetch,
  standIn,
  useStorefront,
} from './storefront.js';

/** @import { Session, TestContext } from './storefront.js' */

const storefront = useStorefront();

const baseUrl = 'https://api.shop.example';

/**
 * Collects console output, unhandled errors and warnings.
 *
 * @param {TestContext} t
 */
function listenForNoise(t) {
  /** @type {unknown[]} */
  const noise = [];
  for (const method of /** @type {const} */ (['log', 'info', 'debug', 'warn', 'error', 'trace'])) {
    t.mock.method(console, method, (/** @type {unknown[]} */ ...args) => noise.push(args));
  }
  const note = (/** @type {unknown} */ reason) => noise.push(reason);
  for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) {
    process.on(event, note);
    t.after(() => process.off(event, note));
  }
  return noise;
}

describe('an immediate sign-out', limit, () => {
  for (const who of /** @type {const} */ (['openCustomer', 'openAgent'])) {
    test(`R14: the session is signed out when the call of signOut returns (${who})`, async () => {
      const shop = storefront();
      const storage = new Notebook();
      const session = await shop[who]({ storage, persistRefreshToken: true });
      assert.ok(
        storage.text?.includes(
          await shop.token(`${who === 'openAgent' ? 'agent' : 'customer'} #1 access`),
        ),
      );
      shop.backend.set({ revoke: { answer: 'hold-before' } });

      session.signOut();
      assert.equal(session.state.phase, 'anonymous');
      assert.equal(session.state.userId, 'anonymous');
      assert.equal(session.state.signedIn, false);
      assert.equal(session.state.agentSignedIn, false);
      assert.equal(session.state.expiresAt, null);
      assert.equal(storage.text, null);
      assert.equal(session.authorization(), undefined);

      await session.fetch(`${shop.backend.url}/occ/v2/shop/basesites`);
      assert.equal(shop.backend.received({ method: 'GET' }).at(-1)?.authorization, null);
      assert.equal((await shop.alive()).length, 2);
    });
  }

  test('R14: the storage is cleared and the page is notified before the revocation is sent', async () => {
    const shop = storefront();
    const storage = new Notebook();
    /** @type {string[]} */
    const order = [];
    const session = await shop.openCustomer({
      storage,
      fetch: (url, init) => {
        if (String(url).endsWith(revokePath)) {
          order.push(`sent, stored: ${storage.text}, phase: ${session.state.phase}`);
        }
        return shop.fetch(url, init);
      },
    });
    session.addEventListener('change', () => order.push(`changed, stored: ${storage.text}`));
    session.signOut();
    assert.deepEqual(order, ['changed, stored: null', 'sent, stored: null, phase: anonymous']);
    await session.settled();
  });

  test('R14: the promise of a sign-out does not wait for the back end', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    shop.backend.set({ revoke: { answer: 'hold-before' } });
    await session.signOut();
    await session.signOutAgent();
    await session.signOut();
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(session.state.revoking, 4);
    await shop.held(2);
  });
});

/** @typedef {[outcome: string, status: number]} Expected */

/** The answers of a back end to a revocation, with the reported outcome.
 * @type {[import('../../web/backend/behaviour.js').Answer, Expected][]} */
const answers = [
  ['garbage', ['revoked', 200]],
  ['endless', ['revoked', 200]],
  ['redirect', ['unsupported', 302]],
  ['redirect-other-origin', ['unsupported', 302]],
  [404, ['unsupported', 404]],
  [400, ['rejected', 400]],
  [403, ['rejected', 403]],
  [429, ['rejected', 429]],
  [500, ['server-error', 500]],
  [503, ['server-error', 503]],
  ['drop', ['unreachable', 0]],
  ['silent', ['timed-out', 0]],
];

/** Results that no HTTP server can produce: the page's own fetch does.
 * @type {Record<string, [answer: () => unknown, Expected]>} */
const strange = {
  'an opaque redirect': [
    () =>
      Promise.resolve({ type: 'opaqueredirect', status: 0, headers: new Headers(), body: null }),
    ['unsupported', 0],
  ],
  'a CORS refusal': [() => Promise.reject(new TypeError('Failed to fetch')), ['unreachable', 0]],
  'a fetch that throws': [
    () => {
      throw new Error('Content Security Policy');
    },
    ['unreachable', 0],
  ],
  'a fetch that rejects with nothing': [() => Promise.reject(undefined), ['unreachable', 0]],
  'a fetch that gives no response': [() => Promise.resolve(null), ['unreachable', 0]],
  'the network error of the Fetch standard': [() => Response.error(), ['unreachable', 0]],
  'no content': [() => new Response(null, { status: 204 }), ['revoked', 204]],
  'a body that breaks off': [
    () => new Response(new ReadableStream({ start: (stream) => stream.error(new Error('gone')) })),
    ['revoked', 200],
  ],
};

/**
 * Signs out against a back end with this answer, and checks that it causes nothing but events.
 *
 * @param {TestContext} t
 * @param {Session} session with Anna signed in
 * @param {Expected} expected the outcome of the refresh token
 * @param {Expected} [ofAccess] the outcome of the access token, if it differs
 */
async function signOutInSilence(t, session, expected, ofAccess = expected) {
  const noise = listenForNoise(t);
  const seen = details(session, 'revocation');
  const expired = details(session, 'expired');
  assert.equal(await session.signOut(), undefined);
  const signedOut = session.state;
  assert.equal(await session.settled(), undefined);
  await idle();
  assert.deepEqual(seen, [
    { owner: 'customer', token: 'refresh_token', outcome: expected[0], status: expected[1] },
    { owner: 'customer', token: 'access_token', outcome: ofAccess[0], status: ofAccess[1] },
  ]);
  assert.deepEqual(session.state, { ...signedOut, revoking: 0 });
  assert.equal(session.state.phase, 'anonymous');
  assert.deepEqual(expired, []);
  assert.deepEqual(noise, []);
}

describe('a silent sign-out', limit, () => {
  for (const [answer, expected] of answers) {
    test(`R15, R16, R17: a revocation answered with ${answer} is reported as ${expected[0]}, and nothing else happens`, async (t) => {
      const shop = storefront();
      const session = await shop.openCustomer({
        ...(answer === 'silent' && { revocation: { timeoutMs: 500 } }),
      });
      shop.backend.set({ revoke: { answer } });
      await signOutInSilence(t, session, expected);
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    });
  }

  test('R15, R16, R17, R30: a refresh token whose revocations are all answered 401 is reported as rejected', async (t) => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 401 } });
    // Only the access token is its own bearer.
    await signOutInSilence(t, session, ['rejected', 401], ['already-invalid', 401]);
    assert.deepEqual(await shop.revoked(), [
      'customer #1 refresh',
      'customer #2 refresh',
      'customer #2 access',
    ]);
  });

  for (const [name, [answer, expected]] of Object.entries(strange)) {
    test(`R15, R16, R17: ${name} in answer to a revocation is reported as ${expected[0]}`, async (t) => {
      const { fetch } = scriptedFetch(answer);
      const session = await storefront().openCustomer({ baseUrl, fetch });
      await signOutInSilence(t, session, expected);
    });
  }

  test('R15, R16, R17: a revocation from a page without network is reported as unreachable', async (t) => {
    standIn(t, 'document', { value: {} });
    const { fetch } = scriptedFetch(() => Promise.reject(new TypeError('Failed to fetch')));
    const session = await storefront().openCustomer({ baseUrl, fetch });
    await signOutInSilence(t, session, ['unreachable', 0]);
  });

  test('R15, R16, R17: a revocation to a closed host is reported as unreachable', async (t) => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.close();
    await signOutInSilence(t, session, ['unreachable', 0]);
  });

  test('R15, R16, R17: a revocation whose answer is not HTTP is reported as unreachable', async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('550 what do you mean?\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const session = await storefront().openCustomer({
      endpoints: { revoke: `http://127.0.0.1:${port}/` },
    });
    await signOutInSilence(t, session, ['unreachable', 0]);
  });

  test('R15: a sign-in that meets one of these answers is rejected with its code', async () => {
    const shop = storefront();
    const session = await shop.open();
    /** @type {[import('../../web/backend/behaviour.js').Answer, string][]} */
    const codes = [
      ['drop', 'unreachable'],
      [500, 'server-error'],
      [503, 'server-error'],
      [429, 'server-error'],
      ['redirect', 'unexpected-response'],
      ['redirect-other-origin', 'unexpected-response'],
      [403, 'unexpected-response'],
      [404, 'unexpected-response'],
      ['garbage', 'unexpected-response'],
      [400, 'invalid-credentials'],
    ];
    for (const [answer, code] of codes) {
      shop.backend.set({ token: { answer } });
      await assert.rejects(session.signIn({ username: 'a', password: 'b' }), {
        name: 'SessionError',
        code,
      });
      assert.equal(session.state.phase, 'anonymous');
    }
    assert.equal(shop.calls.length, codes.length);
  });

  test('R16: the body of the answer to a revocation is not read', async () => {
    let read = 0;
    const { fetch } = scriptedFetch(
      () => new Response(new ReadableStream({ pull: () => void read++ }, { highWaterMark: 0 })),
    );
    const session = await storefront().openCustomer({ baseUrl, fetch });
    session.signOut();
    await session.settled();
    await idle();
    assert.equal(read, 0);
  });

  test('R16: a failed revocation does not affect the customer who is signed in by then', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openTakenOver({ storage });
    const expired = details(session, 'expired');
    shop.backend.set({ revoke: { answer: 401 } });
    session.signOutAgent();
    const stored = storage.text;
    await session.settled();
    assert.equal(session.state.phase, 'customer');
    assert.equal(storage.text, stored);
    assert.deepEqual(expired, []);
    assert.equal((await shop.getUser(session)).status, 200);
  });
});

describe('the reports of revocations', limit, () => {
  test('R17: each revocation dispatches one event, with owner, token, outcome and status and nothing else', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    session.emulate('0002');
    const seen = details(session, 'revocation');
    session.signOutAgent();
    await session.settled();
    const byOwner = seen.sort((a, b) => a.owner.localeCompare(b.owner));
    // Stock OAuth servers end the whole grant with the refresh token: the bearer is dead by then.
    assert.deepEqual(byOwner, [
      { owner: 'agent', token: 'refresh_token', outcome: 'revoked', status: 200 },
      { owner: 'agent', token: 'access_token', outcome: 'already-invalid', status: 401 },
      { owner: 'customer', token: 'refresh_token', outcome: 'revoked', status: 200 },
      { owner: 'customer', token: 'access_token', outcome: 'already-invalid', status: 401 },
    ]);
  });

  test('R17: the state tells how many revocations are left', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    /** @type {number[]} */
    const left = [];
    session.addEventListener('change', () => left.push(session.state.revoking));
    session.signOut();
    await session.settled();
    assert.deepEqual(left, [2, 1, 0]);
  });
});
