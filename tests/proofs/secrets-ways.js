// The ways in which a grant can end, and the contents of the core's memory on the way there (R27).
// One description serves Node and Chromium: each way gets its means of action, and returns the
// expected findings.
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { Finder } from './secrets-scan.js';

/** @import { SessionOptions } from 'occ-session' */
/** @import { TestContext } from 'node:test' */
/** @import { Answer } from '../../web/backend/behaviour.js' */
/** @import { Backend } from '../../web/backend/index.js' */

/**
 * A session and its core, wherever they are.
 *
 * @typedef {object} Tab
 * @property {(method: string, ...parameters: unknown[]) => Promise<string>} call a method of the
 *   session; resolves with 'done', or the code of the error
 * @property {() => Promise<string>} ask for a resource that needs a customer; resolves with the status
 * @property {() => Promise<void>} leave the page, as far as the session can tell
 * @property {() => Promise<void>} rest waits until no request of the core is under way
 * @property {(least: number) => Promise<number>} heard the number of answers that the core has got,
 *   once there are at least so many
 * @property {() => Promise<string[]>} look as in secrets-witness.js
 * @property {() => Promise<string[]>} seen
 * @property {() => Promise<string[]>} innocent
 * @property {() => Promise<number>} size
 *
 * @typedef {object} World
 * @property {Backend} backend
 * @property {(options?: object) => Promise<Tab>} open another tab of the same browser
 * @property {() => Promise<string[]>} responses the answers of the token endpoint to all tabs
 */

export const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
export const ben = { username: 'ben.okafor@example.com', password: 'Welcome-2' };
/** Every character of her password must be encoded. */
export const chloe = { username: 'chloé.müller@example.com', password: ' %&+£€' };
export const agent = { username: 'asagent', password: 'Support-1' };
/** The answer to a request whose access token is dead. */
const dead = { status: 401, body: '{"error":"invalid_token"}' };
const wrong = { ...anna, password: 'not-the-password' };
/** The memory of a core, in bytes. */
const MEMORY = 524_288;

const annaId = '0001';
const benId = '0002';

/** A way in progress, and the figures of all of them. */
export class Journey {
  static scans = 0;
  static bytes = 0;
  static secrets = 0;

