// session.fetch, and authorization and renew, which adapters use instead of it.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import {
  anna,
  deadAnswer,
  idle,
  limit,
  scriptedFetch,
  standIn,
  tokenResponse,
  useStorefront,
} from './storefront.js';

const storefront = useStorefront();
const echo = '/occ/v2/shop/users/current/echo';
const current = '/occ/v2/shop/users/current';

describe('session.fetch', limit, () => {
  test('takes a string, a URL and a Request', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const url = shop.backend.url + current;
    for (const input of [url, new URL(url), new Request(url)]) {
      const response = await session.fetch(input);
      assert.equal((await response.json()).uid, anna.username);
    }
  });

  /** Bodies with the content {"a":"é"}, each sent in another way.
   * @type {Record<string, (url: string) => [input: string | Request, init?: RequestInit]>} */
  const bodies = {
    'a string': (url) => [url, { body: '{"a":"é"}' }],
    bytes: (url) => [url, { body: new TextEncoder().encode('{"a":"é"}') }],
    'a Blob': (url) => [url, { body: new Blob(['{"a":"é"}']) }],
    'a stream': (url) => [
      url,
      /** @type {RequestInit} */ ({
        duplex: 'half',
        body: new ReadableStream({
          start(stream) {
            stream.enqueue(new TextEncoder().encode('{"a":'));
            stream.enqueue(new TextEncoder().encode('"é"}'));
            stream.close();
          },
        }),
      }),
    ],
    'a Request': (url) => [new Request(url, { method: 'POST', body: '{"a":"é"}' })],
    'a Request with headers beside it': (url) => [
      new Request(url, { method: 'POST', body: '{"a":"é"}' }),
      { headers: { 'content-type': 'application/json' } },
    ],
  };
  for (const [name, make] of Object.entries(bodies)) {
    test(`sends ${name} again after a refresh, the same body to the byte`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      await shop.backend.expireAccessTokens();
      const [input, init] = make(shop.backend.url + echo);
      const response = await session.fetch(input, { method: 'POST', ...init });
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { a: 'é' });
      const posts = shop.backend.received({ path: echo });
      assert.deepEqual(
        posts.map(({ status, body }) => [status, body]),
        [
          [401, '{"a":"é"}'],
          [200, '{"a":"é"}'],
        ],
      );
    });
  }

  test('keeps headers, method and redirect mode of the caller', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 'redirect' } });
    const response = await session.fetch(shop.backend.url + current, {
      headers: { 'X-Anonymous-Consents': '[]' },
      redirect: 'manual',
    });
    assert.equal(response.status, 302);
    const [entry] = shop.backend.received({ method: 'GET' });
    assert.equal(entry?.headers['x-anonymous-consents'], '[]');
  });

  for (const how of ['init', 'Request']) {
    test(`leaves an Authorization header of the caller alone (${how})`, async () => {
      const shop = storefront();
      const session = await shop.openCustomer();
      const url = shop.backend.url + current;
      const init = { headers: { authorization: 'Bearer of-the-caller' } };
      const response = await (how === 'init'
        ? session.fetch(url, init)
        : session.fetch(new Request(url, init)));
      assert.equal(response.status, 401);
      assert.deepEqual(
        shop.backend.received({ method: 'GET' }).map(({ authorization }) => authorization),
        ['Bearer of-the-caller'],
      );
      assert.deepEqual(shop.asked(), ['password']);
    });
  }

  test("the caller's signal aborts a request, and nothing else", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 'hold' } });
    const abort = new AbortController();
    const answer = session.fetch(shop.backend.url + current, { signal: abort.signal });
    await shop.held();
    abort.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    await shop.backend.waitFor(({ aborted }) => aborted);
    assert.equal(session.state.phase, 'customer');
  });

  test("the caller's signal ends the wait for a refresh, which goes on for others", async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 'hold' } });
    const abort = new AbortController();
    const reason = new Error('the page was left');
    const first = session.fetch(shop.backend.url + current, { signal: abort.signal });
    const second = session.fetch(shop.backend.url + current);
    await shop.backend.waitFor(({ status }) => status === 401, 2);
    await shop.held();
    abort.abort(reason);
    await assert.rejects(first, reason);
    shop.backend.release();
    assert.equal((await second).status, 200);
    assert.equal(shop.backend.received({ method: 'GET' }).length, 3);
  });

  test('rejects as fetch does when the host cannot be reached, and the session stays', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    shop.backend.set({ occ: { answer: 'drop' } });
    await assert.rejects(session.fetch(shop.backend.url + current), TypeError);
    assert.equal(session.state.phase, 'customer');
  });

  test('an anonymous request that needs a client token gets one, which others use too', async () => {
    const shop = storefront();
    const session = await shop.open();
    const register = (/** @type {string} */ uid) =>
      session.fetch(`${shop.backend.url}/occ/v2/shop/users`, {
        method: 'POST',
        body: JSON.stringify({ uid, firstName: 'A', lastName: 'B', password: 'p' }),
      });
    assert.equal((await register('one@example.com')).status, 201);
    assert.equal((await register('two@example.com')).status, 201);
    assert.deepEqual(shop.asked(), ['client_credentials']);
    await session.signIn({ username: 'one@example.com', password: 'p' });
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #2 refresh', 'customer #2 access']);
  });

  test('R19: a client token that dies before its time fails one request, and the next gets another', async () => {
    const shop = storefront();
    const session = await shop.open();
    const register = async (/** @type {string} */ uid) => {
      const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users`, {
        method: 'POST',
        body: JSON.stringify({ uid, firstName: 'A', lastName: 'B', password: 'p' }),
      });
      return response.status;
    };
    assert.equal(await register('one@example.com'), 201);
    await shop.backend.expireAccessTokens();
    assert.equal(await register('two@example.com'), 401);
    assert.equal(await register('two@example.com'), 201);
    assert.deepEqual(shop.asked(), ['client_credentials', 'client_credentials']);
  });
});

describe('an answer that breaks off', limit, () => {
  const url = 'https://api.shop.example/occ/v2/shop/users/current';
  const baseUrl = 'https://api.shop.example';

  test('a 401 whose body breaks off is handed on, and no token is renewed for it', async () => {
    const broken = () =>
      new ReadableStream({ pull: (stream) => stream.error(new Error('broken off')) });
    const { fetch, asked } = scriptedFetch(() => new Response(broken(), { status: 401 }));
    const session = await storefront().openCustomer({ baseUrl, fetch });
    const response = await session.fetch(url);
    assert.equal(response.status, 401);
    await assert.rejects(response.text(), { message: 'broken off' });
    assert.deepEqual(
      asked.map(({ form }) => form.grant_type),
      ['password', undefined],
    );
    assert.equal(session.state.phase, 'customer');
  });

  test('a 401 whose body cannot be cancelled, or is absent, does not stop the request from being sent again', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
    const unwilling = new ReadableStream({
      cancel() {
        throw new Error('broken off');
      },
    });
    for (const body of [unwilling, null]) {
      const answers = [
        new Response(body, { status: 401, headers }),
        tokenResponse({ access: 'access-2' }),
        new Response('answered'),
      ];
      const { fetch, asked } = scriptedFetch(() => answers.shift());
      const session = await storefront().openCustomer({ baseUrl, fetch });
      assert.equal(await (await session.fetch(url)).text(), 'answered');
      assert.deepEqual(
        asked.map(({ form }) => form.grant_type),
        ['password', undefined, 'refresh_token', undefined],
      );
    }
  });
});

describe('authorization and renew', limit, () => {
  test('an adapter renews a rejected header once for all callers, and gets undefined for an unknown header', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const older = session.authorization() ?? '';
    const [one, two] = await Promise.all([
      session.renew(older, deadAnswer()),
      session.renew(older, deadAnswer()),
    ]);
    assert.equal(one, `Bearer ${await shop.token('customer #2 access')}`);
    assert.equal(two, one);
    assert.equal(session.authorization(), one);
    assert.equal(await session.renew(older, deadAnswer()), one);
    assert.equal(await session.renew('Bearer of-somebody-else', deadAnswer()), undefined);
    assert.equal(await session.renew(`Bearer ${'x'.repeat(80_000)}`, deadAnswer()), undefined);
    assert.deepEqual(shop.asked(), ['password', 'refresh_token']);
  });

  test('a rejected header that is longer than all of the memory leaves the memory as it is', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    const bearer = session.authorization();
    assert.equal(await session.renew(`Bearer ${'x'.repeat(600_000)}`, deadAnswer()), undefined);
    assert.equal(session.authorization(), bearer);
    session.signOut();
    await session.settled();
    assert.deepEqual(await shop.revoked(), ['customer #1 refresh', 'customer #1 access']);
  });

  test('a token is refreshed when it expires, before a request needs it', async (t) => {
    let refreshes = 0;
    const { fetch, asked } = scriptedFetch(() =>
      tokenResponse({ access: `refreshed-${++refreshes}`, refresh: 'r' }),
    );
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
    t.after(() => mock.timers.reset());
    const session = await storefront().openCustomer({ fetch });
    mock.timers.tick(3_599_999);
    await idle();
    assert.equal(refreshes, 0);
    mock.timers.tick(1);
    await idle();
    assert.equal(session.authorization(), 'Bearer refreshed-1');
    assert.deepEqual(asked[1]?.form, {
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
      client_id: 'mobile_android',
      client_secret: 'secret',
    });
    session.signOut();
    await session.settled();
    const count = asked.length;
    mock.timers.tick(10_000_000);
    await idle();
    assert.equal(asked.length, count);
  });

  test('a token that lives longer than a timer of the browser is refreshed when it expires', async (t) => {
    const day = 86_400_000;
    const longestTimer = 2 ** 31 - 1;
    const { fetch, asked } = scriptedFetch(() => tokenResponse({ access: 'refreshed' }));
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
    const { setTimeout } = globalThis;
    /** @type {number[]} */
    const waits = [];
    standIn(t, 'setTimeout', {
      value: (/** @type {() => void} */ act, /** @type {number} */ wait) => {
        waits.push(wait);
        return setTimeout(act, wait);
      },
    });
    t.after(() => mock.timers.reset());
    const session = await storefront().open({
      fetch: /** @type {typeof globalThis.fetch} */ (
        (input, init) =>
          asked.length > 0
            ? fetch(input, init)
            : fetch(input, init).then(() =>
                tokenResponse({ access: 'a', refresh: 'r', expiresIn: 60 * 86_400 }),
              )
      ),
    });
    await session.signIn(anna);
    for (let days = 1; days < 60; days++) {
      mock.timers.tick(day);
      await idle();
    }
    assert.equal(asked.length, 1);
    mock.timers.tick(day);
    await idle();
    assert.equal(session.authorization(), 'Bearer refreshed');
    assert.equal(Math.max(...waits), longestTimer);
  });
});
