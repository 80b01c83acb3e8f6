// The parts of occ-session/angular that no page shows: its services in an injector of the real
// Angular 12, in Node, with the development back end behind them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { startBackend } from '../../web/backend/index.js';
import { agent, anna, ben, tokenPath } from '../browser/browser.js';
import { failureOf, limit, standIn, WebStorage } from '../node/storefront.js';
import { importServices } from './services.js';

/** @import { Backend } from '../../web/backend/index.js' */

/** @type {Record<string, any>} */
let ng;
/** @type {Backend} */
let backend;
/** @type {any[]} */
let sessions;
/** The URL of the bearer's user resource. */
let userUrl = '';

before(async () => {
  ng = await importServices();
  backend = await startBackend();
  userUrl = `${backend.url}/occ/v2/shop/users/current`;
});
after(() => backend.close());
beforeEach(() => {
  sessions = [];
});
afterEach(() => {
  for (const session of sessions) session.ngOnDestroy();
  backend.reset();
});

/** @param {object} [more] */
const optionsWith = (more) => ({
  baseUrl: backend.url,
  clientId: 'mobile_android',
  clientSecret: 'secret',
  storage: 'memory',
  ...more,
});

/** Returns the options of an engine that never starts. */
const opening = () => optionsWith({ wasm: new Promise(() => {}) });

/** Returns the options of an engine that cannot be started. */
const failing = () => optionsWith({ wasm: new Uint8Array([1]) });

/**
 * @param {object | (() => unknown)} [options] the options of provideOccSession
 * @param {object} [around]
 * @param {string} [around.platform]
 * @param {(error: any) => void} [around.handleError]
 * @param {any[]} [around.providers]
 */
function openInjector(options = optionsWith(), around = {}) {
  const { platform = 'browser', handleError, providers = [] } = around;
  /** @type {any[]} */
  const errors = [];
  const zone = { run: call, runOutsideAngular: call };
  const injector = ng.Injector.create({
    providers: [
      { provide: ng.NgZone, useValue: zone },
      { provide: ng.PLATFORM_ID, useValue: platform },
      {
        provide: ng.ErrorHandler,
        useValue: {
          handleError: handleError ?? ((/** @type {unknown} */ error) => errors.push(error)),
        },
      },
      ...providers,
      ...ng.provideInAngular(options),
    ],
  });
  const session = injector.get(ng.OccSession);
  sessions.push(session);
  return { injector, session, errors };
}

/**
 * Resolves with the session once the engine has started.
 *
 * @param {object | (() => unknown)} [options]
 */
async function open(options) {
  const { session } = openInjector(options);
  await session.opened;
  return session;
}

/** Opens a session with Anna signed in. @param {object} [options] */
async function openSignedIn(options) {
  const session = await open(options);
  await session.signIn(anna);
  return session;
}

/** @param {() => unknown} act */
const call = (act) => act();

/** Collects the values of an observable, as they come. @param {any} observable */
function listen(observable) {
  /** @type {any[]} */
  const values = [];
  observable.subscribe((/** @type {any} */ value) => values.push(value));
  return values;
}

const grants = () => backend.received({ path: tokenPath }).map(({ form }) => form?.grant_type);

/**
 * Sends a request as the interceptor does, with the platform's `fetch`.
 *
 * @param {any} session
 * @param {any} [request] a HttpRequest
 * @param {(authorization: string | null, times: number) => any} [answer] in place of the back end
 */
async function send(session, request = new ng.HttpRequest('GET', userUrl), answer) {
  /** @type {(string | null)[]} */
  const sent = [];
  /** @param {any} each */
  const next = (each) => {
    const authorization = each.headers.get('Authorization');
    sent.push(authorization);
    return answer ? answer(authorization, sent.length) : overHttp(each);
  };
  const outcome = await ng
    .sendWithBearer(() => session, request, next)
    .toPromise()
    .catch((/** @type {unknown} */ error) => error);
  return { sent, outcome };
}

/** @param {any} request a HttpRequest */
function overHttp({ method, url, headers }) {
  const authorization = headers.get('Authorization');
  const answered = fetch(url, { method, headers: authorization ? { authorization } : {} });
  return ng.from(answered).pipe(
    ng.mergeMap(async (/** @type {Response} */ response) => {
      const { status } = response;
      const text = await response.text();
      if (response.ok) return { status };
      throw new ng.HttpErrorResponse({
        status,
        error: text && JSON.parse(text),
        headers: new ng.HttpHeaders(Object.fromEntries(response.headers)),
      });
    }),
  );
}

