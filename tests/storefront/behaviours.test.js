// The sign-out under every behaviour of the revocation endpoint, with Spartacus' own session and
// with the engine. The expectations of each are written out; the measurements become the table of
// table.js.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { agent, anna, openBrowser, received, revokePath } from '../browser/browser.js';
import { openStorefront } from './storefront.js';
import { startTable } from './table.js';

/** @import { Browser } from 'playwright-core' */
/** @import { BehaviourChange } from '../../web/backend/index.js' */
/** @import { Storefront } from './storefront.js' */
/** @import { Row } from './table.js' */

/** The time limit for the page to show the sign-out, in milliseconds. */
const patience = 4_000;
/** The time that a shopper perceives as immediate, in milliseconds. */
const atOnce = 100;

/**
 * @typedef {object} Server
 * @property {string} does
 * @property {BehaviourChange} behaviour
 * @property {boolean} [works] true if it ends the tokens
 * @property {boolean} [answers] false if it never answers
 * @property {object} [stock] the effects on Spartacus' own session
 * @property {number} [stock.atLeast] the least delay of the sign-out, in milliseconds
 * @property {'with the bearer' | 'without a bearer'} [stock.loginPage] the way it is requested
 * @property {string[]} [stock.messages]
 */

const neverShown = { atLeast: Infinity };

/** @type {Server[]} */
const servers = [
  { does: 'answers 200', behaviour: {}, works: true },
  {
    does: 'answers 200 after 3 s',
    behaviour: { revoke: { delayMs: 3_000 } },
    works: true,
    stock: { atLeast: 3_000 },
  },
  {
    does: 'redirects to login.jsp',
    behaviour: { revoke: { answer: 'redirect' } },
    stock: { loginPage: 'with the bearer' },
  },
  {
    does: 'redirects to another origin',
    behaviour: { revoke: { answer: 'redirect-other-origin' } },
    // The browser removes the bearer at a redirect to another origin.
    stock: { loginPage: 'without a bearer' },
  },
  { does: 'answers 400', behaviour: { revoke: { answer: 400 } } },
  { does: 'answers 401', behaviour: { revoke: { answer: 401 } } },
  {
    does: 'answers 403',
    behaviour: { revoke: { answer: 403 } },
    stock: {
      messages: [
        'You are not authorized to perform this action. Please contact your administrator if you think this is a mistake.',
      ],
    },
  },
  { does: 'answers 404', behaviour: { revoke: { answer: 404 } } },
  { does: 'answers 429', behaviour: { revoke: { answer: 429 } } },
  {
    does: 'answers 500',
    behaviour: { revoke: { answer: 500 } },
    stock: { messages: ['An Internal Server Error occurred. Please try again later.'] },
  },
  { does: 'answers 503', behaviour: { revoke: { answer: 503 } } },
  { does: 'closes the connection', behaviour: { revoke: { answer: 'drop' } } },
  { does: 'answers with a page of HTML', behaviour: { revoke: { answer: 'garbage' } } },
  {
    does: 'answers without end',
    behaviour: { revoke: { answer: 'endless' } },
    stock: neverShown,
  },
  {
    does: 'never answers',
    behaviour: { revoke: { answer: 'silent' } },
    answers: false,
    stock: neverShown,
  },
  {
    does: 'ends the tokens, but never answers',
    behaviour: { revoke: { answer: 'hold' } },
    works: true,
    answers: false,
    stock: neverShown,
  },
  {
    does: 'ends only the token that is named',
    behaviour: { revocationEnds: 'token' },
    works: true,
  },
  { does: 'needs no bearer', behaviour: { bearerRequired: false }, works: true },
];

/** The servers that distinguish one role from another. */
const telling = servers.filter(({ does }) =>
  [
    'answers 200',
    'answers 200 after 3 s',
    'redirects to login.jsp',
    'answers 401',
    'never answers',
    'ends only the token that is named',
  ].includes(does),
);

/**
 * @typedef {object} Role
 * @property {string} who
 * @property {'customer' | 'agent'} owner
 * @property {string[]} knows the tokens that the page holds, in the order of their revocation
 * @property {Server[]} servers
 * @property {(shop: Storefront) => Promise<void>} signIn
 */

