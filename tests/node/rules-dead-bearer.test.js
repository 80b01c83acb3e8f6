// R30: a revocation needs a living bearer. The tests check each token at the server afterwards.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import {
  agent,
  anna,
  ben,
  benId,
  details,
  idle,
  limit,
  Notebook,
  scriptedFetch,
  standInWindow,
  tokenResponse,
  useStorefront,
} from './storefront.js';

/** @import { Session, Storefront, TestContext } from './storefront.js' */

const storefront = useStorefront();

const baseUrl = 'https://api.shop.example';

/** Collects the outcomes of the revocations, as they come. @param {Session} session */
function outcomes(session) {
  /** @type {string[]} */
  const seen = [];
  session.addEventListener('revocation', ({ detail }) =>
    seen.push(`${detail.owner} ${detail.token} ${detail.outcome} ${detail.status}`),
  );
  return seen;
}

/**
 * Returns the requests to the two endpoints with their statuses, oldest first.
 *
 * @param {Storefront} shop
 */
const asked = (shop) =>
  shop.backend
    .received()
    .map(
      ({ form, status }) => `${form?.grant_type ?? `revoke ${form?.token_type_hint}`} ${status}`,
    );

/** Stops the clock until the test moves it, for the back end as well. @param {TestContext} t */
function stopClock(t) {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  t.after(() => mock.timers.reset());
}