/** @param {number} status @param {unknown} [error] @param {string} [header] */
const refusal = (status, error, header) =>
  new ng.HttpErrorResponse({
    status,
    error,
    ...(header && { headers: new ng.HttpHeaders({ 'WWW-Authenticate': header }) }),
  });

describe('before the engine has started', () => {
  test('before the engine has started the user is unknown, sign-outs wait, and emulate throws', async () => {
    /** @type {(bytes: unknown) => void} */
    let start = () => {};
    const wasm = new Promise((resolve) => (start = resolve));
    const { session } = openInjector(optionsWith({ wasm }));
    assert.deepEqual(session.state, {
      phase: 'unknown',
      userId: undefined,
      signedIn: undefined,
      agentSignedIn: undefined,
      emulating: undefined,
      expiresAt: null,
      revoking: 0,
    });
    assert.equal(session.user.signedIn, undefined);
    const states = listen(session.state$);
    assert.deepEqual(states, []);
    assert.equal(session.authorization(), undefined);
    assert.equal(await session.renew('Bearer x', refusal(401), { url: userUrl }), undefined);
    assert.equal(await session.settled(), undefined);
    assert.throws(() => session.emulate('0001'), {
      code: 'closed',
      message: 'the engine is being started',
    });
    /** @type {string[]} */
    const done = [];
    const outs = [
      session.signOut().then(() => done.push('signOut')),
      session.signOutAgent().then(() => done.push('signOutAgent')),
    ];
    assert.deepEqual(done, []);
    start(readFileSync(new URL('../../dist/core.wasm', import.meta.url)));
    await Promise.all(outs);
    assert.deepEqual(done, ['signOut', 'signOutAgent']);
    assert.deepEqual(
      states.map(({ phase }) => phase),
      ['anonymous'],
    );
    assert.equal(session.user.signedIn, false);
  });

  test('a request waits for the engine, and fails if the application ends before', async () => {
    const { session } = openInjector(opening());
    const answered = send(session);
    session.ngOnDestroy();
    const { sent, outcome } = await answered;
    assert.ok(outcome instanceof ng.SessionError);
    assert.equal(outcome.code, 'closed');
    assert.deepEqual(sent, []);
  });

  test('a request with WITHOUT_BEARER is sent without a bearer, at once', async () => {
    const { session } = openInjector(opening());
    const context = new ng.HttpContext().set(ng.WITHOUT_BEARER, true);
    const { sent, outcome } = await send(
      session,
      new ng.HttpRequest('GET', userUrl, { context }),
      () => ng.of('answered'),
    );
    assert.equal(outcome, 'answered');
    assert.deepEqual(sent, [null]);
  });

  test('an application that ends leaves no session open', async () => {
    const { session } = openInjector();
    await session.ngOnDestroy();
    assert.equal((await failureOf(session.signIn(anna))).code, 'closed');
  });
});

describe('an engine that cannot be started', () => {
  test('if the engine cannot be started, the state is anonymous and sign-outs resolve', async () => {
    const { session, errors } = openInjector(failing());
    await session.opened;
    assert.equal(errors.length, 1);
    assert.equal(errors[0].code, 'wasm-unavailable');
    assert.equal(session.failure, errors[0]);
    assert.equal(session.state.phase, 'anonymous');
    assert.equal(await session.signOut(), undefined);
    assert.equal(await session.signOutAgent(), undefined);
    assert.equal(await session.settled(), undefined);
    assert.equal(await session.ngOnDestroy(), undefined);
  });

  test("if the engine cannot be started, fetch is the platform's", async () => {
    const { session } = openInjector(failing());
    const response = await session.fetch(userUrl);
    assert.equal(response.status, 401);
    assert.deepEqual(grants(), []);
  });

  test('an ErrorHandler that throws does not stop the application, and its exception is reported', async (t) => {
    /** @type {unknown[]} */
    const thrown = [];
    standIn(t, 'queueMicrotask', {
      value: (/** @type {() => void} */ act) =>
        Promise.resolve()
          .then(act)
          .catch((error) => thrown.push(error)),
    });
    const ownFault = new Error('the handler’s own');
    const { session } = openInjector(failing(), {
      handleError() {
        throw ownFault;
      },
    });
    const states = listen(session.state$);
    const { outcome } = await send(session, undefined, () => ng.of('answered'));
    assert.equal(outcome, 'answered');
    assert.equal(await session.opened, undefined);
    assert.deepEqual(
      states.map(({ phase }) => phase),
      ['anonymous'],
    );
    assert.deepEqual(thrown, [ownFault]);
  });

  test('an application that has ended before the engine fails gets no error', async () => {
    const { session, errors } = openInjector(failing());
    session.ngOnDestroy();
    assert.equal(await session.opened, undefined);
    assert.deepEqual(errors, []);
    assert.equal(session.failure.code, 'wasm-unavailable');
  });
});

