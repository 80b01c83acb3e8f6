// R1 to R9: the revoked grants, and the times of revocation. The tests check the requests that the
// server received, and the state of each token there.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  agent,
  anna,
  annaId,
  ben,
  benId,
  details,
  idle,
  limit,
  Notebook,
  phases,
  useStorefront,
} from './storefront.js';

/** @import { Session } from './storefront.js' */

const storefront = useStorefront();

const annaOnly = ['customer #1 refresh', 'customer #1 access'];
const agentOnly = ['agent #2 refresh', 'agent #2 access'];

describe('a customer', limit, () => {
  test("R1: a customer's sign-out revokes the refresh and the access token", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    assert.deepEqual(await shop.alive(), ['customer #1 access', 'customer #1 refresh']);
    await session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), annaOnly);
    assert.deepEqual(await shop.alive(), []);
    assert.equal(session.state.phase, 'anonymous');
  });

  test('R1: each token is revoked by itself when the server does not end the whole grant', async () => {
    const shop = storefront();
    shop.backend.set({ revocationEnds: 'token' });
    const session = await shop.openCustomer();
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.alive(), []);
  });

  test('R1: a sign-out without a refresh token sends one revocation', async () => {
    const shop = storefront();
    shop.backend.set({ refreshTokens: false });
    const session = await shop.openCustomer();
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 access']);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R1: a sign-out of an anonymous session sends nothing', async () => {
    const shop = storefront();
    const session = await shop.open();
    await session.signOut();
    await session.signOutAgent();
    assert.deepEqual(shop.calls, []);
  });
});

describe('an agent', limit, () => {
  for (const way of /** @type {const} */ (['signOut', 'signOutAgent'])) {
    test(`R2: an agent's sign-out revokes the agent's grant (${way})`, async () => {
      const shop = storefront();
      const session = await shop.openAgent();
      await session[way]();
      await session.settled();
      assert.deepEqual(await shop.revoked(), ['agent #1 refresh', 'agent #1 access']);
      assert.deepEqual(await shop.alive(), []);
      assert.equal(session.state.phase, 'anonymous');
    });

    test(`R2: an agent's sign-out revokes the retired grant too (${way})`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      await session.signInAgent(agent);
      await session[way]();
      await session.settled();
      assert.deepEqual((await shop.revoked()).sort(), [...annaOnly, ...agentOnly].sort());
      assert.deepEqual(await shop.alive(), []);
    });
  }

  test("R2: an agent's sign-out revokes only the agent's grant while a customer who never signed in is emulated", async () => {
    const shop = storefront();
    const session = await shop.openAgent();
    session.emulate(benId);
    session.signOutAgent();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['agent #1 refresh', 'agent #1 access']);
    assert.equal(session.state.phase, 'anonymous');
  });

  test('R3: an emulated customer signs out and nothing is sent', async () => {
    const shop = storefront();
    const session = await shop.openAgent();
    session.emulate(benId);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: ben.username });
    const calls = shop.calls.length;
    await session.signOut();
    assert.equal(shop.calls.length, calls);
    assert.equal(session.state.phase, 'agent');
    assert.equal(session.state.userId, 'anonymous');
    assert.deepEqual(await shop.alive(), ['agent #1 access', 'agent #1 refresh']);
    session.emulate(annaId);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(await shop.revoked(), []);
  });

  test('R3: the sign-out of an emulated customer retires the parked grant', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    const calls = shop.calls.length;
    await session.signOut();
    assert.equal(shop.calls.length, calls);
    assert.equal(session.state.phase, 'agent');
    assert.equal((await shop.alive()).length, 4);
    session.emulate(annaId);
    session.signOutAgent();
    assert.equal(session.state.phase, 'anonymous');
    await session.settled();
    assert.deepEqual((await shop.revoked()).sort(), [...annaOnly, ...agentOnly].sort());
    assert.deepEqual(await shop.alive(), []);
  });
});