describe('a customer whose access token has died at the server', limit, () => {
  for (const revocationEnds of /** @type {const} */ (['grant', 'token'])) {
    for (const rotate of [true, false]) {
      test(`R30: a customer with a dead access token signs out, and every token is dead (${rotate ? 'with' : 'without'} rotation, a revocation ends the ${revocationEnds})`, async () => {
        const shop = storefront();
        shop.backend.set({ revocationEnds, rotate });
        const session = await shop.openCustomer();
        const seen = outcomes(session);
        const expired = details(session, 'expired');
        await shop.backend.expireAccessTokens();
        await session.signOut();
        await session.settled();
        assert.deepEqual(await shop.alive(), []);
        const ended = revocationEnds === 'grant' ? 'already-invalid 401' : 'revoked 200';
        assert.deepEqual(seen, [
          'customer refresh_token revoked 200',
          `customer access_token ${ended}`,
        ]);
        assert.deepEqual(asked(shop), [
          'password 200',
          'revoke refresh_token 401',
          'refresh_token 200',
          'revoke refresh_token 200',
          `revoke access_token ${ended.split(' ')[1]}`,
        ]);
        assert.deepEqual(await shop.revoked(), [
          'customer #1 refresh',
          rotate ? 'customer #2 refresh' : 'customer #1 refresh',
          'customer #2 access',
        ]);
        assert.deepEqual(expired, []);
      });
    }
  }

  test('R14, R30: a customer with a dead access token is signed out when the call returns, and the refreshed token is put on no request', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage, persistRefreshToken: true });
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const done = session.signOut();
    const { state } = session;
    assert.equal(state.phase, 'anonymous');
    assert.equal(state.revoking, 2);
    assert.equal(storage.text, null);
    assert.equal(session.authorization(), undefined);
    await done;
    await shop.held();
    const saves = storage.saves.length;
    /** @type {(string | undefined)[]} */
    const headers = [];
    session.addEventListener('change', () => headers.push(session.authorization()));
    let isSettled = false;
    const settled = session.settled().then(() => (isSettled = true));
    await idle();
    assert.equal(isSettled, false);
    assert.ok(session.state.revoking > 0);
    shop.backend.release();
    await settled;
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(session.state, { ...state, revoking: 0 });
    assert.equal(storage.saves.length, saves);
    assert.deepEqual(new Set(headers), new Set([undefined]));
  });

  test('R25, R30: a customer with a dead access token signs out after a reload with a stored refresh token, and every token is dead', async () => {
    const shop = storefront();
    const options = { storage: new Notebook(), persistRefreshToken: true };
    (await shop.openCustomer(options)).close();
    const session = await shop.open(options);
    assert.equal(session.state.phase, 'customer');
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens();
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token already-invalid 401',
    ]);
  });

  test('R25, R30: a customer with a dead access token signs out after a reload without a stored refresh token, which stays alive', async () => {
    const shop = storefront();
    const storage = new Notebook();
    (await shop.openCustomer({ storage })).close();
    const session = await shop.open({ storage });
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens();
    session.signOut();
    await session.settled();
    assert.deepEqual(seen, ['customer access_token already-invalid 401']);
    assert.deepEqual(asked(shop), ['password 200', 'revoke access_token 401']);
    assert.deepEqual(await shop.alive(), ['customer #1 refresh']);
  });

  test('R7, R30: a sign-out during a refresh uses that refresh for its revocations', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const answer = shop.getUser(session);
    await shop.held();
    session.signOut();
    await shop.backend.waitFor(({ form, status }) => !!form?.token && status === 401);
    await idle();
    shop.backend.release();
    assert.equal((await answer).status, 401);
    await session.settled();
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token already-invalid 401',
    ]);
  });

  test('R7, R30: a sign-out during a refresh revokes every token, also when the refresh is answered first', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({
      token: { answer: 'hold' },
      revoke: { answer: 'hold-before', only: 'refresh_token', times: 1 },
    });
    const answer = shop.getUser(session);
    await shop.held(1);
    session.signOut();
    await shop.held(2);
    shop.backend.set({ token: { answer: 'normal' } });
    shop.backend.release(1);
    assert.equal((await answer).status, 401);
    await shop.backend.waitFor(({ form, status }) => !!form?.token && status === 401);
    await idle();
    shop.backend.release();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.equal(session.state.revoking, 0);
  });

  test('R8, R30: repeated sign-outs cause one refresh and one revocation of each token', async () => {
    const shop = storefront();
    shop.backend.set({ revocationEnds: 'token', token: { answer: 'hold', only: 'refresh_token' } });
    const session = await shop.openCustomer();
    session.addEventListener('change', () => session.signOut());
    session.addEventListener('revocation', () => session.signOutAgent());
    await shop.backend.expireAccessTokens();
    session.signOut();
    await shop.held();
    session.signOut();
    session.signOutAgent();
    shop.backend.release();
    await session.settled();
    session.signOut();
    await session.settled();
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(await shop.revoked(), [
      'customer #1 refresh',
      'customer #2 refresh',
      'customer #2 access',
    ]);
    assert.deepEqual(await shop.alive(), []);
  });
});