describe('on a server', () => {
  test('on a server the user is always unknown, and sign-ins are rejected', async () => {
    const { session } = openInjector(undefined, { platform: 'server' });
    await session.opened;
    const states = listen(session.state$);
    assert.deepEqual(
      states.map(({ phase, signedIn }) => [phase, signedIn]),
      [['unknown', undefined]],
    );
    assert.equal(session.user.signedIn, undefined);
    assert.equal((await failureOf(session.signInAgent(agent))).code, 'closed');
    assert.deepEqual(grants(), []);
  });

  test('on a server requests are sent without a bearer', async () => {
    const { session } = openInjector(undefined, { platform: 'server' });
    const { sent, outcome } = await send(session);
    assert.deepEqual(sent, [null]);
    assert.equal(outcome.status, 401);
    assert.equal((await session.fetch(userUrl)).status, 401);
    assert.deepEqual(grants(), []);
  });

  test('on a server the function for the options is not called', async () => {
    const { session } = openInjector(() => assert.fail('asked for'), { platform: 'server' });
    await session.opened;
    assert.equal(session.failure.code, 'closed');
  });
});

describe('options', () => {
  test('options may come from a function that injects, directly or as a promise', async () => {
    for (const later of [false, true]) {
      const config = { api: backend.url };
      const { session } = openInjector(
        () => {
          const { api } = ng.inject(config);
          const options = optionsWith({ baseUrl: api });
          return later ? Promise.resolve(options) : options;
        },
        { providers: [{ provide: config, useValue: config }] },
      );
      await session.signIn(anna);
      assert.equal(session.state.phase, 'customer');
    }
  });

  test('options may be loaded with HttpClient, past the interceptor that waits for them', async () => {
    const next = { handle: () => ng.of(backend.url) };
    const { session } = openInjector(
      async () => {
        const context = new ng.HttpContext().set(ng.WITHOUT_BEARER, true);
        const request = new ng.HttpRequest('GET', '/config.json', { context });
        const interceptor = ng.inject(ng.OccSessionInterceptor);
        return optionsWith({ baseUrl: await interceptor.intercept(request, next).toPromise() });
      },
      {
        providers: [
          { provide: ng.OccSessionInterceptor, useFactory: () => new ng.OccSessionInterceptor() },
        ],
      },
    );
    await session.signIn(anna);
    assert.equal(session.state.phase, 'customer');
  });

  test('an exception of the function for the options is reported to ErrorHandler, and the application starts', async () => {
    for (const fault of [new Error('no config'), 'no config', undefined]) {
      const { session, errors } = openInjector(() => {
        throw fault;
      });
      await session.opened;
      assert.equal(session.state.phase, 'anonymous');
      assert.equal(errors.length, 1);
      assert.equal(errors[0].code, 'invalid-options');
      assert.equal(errors[0].message, `occ-session could not be started: ${fault && 'no config'}`);
      assert.equal(errors[0].cause, fault);
    }
  });
});

