// The demo page through its own forms and buttons: sign-ins and sign-outs under every behaviour of
// the back end, the requests that the server received, and the contents of the page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { EVENT, GUARD, STATE, STATUS } from '../../js/numbers.js';
import {
  agent,
  anna,
  answered,
  assertStorageHasNoToken,
  ben,
  lives,
  received,
  revokePath,
  tokenPath,
  waitFor,
} from './browser.js';
import { startShop } from './demo.js';

const { backend, open } = await startShop();

/** @typedef {Awaited<ReturnType<typeof open>>} Shop */

/**
 * Returns the revocations that the server must receive for these grants.
 *
 * @param {string[]} grants
 */
const bothOf = (...grants) =>
  grants.flatMap((grant) => [
    `${grant} refresh under ${grant} access`,
    `${grant} access under ${grant} access`,
  ]);

describe('sign-ins and sign-outs', () => {
  test('R1: a customer signs in and out, and her tokens are revoked', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.shows('user-id', 'current');
    await shop.shows('cart', 'Total');
    assert.equal(await shop.get('sign-in').isVisible(), false);
    await shop.showsTokens();

    await shop.get('sign-out').click();
    await shop.is('anonymous');
    await shop.shows('user-id', 'anonymous');
    await shop.shows('cart', 'Sign in to see your cart.');
    assert.equal(await shop.get('greeting').isVisible(), false);
    assert.equal(await shop.get('sign-in').isVisible(), true);
    await shop.settled();
    await assertStorageHasNoToken(shop.page, backend);
    await shop.received({ tokenRequests: 1, revoked: bothOf('customer #1') });
    await shop.showsTokens();
    assert.deepEqual(await lives(backend), {
      'customer #1 access': 'revoked',
      'customer #1 refresh': 'revoked',
    });
  });

  test("R2: an agent signs in and out, and the agent's tokens are revoked", async (t) => {
    const shop = await open(t);
    await shop.submitAgent(agent);
    await shop.is('agent');
    await shop.shows('asm-timer', /^(10:00|9:5\d)$/);
    await shop.shows('user-id', 'anonymous');

    await shop.get('agent-sign-out').click();
    await shop.is('anonymous');
    assert.equal(await shop.get('asm-timer').isVisible(), false);
    assert.equal(await shop.get('agent-username').inputValue(), '');
    assert.equal(await shop.get('agent-password').inputValue(), '');
    await shop.settled();
    await assertStorageHasNoToken(shop.page, backend);
    await shop.received({ tokenRequests: 1, revoked: bothOf('agent #1') });
    await shop.showsTokens();
  });

  for (const button of ['sign-out', 'end-emulation']) {
    test(`R3: the end of an emulation by ${button} sends nothing, and the agent stays`, async (t) => {
      const shop = await open(t, '?asm=true');
      await shop.submitAgent(agent);
      await shop.is('agent');
      await shop.emulate('ben', 'Ben Okafor');
      await shop.shows('user-id', '0002');
      await shop.shows('cart', 'Total');

      await shop.get(button).click();
      await shop.is('agent');
      await shop.shows('user-id', 'anonymous');
      // The agent's token still works: a search is answered.
      await shop.emulate('anna', 'Anna Keller');
      await shop.shows('user-id', '0001');
      await shop.received({ tokenRequests: 1, revoked: [] });

      await shop.get('agent-sign-out').click();
      await shop.is('anonymous');
      await shop.settled();
      await assertStorageHasNoToken(shop.page, backend);
      await shop.received({ tokenRequests: 1, revoked: bothOf('agent #1') });
      await shop.showsTokens();
    });
  }

  test('R4, R5: an agent over a customer emulates that customer, who is restored', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.submitAgent(agent);
    await shop.is('emulating');
    await shop.shows('user-id', '0001');
    await shop.shows('greeting', 'Hi, Anna Keller');

    await shop.get('agent-sign-out').click();
    await shop.is('customer');
    await shop.shows('user-id', 'current');
    await shop.shows('greeting', 'Hi, Anna Keller');
    await shop.shows('cart', 'Total');
    await shop.settled();
    await shop.received({ tokenRequests: 2, revoked: bothOf('agent #2') });
    assert.deepEqual(await lives(backend), {
      'customer #1 access': 'active',
      'customer #1 refresh': 'active',
      'agent #2 access': 'revoked',
      'agent #2 refresh': 'revoked',
    });
    await shop.showsTokens();

    await shop.get('sign-out').click();
    await shop.is('anonymous');
    await shop.settled();
    await assertStorageHasNoToken(shop.page, backend);
    await shop.received({ tokenRequests: 2, revoked: bothOf('agent #2', 'customer #1') });
  });

  /**
   * Signs the agent out last: the grants are revoked side by side, each in its order.
   *
   * @param {Shop} shop
   */
  async function agentSignsOutWithRetired(shop) {
    await shop.received({ tokenRequests: 2, revoked: [] });
    await shop.get('agent-sign-out').click();
    await shop.is('anonymous');
    await shop.settled();
    await assertStorageHasNoToken(shop.page, backend);
    assert.deepEqual(await lives(backend), {
      'customer #1 access': 'revoked',
      'customer #1 refresh': 'revoked',
      'agent #2 access': 'revoked',
      'agent #2 refresh': 'revoked',
    });
    await shop.showsTokens();
    const sent = backend.received({ path: revokePath });
    assert.equal(sent.length, 4);
    for (const owner of ['customer', 'agent']) {
      const tokens = (await backend.tokens()).filter((token) => token.owner === owner);
      assert.deepEqual(
        sent
          .filter(({ form }) => tokens.some(({ token }) => token === form?.token))
          .map(({ form }) => form?.token_type_hint),
        ['refresh_token', 'access_token'],
      );
    }
    shop.sawNothing();
  }

  test('R3: the parked customer of an emulation signs out and is revoked with the agent', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.submitAgent(agent);
    await shop.is('emulating');
    await shop.get('sign-out').click();
    await shop.is('agent');
    await agentSignsOutWithRetired(shop);
  });

  test('R6: another customer is emulated and the parked one is revoked with the agent', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.submitAgent(agent);
    await shop.is('emulating');
    await shop.emulate('ben', 'Ben Okafor');
    await shop.shows('user-id', '0002');
    await agentSignsOutWithRetired(shop);
  });

  test('R4: an agent over a customer whose id is not known retires that customer', async (t) => {
    const shop = await open(t);
    backend.set({ occ: { answer: 500, only: '/occ/v2/shop/users/current' } });
    await shop.submitSignIn(anna);
    await shop.is('customer');
    await shop.shows('cart', 'cannot be shown');
    await shop.submitAgent(agent);
    await shop.is('agent');
    await agentSignsOutWithRetired(shop);
  });

  test('R4: an agent who is refused changes nothing for the customer', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.submitAgent({ ...agent, password: 'wrong' });
    await shop.shows('agent-error', 'The name or the password is not right.');
    await shop.is('customer');
    await shop.shows('greeting', 'Hi, Anna Keller');
    await shop.received({ tokenRequests: 2, revoked: [] });
  });

  test('a customer cannot sign in beside an agent, and the page shows the reason', async (t) => {
    const shop = await open(t);
    await shop.submitAgent(agent);
    await shop.is('agent');
    await shop.submitSignIn(anna);
    await shop.shows('sign-in-error', 'An agent is signed in');
    await shop.is('agent');
    await shop.received({ tokenRequests: 1, revoked: [] });
  });

  test('the page reports a wrong password, and the right one signs in after it', async (t) => {
    const shop = await open(t);
    await shop.submitSignIn({ ...anna, password: 'Welcome-2' });
    await shop.shows('sign-in-error', 'The name or the password is not right.');
    await shop.is('anonymous');
    assert.deepEqual(await backend.tokens(), []);
    await shop.signIn(anna, 'Anna Keller');
    assert.equal(await shop.get('sign-in-error').innerText(), '');
    await shop.received({ tokenRequests: 2, revoked: [] });
  });

  test('an incomplete form sends no request', async (t) => {
    const shop = await open(t);
    await shop.submitSignIn({ username: anna.username, password: '' });
    await shop.shows('sign-in-error', 'Enter your e-mail address and your password.');
    await shop.submitAgent({ username: '', password: agent.password });
    await shop.shows('agent-error', 'Enter the agent’s name and password.');
    await shop.received({ tokenRequests: 0, revoked: [] });
  });
});