describe('an agent over a customer whose access token has died', limit, () => {
  const agentOnly = ['agent refresh_token revoked 200', 'agent access_token already-invalid 401'];
  const annaToo = [
    'customer refresh_token revoked 200',
    'customer access_token already-invalid 401',
  ];

  test('R2, R30: an agent with a refreshed token signs out, and the retired grant of the customer is revoked as well', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens();
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(shop.asked(), ['password', 'password', 'refresh_token']);
    session.emulate(benId);
    session.signOutAgent();
    assert.equal(session.state.phase, 'anonymous');
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(seen.sort(), [...agentOnly, ...annaToo].sort());
    assert.deepEqual(shop.asked(), ['password', 'password', 'refresh_token', 'refresh_token']);
  });

  test('R5, R30: a restored customer with a dead access token signs out, and every token is dead', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens('customer');
    session.signOutAgent();
    assert.equal(session.state.phase, 'customer');
    await session.settled();
    assert.deepEqual(seen, agentOnly);
    assert.deepEqual(shop.asked(), ['password', 'password']);
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(seen, [...agentOnly, ...annaToo]);
  });

  test('R3, R30: the sign-out of an emulated customer sends nothing, and that of the agent ends every token', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    await shop.backend.expireAccessTokens();
    const calls = shop.calls.length;
    session.signOut();
    await idle();
    assert.equal(shop.calls.length, calls);
    session.signOutAgent();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  test('R30: with two dead access tokens, each grant is refreshed with its own client', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver({
      agentClientId: 'asm_client',
      agentClientSecret: 'secret',
    });
    session.emulate(benId);
    await shop.backend.expireAccessTokens();
    session.signOutAgent();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    const refreshes = shop.backend.received().filter(({ form }) => form?.refresh_token);
    assert.deepEqual(refreshes.map(({ form }) => form?.client_id).sort(), [
      'asm_client',
      'mobile_android',
    ]);
  });

  test("R20, R30: when the agent's refresh is refused for good, a retired grant with a dead access token is revoked", async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    session.emulate(benId);
    const seen = outcomes(session);
    const expired = details(session, 'expired');
    await shop.backend.expireAccessTokens();
    await shop.backend.expireRefreshTokens('agent');
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal(session.state.phase, 'anonymous');
    await session.settled();
    assert.deepEqual(expired, [{ owner: 'agent' }]);
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(seen, annaToo);
  });

  for (const who of /** @type {const} */ (['customer', 'agent'])) {
    test(`R30: when only the access token of the ${who} is dead, one refresh is enough to revoke every token`, async () => {
      const shop = storefront();
      const session = await shop.openTakenOver();
      session.emulate(benId);
      const seen = outcomes(session);
      await shop.backend.expireAccessTokens(who);
      session.signOutAgent();
      await session.settled();
      assert.deepEqual(await shop.alive(), []);
      assert.deepEqual(shop.asked(), ['password', 'password', 'refresh_token']);
      assert.deepEqual(seen.sort(), [...agentOnly, ...annaToo].sort());
    });
  }
});

describe('a stray grant whose access token has died meanwhile', limit, () => {
  test('R7, R30: a stray grant with a dead access token is refreshed for its revocation, and every token of it is dead', async () => {
    const shop = storefront();
    shop.backend.set({ token: { answer: 'hold' } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held(1);
    shop.backend.set({ token: { answer: 'hold-before' } });
    const second = session.signInAgent(agent);
    await shop.held(2);
    shop.backend.release(1);
    await first;
    await shop.backend.waitFor(({ status }) => status === 200);
    await idle();
    await shop.backend.expireAccessTokens('customer');
    shop.backend.set({ token: { answer: 'normal' } });
    shop.backend.release(1);
    await second;
    await session.settled();
    assert.deepEqual(await shop.alive(), ['agent #2 access', 'agent #2 refresh']);
    assert.deepEqual(await shop.revoked(), [
      'customer #1 refresh',
      'customer #3 refresh',
      'customer #3 access',
    ]);
    assert.equal(session.state.phase, 'agent');
  });
});

describe('a revocation under a token whose expiry is known', limit, () => {
  test('R30: an expired token is refreshed before its revocation, without a first try', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60 });
    const session = await shop.openCustomer();
    const seen = outcomes(session);
    mock.timers.setTime(Date.now() + 61_000);
    session.signOut();
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(session.state.revoking, 2);
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(asked(shop), [
      'password 200',
      'refresh_token 200',
      'revoke refresh_token 200',
      'revoke access_token 401',
    ]);
    assert.deepEqual(await shop.revoked(), ['customer #2 refresh', 'customer #2 access']);
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token already-invalid 401',
    ]);
  });

  for (const [when, left, grantTypes] of /** @type {const} */ ([
    ['a millisecond before its end', 1, ['password']],
    ['at its end', 0, ['password', 'refresh_token']],
  ])) {
    test(`R30: ${when} a token is ${left ? 'used for its revocation' : 'refreshed for its revocation'}`, async (t) => {
      stopClock(t);
      const shop = storefront();
      shop.backend.set({ accessTokenSeconds: 60 });
      const session = await shop.openCustomer();
      mock.timers.setTime(Number(session.state.expiresAt) - left);
      session.signOut();
      await session.settled();
      assert.deepEqual(shop.asked(), grantTypes);
      assert.deepEqual(await shop.alive(), []);
    });
  }

  test('R30: a token without a known expiry is tried, and refreshed when it is refused', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60, expiresIn: 'none' });
    const session = await shop.openCustomer();
    assert.equal(session.state.expiresAt, null);
    mock.timers.setTime(Date.now() + 61_000);
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(asked(shop).slice(0, 3), [
      'password 200',
      'revoke refresh_token 401',
      'refresh_token 200',
    ]);
  });

  test('R25, R30: a session restored after its token has expired signs out, and every token is dead', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60 });
    const options = { storage: new Notebook(), persistRefreshToken: true };
    (await shop.openCustomer(options)).close();
    mock.timers.setTime(Date.now() + 3_600_000);
    const session = await shop.open(options);
    assert.equal(session.state.phase, 'customer');
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('R30: an agent over a customer, both with expired tokens, signs out, and every token is dead', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60 });
    const session = await shop.openTakenOver();
    session.emulate(benId);
    mock.timers.setTime(Date.now() + 61_000);
    session.signOutAgent();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual((await shop.revoked()).length, 4);
  });
});

