// R23, R25 and R26: the stored snapshots, their use after a reload, and those that are discarded.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  agent,
  anna,
  annaId,
  ben,
  benId,
  limit,
  Notebook,
  standIn,
  useStorefront,
  WebStorage,
} from './storefront.js';

/** @import { Session, Storefront } from './storefront.js' */

const storefront = useStorefront();

describe('a change of grants', limit, () => {
  /** The steps, each with its number of storage writes and of change events.
   * @type {[name: string, step: (session: Session) => unknown, saves: number, changes: number][]}
   *   */
  const steps = [
    ['a customer signs in', (session) => session.signIn(anna), 1, 2],
    [
      'an agent over the customer',
      (session) => session.signInAgent(agent, { customerId: annaId }),
      1,
      2,
    ],
    ['the same customer again', (session) => session.emulate(annaId), 0, 0],
    ['another customer', (session) => session.emulate(benId), 1, 1],
    ['the emulated customer signs out', (session) => session.signOut(), 1, 1],
    ['another emulation', (session) => session.emulate(annaId), 1, 1],
    // Each of four revocations then settles.
    [
      'the agent signs out',
      (session) => session.signOutAgent().then(() => session.settled()),
      1,
      5,
    ],
    ['the agent signs out once more', (session) => session.signOutAgent(), 0, 0],
  ];

  test('R23: each change of grants raises the epoch, with one storage write and one event', async () => {
    const storage = new Notebook();
    const session = await storefront().open({ storage });
    let changes = 0;
    session.addEventListener('change', () => changes++);
    /** @type {number[]} */
    const epochs = [];
    for (const [name, step, saves, events] of steps) {
      storage.saves.length = 0;
      changes = 0;
      await step(session);
      assert.equal(storage.saves.length, saves, `saves: ${name}`);
      assert.equal(changes, events, `changes: ${name}`);
      if (storage.text !== null && saves > 0) epochs.push(JSON.parse(storage.text).epoch);
    }
    assert.deepEqual(epochs, [1, 2, 3, 4, 5]);
    assert.equal(storage.text, null);
  });

  test('R23: a refresh raises the epoch, with one storage write and one event', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    let changes = 0;
    session.addEventListener('change', () => changes++);
    await shop.backend.expireAccessTokens();
    await Promise.all([shop.getUser(session), shop.getUser(session)]);
    assert.equal(storage.saves.length, 2);
    assert.equal(changes, 1);
    assert.equal(JSON.parse(storage.text ?? '').epoch, 2);
  });

  test('R23: a listener always finds state, storage and bearer consistent', async () => {
    const shop = storefront();
    /** @type {string[]} */
    const seen = [];
    const storage = new Notebook();
    const session = await shop.open({ storage });
    const look = () => {
      const { active, parked, retired, customer } = JSON.parse(storage.text ?? '{}');
      const { phase, userId } = session.state;
      const bearer = session.authorization();
      assert.equal(bearer, active && `Bearer ${active.access}`);
      seen.push(
        [
          `${phase} ${userId}:`,
          active && `active ${active.owner}`,
          parked && `parked ${parked.owner}`,
          retired && `retired ${retired.owner}`,
          customer && `for ${customer}`,
        ]
          .filter(Boolean)
          .join(' '),
      );
    };
    session.addEventListener('change', look);
    await session.signIn(anna);
    await session.signInAgent(agent, { customerId: annaId });
    session.emulate(benId);
    session.signOut();
    session.signOutAgent();
    await session.settled();
    assert.deepEqual(seen.slice(0, 7), [
      'customer-signing-in anonymous:',
      'customer current: active customer',
      'agent-taking-over current: active customer',
      `emulating ${annaId}: active agent parked customer for ${annaId}`,
      `emulating ${benId}: active agent retired customer for ${benId}`,
      'agent anonymous: active agent retired customer',
      'anonymous anonymous:',
    ]);
  });
});

describe('the events expired and revocation', limit, () => {
  test('R23: a listener of expired or revocation finds state and storage already updated', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const session = await shop.openCustomer({ storage });
    /** @type {unknown[]} */
    const seen = [];
    for (const type of ['expired', 'revocation']) {
      session.addEventListener(type, () => {
        seen.push([type, session.state.phase, session.state.revoking, storage.text]);
      });
    }
    await shop.backend.expireAccessTokens();
    await shop.backend.expireRefreshTokens();
    await shop.getUser(session);
    await session.signIn(ben);
    session.signOut();
    await session.settled();
    assert.deepEqual(seen, [
      ['expired', 'anonymous', 0, null],
      ['revocation', 'anonymous', 1, null],
      ['revocation', 'anonymous', 0, null],
    ]);
  });
});