/** The reported outcome and status of the refresh token and of the access token. */
const outcomes = {
  normal: ['revoked 200', 'already-invalid 401'],
  slow: ['revoked 200', 'already-invalid 401'],
  redirect: ['unsupported no status', 'unsupported no status'],
  // This is the second try, under a new bearer: R30.
  401: ['rejected 401', 'already-invalid 401'],
  403: ['rejected 403', 'rejected 403'],
  500: ['server-error 500', 'server-error 500'],
  503: ['server-error 503', 'server-error 503'],
  drop: ['unreachable no status', 'unreachable no status'],
  silent: ['timed-out no status', 'timed-out no status'],
  garbage: ['revoked 200', 'revoked 200'],
};

/** The roles that sign out, with their buttons. */
const roles = {
  customer: {
    grant: 'customer #1',
    signIn: (/** @type {Shop} */ shop) => shop.signIn(anna, 'Anna Keller'),
    button: 'sign-out',
  },
  agent: {
    grant: 'agent #1',
    async signIn(/** @type {Shop} */ shop) {
      await shop.submitAgent(agent);
      await shop.is('agent');
    },
    button: 'agent-sign-out',
  },
};

/**
 * Presses a button and reads the page within the same task, before any answer.
 *
 * @param {Shop} shop
 * @param {string} button
 */
