// R42 and R32: the signs of a dead access token, and the handling of a request whose token cannot
// be refreshed.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import {
  deadAnswer,
  details,
  limit,
  Notebook,
  scriptedFetch,
  tokenResponse,
  useStorefront,
} from './storefront.js';

/** @import { Storefront } from './storefront.js' */
/** @import { TestContext } from 'node:test' */

const storefront = useStorefront();
const baseUrl = 'https://api.shop.example';
const url = `${baseUrl}/occ/v2/shop/users/current`;

/** @param {object} error */
const json = (error) => JSON.stringify({ errors: [error] }, undefined, 1);

/** @param {string} type */
const xml = (type) =>
  `<?xml version='1.0' encoding='UTF-8'?><errorList><errors>
  <message>Access is denied</message><type>${type}</type></errors></errorList>`;

/** The bodies and headers of 401 answers.
 * @type {Record<string, [body: string, headers?: Record<string, string>]>} */
const dead = {
  'the type InvalidTokenError': [json({ type: 'InvalidTokenError', message: 'Invalid token' })],
  'the type InvalidBearerTokenError': [json({ type: 'InvalidBearerTokenError' })],
  'the error code of a resource server': [
    '{"error_code":"invalid_token","error_description":"Jwt expired at 2026"}',
  ],
  'the error of OAuth': ['{"error": "invalid_token", "error_description": "expired"}'],
  'XML with InvalidTokenError': [xml('InvalidTokenError')],
  'XML with InvalidBearerTokenError': [xml('\n InvalidBearerTokenError\n ')],
  'XML with the error of OAuth': ['<oauth><error>invalid_token</error></oauth>'],
  'a challenge alone': ['', { 'WWW-Authenticate': 'Bearer realm="hybris", error="invalid_token"' }],
};

/** @type {typeof dead} */
const alive = {
  'no token': [json({ type: 'InsufficientAuthenticationError' })],
  'a guest without an e-mail address': [json({ type: 'AuthorizationDeniedError' })],
  'a wrong old password': [json({ type: 'PasswordMismatchError', subject: 'InvalidTokenError' })],
  'no right': [json({ type: 'UnauthorizedError', message: '"type":"InvalidTokenError"' })],
  'a type that ends in the same way': [json({ type: 'NotAnInvalidTokenError' })],
  'XML of a wrong old password': [xml('PasswordMismatchError')],
  'XML that speaks of it': [xml('InvalidTokenErrorHandler')],
  'a page of HTML': ['<!doctype html><title>Unauthorized</title><p>invalid_token'],
  'a challenge without an error': ['', { 'WWW-Authenticate': 'Bearer realm="hybris"' }],
};

/**
 * Opens a customer's session whose requests get this answer until the token is refreshed.
 *
 * @param {() => Response} answer
 */
async function openAgainst(answer) {
  const { fetch, asked } = scriptedFetch(({ form, init }) => {
    if (form.grant_type) return tokenResponse({ access: 'access-2', refresh: 'refresh-2' });
    return init ? new Response() : answer();
  });
  let requests = 0;
  const session = await storefront().openCustomer({
    baseUrl,
    fetch: (input, init) =>
      input instanceof Request && ++requests > 1
        ? Promise.resolve(new Response('answered'))
        : fetch(input, init),
  });
  return { session, grants: () => asked.map(({ form }) => form.grant_type).filter(Boolean) };
}

/** Stops the clocks until the test moves them. @param {TestContext} t */
function stopClocks(t) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
  t.after(() => mock.timers.reset());
}