describe('the user', () => {
  test('R49: user is the same object over a refresh and a revocation, and a new one after a sign-in or sign-out', async () => {
    const session = await open();
    const [states, users] = [listen(session.state$), listen(session.user$)];
    await session.signIn(anna);
    const { user } = session;
    assert.deepEqual(user, {
      phase: 'customer',
      userId: 'current',
      signedIn: true,
      agentSignedIn: false,
      emulating: false,
    });
    assert.ok(Object.isFrozen(user));
    const statesBefore = states.length;
    await backend.expireAccessTokens();
    await send(session);
    assert.deepEqual(grants(), ['password', 'refresh_token']);
    assert.ok(states.length > statesBefore, 'the state has changed with the token');
    assert.equal(session.user, user);
    await session.signOut();
    await session.settled();
    assert.deepEqual(
      users.map(({ phase }) => phase),
      ['anonymous', 'customer-signing-in', 'customer', 'anonymous'],
    );
    assert.ok(states.length > users.length);
    await session.signIn(ben);
    assert.notEqual(session.user, user);
  });

  test('another customer with equal values is a new user object, even if it was not read in between', async () => {
    const session = await openSignedIn();
    const { user } = session;
    session.signOut();
    await session.signIn(ben);
    assert.deepEqual(session.user, user);
    assert.notEqual(session.user, user);
  });

  test('R49: an API that refuses every token costs one refresh and two requests', async () => {
    const session = await openSignedIn();
    let requests = 0;
    const refuse = () => {
      requests++;
      return ng.throwError(refusal(401, null, 'Bearer error="invalid_token"'));
    };
    /** @type {Promise<unknown>[]} */
    const loads = [];
    // A resource that loads the user's data does the same.
    session.user$.subscribe(() => loads.push(send(session, undefined, refuse)));
    for (const load of loads) await load;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(loads.length, 1);
    assert.equal(requests, 2);
    assert.deepEqual(grants(), ['password', 'refresh_token']);
  });
});

describe('two applications of one page', () => {
  test(
    'R24: two applications of one page notify each other of sign-in and sign-out without a call',
    limit,
    async (t) => {
      standIn(t, 'localStorage', { value: new WebStorage() });
      const [one, other] = [
        await open(optionsWith({ storage: 'local' })),
        await open(optionsWith({ storage: 'local' })),
      ];
      const phases = listen(other.user$);
      /** @param {string} phase */
      const hears = (phase) =>
        new Promise((resolve) => {
          other.user$.subscribe(
            (/** @type {any} */ user) => user.phase === phase && resolve(phase),
          );
        });
      const comes = hears('customer');
      await one.signIn(anna);
      await comes;
      const goes = hears('anonymous');
      one.signOut();
      await goes;
      assert.deepEqual(
        phases.map(({ phase }) => phase),
        ['anonymous', 'customer', 'anonymous'],
      );
      assert.deepEqual(grants(), ['password']);
    },
  );
});

describe('expired$', () => {
  test('an expiry without a subscriber is reported to the next subscriber, and to no other', async () => {
    const session = await openSignedIn();
    await backend.expireAccessTokens();
    await backend.expireRefreshTokens();
    await (await session.fetch(userUrl)).arrayBuffer();
    assert.equal(session.state.phase, 'anonymous');
    const [first, second] = [listen(session.expired$), listen(session.expired$)];
    assert.deepEqual([first, second], [[{ owner: 'customer' }], []]);

    await session.signIn(anna);
    await backend.expireAccessTokens();
    await backend.expireRefreshTokens();
    await (await session.fetch(userUrl)).arrayBuffer();
    assert.deepEqual(
      [first, second],
      [[{ owner: 'customer' }, { owner: 'customer' }], [{ owner: 'customer' }]],
    );
  });
});

describe('signals of the caller', () => {
  test("the caller's signal ends the wait for revocations, for a new token, and for an answer", async () => {
    const session = await openSignedIn();
    const signal = AbortSignal.abort();
    const rejected = session.authorization();
    backend.set({ revoke: { answer: 'hold' }, token: { answer: 'hold', only: 'refresh_token' } });
    await backend.expireAccessTokens();
    const dead = refusal(401, null, 'Bearer error="invalid_token"');
    const { status, headers } = dead;
    assert.equal(
      await session.renew(rejected, { status, headers }, { url: userUrl, signal }),
      undefined,
    );
    assert.equal((await failureOf(session.fetch(userUrl, { signal }))).name, 'AbortError');
    session.signOut();
    await session.settled({ signal });
    assert.equal(session.state.revoking, 2);
    backend.resetBehaviour();
    await session.settled();
    assert.equal(session.state.revoking, 0);
  });

  test('fetch adds the bearer, and works without its object', async () => {
    const { fetch } = await openSignedIn();
    assert.equal((await (await fetch(userUrl)).json()).uid, anna.username);
  });
});