const pressAndLook = (shop, button) =>
  shop.get(button).evaluate((element) => {
    /** @type {HTMLElement} */ (element).click();
    const seen = (/** @type {string} */ id) =>
      /** @type {HTMLElement} */ (document.querySelector(`[data-testid="${id}"]`));
    return {
      phase: document.body.dataset.phase,
      userId: seen('user-id').textContent,
      greeted: !seen('greeting').hidden,
      canSignIn: !seen('sign-in').hidden,
      authorization: globalThis.occSession.authorization(),
      stored: JSON.stringify([{ ...sessionStorage }, { ...localStorage }]),
    };
  });

describe('a sign-out while the revocation endpoint misbehaves', () => {
  for (const [role, { grant, signIn, button }] of Object.entries(roles)) {
    for (const [behaviour, expected] of Object.entries(outcomes)) {
      // This takes six seconds, and the server's delay does not depend on the role.
      if (role === 'agent' && behaviour === 'slow') continue;
      test(`R14, R16: the sign-out of the ${role} is immediate and shows no error when the revocation endpoint is set to ${behaviour}`, async (t) => {
        const shop = await open(t, '', { clock: true });
        await shop.choose('behaviour-revoke', behaviour);
        await signIn(shop);
        const tokens = await backend.tokens();

        const { stored, ...seen } = await pressAndLook(shop, button);
        assert.deepEqual(seen, {
          phase: 'anonymous',
          userId: 'anonymous',
          greeted: false,
          canSignIn: true,
          authorization: undefined,
        });
        assert.ok(tokens.length === 2 && tokens.every(({ token }) => !stored.includes(token)));

        for (const count of behaviour === 'silent' ? [1, 2] : []) {
          await received(backend, count);
          assert.equal(
            await shop.get('revocations').locator('li[data-outcome]').count(),
            count - 1,
          );
          await shop.page.clock.fastForward(10_000);
        }
        await shop.settled();
        const told = await shop.get('revocations').locator('li[data-outcome]').allInnerTexts();
        const [first, second] = expected;
        assert.deepEqual(told.map((text) => text.replace(/\s+/g, ' ')).reverse(), [
          first.replace(' ', ` ${role}’s refresh token `),
          second.replace(' ', ` ${role}’s access token `),
        ]);
        if (behaviour === 'drop') {
          // A browser may itself retry a request whose connection was closed.
          const sent = backend.received({ path: revokePath });
          assert.deepEqual(
            [...new Set(sent.map(({ form }) => form?.token_type_hint))],
            ['refresh_token', 'access_token'],
          );
        } else if (behaviour === '401') {
          await shop.received({
            tokenRequests: 2,
            revoked: [`${grant} refresh under ${grant} access`, ...bothOf(grant.replace('1', '2'))],
          });
        } else {
          await shop.received({ tokenRequests: 1, revoked: bothOf(grant) });
        }
        shop.sawNothing();
        await shop.is('anonymous');
        await shop.showsTokens();
      });
    }
  }

  test('R14: the page has signed out while the server still holds the revocation', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    backend.set({ revoke: { answer: 'hold' } });
    await shop.get('sign-out').click();
    await shop.is('anonymous');
    await waitFor(backend, ({ path, status }) => path === revokePath && status === 'held');
    await shop.shows('revoking', /^2$/);
    await assertStorageHasNoToken(shop.page, backend);

    // Another customer can sign in meanwhile, and the request is not held back for ever.
    backend.release();
    await waitFor(backend, ({ path, status }) => path === revokePath && status === 'held', 1);
    backend.resetBehaviour();
    backend.release();
    await shop.settled();
    await shop.signIn(ben, 'Ben Okafor');
    await shop.received({ tokenRequests: 2, revoked: bothOf('customer #1') });
  });
});