describe('a refresh for a revocation that fails', limit, () => {
  /** The outcomes with the status of the refused refresh. */
  const dead = [
    'customer refresh_token already-invalid 400',
    'customer access_token already-invalid 400',
  ];

  for (const end of /** @type {const} */ (['expireRefreshTokens', 'revokeRefreshTokens'])) {
    test(`R30: when the refresh for a revocation is refused for good, both tokens are already invalid (${end})`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      const seen = outcomes(session);
      const expired = details(session, 'expired');
      await shop.backend.expireAccessTokens();
      await shop.backend[end]();
      session.signOut();
      await session.settled();
      assert.deepEqual(await shop.alive(), []);
      assert.deepEqual(seen, dead);
      assert.deepEqual(asked(shop), [
        'password 200',
        'revoke refresh_token 401',
        'refresh_token 400',
      ]);
      assert.deepEqual(expired, []);
      assert.equal(session.state.revoking, 0);
    });
  }

  test('R30: when the refresh for an expired token is refused for good, no revocation is sent', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60 });
    const session = await shop.openCustomer();
    const seen = outcomes(session);
    mock.timers.setTime(Date.now() + 61_000);
    await shop.backend.revokeRefreshTokens();
    session.signOut();
    await session.settled();
    assert.deepEqual(asked(shop), ['password 200', 'refresh_token 400']);
    assert.deepEqual(seen, dead);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R30: when the refresh for a revocation fails with invalid_client, the refresh token is reported as rejected', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({
      fetch: async (input, init) =>
        String(init?.body).includes('grant_type=refresh_token')
          ? Response.json({ error: 'invalid_client' }, { status: 401 })
          : shop.fetch(input, init),
    });
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens();
    session.signOut();
    await session.settled();
    assert.deepEqual(seen, [
      'customer refresh_token rejected 401',
      'customer access_token already-invalid 401',
    ]);
  });

  for (const answer of /** @type {const} */ ([
    ...[500, 503, 429, 403, 404, 'drop', 'garbage', 'redirect', 'no-token'],
  ])) {
    test(`R30: when the refresh for a revocation fails temporarily (${answer}), the refresh token is reported as rejected`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      const seen = outcomes(session);
      await shop.backend.expireAccessTokens();
      shop.backend.set({ token: { answer } });
      session.signOut();
      const { state } = session;
      await session.settled();
      assert.deepEqual(seen, [
        'customer refresh_token rejected 401',
        'customer access_token already-invalid 401',
      ]);
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(session.state, { ...state, revoking: 0 });
      // The refresh token is out of reach: the server accepts no revocation, and issues no token.
      assert.deepEqual(await shop.alive(), ['customer #1 refresh']);
    });

    test(`R30: when the refresh for an expired token fails temporarily (${answer}), the revocation is sent as it is`, async (t) => {
      stopClock(t);
      const shop = storefront();
      shop.backend.set({ accessTokenSeconds: 60 });
      const session = await shop.openCustomer();
      const seen = outcomes(session);
      mock.timers.setTime(Date.now() + 61_000);
      shop.backend.set({ token: { answer } });
      session.signOut();
      await session.settled();
      assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
      assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
      assert.deepEqual(seen, [
        'customer refresh_token rejected 401',
        'customer access_token already-invalid 401',
      ]);
    });
  }

  test('R30: a revocation under a token that has expired only by the local clock ends every token', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60 });
    const session = await shop.openCustomer();
    const seen = outcomes(session);
    // The server, which announced a second less, still accepts the token.
    mock.timers.setTime(Number(session.state.expiresAt));
    shop.backend.set({ token: { answer: 503 } });
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token already-invalid 401',
    ]);
  });

  test('R13, R30: an unanswered refresh for a revocation is given up after 10 s', async (t) => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    const { fetch, asked: sent } = scriptedFetch(({ form }) =>
      form.grant_type ? new Promise(() => {}) : new Response('', { status: 401 }),
    );
    const session = await storefront().openCustomer({ baseUrl, fetch });
    const seen = outcomes(session);
    session.signOut();
    await idle();
    assert.equal(sent.at(-1)?.form.grant_type, 'refresh_token');
    mock.timers.tick(9_999);
    await idle();
    assert.deepEqual(seen, []);
    mock.timers.tick(1);
    await session.settled();
    assert.deepEqual(seen, [
      'customer refresh_token rejected 401',
      'customer access_token already-invalid 401',
    ]);
    assert.equal(sent.filter(({ form }) => form.grant_type === 'refresh_token').length, 1);
  });

  test('R13, R30: an unanswered revocation times out, and nothing is refreshed for it', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({ revocation: { timeoutMs: 200 } });
    const seen = outcomes(session);
    await shop.backend.expireAccessTokens();
    shop.backend.set({ revoke: { answer: 'silent', only: 'refresh_token' } });
    session.signOut();
    await session.settled();
    assert.deepEqual(seen, [
      'customer refresh_token timed-out 0',
      'customer access_token already-invalid 401',
    ]);
    assert.deepEqual(shop.asked(), ['password']);
  });

  test('R30: a server that answers 401 to every revocation is asked for one refresh', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const seen = outcomes(session);
    shop.backend.set({ revoke: { answer: 401 } });
    session.signOut();
    await session.settled();
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.deepEqual(await shop.revoked(), [
      'customer #1 refresh',
      'customer #2 refresh',
      'customer #2 access',
    ]);
    // A 401 says nothing about a token that is not its own bearer.
    assert.deepEqual(seen, [
      'customer refresh_token rejected 401',
      'customer access_token already-invalid 401',
    ]);
  });

  test('R30: a 401 to the access token alone is no reason to refresh', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 401, only: 'access_token' } });
    const seen = outcomes(session);
    session.signOut();
    await session.settled();
    assert.deepEqual(shop.asked(), ['password']);
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token already-invalid 401',
    ]);
  });
});