describe('a request that meets a 401', () => {
  const xml = '<errors><error><message>x</message><type>InvalidTokenError</type></error></errors>';
  /**
   * Answers to a request with the token.
   *
   * @type {[what: string, error: unknown, header: string, again: boolean][]}
   */
  const answers = [
    ['a header that says invalid_token', null, 'Bearer error="invalid_token"', true],
    ['another header', null, 'Basic realm="x"', false],
    ['a text that names the error', '{"errors":[{"type":"InvalidTokenError"}]}', '', true],
    ['XML that names the error', xml, '', true],
    ['a text that names another', '{"errors":[{"type":"PasswordMismatchError"}]}', '', false],
    ['an object that names the error', { errors: [{ type: 'InvalidTokenError' }] }, '', true],
    ['an object that names another', { errors: [{ type: 'PasswordMismatchError' }] }, '', false],
    [
      'a Blob that names the error',
      new Blob(['{"errors":[{"type":"InvalidBearerTokenError"}]}']),
      '',
      true,
    ],
    [
      'bytes that name the error',
      new TextEncoder().encode('{"errors":[{"type":"InvalidTokenError"}]}').buffer,
      '',
      true,
    ],
  ];
  for (const [what, error, header, again] of answers) {
    test(`R42: a request answered 401 with ${what} is ${again ? '' : 'not '}sent again with a new token`, async () => {
      const session = await openSignedIn();
      const refused = refusal(401, error, header);
      const { sent, outcome } = await send(session, undefined, (_, times) =>
        times === 1 ? ng.throwError(refused) : ng.of('answered'),
      );
      assert.equal(outcome, again ? 'answered' : refused);
      assert.equal(sent.length, again ? 2 : 1);
      assert.deepEqual(grants(), again ? ['password', 'refresh_token'] : ['password']);
      assert.equal(sent.at(-1), session.authorization());
    });
  }

  test('R21: a request is not sent again with the token of a refresh if the session signs out at that moment', async () => {
    const session = await openSignedIn();
    await backend.expireAccessTokens();
    const dead = session.authorization();
    session.state$.subscribe(() => {
      if (![dead, undefined].includes(session.authorization())) session.signOut();
    });
    const { sent, outcome } = await send(session);
    assert.equal(outcome.status, 401);
    assert.deepEqual(sent, [dead]);
    assert.deepEqual(grants(), ['password', 'refresh_token']);
  });

  for (const [method, answer] of [
    ['GET', 200],
    ['HEAD', 200],
    ['POST', 401],
  ]) {
    test(`R32: a ${method} of a session that has ended ${answer === 200 ? 'is sent once more without a bearer, and that answer counts' : 'is not sent again'}`, async () => {
      const session = await openSignedIn();
      await backend.expireAccessTokens();
      await backend.expireRefreshTokens();
      const url = `${backend.url}/occ/v2/shop/products/search`;
      const request = new ng.HttpRequest(method, url, ...(method === 'POST' ? [null] : []));
      const token = session.authorization();
      const { sent, outcome } = await send(session, request, (authorization) =>
        authorization
          ? ng.throwError(refusal(401, null, 'Bearer error="invalid_token"'))
          : ng.of({ status: 200 }),
      );
      assert.deepEqual(sent, answer === 200 ? [token, null] : [token]);
      assert.equal(outcome.status, answer);
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(grants(), ['password', 'refresh_token']);
    });
  }

  for (const status of [401, 403]) {
    test(`an anonymous request answered 401, and then ${status} with the application's own token, fails with the first answer`, async () => {
      const session = await open();
      const first = refusal(401, { errors: [{ type: 'UnauthorizedError' }] });
      const { sent, outcome } = await send(session, undefined, (authorization) =>
        ng.throwError(authorization ? refusal(status) : first),
      );
      assert.equal(outcome, first);
      const [{ token }] = await backend.tokens();
      assert.deepEqual(sent, [null, `Bearer ${token}`]);
      assert.deepEqual(grants(), ['client_credentials']);
    });
  }

  test("an anonymous request answered 401, and then with another refusal for the application's own token, fails with that one", async () => {
    const session = await open();
    const last = refusal(400);
    const { outcome } = await send(session, undefined, (authorization) =>
      ng.throwError(authorization ? last : refusal(401)),
    );
    assert.equal(outcome, last);
  });
});