describe('a sign-in while the token endpoint misbehaves', () => {
  const away = 'The shop’s sign-in cannot be reached right now. Please try again in a moment.';
  const broken = 'The shop’s sign-in is out of order right now. Please try again later.';
  const nonsense = 'The shop’s sign-in gave an answer that makes no sense. Please try again later.';
  const messages = {
    redirect: nonsense,
    401: 'The name or the password is not right.',
    403: nonsense,
    500: broken,
    503: broken,
    drop: away,
    silent: away,
    garbage: nonsense,
  };

  for (const [behaviour, message] of Object.entries(messages)) {
    test(`a sign-in with the token endpoint set to ${behaviour} shows a message, and the shopper can try again`, async (t) => {
      const shop = await open(t, '', { clock: true });
      await shop.choose('behaviour-token', behaviour);
      await shop.submitSignIn(anna);
      if (behaviour === 'silent') {
        await shop.is('customer-signing-in');
        await waitFor(backend, ({ method, path }) => method === 'POST' && path === tokenPath);
        await shop.page.clock.fastForward(10_000);
      }
      await shop.shows('sign-in-error', message);
      await shop.is('anonymous');
      assert.deepEqual(await backend.tokens(), []);
      shop.sawNothing();

      await shop.get('reset-behaviour').click();
      await shop.page.getByText('The back end behaves properly again.').waitFor();
      await shop.signIn(anna, 'Anna Keller');
    });
  }

  test('a slow sign-in can be cancelled, and the token that arrives late is revoked', async (t) => {
    const shop = await open(t);
    backend.set({ token: { answer: 'hold' } });
    await shop.submitSignIn(anna);
    await shop.is('customer-signing-in');
    await waitFor(backend, ({ path, status }) => path === tokenPath && status === 'held');
    await shop.get('cancel-sign-in').click();
    await shop.is('anonymous');
    backend.release();
    await answered(backend, 2);
    await shop.settled();
    await shop.is('anonymous');
    await shop.received({ tokenRequests: 1, revoked: bothOf('customer #1') });
    await shop.showsTokens();
  });

  test('a slow sign-in is waited for', async (t) => {
    const shop = await open(t);
    await shop.choose('behaviour-token', 'slow');
    await shop.submitSignIn(anna);
    await shop.is('customer-signing-in');
    await shop.is('customer');
    await shop.received({ tokenRequests: 1, revoked: [] });
  });
});

describe('an access token that has expired', () => {
  /** @param {Shop} shop */
  async function expire(shop) {
    await shop.get('expire-tokens').click();
    await shop.page.getByText('Every access token has expired').waitFor();
  }

  test('R19: an expired access token is replaced by one refresh, and the cart is shown', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.shows('cart', 'Total');
    await expire(shop);
    const before = backend.journal.at(-1)?.id ?? 0;
    await shop.get('cart-again').click();
    await waitFor(
      backend,
      ({ path, status, id }) => id > before && /\/carts\/current$/.test(path) && status === 200,
    );
    await shop.shows('cart', 'Total');
    await shop.is('customer');
    assert.equal(
      backend
        .received({ path: tokenPath })
        .filter(({ form }) => form?.grant_type === 'refresh_token').length,
      1,
    );
    await shop.get('sign-out').click();
    await shop.settled();
    await shop.received({ tokenRequests: 2, revoked: bothOf('customer #2') });
    assert.ok((await backend.tokens()).every(({ active }) => !active));
    await shop.showsTokens();
  });

  test('R20, R9: an expired access token whose refresh is refused ends the session once, and nothing is revoked', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await backend.revokeRefreshTokens();
    await expire(shop);
    await shop.get('cart-again').click();
    await shop.is('anonymous');
    await shop.shows('notice', 'Your session has expired. Please sign in again.');
    await assertStorageHasNoToken(shop.page, backend);
    await shop.received({ tokenRequests: 2, revoked: [] });
  });
});