describe('an answer of status 401', limit, () => {
  for (const [name, [body, headers]] of Object.entries(dead)) {
    test(`R42: a 401 with ${name} means a dead token: it is refreshed once, and the request is sent again`, async () => {
      const { session, grants } = await openAgainst(
        () => new Response(body, { status: 401, headers }),
      );
      const response = await session.fetch(url);
      assert.equal(await response.text(), 'answered');
      assert.deepEqual(grants(), ['password', 'refresh_token']);
    });
  }

  for (const [name, [body, headers]] of Object.entries(alive)) {
    test(`R42: a 401 because of ${name} stands, and the session stays`, async () => {
      const { session, grants } = await openAgainst(
        () => new Response(body, { status: 401, headers }),
      );
      const response = await session.fetch(url);
      assert.deepEqual([response.status, await response.text()], [401, body]);
      assert.equal(session.state.phase, 'customer');
      assert.deepEqual(grants(), ['password']);
    });
  }

  /** Answers that a script cannot read. @type {Record<string, () => Response>} */
  const unreadable = {
    'to a HEAD request of another origin': () => new Response(null, { status: 401 }),
    'of white space': () => new Response(' \n', { status: 401 }),
    'that breaks off': () =>
      new Response(
        new ReadableStream({ pull: (stream) => stream.error(new Error('broken off')) }),
        { status: 401 },
      ),
    'of more than 64 KiB': () =>
      new Response(`{"type":"InvalidTokenError"}${' '.repeat(65_536)}`, { status: 401 }),
  };
  for (const [name, answer] of Object.entries(unreadable)) {
    test(`R42: an unreadable 401 ${name} stands before the token has expired`, async (t) => {
      stopClocks(t);
      const { session, grants } = await openAgainst(answer);
      mock.timers.setTime(Date.now() + 3_599_999);
      assert.equal((await session.fetch(url, { method: 'HEAD' })).status, 401);
      assert.equal(session.state.phase, 'customer');
      assert.deepEqual(grants(), ['password']);
    });

    test(`R42: an unreadable 401 ${name} means a dead token once it has expired`, async (t) => {
      stopClocks(t);
      const { session, grants } = await openAgainst(answer);
      // The time is past the alarm that would have refreshed the token, as in a page that slept.
      mock.timers.setTime(Date.now() + 3_600_000);
      assert.equal((await session.fetch(url, { method: 'HEAD' })).status, 200);
      assert.deepEqual(grants(), ['password', 'refresh_token']);
    });
  }
});

describe('renew', limit, () => {
  test('R42: renew accepts the body as text, as parsed JSON, and in a Response, which can still be read', async () => {
    const text = json({ type: 'InvalidTokenError' });
    for (const answer of [
      { status: 401, body: text },
      { status: 401, body: JSON.parse(text) },
      { status: 401, body: null, headers: new Headers({ 'WWW-Authenticate': 'invalid_token' }) },
      new Response(text, { status: 401 }),
    ]) {
      const { session } = await openAgainst(deadAnswer);
      assert.equal(await session.renew('Bearer access-1', answer), 'Bearer access-2');
      if (answer instanceof Response) assert.equal(await answer.text(), text);
    }
  });

  test('R42: renew counts a consumed body, and one of an unknown type, as unreadable', async (t) => {
    stopClocks(t);
    const used = deadAnswer();
    await used.text();
    for (const answer of [used, { status: 401 }, { status: 401, body: new Blob(['invalid']) }]) {
      const { session, grants } = await openAgainst(deadAnswer);
      assert.equal(await session.renew('Bearer access-1', answer), undefined);
      assert.equal(session.state.phase, 'customer');
      mock.timers.setTime(Date.now() + 3_600_000);
      assert.equal(await session.renew('Bearer access-1', answer), 'Bearer access-2');
      assert.deepEqual(grants(), ['password', 'refresh_token']);
    }
  });

  test('R42: renew resolves with undefined for an answer of another status', async () => {
    const { session, grants } = await openAgainst(deadAnswer);
    for (const status of [200, 400, 403, 500]) {
      const answer = { status, body: json({ type: 'InvalidTokenError' }) };
      assert.equal(await session.renew('Bearer access-1', answer), undefined);
      assert.equal(await session.renew('', answer), undefined);
    }
    assert.equal(session.state.phase, 'customer');
    assert.deepEqual(grants(), ['password']);
  });

  test('R42: a 401 with another reason stands even if the token has expired by the clock', async (t) => {
    const now = Date.UTC(2030, 0, 1);
    mock.timers.enable({ apis: ['Date'], now });
    t.after(() => mock.timers.reset());
    const { session, grants } = await openAgainst(deadAnswer);
    // The timer of a computer that slept is late.
    mock.timers.setTime(now + 86_400_000);
    const answer = { status: 401, body: json({ type: 'PasswordMismatchError' }) };
    assert.equal(await session.renew('Bearer access-1', answer), undefined);
    assert.equal(session.state.phase, 'customer');
    assert.deepEqual(grants(), ['password']);
  });

  test('renew resolves with undefined if its signal aborts in the change event of the refresh', async () => {
    const { session, grants } = await openAgainst(deadAnswer);
    const controller = new AbortController();
    session.addEventListener('change', () => controller.abort(), { once: true });
    const { signal } = controller;
    assert.equal(await session.renew('Bearer access-1', deadAnswer(), { signal }), undefined);
    assert.deepEqual(grants(), ['password', 'refresh_token']);
    assert.equal(session.authorization(), 'Bearer access-2');
  });

  test('R21: renew resolves with undefined after a sign-out in the change event of the refresh', async () => {
    const { session } = await openAgainst(deadAnswer);
    session.addEventListener('change', () => session.signOut());
    assert.equal(await session.renew('Bearer access-1', deadAnswer()), undefined);
  });
});