/** @type {Role[]} */
const roles = [
  {
    who: 'a customer',
    owner: 'customer',
    knows: ['refresh', 'access'],
    servers,
    signIn: (shop) => shop.signIn(anna),
  },
  {
    who: 'a customer after a reload',
    owner: 'customer',
    // The refresh token is not stored, neither by Spartacus nor by the engine.
    knows: ['access'],
    servers: telling,
    async signIn(shop) {
      await shop.signIn(anna);
      await shop.reload();
      await shop.page.locator('cx-login .cx-login-greet').waitFor();
    },
  },
  {
    who: 'an agent who emulates a customer',
    owner: 'agent',
    knows: ['refresh', 'access'],
    servers: telling,
    async signIn(shop) {
      await shop.signInAgent(agent);
      await shop.emulate('Ben Okafor');
    },
  },
  {
    who: 'an agent',
    owner: 'agent',
    knows: ['refresh', 'access'],
    servers: telling,
    signIn: (shop) => shop.signInAgent(agent),
  },
];

/**
 * Signs in, signs out, and measures the results.
 *
 * @param {'stock' | 'engine'} build
 * @param {Storefront} shop
 * @param {Role} role
 * @param {Server} server
 * @returns {Promise<Row>}
 */
async function measure(build, shop, { who, owner, knows, signIn }, { does, behaviour }) {
  await signIn(shop);
  await shop.isIdle();
  const earlier = {
    requests: shop.requests.length,
    messages: (await shop.messages()).length,
    complaints: shop.complaints.length,
  };
  shop.backend.set(behaviour);
  const mark = shop.mark();

  if (owner === 'agent') await shop.clickSignOutAgent();
  else await shop.clickSignOut();
  const milliseconds = await shop.signedOutAfter(patience);
  await received(shop.backend, knows.length);
  if (milliseconds !== undefined) await shop.isIdle();

  const stored = await shop.storedTokens();
  const messages = (await shop.messages()).slice(earlier.messages);
  const row = {
    build,
    who,
    server: does,
    milliseconds: milliseconds ?? null,
    sent: shop.requests.slice(earlier.requests).filter((each) => each === `POST ${revokePath}`)
      .length,
    revocations: await shop.revocations(mark),
    loginPage: shop.loginPage(mark),
    alive: await shop.tokensAlive(),
    stored: [...stored.engine, ...stored.elsewhere],
    messages: messages.map(({ text }) => text),
    complaints: shop.complaints.slice(earlier.complaints),
  };
  shop.backend.reset();
  return row;
}

/** Returns the tokens that are valid afterwards. @param {Role} role @param {Server} server */
function aliveAfter({ owner, knows }, { works = false, behaviour }) {
  if (!works) return [`${owner} #1 access`, `${owner} #1 refresh`];
  // A forgotten token cannot be named; a server that ends the whole grant ends it too.
  const isForgotten = behaviour.revocationEnds === 'token' && !knows.includes('refresh');
  return isForgotten ? [`${owner} #1 refresh`] : [];
}

/** Returns the requests that the server received, without those that the browser retries by itself
 * after a closed connection. @param {Row} row */
const withoutRepeats = ({ revocations }) => [...new Set(revocations)];

/** @param {Row} row */
const isAtOnce = ({ milliseconds }) => milliseconds !== null && milliseconds < atOnce;

/** @param {Row} row @param {Role} role @param {Server} server */
function assertEngine(row, role, server) {
  const { owner, knows } = role;
  assert.ok(isAtOnce(row), `signed out after ${row.milliseconds} ms`);
  const isRepeated = server.behaviour.revoke?.answer === 'drop';
  // If the bearer could be dead, the grant is refreshed for the next try (R30).
  const isRefreshed = server.behaviour.revoke?.answer === 401 && knows.includes('refresh');
  const last = `${owner} #${isRefreshed ? 2 : 1}`;
  const first = `${owner} #1 refresh under ${owner} #1 access`;
  assert.deepEqual(isRepeated ? withoutRepeats(row) : row.revocations, [
    ...(isRefreshed ? [first] : []),
    ...knows.map((token) => `${last} ${token} under ${last} access`),
  ]);
  assert.equal(row.sent, knows.length + Number(isRefreshed));
  assert.deepEqual(row.loginPage, { requests: 0, withBearer: 0 });
  // The server lists the two tokens of one answer in any order.
  assert.deepEqual(
    row.alive.toSorted(),
    (isRefreshed
      ? [`${owner} #1 access`, `${last} access`, `${last} refresh`]
      : aliveAfter(role, server)
    ).toSorted(),
  );
  assert.deepEqual(row.stored, []);
  assert.deepEqual(row.messages, []);
  assert.deepEqual(row.complaints, []);
}

/**
 * Asserts the behaviour of Spartacus 4.3.8 itself, its faults included.
 *
 * @param {Row} row
 * @param {Role} role
 * @param {Server} server
 */