describe('a revocation with other settings', limit, () => {
  test('R30: revocations without a bearer need no refresh', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ bearerRequired: false, accessTokenSeconds: 60 });
    const session = await shop.openCustomer({ revocation: { authorization: 'none' } });
    mock.timers.setTime(Date.now() + 61_000);
    session.signOut();
    await session.settled();
    assert.deepEqual(asked(shop), [
      'password 200',
      'revoke refresh_token 200',
      'revoke access_token 200',
    ]);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R17, R30: a 401 to a revocation without a bearer is reported as rejected', async () => {
    const shop = storefront();
    const session = await shop.openCustomer({ revocation: { authorization: 'none' } });
    const seen = outcomes(session);
    shop.backend.set({ revoke: { answer: 401 } });
    session.signOut();
    await session.settled();
    assert.deepEqual(shop.asked(), ['password']);
    assert.deepEqual(seen, [
      'customer refresh_token rejected 401',
      'customer access_token rejected 401',
    ]);
  });

  test('R13, R30: without a revocation endpoint nothing is refreshed for a sign-out', async (t) => {
    stopClock(t);
    const shop = storefront();
    shop.backend.set({ accessTokenSeconds: 60 });
    const session = await shop.openCustomer({ endpoints: { revoke: null } });
    mock.timers.setTime(Date.now() + 61_000);
    session.signOut();
    await session.settled();
    await idle();
    assert.deepEqual(asked(shop), ['password 200']);
  });

  test('R18, R30: a revocation that is retried after the token has expired is refreshed first', async (t) => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    let revocations = 0;
    const { fetch, asked: sent } = scriptedFetch(({ form }) => {
      if (form.grant_type) return tokenResponse({ access: 'access-2', refresh: 'refresh-3' });
      return new Response('', { status: ++revocations === 1 ? 503 : 200 });
    });
    const session = await storefront().openCustomer({
      baseUrl,
      fetch,
      revocation: { retries: 1 },
    });
    const seen = outcomes(session);
    mock.timers.setTime(Number(session.state.expiresAt) - 1_000);
    session.signOut();
    await idle();
    assert.equal(sent.length, 2);
    mock.timers.tick(2_000);
    await session.settled();
    assert.deepEqual(
      sent.slice(2).map(({ form }) => form.refresh_token ?? form.token),
      ['refresh-1', 'refresh-3', 'access-2'],
    );
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token revoked 200',
    ]);
  });

  test('R18, R30: a revocation under a refreshed token is retried like any other', async (t) => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    const answers = [401, 503, 200, 200];
    const { fetch, asked: sent } = scriptedFetch(({ form }) =>
      form.grant_type
        ? tokenResponse({ access: 'access-2', refresh: 'refresh-2' })
        : new Response('', { status: answers.shift() ?? 500 }),
    );
    const session = await storefront().openCustomer({
      baseUrl,
      fetch,
      revocation: { retries: 1 },
    });
    const seen = outcomes(session);
    session.signOut();
    await idle();
    mock.timers.tick(2_000);
    await session.settled();
    assert.deepEqual(
      sent.slice(1).map(({ form }) => form.refresh_token ?? form.token),
      ['refresh-1', 'refresh-1', 'refresh-2', 'refresh-2', 'access-2'],
    );
    assert.deepEqual(seen, [
      'customer refresh_token revoked 200',
      'customer access_token revoked 200',
    ]);
  });
});