describe('the diagram and the timeline', () => {
  /** Reads the transitions from the table of the core, in the words of the page. */
  async function readCore() {
    const bytes = await readFile(new URL('../../build/wasm/numbers.wasm', import.meta.url));
    const { exports } = (await WebAssembly.instantiate(bytes)).instance;
    const table = /** @type {(state: number, event: number) => number} */ (exports.occ_table);
    /** @param {Record<string, number>} names @param {number} number */
    const name = (names, number) => Object.keys(names).find((key) => names[key] === number) ?? '';
    const rows = [];
    for (const [from, state] of Object.entries(STATE)) {
      for (const [event, number] of Object.entries(EVENT)) {
        const [next, held, guard, rule] = [0, 8, 16, 24].map(
          (shift) => (table(state, number) >>> shift) & 0xff,
        );
        if (rule !== STATUS.ok) continue;
        const way = (/** @type {string} */ label, /** @type {number} */ to) =>
          [from, label, name(STATE, to)].map((word) => word.replaceAll('-', ' ')).join(' | ');
        if (next === held || guard === GUARD.none) rows.push(way(event, next));
        else
          rows.push(
            way(`${event} [${name(GUARD, guard)}]`, held),
            way(`${event} [otherwise]`, next),
          );
      }
    }
    return rows;
  }

  test('the diagram has the edges of the core’s table, and no others', async (t) => {
    const shop = await open(t);
    const diagram = shop.get('diagram');
    const rows = await diagram
      .locator('tbody tr')
      .evaluateAll((list) =>
        list.map((row) =>
          [...row.querySelectorAll('td')].map((cell) => cell.textContent).join(' | '),
        ),
      );
    const expected = await readCore();
    assert.ok(expected.length > 20);
    assert.deepEqual(rows, expected);

    const pairs = new Map();
    for (const row of expected) {
      const [from, label, to] = row.split(' | ');
      const key = `${from}>${to}`;
      pairs.set(key, [...(pairs.get(key) ?? []), label]);
    }
    assert.equal(await diagram.locator('svg path.edge').count(), pairs.size);
    const labels = await diagram
      .locator('svg g.edge-label')
      .evaluateAll((list) =>
        list.map((label) =>
          [...label.querySelectorAll('tspan')].map((line) => line.textContent).join(', '),
        ),
      );
    assert.deepEqual(labels.sort(), [...pairs.values()].map((names) => names.join(', ')).sort());
    assert.deepEqual(
      (
        await diagram
          .locator('svg g.node')
          .evaluateAll((list) => list.map((node) => /** @type {SVGElement} */ (node).dataset.node))
      ).sort(),
      Object.keys(STATE).sort(),
    );
  });

  test('the highlighted state of the diagram is the phase, at each step of an agent', async (t) => {
    const shop = await open(t);
    /** @param {string} phase */
    const isLit = async (phase) => {
      await shop.is(phase);
      assert.deepEqual(
        await shop
          .get('diagram')
          .locator('svg g.node.lit')
          .evaluateAll((list) => list.map((node) => /** @type {SVGElement} */ (node).dataset.node)),
        [phase],
      );
    };
    await isLit('anonymous');
    for (const [submit, pending, phase] of /** @type {const} */ ([
      [() => shop.submitSignIn(anna), 'customer-signing-in', 'customer'],
      [() => shop.submitAgent(agent), 'agent-taking-over', 'emulating'],
    ])) {
      backend.set({ token: { answer: 'hold' } });
      await submit();
      await isLit(pending);
      await waitFor(backend, ({ path, status }) => path === tokenPath && status === 'held');
      backend.resetBehaviour();
      backend.release();
      await isLit(phase);
      await shop.shows('greeting', 'Hi, Anna Keller');
    }
    await shop.get('end-emulation').click();
    await isLit('agent');
    await shop.get('agent-sign-out').click();
    await isLit('anonymous');
  });

  test('the timeline shows every request that the server received, and the moment of the sign-out', async (t) => {
    const shop = await open(t);
    await shop.signIn(anna, 'Anna Keller');
    await shop.get('sign-out').click();
    await shop.settled();
    const expected = backend.journal
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ path, status }) => `${path} ${status}`)
      .sort();
    assert.equal(expected.filter((line) => line.startsWith(revokePath)).length, 2);
    await shop.page.waitForFunction((lines) => {
      const items = document.querySelectorAll('[data-testid="timeline"] [data-kind="request"]');
      const shown = [...items].map((item) => {
        const { path, status } = /** @type {HTMLElement} */ (item).dataset;
        return `${path} ${status}`;
      });
      return JSON.stringify(shown.sort()) === lines;
    }, JSON.stringify(expected));
    const kinds = await shop
      .get('timeline')
      .locator('li')
      .evaluateAll((list) => list.map((item) => item.textContent ?? ''));
    // Newest first: the revocations come above the moment of the sign-out.
    const done = kinds.findIndex((text) => text.includes('The page has signed the customer out'));
    assert.deepEqual(
      kinds.flatMap((text, index) => (text.includes('/oauth/revoke') ? [index < done] : [])),
      [true, true],
    );
  });
});