describe('a session that has ended because its token is dead', limit, () => {
  /** Opens Anna's session after a reload, without the refresh token, and with a dead access token.
   * @param {Storefront} shop */
  async function openDead(shop) {
    const storage = new Notebook();
    await shop.openCustomer({ storage });
    const session = await shop.open({ storage });
    await shop.backend.expireAccessTokens();
    return session;
  }

  test('R32: when a session has ended, every GET with its token is sent once more without a bearer, also one answered later', async () => {
    const shop = storefront();
    const session = await openDead(shop);
    const expired = details(session, 'expired');
    const titles = `${shop.backend.url}/occ/v2/shop/titles`;
    shop.backend.set({ occ: { answer: 'hold', times: 1 } });
    const late = session.fetch(titles);
    await shop.held();
    const answers = await Promise.all([session.fetch(titles), session.fetch(titles)]);
    shop.backend.release();
    for (const answer of [...answers, await late]) assert.equal(answer.status, 200);
    const bearer = `Bearer ${await shop.token('customer #1 access')}`;
    assert.deepEqual(
      shop.backend
        .received({ method: 'GET' })
        .map(({ authorization }) => authorization ?? 'none')
        .sort(),
      [bearer, bearer, bearer, 'none', 'none', 'none'],
    );
    const named = shop.backend.received({ method: 'GET' }).map(({ headers }) => headers);
    assert.equal(named.filter((headers) => 'authorization' in headers).length, 3);
    assert.deepEqual(expired, [{ owner: 'customer' }]);
    assert.deepEqual(shop.asked(), ['password']);
  });

  test('R32: a GET whose refresh is refused for good is sent once more without a bearer', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    await shop.backend.expireRefreshTokens();
    const titles = `${shop.backend.url}/occ/v2/shop/titles`;
    const answers = await Promise.all([session.fetch(titles), session.fetch(titles)]);
    for (const answer of answers) assert.equal(answer.status, 200);
    assert.equal(session.state.phase, 'anonymous');
  });

  test('R32: a GET whose refresh fails temporarily is not sent again', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    shop.backend.set({ token: { answer: 503 } });
    assert.equal((await session.fetch(`${shop.backend.url}/occ/v2/shop/titles`)).status, 401);
    assert.equal(shop.backend.received({ method: 'GET' }).length, 1);
  });

  test('R32: the answer without a bearer counts, and the application’s own token is not tried', async () => {
    const shop = storefront();
    const session = await openDead(shop);
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users/current`);
    const { errors } = await response.json();
    assert.equal(errors[0].type, 'UnauthorizedError');
    assert.deepEqual(shop.asked(), ['password']);
  });

  test('R32: a request that changes something is not sent again', async () => {
    const shop = storefront();
    const session = await openDead(shop);
    const path = '/occ/v2/shop/users/current/echo';
    const response = await session.fetch(shop.backend.url + path, { method: 'POST', body: '{}' });
    assert.equal(response.status, 401);
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(shop.backend.received({ path }).length, 1);
  });

  test('R32: renew resolves with an empty header for a GET and a HEAD, and for nothing else', async () => {
    const shop = storefront();
    const session = await openDead(shop);
    const bearer = session.authorization() ?? '';
    const renew = (/** @type {object} */ request) => session.renew(bearer, deadAnswer(), request);
    assert.equal(await renew({ method: 'PUT' }), undefined);
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(await renew({ method: 'GET' }), '');
    assert.equal(await renew({ method: 'head' }), '');
    assert.equal(await renew(new Request(`${shop.backend.url}/occ/v2/shop/titles`)), '');
    assert.equal(await renew({ method: 'GETTER' }), undefined);
    assert.equal(await renew({ method: 'FORGET' }), undefined);
    assert.equal(await renew({}), undefined);
  });

  test('R32: a request of an agent is not sent again with the token of the restored customer', async () => {
    const shop = storefront();
    const storage = new Notebook();
    await shop.openTakenOver({ storage });
    const session = await shop.open({ storage });
    const bearer = session.authorization() ?? '';
    assert.equal(await session.renew(bearer, deadAnswer(), { method: 'GET' }), '');
    assert.equal(session.state.phase, 'customer');
  });
});

describe('a sign-out at the moment a refresh is answered', limit, () => {
  test('R21: after a sign-out in the change event of a refresh, no request is sent again', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    session.addEventListener('change', () => session.signOut(), { once: true });
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/titles`);
    assert.equal(response.status, 401);
    await session.settled();
    assert.equal(shop.backend.received({ method: 'GET' }).length, 1);
    assert.deepEqual(await shop.alive(), []);
  });

  test('R21: after a sign-out by another caller of the same refresh, no request is sent again', async () => {
    const shop = storefront();
    const session = await shop.openCustomer();
    await shop.backend.expireAccessTokens();
    const bearer = session.authorization() ?? '';
    const first = session.renew(bearer, deadAnswer()).then(() => session.signOut());
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/titles`);
    await first;
    assert.equal(response.status, 401);
    await session.settled();
    assert.equal(shop.backend.received({ method: 'GET' }).length, 1);
  });
});

describe('an anonymous request for a resource of customers', limit, () => {
  for (const status of [401, 403]) {
    test(`an anonymous request resolves with the first 401 when the application's own token is answered ${status}`, async () => {
      /** @type {(string | null)[]} */
      const bearers = [];
      /** @type {typeof globalThis.fetch} */
      const fetch = async (input) => {
        if (!(input instanceof Request)) return tokenResponse({ access: 'client-1' });
        const bearer = input.headers.get('authorization');
        bearers.push(bearer);
        return Response.json({ for: bearer }, { status: bearer ? status : 401 });
      };
      const session = await storefront().open({ baseUrl, fetch });
      const response = await session.fetch(url);
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), { for: null });
      assert.deepEqual(bearers, [null, 'Bearer client-1']);
    });
  }

  test("an anonymous request resolves with the answer to the application's own token when that is another status", async () => {
    const shop = storefront();
    const session = await shop.open();
    const response = await session.fetch(`${shop.backend.url}/occ/v2/shop/users`, {
      method: 'POST',
      body: '{}',
    });
    assert.equal(response.status, 400);
  });

  test('an anonymous request for a user resolves with the 401 of the development back end', async () => {
    const shop = storefront();
    const session = await shop.open();
    assert.equal((await shop.getUser(session)).status, 401);
    assert.deepEqual(
      shop.backend.received({ method: 'GET' }).map(({ status }) => status),
      [401, 403],
    );
  });
});