/**
 * The sessions to reload, with the way to reach each.
 *
 * @type {Record<string, (shop: Storefront, session: Session) => Promise<unknown>>}
 */
const places = {
  customer: (_shop, session) => session.signIn(anna),
  agent: (_shop, session) => session.signInAgent(agent),
  'an agent with a retired grant': async (_shop, session) => {
    await session.signIn(anna);
    await session.signInAgent(agent);
  },
  'an emulation of a customer who never signed in': async (_shop, session) => {
    await session.signInAgent(agent);
    session.emulate(benId);
  },
  'an emulation with a parked grant': async (_shop, session) => {
    await session.signIn(anna);
    await session.signInAgent(agent, { customerId: annaId });
  },
  'an emulation with a retired grant': async (_shop, session) => {
    await session.signIn(anna);
    await session.signInAgent(agent, { customerId: annaId });
    session.emulate(benId);
  },
};

/** The phase and the revoked grants of each session after the agent, or the customer, signs out. */
const ends = {
  customer: ['anonymous', ['customer #1']],
  agent: ['anonymous', ['agent #1']],
  'an agent with a retired grant': ['anonymous', ['agent #2', 'customer #1']],
  'an emulation of a customer who never signed in': ['anonymous', ['agent #1']],
  'an emulation with a parked grant': ['customer', ['agent #2']],
  'an emulation with a retired grant': ['anonymous', ['agent #2', 'customer #1']],
};

describe('a reload', limit, () => {
  for (const persistRefreshToken of [false, true]) {
    for (const [place, go] of Object.entries(places)) {
      test(`R25: ${place} is the same after a reload, ${persistRefreshToken ? 'with' : 'without'} refresh tokens`, async () => {
        const shop = storefront();
        const storage = new Notebook();
        const options = { storage, persistRefreshToken };
        const before = await shop.open(options);
        await go(shop, before);
        const { state } = before;
        const authorization = before.authorization();
        before.close();
        assert.equal(storage.text?.includes('"refresh"'), persistRefreshToken);
        for (const { token, kind } of await shop.backend.tokens()) {
          assert.equal(
            storage.text?.includes(token),
            kind === 'access_token' || persistRefreshToken,
          );
        }

        const after = await shop.open(options);
        assert.deepEqual(after.state, state);
        assert.equal(after.authorization(), authorization);
        if (after.state.signedIn) assert.equal((await shop.getUser(after)).status, 200);
        if (state.phase === 'customer') after.signOut();
        else after.signOutAgent();
        const [phase, grants] = ends[/** @type {keyof typeof ends} */ (place)];
        assert.equal(after.state.phase, phase);
        await after.settled();
        const kinds = persistRefreshToken ? ['access', 'refresh'] : ['access'];
        assert.deepEqual(
          (await shop.revoked()).sort(),
          [...grants].flatMap((grant) => kinds.map((kind) => `${grant} ${kind}`)).sort(),
        );
      });
    }
  }

  test('R25: a reload drops a pending sign-in and keeps the session before it', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const before = await shop.openCustomer({ storage });
    const { state } = before;
    shop.backend.set({ token: { answer: 'hold' } });
    const pending = assert.rejects(before.signInAgent(agent), { code: 'closed' });
    await shop.held();
    before.close();
    await pending;
    assert.deepEqual((await shop.open({ storage })).state, state);
  });

  test('R25: a reload after a sign-out finds an anonymous session', async () => {
    const shop = storefront();
    const storage = new Notebook();
    const before = await shop.openCustomer({ storage });
    before.signOut();
    before.close();
    assert.equal((await shop.open({ storage })).state.phase, 'anonymous');
  });

  test('R25: with persistRefreshToken an expired token is refreshed after a reload, without it the session expires', async () => {
    for (const persistRefreshToken of [true, false]) {
      const shop = storefront();
      const storage = new Notebook();
      (await shop.openCustomer({ storage, persistRefreshToken })).close();
      await shop.backend.expireAccessTokens();
      const after = await shop.open({ storage, persistRefreshToken });
      assert.equal((await shop.getUser(after)).status, persistRefreshToken ? 200 : 401);
      assert.equal(after.state.phase, persistRefreshToken ? 'customer' : 'anonymous');
    }
  });

  test("R25: a storage of the caller's own is read once, when the session is opened", async (t) => {
    const shop = storefront();
    const storage = new Notebook();
    const load = t.mock.method(storage, 'load');
    const session = await shop.openCustomer({ storage });
    await shop.getUser(session);
    session.signOut();
    await session.settled();
    assert.equal(load.mock.callCount(), 1);
    session.close();
    await shop.open({ storage });
    assert.equal(load.mock.callCount(), 2);
  });

  /** Returns the default key of a session. @param {Storefront} shop */
  const keyOf = ({ backend }) => `occ-session ${backend.url}/ mobile_android mobile_android`;

  for (const area of /** @type {const} */ (['session', 'local'])) {
    test(`R25: storage '${area}' keeps the session under its key in that storage of the browser`, async (t) => {
      const storage = new WebStorage();
      standIn(t, 'localStorage', { value: area === 'local' ? storage : new WebStorage() });
      standIn(t, 'sessionStorage', { value: area === 'session' ? storage : new WebStorage() });
      const shop = storefront();
      const before = await shop.openCustomer({ storage: area });
      const { state } = before;
      before.close();
      assert.deepEqual([...storage.items.keys()], [keyOf(shop)]);
      const after = await shop.open({ storage: area });
      assert.deepEqual(after.state, state);
      assert.equal(
        (await shop.open({ storage: area, storageKey: 'mine' })).state.phase,
        'anonymous',
      );
      after.signOut();
      const text = storage.getItem(keyOf(shop)) ?? '';
      assert.equal(JSON.parse(text).active, undefined);
      assert.equal(text.includes(await shop.token('customer #1 access')), false);
    });
  }

  test('R25: by default a page keeps the session in sessionStorage, and a process without a page stores nothing', async (t) => {
    const storage = new WebStorage();
    standIn(t, 'localStorage', { value: new WebStorage() });
    standIn(t, 'sessionStorage', { value: storage });
    const shop = storefront();
    await shop.openCustomer({ storage: undefined });
    assert.deepEqual([...storage.items.keys()], []);
    standIn(t, 'document', { value: {} });
    await shop.openCustomer({ storage: undefined });
    assert.deepEqual([...storage.items.keys()], [keyOf(shop)]);
  });

  for (const storage of /** @type {const} */ (['memory', 'local'])) {
    test(`R24: storage '${storage}' neither keeps nor reads a list of grants that have ended`, async (t) => {
      const localStorage = new WebStorage();
      standIn(t, 'localStorage', { value: localStorage });
      const notebook = new Notebook();
      const shop = storefront();
      const before = await shop.openCustomer({ storage });
      const key = keyOf(shop);
      if (storage === 'local') notebook.text = localStorage.getItem(key);
      const { active } = JSON.parse(notebook.text ?? '{}');
      assert.equal(active !== undefined, storage === 'local');
      localStorage.setItem(`${key}.ended`, `${active?.number ?? 1}:0`);
      assert.equal((await shop.getUser(before)).uid, anna.username);
      before.signOut();
      await before.settled();
      assert.equal(localStorage.getItem(`${key}.ended`), `${active?.number ?? 1}:0`);
    });
  }
});