describe('a page that is going away', limit, () => {
  for (const way of /** @type {const} */ (['pagehide', 'close'])) {
    test(`R11, R30: a page that goes away sends both revocations at once, under its expired bearer (${way})`, async (t) => {
      const page = standInWindow(t);
      stopClock(t);
      const shop = storefront();
      shop.backend.set({ accessTokenSeconds: 60 });
      const session = await shop.openCustomer();
      mock.timers.setTime(Date.now() + 61_000);
      shop.backend.set({ token: { answer: 'hold-before' } });
      session.signOut();
      await shop.held();
      const calls = shop.calls.length;
      if (way === 'close') session.close();
      else page.dispatchEvent(new Event('pagehide'));
      const sent = shop.calls.slice(calls).map(({ init }) => {
        const form = new URLSearchParams(String(init.body));
        return `${form.get('token_type_hint')} ${init.keepalive}`;
      });
      assert.deepEqual(sent, ['refresh_token true', 'access_token true']);
      const bearer = `Bearer ${await shop.token('customer #1 access')}`;
      await shop.backend.waitFor(({ form }) => !!form?.token, 2);
      const revocations = shop.backend.received().filter(({ form }) => form?.token);
      assert.deepEqual(
        revocations.map(({ authorization }) => authorization),
        [bearer, bearer],
      );
      session.close();
    });
  }

  test('R11, R30: a page that goes away and comes back revokes the tokens of its refresh', async (t) => {
    const page = standInWindow(t);
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    session.signOut();
    await shop.held();
    page.dispatchEvent(new Event('pagehide'));
    shop.backend.release();
    await session.settled();
    await idle();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });
});

