// R29: a server that issues the same token twice, as the legacy one does for a second sign-in of
// the same user and client.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import {
  agent,
  anna,
  ben,
  idle,
  limit,
  revokePath,
  scriptedFetch,
  useStorefront,
} from './storefront.js';

const storefront = useStorefront();

describe('the same token twice', limit, () => {
  test('R29: a stray grant with the token of the following sign-in is not revoked', async () => {
    const shop = storefront();
    shop.backend.set({ sameToken: true, token: { answer: 'hold' } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held(1);
    const second = session.signIn(anna);
    await shop.held(2);
    shop.backend.release(1);
    await shop.backend.waitFor(({ status }) => status === 200);
    await idle();
    shop.backend.release(1);
    await Promise.all([first, second]);
    await session.settled();
    assert.deepEqual(await shop.revoked(), []);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R29: a stray grant that arrives after the grant with the same token is not revoked', async () => {
    const shop = storefront();
    shop.backend.set({ sameToken: true, token: { answer: 'hold', times: 1 } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held(1);
    await session.signIn(anna);
    shop.backend.release();
    await first;
    await shop.backend.waitFor(({ path, status }) => path.endsWith('/token') && status === 200, 2);
    await idle();
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
    assert.deepEqual(await shop.revoked(), []);
    assert.equal(session.state.revoking, 0);
  });

  test('R29: a stray grant waits while a sign-in is pending, and is revoked if that gets another token', async () => {
    const shop = storefront();
    shop.backend.set({ token: { answer: 'hold' } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held(1);
    const second = session.signIn(ben);
    await shop.held(2);
    shop.backend.release(1);
    await first;
    await shop.backend.waitFor(({ status }) => status === 200);
    await fetch(`${shop.backend.url}/occ/v2/shop/basesites`);
    await idle();
    assert.equal(shop.calls.length, 2);
    assert.equal(session.state.revoking, 0);
    shop.backend.release();
    await second;
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.deepEqual(await shop.alive(), ['customer #2 access', 'customer #2 refresh']);
  });

  test('R29: a waiting stray grant is revoked when the pending sign-in is refused', async () => {
    const shop = storefront();
    shop.backend.set({ token: { answer: 'hold' } });
    const session = await shop.open();
    const first = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held(1);
    const second = assert.rejects(session.signIn({ ...anna, password: 'wrong' }), {
      code: 'invalid-credentials',
    });
    await shop.held(2);
    shop.backend.release(1);
    await shop.backend.waitFor(({ status }) => status === 200);
    await idle();
    shop.backend.release(1);
    await Promise.all([first, second]);
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
    assert.deepEqual(await shop.alive(), []);
  });
});

describe('a sign-in while a revocation is in flight', limit, () => {
  test('R29: a sign-in is sent when the pending revocation has settled, and gets a token of its own', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ sameToken: true, revoke: { answer: 'hold-before' } });
    session.signOut();
    const signedIn = session.signIn(anna);
    await shop.held();
    assert.equal(session.state.phase, 'customer-signing-in');
    assert.equal(shop.calls.length, 2);
    shop.backend.release();
    await shop.held();
    assert.equal(shop.calls.length, 3);
    shop.backend.release();
    await signedIn;
    assert.deepEqual(
      shop.backend.journal.map(({ form }) => form?.grant_type ?? form?.token_type_hint),
      ['password', 'refresh_token', 'access_token', 'password'],
    );
    assert.deepEqual(await shop.alive(), ['customer #2 access', 'customer #2 refresh']);
    assert.deepEqual(await shop.getUser(session), { status: 200, uid: anna.username });
  });

  for (const who of /** @type {const} */ (['signIn', 'signInAgent'])) {
    test(`R29: ${who} is sent after 2 s even if the pending revocation has not settled`, async (t) => {
      const { fetch, asked } = scriptedFetch(() => new Promise(() => {}));
      const session = await storefront().openCustomer({ fetch });
      mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
      t.after(() => mock.timers.reset());
      session.signOut();
      const signedIn = session[who](who === 'signIn' ? ben : agent);
      mock.timers.tick(1_999);
      await idle();
      assert.deepEqual(
        asked.slice(1).map(({ url }) => url.endsWith(revokePath)),
        [true],
      );
      mock.timers.tick(1);
      await signedIn;
      assert.equal(asked.at(-1)?.form.grant_type, 'password');
      assert.equal(asked.length, 3);
    });
  }

  test('R29: a sign-in that is cancelled while it waits is never sent', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ revoke: { answer: 'hold' } });
    session.signOut();
    const cancelled = assert.rejects(session.signIn(anna), { code: 'cancelled' });
    await shop.held();
    session.signOut();
    await cancelled;
    shop.backend.set({ revoke: { answer: 'normal' } });
    shop.backend.release();
    await session.settled();
    await idle();
    assert.deepEqual(shop.asked(), ['password']);
    assert.equal(session.state.phase, 'anonymous');
  });
});