describe('an agent over a customer', limit, () => {
  test('R4: an agent who signs in with a customerId starts by emulating that customer, whose grant is parked', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    assert.equal(session.state.phase, 'emulating');
    assert.equal(session.state.userId, annaId);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    const bearer = `Bearer ${await shop.token('agent #2 access')}`;
    assert.equal(shop.backend.journal.at(-1)?.authorization, bearer);
    assert.deepEqual(await shop.revoked(), []);
    assert.equal((await shop.alive()).length, 4);
    session.signOutAgent();
    assert.equal(session.state.phase, 'customer');
  });

  test("R4: an agent who signs in without a customerId retires the customer's grant", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await session.signInAgent(agent);
    assert.equal(session.state.phase, 'agent');
    assert.equal(session.state.userId, 'anonymous');
    assert.deepEqual(await shop.revoked(), []);
    assert.equal((await shop.alive()).length, 4);
    session.signOutAgent();
    assert.equal(session.state.phase, 'anonymous');
  });

  test("R4: the customer's session works until the agent's token has arrived", async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    const stored = storage.text;
    shop.backend.set({ token: { answer: 'hold' } });
    const signedIn = session.signInAgent(agent, { customerId: annaId });
    await shop.held();
    assert.equal(session.state.phase, 'agent-taking-over');
    assert.equal(session.state.userId, 'current');
    assert.equal(session.state.signedIn, true);
    assert.equal(session.state.agentSignedIn, false);
    assert.equal(storage.text, stored);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    shop.backend.release();
    await signedIn;
    assert.equal(session.state.phase, 'emulating');
  });

  test('R4: a refused agent sign-in changes nothing', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    const { state } = session;
    const refused = session.signInAgent({ ...agent, password: 'wrong' }, { customerId: annaId });
    await assert.rejects(refused, { code: 'invalid-credentials' });
    assert.deepEqual(session.state, state);
    assert.equal(storage.saves.length, 1);
    assert.deepEqual(await shop.alive(), ['customer #1 access', 'customer #1 refresh']);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
  });

  test("R5: an agent's sign-out restores the customer whose grant is parked", async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    await session.signOutAgent();
    assert.equal(session.state.phase, 'customer');
    assert.equal(session.state.userId, 'current');
    await session.settled();
    assert.deepEqual(await shop.revoked(), agentOnly);
    assert.deepEqual(await shop.alive(), ['customer #1 access', 'customer #1 refresh']);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
  });

  test('R6: emulating another customer retires the parked grant', async () => {
    const shop = storefront();
    const session = await shop.openTakenOver();
    session.emulate(benId);
    assert.equal(session.state.userId, benId);
    assert.deepEqual(await shop.revoked(), []);
    session.signOutAgent();
    assert.equal(session.state.phase, 'anonymous');
    await session.settled();
    assert.deepEqual((await shop.revoked()).sort(), [...annaOnly, ...agentOnly].sort());
  });

  test('R6: the grant stays retired when the agent comes back to the first customer', async () => {
    const session = await storefront().openTakenOver();
    session.emulate(benId);
    session.emulate(annaId);
    session.signOutAgent();
    assert.equal(session.state.phase, 'anonymous');
  });

  test('R6: emulating the same customer once more keeps the grant parked', async () => {
    const session = await storefront().openTakenOver();
    session.emulate(annaId);
    session.signOutAgent();
    assert.equal(session.state.phase, 'customer');
  });
});