describe('a sign-in during a revocation that refreshes', limit, () => {
  test('R29, R30: a sign-in waits until refresh and revocations have settled, and gets a token of its own', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ sameToken: true, token: { answer: 'hold', only: 'refresh_token' } });
    session.signOut();
    await shop.held();
    const signedIn = session.signIn(anna);
    await idle();
    assert.equal(session.state.phase, 'customer-signing-in');
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    shop.backend.release();
    await signedIn;
    assert.deepEqual(shop.asked(), ['password', 'refresh_token', 'password']);
    assert.deepEqual(await shop.alive(), ['customer #3 access', 'customer #3 refresh']);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    await session.settled();
    assert.deepEqual(await shop.revoked(), [
      'customer #1 refresh',
      'customer #2 refresh',
      'customer #2 access',
    ]);
  });

  for (const first of /** @type {const} */ (['refresh', 'sign-in'])) {
    test(`R29, R30: a sign-in sent after 2 s that gets the tokens of the refresh keeps them: they are not revoked (the ${first} is answered first)`, async (t) => {
      mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
      t.after(() => mock.timers.reset());
      /** @type {(response: Response) => void} */
      let answerRefresh = () => {};
      /** @type {() => void} */
      let answerSignIn = () => {};
      const { fetch, asked: sent } = scriptedFetch(({ form }) =>
        form.grant_type
          ? new Promise((resolve) => (answerRefresh = resolve))
          : new Response('', { status: 401 }),
      );
      let signIns = 0;
      const session = await storefront().openCustomer({
        baseUrl,
        fetch: async (input, init) => {
          const response = fetch(input, init);
          if (String(init?.body).includes('grant_type=password') && ++signIns > 1) {
            await new Promise((resolve) => (answerSignIn = () => resolve(undefined)));
          }
          return response;
        },
      });
      session.signOut();
      await idle();
      const signedIn = session.signIn(anna);
      mock.timers.tick(2_000);
      await idle();
      assert.equal(sent.at(-1)?.form.grant_type, 'password');
      const same = () => answerRefresh(tokenResponse({ access: 'access-2', refresh: 'refresh-2' }));
      if (first === 'refresh') {
        same();
        await idle();
        answerSignIn();
      } else {
        answerSignIn();
        await signedIn;
        same();
      }
      await signedIn;
      await session.settled();
      await idle();
      assert.deepEqual(
        sent.flatMap(({ form }) => form.token ?? []),
        ['refresh-1'],
      );
      assert.equal(session.authorization(), 'Bearer access-2');
      assert.equal(session.state.phase, 'customer');
      assert.equal(session.state.revoking, 0);
    });
  }

  test('R16, R30: a customer who has signed in by then is not affected by the refresh for a revocation', async (t) => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold', only: 'refresh_token' } });
    session.signOut();
    await shop.held();
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    // The sign-in stops waiting after two seconds.
    const signedIn = session.signIn(ben);
    mock.timers.setTime(Date.now() + 2_000);
    session.authorization();
    await signedIn;
    const { state } = session;
    const expired = details(session, 'expired');
    shop.backend.set({ token: { answer: 'normal' } });
    await shop.backend.revokeRefreshTokens();
    shop.backend.release();
    await session.settled();
    assert.deepEqual(session.state, { ...state, revoking: 0 });
    assert.deepEqual(expired, []);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: ben.username });
  });
});