describe('discarded snapshots', limit, () => {
  /** @typedef {Record<string, any>} Snapshot */
  /** The ways to spoil the snapshot of an emulation with a parked grant.
   * @type {Record<string, (snapshot: Snapshot) => unknown>} */
  const spoiled = {
    'of another version': (snapshot) => (snapshot.v = 2),
    'of no version': (snapshot) => delete snapshot.v,
    'of another client': (snapshot) => (snapshot.for = snapshot.for.replace('mobile_', 'other_')),
    'of another base URL': (snapshot) =>
      (snapshot.for = snapshot.for.replace('127.0.0.1', 'localhost')),
    'without an identity': (snapshot) => delete snapshot.for,
    'without an epoch': (snapshot) => delete snapshot.epoch,
    'with a fractional epoch': (snapshot) => (snapshot.epoch = 1.5),
    'with an epoch in a string': (snapshot) => (snapshot.epoch = '7'),
    'with an unknown owner': (snapshot) => (snapshot.active.owner = 'admin'),
    'without the active token': (snapshot) => delete snapshot.active.access,
    'with an empty token': (snapshot) => (snapshot.active.access = ''),
    'with a token that would end the header': (snapshot) => (snapshot.active.access += '\r\nX: y'),
    'with a token over 8 KiB': (snapshot) => (snapshot.active.access = 'x'.repeat(8193)),
    'with a grant of no number': (snapshot) => delete snapshot.active.number,
    'with a number that is too great': (snapshot) => (snapshot.active.number = 2 ** 60),
    'with a negative time': (snapshot) => (snapshot.active.expires = -1),
    'with a parked grant without a token': (snapshot) => delete snapshot.parked.access,
    'with a parked grant of an agent': (snapshot) => (snapshot.parked.owner = 'agent'),
    'with a grant twice': (snapshot) => (snapshot.parked.number = snapshot.active.number),
    'with a parked grant and no emulation': (snapshot) => delete snapshot.customer,
    'with a parked and a retired grant': (snapshot) =>
      (snapshot.retired = { ...snapshot.parked, number: 77 }),
    'with an emulation by a customer': (snapshot) => (snapshot.active.owner = 'customer'),
    'with a parked grant and no active one': (snapshot) => delete snapshot.active,
    'with a customer id that is too long': (snapshot) => (snapshot.customer = 'x'.repeat(257)),
  };

  /** Texts that are not snapshots. @type {Record<string, (text: string) => string>} */
  const texts = {
    'an empty text': () => '',
    words: () => 'undefined',
    null: () => 'null',
    'a number': () => '1',
    'a list': (text) => `[${text}]`,
    'an empty object': () => '{}',
    'half a snapshot': (text) => text.slice(0, text.length / 2),
    'a snapshot without its last character': (text) => text.slice(0, -1),
    'a snapshot with more text behind it': (text) => `${text}x`,
    'a snapshot with a zero byte': (text) => text.replace('"for"', '"\0"'),
    'a hundred thousand brackets': () => '['.repeat(100_000),
    'many brackets that fit': () => '['.repeat(70_000),
    'a snapshot of more than the buffer': (text) => text + ' '.repeat(80_000),
  };

  const all = {
    ...texts,
    ...Object.fromEntries(
      Object.entries(spoiled).map(([name, spoil]) => [
        `a snapshot ${name}`,
        (/** @type {string} */ text) => {
          const snapshot = JSON.parse(text);
          spoil(snapshot);
          return JSON.stringify(snapshot);
        },
      ]),
    ),
  };

  /** Resolves with the snapshot of an emulation with a parked grant. @param {Storefront} shop */
  async function takenOver(shop) {
    const storage = new Notebook();
    (await shop.openTakenOver({ storage })).close();
    return storage.text ?? '';
  }

  test('R26: a valid snapshot is restored', async () => {
    const shop = storefront();
    const session = await shop.open({ storage: new Notebook(await takenOver(shop)) });
    assert.equal(session.state.phase, 'emulating');
  });

  for (const [name, spoil] of Object.entries(all)) {
    test(`R26: ${name} is discarded without an error, and nothing of it is used`, async () => {
      const shop = storefront();
      const text = spoil(await takenOver(shop));
      const calls = shop.calls.length;
      const session = await shop.open({ storage: new Notebook(text) });
      assert.deepEqual(session.state, {
        phase: 'anonymous',
        userId: 'anonymous',
        signedIn: false,
        agentSignedIn: false,
        emulating: false,
        expiresAt: null,
        revoking: 0,
      });
      assert.equal(session.authorization(), undefined);
      session.signOutAgent();
      assert.equal(shop.calls.length, calls);
      await session.signIn(ben);
      assert.equal((await shop.getUser(session)).uid, ben.username);
    });
  }

  test('R26: a value other than a string from a storage counts as empty', async () => {
    const shop = storefront();
    const text = await takenOver(shop);
    for (const given of [undefined, 7, {}, [text], { __proto__: null }, Promise.resolve(text)]) {
      const storage = { load: () => /** @type {any} */ (given), save() {} };
      assert.equal((await shop.open({ storage })).state.phase, 'anonymous');
    }
  });

  test('R26: a session with another client id starts anonymous, and so does one with another agent client', async () => {
    const shop = storefront();
    const storage = new Notebook();
    (await shop.openCustomer({ storage })).close();
    for (const other of [{ clientId: 'asm_client' }, { agentClientId: 'asm_client' }]) {
      assert.equal((await shop.open({ storage, ...other })).state.phase, 'anonymous');
    }
    assert.equal((await shop.open({ storage })).state.phase, 'customer');
  });
});

describe('a storage that gives no text', limit, () => {
  for (const given of [7, Promise.resolve('{}'), {}, new Uint8Array(100_000), undefined]) {
    const what = Object.prototype.toString.call(given).slice(8, -1);
    test(`R26: a storage that loads ${what} has no session, and is not written before a sign-in`, async () => {
      const shop = storefront();
      /** @type {(string | null)[]} */
      const saves = [];
      /** @type {any} */
      const storage = {
        load: () => given,
        save: (/** @type {string | null} */ text) => saves.push(text),
      };
      const session = await shop.open({ storage });
      assert.equal(session.state.phase, 'anonymous');
      assert.deepEqual(saves, []);
      await session.signIn(anna);
      assert.equal(session.state.phase, 'customer');
      assert.equal(saves.length, 1);
    });
  }
});