describe('no grant is dropped', limit, () => {
  /** The ways to overtake a sign-in while its token request is pending.
   * @type {Record<string, (session: Session, abort: AbortController) => unknown>} */
  const overtaken = {
    'a sign-out': (session) => session.signOut(),
    "the caller's signal": (_session, abort) => abort.abort(),
  };
  for (const [by, overtake] of Object.entries(overtaken)) {
    for (const who of /** @type {const} */ (['signIn', 'signInAgent'])) {
      test(`R7: the token of a ${who} overtaken by ${by} never becomes active and is revoked`, async () => {
        const shop = storefront();
        shop.backend.set({ token: { answer: 'hold' } });
        const session = await shop.open();
        const seen = phases(session);
        const abort = new AbortController();
        const credentials = who === 'signIn' ? anna : agent;
        const signedIn = session[who](credentials, { signal: abort.signal });
        await shop.held();
        overtake(session, abort);
        await assert.rejects(signedIn, { code: 'cancelled' });
        assert.equal(session.state.phase, 'anonymous');
        shop.backend.release();
        await shop.backend.waitFor(({ path, status }) => path.endsWith('/revoke') && !!status, 2);
        await session.settled();
        const owner = who === 'signIn' ? 'customer' : 'agent';
        assert.deepEqual(await shop.revoked(), [`${owner} #1 refresh`, `${owner} #1 access`]);
        assert.deepEqual(await shop.alive(), []);
        assert.equal(seen.length, 2);
        assert.equal(session.authorization(), undefined);
      });
    }
  }

  test('R7: the token of a superseded sign-in is revoked, and that of the other sign-in is active', async () => {
    const shop = storefront();
    shop.backend.set({ token: { answer: 'hold' } });
    const session = await shop.open();
    const first = session.signIn(anna);
    await shop.held(1);
    const second = session.signIn(ben);
    await assert.rejects(first, { code: 'cancelled' });
    await shop.held(2);
    shop.backend.release(1);
    shop.backend.release(1);
    await second;
    await shop.backend.waitFor(({ path, status }) => path.endsWith('/revoke') && !!status, 2);
    await session.settled();
    assert.deepEqual(await shop.revoked(), annaOnly);
    assert.deepEqual(await shop.alive(), ['customer #2 access', 'customer #2 refresh']);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: ben.username });
  });

  test('R7: the tokens of a refresh that is answered after the sign-out are revoked', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const answer = shop.getUser(session);
    await shop.held();
    session.signOut();
    shop.backend.set({ token: { answer: 'normal' } });
    shop.backend.release();
    assert.equal((await answer).status, 401);
    await shop.backend.waitFor(({ form, status }) => !!form?.refresh_token && status === 200);
    await idle();
    await session.settled();
    assert.ok((await shop.revoked()).includes('customer #2 refresh'));
    assert.deepEqual(await shop.alive(), []);
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(session.authorization(), undefined);
  });

  test('R7: a refresh continues its grant, and the old access token is not revoked', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    const before = JSON.parse(storage.text ?? '').active;
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(session)).status, 200);
    const { number, access } = JSON.parse(storage.text ?? '').active;
    assert.equal(number, before.number);
    assert.notEqual(access, before.access);
    assert.deepEqual(await shop.revoked(), []);
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #2 refresh', 'customer #2 access']);
  });

  test('R7: a refresh that returns no new refresh token keeps the present one', async () => {
    const shop = storefront();
    shop.backend.set({ rotate: false });
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(session)).status, 200);
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #2 access']);
  });
});

describe('repeated sign-outs and dead tokens', limit, () => {
  test('R8: repeated sign-outs revoke each token once', async () => {
    const shop = storefront();
    shop.backend.set({ revoke: { answer: 'hold' } });
    const session = await shop.openTakenOver();
    session.emulate(benId);
    session.addEventListener('change', () => session.signOut());
    session.addEventListener('revocation', () => session.signOutAgent());
    session.signOutAgent();
    session.signOut();
    session.signOutAgent();
    await shop.held(2);
    session.signOut();
    shop.backend.set({ revoke: { answer: 'normal' } });
    shop.backend.release();
    await session.settled();
    session.signOut();
    assert.deepEqual((await shop.revoked()).sort(), [...annaOnly, ...agentOnly].sort());
  });

  test('R9: a token that turns out to be dead, without a refresh token, is dropped without a request', async () => {
    const shop = storefront();
    shop.backend.set({ refreshTokens: false });
    const session = await shop.openCustomer();
    const expired = details(session, 'expired');
    await shop.backend.expireAccessTokens();
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal(session.state.phase, 'anonymous');
    assert.deepEqual(expired, [{ owner: 'customer' }]);
    // The request was sent a second time without a bearer (R32).
    assert.equal(shop.calls.length, 3);
    await session.signOut();
    await session.settled();
    assert.equal(shop.calls.length, 3);
    assert.deepEqual(await shop.revoked(), []);
  });

  test('R9: a grant whose refresh is refused as invalid_grant is dropped without a request', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    await shop.backend.revokeRefreshTokens();
    assert.equal((await shop.getUser(session)).status, 401);
    assert.equal(session.state.phase, 'anonymous');
    await session.signOut();
    await session.settled();
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
    assert.equal(shop.calls.length, 4);
    assert.deepEqual(await shop.revoked(), []);
  });
});