function assertStock(row, role, server) {
  const { owner, knows } = role;
  const { atLeast = 0, loginPage, messages = [] } = server.stock ?? {};
  assert.ok(
    (row.milliseconds ?? Infinity) >= atLeast && (row.milliseconds === null) === atLeast > patience,
    `signed out after ${row.milliseconds} ms`,
  );
  assert.equal(row.sent, knows.length);
  // Both are sent at once: either may come first.
  assert.deepEqual(
    withoutRepeats(row).sort(),
    knows.map((token) => `${owner} #1 ${token} under ${owner} #1 access`).sort(),
  );
  const { requests, withBearer } = row.loginPage;
  assert.ok(
    // The error of one request aborts the other, at times before it arrives.
    loginPage ? requests > 0 && requests <= knows.length : requests === 0,
    `${requests} requests to login.jsp`,
  );
  assert.equal(withBearer, loginPage === 'with the bearer' ? requests : 0);
  // If the access token comes first, the other one is refused and stays valid.
  const isRace = server.behaviour.revocationEnds === 'token' && knows.length > 1;
  if (!isRace) assert.deepEqual(row.alive, aliveAfter(role, server));
  assert.deepEqual(row.stored, row.milliseconds === null ? [`${owner} #1 access`] : []);
  assert.deepEqual(row.messages, messages);
}

/** @type {Browser} */
let browser;
const table = startTable();
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  table.save();
  await browser.close();
});

// The measurements run one after the other, since parallel work would distort them.
describe('sign-out', () => {
  for (const build of /** @type {const} */ (['stock', 'engine'])) {
    const isEngine = build === 'engine';

    describe(build, () => {
      for (const role of roles) {
        test(`the sign-out of ${role.who} under each behaviour of the server`, async (t) => {
          /** @type {Storefront | undefined} the one that the previous measurement left */
          let shop;

          /** @param {Server} server */
          async function measured(server) {
            const { answers = true } = server;
            // A shorter timeout than the engine's 10 s keeps the test fast.
            const options = answers ? {} : { revocation: { timeoutMs: 1_000 } };
            const current =
              (answers && shop) || (await openStorefront(t, { browser, build, options }));
            shop = undefined;
            const row = await measure(build, current, role, server);
            // An agent's sign-out breaks the stock storefront, as shown below.
            const isAsNew = row.milliseconds !== null && (isEngine || role.owner !== 'agent');
            if (answers && isAsNew) shop = current;
            else await current.page.close();
            return row;
          }

          for (const server of role.servers) {
            const name = `${role.who} signs out, and the server ${server.does}`;
            await t.test(isEngine ? `R8, R11, R12, R14, R16: ${name}` : name, async () => {
              let row = await measured(server).catch((error) => {
                if (isEngine) throw error;
                // Now and then a click is lost in the stock storefront: a new page measures again.
                return measured(server);
              });
              // On a busy processor the click may have waited.
              for (let again = 0; isEngine && again < 2 && !isAtOnce(row); again++) {
                row = await measured(server);
              }
              table.add(row);
              (isEngine ? assertEngine : assertStock)(row, role, server);
            });
          }
        });
      }

      test(`${isEngine ? 'R14, R25: ' : ''}a reload after a sign-out at a silent server shows the page signed out, ${isEngine ? 'and nothing is stored' : 'but the token is still stored'}`, async (t) => {
        const shop = await openStorefront(t, { browser, build });
        await shop.signIn(anna);
        shop.backend.set({ revoke: { answer: 'silent' } });
        await shop.clickSignOut();
        await received(shop.backend, isEngine ? 1 : 2);
        const mark = shop.mark();
        await shop.reload();
        await shop.isIdle();
        assert.equal(await shop.isShownSignedOut(), true);
        assert.deepEqual(
          await shop.storedTokens(),
          isEngine
            ? { engine: [], elsewhere: [] }
            : // The page shows the shop as signed out, and still has the customer's token.
              { engine: [], elsewhere: ['customer #1 access'] },
        );
        const withBearer = shop
          .since(mark)
          .filter(({ path, authorization }) => path.startsWith('/occ/') && authorization !== null);
        assert.equal(withBearer.length > 0, !isEngine);
      });

      test(`after the sign-out of an agent without a customer the storefront ${isEngine ? 'works' : 'is stuck until a reload'}`, async (t) => {
        const shop = await openStorefront(t, { browser, build });
        await shop.signInAgent(agent);
        await shop.signOutAgent();
        await shop.isIdle();
        const mark = shop.mark();
        const link = shop.page.locator('cx-login > a');
        const form = shop.page.locator('cx-login-form');
        await link.click();
        if (isEngine) {
          await form.waitFor();
        } else {
          // Spartacus holds back every request of its pages until a reload.
          await assert.rejects(form.waitFor({ timeout: 2_000 }), /Timeout/);
          assert.deepEqual(shop.since(mark), []);
          await shop.reload();
          await link.click();
          await form.waitFor();
        }
      });
    });
  }
});