  #world;
  /** @type {Tab[]} */
  #tabs = [];
  /** @type {Finder | undefined} */
  #finder;
  /** The number of answers of the back end before this way began. */
  #earlier = 0;
  /** @type {Tab} */
  tab = /** @type {any} */ (undefined);

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    this.backend = world.backend;
  }

  /** @param {object} [options] */
  async open(options) {
    const tab = await this.#world.open(options);
    this.#tabs.push(tab);
    return tab;
  }

  /** @param {Way} way */
  async go(way) {
    this.tab ??= await this.open(way.options);
    const labels = (await this.backend.tokens()).map(({ label }) => numberOf(label));
    this.#earlier = Math.max(0, ...labels);
    await way.go(this);
    if (!way.ends) await this.tab.rest();
    await this.holds();
  }

  /**
   * Returns everything that must not stay.
   *
   * @returns {Promise<[label: string, secret: string][]>}
   */
  async #secrets() {
    const tokens = await this.backend.tokens();
    const posted = this.backend.received();
    const passwords = new Set(posted.flatMap(({ form }) => form?.password ?? []));
    for (const { password } of [anna, ben, chloe, agent, wrong]) passwords.add(password);
    const responses = await this.#world.responses();
    /** @type {[label: string, secret: string][]} */
    const secrets = [
      ...tokens.map(({ label, token }) => pair(label, token)),
      ...[...passwords].map((password) => pair(`password ${password}`, password)),
      ...posted.map(({ body }, i) => pair(`request ${i + 1}`, body)),
      // The requests come first, since an answer may repeat their texts.

      ...responses.map((text, i) => pair(`response ${i + 1}`, text)),
    ];
    return secrets.filter(([, text], i) => secrets.findIndex((other) => other[1] === text) === i);
  }

  /** @param {Tab} tab @param {string[]} memory */
  async #find(tab, memory) {
    this.#finder ??= new Finder(await tab.innocent());
    this.#finder.add(await this.#secrets());
    Journey.scans++;
    Journey.bytes += await tab.size();
    return [...this.#finder.find(memory)];
  }

  /**
   * Checks that the memory of a tab holds these secrets, and no piece of any other.
   *
   * @param {Tab} tab
   * @param {string[]} labels
   */
  async holdsIn(tab, ...labels) {
    const found = await this.#find(tab, await tab.look());
    const renumbered = found.map((label) =>
      label.replace(/#\d+/, () => `#${numberOf(label) - this.#earlier}`),
    );
    assert.deepEqual(renumbered.sort(), labels.sort());
  }

  /** @param {string[]} labels */
  holds(...labels) {
    return this.holdsIn(this.tab, ...labels);
  }

  /** Returns the secrets of the run that were in no memory at any moment. */
  async unseen() {
    const found = new Set();
    for (const tab of this.#tabs) {
      for (const label of await this.#find(tab, await tab.seen())) found.add(label);
    }
    const used = new Set(this.backend.received().map(({ form }) => `password ${form?.password}`));
    const secrets = await this.#secrets();
    Journey.secrets += secrets.length;
    return secrets
      .map(([label]) => label)
      .filter((label) => !found.has(label))
      .filter((label) => !label.startsWith('password') || used.has(label));
  }

  /** @param {string} method @param {unknown[]} parameters */
  async does(method, ...parameters) {
    assert.equal(await this.tab.call(method, ...parameters), 'done', method);
    await this.tab.rest();
  }

  /**
   * Resolves when the answer to the next request is held.
   *
   * @param {number} count how many are held by then
   */
  held(count = 1) {
    return this.backend.waitFor(({ status }) => status === 'held', count);
  }

  /** Signs the customer in. */
  async customer() {
    await this.does('signIn', anna);
    await this.holds(...customerTokens(1));
  }

  /**
   * Signs in the customer, and an agent over that customer's session.
   *
   * @param {string} [customerId]
   */
  async agentOverCustomer(customerId) {
    await this.customer();
    await this.does('signInAgent', agent, { customerId });
    await this.holds(...customerTokens(1), ...agentTokens(2));
  }
}

/** @param {string} label @param {string} secret @returns {[label: string, secret: string]} */
const pair = (label, secret) => [label, secret];

/** @param {string} label */
const numberOf = (label) => Number(/#(\d+)/.exec(label)?.[1] ?? 0);

/** @param {number} number */
const customerTokens = (number) => [`customer #${number} access`, `customer #${number} refresh`];
/** @param {number} number */
const agentTokens = (number) => [`agent #${number} access`, `agent #${number} refresh`];

/** The answers to a revocation. @type {Answer[]} */
const answers = [
  ...['normal', 'garbage', 'endless', 'redirect', 'redirect-other-origin', 'drop', 'silent'],
  ...[400, 401, 403, 404, 429, 500, 503],
].map((answer) => /** @type {Answer} */ (answer));

/**
 * @typedef {object} Way
 * @property {string} name
 * @property {Partial<SessionOptions> & { storage?: 'local' | 'memory' }} [options]
 * @property {string[]} [unseen] the secrets that never come into the memory; all others do
 * @property {true} [ends] the session too
 * @property {(journey: Journey) => Promise<void>} go
 */

/** @type {Way[]} */
export const ways = [
  {
    name: 'a customer signs out',
    async go(journey) {
      await journey.customer();
      await journey.does('signOut');
    },
  },
  {
    name: 'a customer whose password has to be encoded signs out',
    async go(journey) {
      await journey.does('signIn', chloe);
      await journey.holds(...customerTokens(1));
      await journey.does('signOut');
    },
  },
  {
    name: 'an agent signs out',
    async go(journey) {
      await journey.does('signInAgent', agent);
      await journey.holds(...agentTokens(1));
      await journey.does('signOutAgent');
    },
  },
  {
    name: 'an emulated customer signs out, then the agent',
    async go(journey) {
      await journey.does('signInAgent', agent);
      await journey.does('emulate', annaId);
      await journey.does('signOut');
      await journey.holds(...agentTokens(1));
      await journey.does('signOut');
    },
  },
  {
    name: 'an agent over a customer signs out, and then the customer who was restored',
    async go(journey) {
      await journey.agentOverCustomer(annaId);
      await journey.does('signOutAgent');
      await journey.holds(...customerTokens(1));
      await journey.does('signOut');
    },
  },
  {
    name: 'a customer is retired, since nobody knew who it was, and the agent signs out',
    async go(journey) {
      await journey.agentOverCustomer();
      await journey.does('signOutAgent');
    },
  },
  {
    name: 'a customer is retired by the emulation of another, and the agent signs out',
    async go(journey) {
      await journey.agentOverCustomer(annaId);
      await journey.does('emulate', benId);
      await journey.holds(...customerTokens(1), ...agentTokens(2));
      await journey.does('signOutAgent');
    },
  },
  {
    name: 'a customer is retired by a sign-out, and the agent signs out',
    async go(journey) {
      await journey.agentOverCustomer(annaId);
      await journey.does('signOut');
      await journey.holds(...customerTokens(1), ...agentTokens(2));
      await journey.does('signOut');
    },
  },
  {
    name: 'a customer signs out while an agent is signing in over the session',
    async go(journey) {
      await journey.customer();
      journey.backend.set({ token: { answer: 'hold', times: 1 } });
      const pending = journey.tab.call('signInAgent', agent);
      await journey.held();
      assert.equal(await journey.tab.call('signOut'), 'done');
      assert.equal(await pending, 'cancelled');
      journey.backend.release();
      await journey.tab.rest();
    },
  },
  {
    name: 'a refresh replaces the tokens, and the customer signs out',
    async go(journey) {
      await journey.customer();
      await journey.backend.expireAccessTokens();
      assert.equal(await journey.tab.ask(), '200');
      await journey.holds(...customerTokens(2));
      await journey.does('signOut');
    },
  },
  {
    name: 'a refresh replaces long tokens by short ones, and the customer signs out',
    async go(journey) {
      journey.backend.set({ tokenLength: 2000 });
      await journey.customer();
      journey.backend.set({ tokenLength: null });
      await journey.backend.expireAccessTokens();
      assert.equal(await journey.tab.ask(), '200');
      await journey.holds(...customerTokens(2));
      await journey.does('signOut');
    },
  },
  {
    name: 'the refresh token has been revoked, and the access token is being revoked',
    async go(journey) {
      await journey.customer();
      journey.backend.set({ revoke: { answer: 'hold', only: 'access_token', times: 1 } });
      await journey.tab.call('signOut');
      await journey.held();
      await journey.holds('customer #1 access');
      journey.backend.release();
      await journey.tab.rest();
    },
  },
  {
    name: 'a header that is asked about is longer than the core takes',
    async go(journey) {
      await journey.customer();
      await journey.does('signOut');
      const token = (await journey.backend.tokens()).at(-1)?.token ?? '';
      await journey.tab.call('renew', token.repeat(2000), dead);
    },
  },
  {
    name: 'a refresh comes after the sign-out',
    async go(journey) {
      await journey.customer();
      await journey.backend.expireAccessTokens();
      journey.backend.set({ token: { answer: 'hold', times: 1 } });
      const asked = journey.tab.ask();
      await journey.held();
      assert.equal(await journey.tab.call('signOut'), 'done');
      journey.backend.release();
      assert.equal(await asked, '401');
      await journey.tab.rest();
    },
  },
  {
    name: 'a refresh fails for a passing reason, and the customer signs out',
    async go(journey) {
      await journey.customer();
      await journey.backend.expireAccessTokens();
      journey.backend.set({ token: { answer: 503, times: 1 } });
      assert.equal(await journey.tab.ask(), '401');
      await journey.holds(...customerTokens(1));
      await journey.does('signOut');
    },
  },
  {
    name: 'a refresh is refused, by a server that repeats the token',
    async go(journey) {
      await journey.customer();
      await journey.backend.expireAccessTokens();
      await journey.backend.revokeRefreshTokens();
      assert.equal(await journey.tab.ask(), '401');
    },
  },
  {
    name: 'a token expires that came without a refresh token',
    async go(journey) {
      journey.backend.set({ refreshTokens: false });
      await journey.does('signIn', anna);
      journey.backend.set({ refreshTokens: true });
      await journey.holds('customer #1 access');
      await journey.backend.expireAccessTokens();
      assert.equal(await journey.tab.ask(), '401');
    },
  },
  {
    name: 'a sign-in is refused',
    async go(journey) {
      assert.equal(await journey.tab.call('signIn', wrong), 'invalid-credentials');
    },
  },
  {
    name: 'a sign-in meets a server that fails',
    async go(journey) {
      for (const answer of /** @type {const} */ ([500, 'drop', 'redirect', 'garbage'])) {
        journey.backend.set({ token: { answer } });
        assert.notEqual(await journey.tab.call('signIn', anna), 'done');
      }
      journey.backend.set({ token: { answer: 'normal' } });
    },
  },
  {
    name: 'a sign-in is cancelled, and its token comes late',
    async go(journey) {
      journey.backend.set({ token: { answer: 'hold', times: 1 } });
      const pending = journey.tab.call('signIn', anna);
      await journey.held();
      await journey.holds();
      assert.equal(await journey.tab.call('signOut'), 'done');
      assert.equal(await pending, 'cancelled');
      journey.backend.release();
      await journey.tab.rest();
    },
  },
  {
    name: 'a sign-in is superseded by that of another customer, and its token comes late',
    async go(journey) {
      journey.backend.set({ token: { answer: 'hold', times: 1 } });
      const first = journey.tab.call('signIn', anna);
      await journey.held();
      await Promise.all([first, journey.tab.call('signIn', ben)]);
      await journey.holds(...customerTokens(2));
      journey.backend.release();
      await journey.tab.rest();
      await journey.holds(...customerTokens(2));
      await journey.does('signOut');
    },
  },
  {
    name: 'a stray waits while a sign-in is pending, and is revoked when that is refused',
    async go(journey) {
      journey.backend.set({ token: { answer: 'hold', times: 2 } });
      const first = journey.tab.call('signIn', anna);
      await journey.held();
      const second = journey.tab.call('signIn', wrong);
      await journey.held(2);
      const heard = await journey.tab.heard(0);
      journey.backend.release(1);
      await first;
      await journey.tab.heard(heard + 1);
      await journey.holds(...customerTokens(1));
      journey.backend.release();
      assert.equal(await second, 'invalid-credentials');
      await journey.tab.rest();
    },
  },
  {
    name: 'the same token comes twice, and both are one grant',
    async go(journey) {
      journey.backend.set({ sameToken: true, token: { answer: 'hold', times: 2 } });
      const first = journey.tab.call('signIn', anna);
      await journey.held();
      const second = journey.tab.call('signIn', anna);
      await journey.held(2);
      journey.backend.release();
      assert.equal(await first, 'cancelled');
      assert.equal(await second, 'done');
      journey.backend.set({ sameToken: false });
      await journey.tab.rest();
      await journey.holds(...customerTokens(1));
      await journey.does('signOut');
    },
  },
  {
    name: 'a password waits for a revocation, and the sign-in is cancelled',
    async go(journey) {
      await journey.customer();
      journey.backend.set({ revoke: { answer: 'hold', times: 1 } });
      await journey.tab.call('signOut');
      await journey.held();
      const pending = journey.tab.call('signIn', ben);
      await journey.holds(...customerTokens(1), 'password Welcome-2');
      await journey.tab.call('signOut');
      assert.equal(await pending, 'cancelled');
      await journey.holds(...customerTokens(1));
      journey.backend.release();
      await journey.tab.rest();
    },
  },
  {
    name: 'a token of 8 KiB is taken, and the customer signs out',
    async go(journey) {
      journey.backend.set({ tokenLength: 8192 });
      await journey.customer();
      journey.backend.set({ tokenLength: null });
      await journey.does('signOut');
    },
  },
  {
    name: 'a token is too large',
    async go(journey) {
      for (const tokenLength of [8193, 30_000]) {
        journey.backend.set({ tokenLength });
        assert.equal(await journey.tab.call('signIn', anna), 'token-too-large');
      }
      journey.backend.set({ tokenLength: null });
    },
  },
  {
    name: 'a response is too large',
    async go(journey) {
      journey.backend.set({ tokenLength: 70_000 });
      assert.equal(await journey.tab.call('signIn', anna), 'token-too-large');
      journey.backend.set({ tokenLength: null });
    },
    // The response is not even passed to the core.
    unseen: [...customerTokens(1), 'response 1'],
  },
  {
    name: "the application's own token is rejected, and the session is closed",
    ends: true,
    async go(journey) {
      const { tab, backend } = journey;
      await tab.call('renew', '', dead);
      await journey.holds('client #1 access');
      const [{ token } = { token: '' }] = await backend.tokens();
      await tab.call('renew', `Bearer ${token}`, dead);
      await journey.holds('client #2 access');
      await tab.call('close');
    },
  },
  {
    name: 'the page goes away in the moment of the sign-out',
    async go(journey) {
      await journey.customer();
      journey.backend.set({ revoke: { answer: 'hold', times: 2 } });
      await journey.tab.call('signOut');
      await journey.tab.leave();
      await journey.held(2);
      await journey.holds(...customerTokens(1));
      journey.backend.release();
      await journey.tab.rest();
    },
  },
  {
    name: 'the page goes away while a stray waits',
    async go(journey) {
      journey.backend.set({ token: { answer: 'hold', times: 2 } });
      const first = journey.tab.call('signIn', anna);
      await journey.held();
      const second = journey.tab.call('signIn', ben);
      await journey.held(2);
      const heard = await journey.tab.heard(0);
      journey.backend.release(1);
      await first;
      await journey.tab.heard(heard + 1);
      await journey.holds(...customerTokens(1));
      await journey.tab.leave();
      journey.backend.release();
      assert.equal(await second, 'done');
      await journey.tab.rest();
      await journey.holds(...customerTokens(2));
      await journey.does('signOut');
    },
  },
  {
    name: 'a revocation is tried again when the page goes away',
    options: { revocation: { retries: 1 } },
    async go(journey) {
      await journey.customer();
      journey.backend.set({ revoke: { answer: 503, times: 2 } });
      await journey.tab.call('signOut');
      await journey.tab.rest();
      await journey.holds(...customerTokens(1));
      await journey.tab.leave();
      await journey.tab.rest();
    },
  },
  {
    name: 'the session is closed',
    ends: true,
    async go(journey) {
      await journey.agentOverCustomer(annaId);
      await journey.tab.call('close');
    },
  },
  {
    name: 'the session is closed while a sign-in waits for a revocation',
    ends: true,
    async go(journey) {
      await journey.customer();
      journey.backend.set({ revoke: { answer: 'hold', times: 2 } });
      await journey.tab.call('signOut');
      await journey.held();
      const pending = journey.tab.call('signIn', ben);
      await journey.holds(...customerTokens(1), 'password Welcome-2');
      await journey.tab.call('close');
      assert.equal(await pending, 'closed');
      await journey.holds();
      journey.backend.release();
    },
  },
  {
    name: 'the session is closed before the token is there',
    ends: true,
    async go(journey) {
      journey.backend.set({ token: { answer: 'hold', times: 1 } });
      const pending = journey.tab.call('signIn', anna);
      await journey.held();
      await journey.tab.call('close');
      assert.equal(await pending, 'closed');
      await journey.backend.waitFor(({ aborted }) => aborted);
    },
    // The request is given up, and its answer with it.
    unseen: customerTokens(1),
  },
  {
    name: 'there is no revocation endpoint',
    options: { endpoints: { revoke: null } },
    async go(journey) {
      await journey.agentOverCustomer(annaId);
      await journey.does('signOutAgent');
      await journey.holds(...customerTokens(1));
      await journey.does('signOut');
    },
  },
  {
    name: 'revocations carry no bearer',
    options: { revocation: { authorization: 'none' } },
    async go(journey) {
      journey.backend.set({ bearerRequired: false });
      await journey.customer();
      await journey.does('signOut');
      journey.backend.set({ bearerRequired: true });
    },
  },
  {
    name: 'another tab adopts the session, and the first signs out',
    options: { storage: 'local', persistRefreshToken: true },
    async go(journey) {
      await journey.agentOverCustomer(annaId);
      const other = await journey.open(this.options);
      await journey.holdsIn(other, ...customerTokens(1), ...agentTokens(2));
      await journey.does('signOutAgent');
      await other.call('authorization');
      await journey.holdsIn(other, ...customerTokens(1));
      await journey.does('signOut');
      await other.call('authorization');
      await journey.holdsIn(other);
    },
  },
  {
    name: 'another tab adopts the session without the refresh token, and is the one that signs out',
    options: { storage: 'local' },
    async go(journey) {
      await journey.customer();
      const other = await journey.open(this.options);
      await journey.holdsIn(other, 'customer #1 access');
      await other.call('signOut');
      await other.rest();
      await journey.holdsIn(other);
      await journey.tab.call('authorization');
    },
  },
  ...answers.map(
    (answer) =>
      /** @type {Way} */ ({
        name: `a revocation is answered with ${answer}`,
        options: { revocation: { timeoutMs: answer === 'silent' ? 50 : 10_000 } },
        async go(journey) {
          await journey.customer();
          journey.backend.set({ revoke: { answer } });
          await journey.does('signOut');
          journey.backend.set({ revoke: { answer: 'normal' } });
        },
      }),
  ),
];

/** Any two of these ways can follow each other in one session. */
const successive = ways.filter((way) => !way.options && !way.ends && !way.name.includes('large'));

/**
 * Defines the tests of all ways.
 *
 * @param {string} where
 * @param {(t: TestContext) => Promise<World>} openWorld
 * @param {boolean} inPairs true if the long form also has them follow each other
 */
export function proveAll(where, openWorld, inPairs) {
  const limit = { timeout: 60_000 };

  for (const way of ways) {
    test(`R27: ${way.name}: nothing is left of any secret (${where})`, limit, async (t) => {
      const journey = new Journey(await openWorld(t));
      await journey.go(way);
      assert.deepEqual(await journey.unseen(), way.unseen ?? []);
    });
  }

  if (inPairs && process.env.OCC_PROOF === 'full') {
    for (const first of successive) {
      test(
        `R27: ${first.name}, and then any other way: no secret is left (${where})`,
        limit,
        async (t) => {
          for (const second of successive) {
            await t.test(second.name, async (each) => {
              const journey = new Journey(await openWorld(each));
              await journey.go(first);
              await journey.go(second);
            });
          }
        },
      );
    }
  }

  test(`R27: the whole memory was searched (${where})`, (t) => {
    const { scans, bytes, secrets } = Journey;
    assert.equal(bytes, scans * MEMORY);
    const amount = `${ways.length} ways in which a grant ends, ${secrets} secrets, ${scans} scans`;
    t.diagnostic(`proof: secrets left in the memory (R27), ${where}: ${amount}`);
  });
}