describe('the guard for pages for customers', () => {
  /**
   * Runs the guard in an application.
   *
   * @param {Parameters<typeof openInjector>[0]} options
   * @param {Parameters<typeof openInjector>[1]} [around]
   */
  function ask(options, around) {
    const guard = ng.signedInGuard((/** @type {string} */ where) => `${ng.inject(router)}${where}`);
    const router = {};
    const place = {};
    const { injector, session } = openInjector(options, {
      ...around,
      providers: [
        { provide: router, useValue: 'sign-in?from=' },
        { provide: place, useFactory: () => guard('/account') },
      ],
    });
    return { session, answer: injector.get(place) };
  }

  test('the guard lets a customer pass once the engine has started, and redirects others to the sign-in', async () => {
    const kept = { text: /** @type {string | null} */ (null) };
    const storage = {
      load: () => kept.text,
      save: (/** @type {string | null} */ text) => (kept.text = text),
    };
    assert.equal(await ask(optionsWith({ storage })).answer, 'sign-in?from=/account');
    await (await open(optionsWith({ storage }))).signIn(anna);
    assert.equal(await ask(optionsWith({ storage })).answer, true);
  });

  test('the guard redirects to the sign-in if the engine cannot be started', async () => {
    assert.equal(await ask(failing()).answer, 'sign-in?from=/account');
  });

  test('the guard lets every visitor pass on a server', async () => {
    assert.equal(await ask(undefined, { platform: 'server' }).answer, true);
  });
});

describe('the session of unit tests', () => {
  /** @param {object} [state] */
  function openTesting(state) {
    const injector = ng.Injector.create({ providers: ng.provideOccSessionTesting(state) });
    const session = injector.get(ng.OccSession);
    assert.equal(session, injector.get(ng.OccSessionTesting));
    return session;
  }

  test('the session of unit tests has the given state, and sends a request at once', () => {
    const session = openTesting({ phase: 'emulating', userId: '0001', expiresAt: 7 });
    assert.deepEqual(session.state, {
      phase: 'emulating',
      userId: '0001',
      signedIn: true,
      agentSignedIn: true,
      emulating: true,
      expiresAt: 7,
      revoking: 0,
    });
    /** @type {any[]} */
    const sent = [];
    const next = (/** @type {any} */ request) => {
      sent.push(request.headers.get('Authorization'));
      return ng.of('answered');
    };
    const request = new ng.HttpRequest('GET', userUrl);
    ng.sendWithBearer(() => session, request, next).subscribe();
    assert.deepEqual(sent, [null]);
  });

  test('the session of unit tests passes a 401 on unchanged', async () => {
    const refused = refusal(401);
    const { outcome } = await send(openTesting({ phase: 'customer' }), undefined, () =>
      ng.throwError(refused),
    );
    assert.equal(outcome, refused);
  });

  test('the session of unit tests accepts every sign-in and sign-out without a request', async () => {
    const session = openTesting();
    const users = listen(session.user$);
    const expired = listen(session.expired$);
    await session.signIn(anna);
    await session.signOut();
    await session.signInAgent(agent);
    session.emulate('0001');
    await session.signOut();
    await session.signOutAgent();
    await session.signInAgent(agent, { customerId: '0002' });
    session.expire('agent');
    session.set({ phase: 'unknown' });
    assert.deepEqual(
      users.map(({ phase, userId }) => `${phase} ${userId}`),
      [
        'anonymous anonymous',
        'customer current',
        'anonymous anonymous',
        'agent anonymous',
        'emulating 0001',
        'agent anonymous',
        'anonymous anonymous',
        'emulating 0002',
        'anonymous anonymous',
        'unknown undefined',
      ],
    );
    assert.deepEqual(expired, [{ owner: 'agent' }]);
    assert.equal(backend.received().length, 0);
  });

  test('the session of unit tests has every member of the real session', async () => {
    const members = (/** @type {object} */ session) => [
      ...Object.keys(session),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(session)),
    ];
    const [fake, real] = [members(openTesting()), members(await open())];
    assert.deepEqual(
      real.filter((name) => name !== 'ngOnDestroy' && !fake.includes(name)),
      [],
    );
  });
});
