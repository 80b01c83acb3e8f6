// R18: a revocation is retried only if the option asks for it, and only after temporary failures.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import {
  anna,
  details,
  idle,
  limit,
  runProgram,
  scriptedFetch,
  useStorefront,
} from './storefront.js';

/** @import { SessionOptions, TestContext } from './storefront.js' */

const storefront = useStorefront();

const baseUrl = 'https://api.shop.example';

/** The answers to the tries of the refresh token, in this order; the access token's are 200. */
class Tries {
  /** @param {(() => unknown)[]} answers */
  constructor(answers) {
    this.answers = answers;
    this.count = 0;
  }

  /** @param {import('./storefront.js').Asked} asked */
  answer = ({ form }) => {
    if (form.token_type_hint === 'access_token') return new Response();
    this.count++;
    return (this.answers.shift() ?? (() => new Response()))();
  };
}

/** @param {number} status @param {string} [retryAfter] */
const refuse = (status, retryAfter) => () =>
  new Response('', { status, headers: retryAfter ? { 'Retry-After': retryAfter } : {} });
const unreachable = () => Promise.reject(new TypeError('fetch failed'));

describe('retries', limit, () => {
  /**
   * Signs out with these answers to the refresh token, under a stopped clock.
   *
   * @param {TestContext} t
   * @param {number | undefined} retries
   * @param {(() => unknown)[]} answers
   */
  async function signOut(t, retries, answers) {
    const tries = new Tries(answers);
    /** @type {SessionOptions['revocation']} */
    const revocation = retries === undefined ? {} : { retries };
    const { fetch } = scriptedFetch(tries.answer);
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
    t.after(() => mock.timers.reset());
    const session = await storefront().openCustomer({ baseUrl, fetch, revocation });
    const seen = details(session, 'revocation');
    session.signOut();
    await idle();
    /** @param {number} ms */
    const pass = async (ms) => {
      mock.timers.tick(ms);
      await idle();
      return tries.count;
    };
    return { session, seen, tries, pass };
  }

  for (const [name, answer] of Object.entries({ unreachable, 503: refuse(503, '1') })) {
    test(`R18: a revocation is not retried by default (${name})`, async (t) => {
      const { tries, seen, pass } = await signOut(t, undefined, [answer, answer]);
      assert.equal(tries.count, 1);
      assert.equal(await pass(60_000), 1);
      assert.equal(seen.length, 2);
    });
  }

  /** @type {[name: string, answer: () => unknown, wait: number][]} */
  const passing = [
    ['unreachable', unreachable, 2_000],
    ['429', refuse(429), 2_000],
    ['503', refuse(503), 2_000],
    ['503 with Retry-After 5', refuse(503, '5'), 5_000],
    ['429 with Retry-After 1', refuse(429, '1'), 1_000],
    ['503 with Retry-After 12', refuse(503, '12'), 12_000],
    ['503 with a date', refuse(503, 'Tue, 01 Jan 2030 00:00:07 GMT'), 7_000],
    ['503 with a date of another form', refuse(503, '2030-01-02'), 30_000],
    ['503 with a date that has passed', refuse(503, 'Tue, 01 Jan 2019 00:00:00 GMT'), 2_000],
    ['503 with a Retry-After of an hour', refuse(503, '3600'), 30_000],
    ['503 with an invalid Retry-After', refuse(503, 'soon'), 2_000],
  ];
  for (const [name, answer, wait] of passing) {
    test(`R18: a revocation answered ${name} is retried after ${wait} ms`, async (t) => {
      const { session, seen, tries, pass } = await signOut(t, 1, [answer]);
      assert.equal(tries.count, 1);
      assert.equal(await pass(wait - 1), 1);
      assert.deepEqual(seen, []);
      assert.equal(session.state.revoking, 2);
      assert.equal(await pass(1), 2);
      await session.settled();
      assert.deepEqual(
        seen.map(({ token, outcome }) => `${token} ${outcome}`),
        ['refresh_token revoked', 'access_token revoked'],
      );
    });
  }

  test('R18: a revocation is retried only as often as the option says, and then settles', async (t) => {
    const refused = refuse(503);
    const { session, seen, tries, pass } = await signOut(t, 2, [
      refused,
      refused,
      refused,
      refused,
    ]);
    assert.equal(await pass(2_000), 2);
    assert.equal(await pass(2_000), 3);
    await session.settled();
    assert.equal(await pass(60_000), 3);
    assert.equal(tries.count, 3);
    assert.deepEqual(seen[0], {
      owner: 'customer',
      token: 'refresh_token',
      outcome: 'server-error',
      status: 503,
    });
    assert.equal(seen.length, 2);
  });

  for (const status of [400, 403, 404, 500, 502, 302]) {
    test(`R18: a revocation answered ${status} is not retried`, async (t) => {
      const { tries, seen, pass } = await signOut(t, 3, [refuse(status, '1')]);
      assert.equal(await pass(60_000), 1);
      assert.equal(tries.count, 1);
      assert.equal(seen.length, 2);
    });
  }

  test('R18: a revocation that timed out is not retried', async (t) => {
    const { tries, seen, pass } = await signOut(t, 3, [() => new Promise(() => {})]);
    assert.equal(await pass(10_000), 1);
    assert.equal(await pass(60_000), 1);
    assert.equal(tries.count, 1);
    assert.equal(seen[0].outcome, 'timed-out');
  });

  test('R18: a program that awaits settled lives until the retry, and then exits', async () => {
    const shop = storefront();
    shop.backend.set({
      revoke: { answer: 503, retryAfter: 1, only: 'refresh_token', times: 1 },
      revocationEnds: 'token',
    });
    const outcomes = await runProgram(
      async (url, credentials) => {
        const { createSession } = await import('occ-session');
        const session = await createSession({
          baseUrl: url,
          clientId: 'mobile_android',
          clientSecret: 'secret',
          revocation: { retries: 1 },
        });
        await session.signIn(credentials);
        /** @type {string[]} */
        const seen = [];
        session.addEventListener('revocation', ({ detail }) => seen.push(detail.outcome));
        session.signOut();
        await session.settled();
        return seen;
      },
      shop.backend.url,
      anna,
    );
    assert.deepEqual(outcomes, ['revoked', 'revoked']);
    assert.deepEqual(await shop.revoked(), [
      'customer #1 refresh',
      'customer #1 refresh',
      'customer #1 access',
    ]);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R18: a revocation that waits for its retry is sent when the session is closed, and not again', async (t) => {
    const { session, pass } = await signOut(t, 3, [refuse(503), refuse(503)]);
    session.close();
    assert.equal(await pass(0), 2);
    assert.equal(await pass(60_000), 2);
  });
});
