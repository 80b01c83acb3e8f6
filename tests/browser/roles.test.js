// The sign-out of every role under every behaviour of the revocation endpoint, in a page of another
// origin.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  agent,
  anna,
  assertStorageHasNoToken,
  lives,
  received,
  revocations,
  revokePath,
} from './browser.js';
import { openContext, startPages, waitForPhase } from './engine.js';
import { freePort } from './site.js';

/** @import { BehaviourChange } from '../../web/backend/index.js' */
/** @import { RevocationDetail } from '../../js/types.js' */
/** @import { Page } from './engines/types.js' */

const { browser, backend, site } = await startPages();

/** @param {Page} page */
const signIn = (page) =>
  page.evaluate((credentials) => globalThis.session.signIn(credentials), anna);

/** @param {Page} page @param {string} [customerId] */
const signInAgent = (page, customerId) =>
  page.evaluate(
    ([credentials, options]) => globalThis.session.signInAgent(credentials, options),
    /** @type {const} */ ([agent, { customerId }]),
  );

const anonymous = { phase: 'anonymous', userId: 'anonymous' };

/**
 * A role that signs out, the state afterwards, and the revoked and the kept grants.
 *
 * @typedef {object} Role
 * @property {string} rule
 * @property {(page: Page) => Promise<unknown>} enter
 * @property {'signOut' | 'signOutAgent'} leave
 * @property {{ phase: string, userId: string }} left
 * @property {{ owner: 'customer' | 'agent', grant: string } | null} revoked
 * @property {string[]} kept
 */

/** @type {Record<string, Role>} */
const roles = {
  'a customer': {
    rule: 'R1',
    enter: signIn,
    leave: 'signOut',
    left: anonymous,
    revoked: { owner: 'customer', grant: 'customer #1' },
    kept: [],
  },
  'an agent': {
    rule: 'R2',
    enter: (page) => signInAgent(page),
    leave: 'signOut',
    left: anonymous,
    revoked: { owner: 'agent', grant: 'agent #1' },
    kept: [],
  },
  'an emulated customer': {
    rule: 'R3',
    async enter(page) {
      await signInAgent(page);
      await page.evaluate(() => globalThis.session.emulate('0002'));
    },
    leave: 'signOut',
    left: { phase: 'agent', userId: 'anonymous' },
    revoked: null,
    kept: ['agent #1'],
  },
  'an agent over a parked customer': {
    rule: 'R4, R5',
    async enter(page) {
      await signIn(page);
      await signInAgent(page, '0001');
    },
    leave: 'signOutAgent',
    left: { phase: 'customer', userId: 'current' },
    revoked: { owner: 'agent', grant: 'agent #2' },
    kept: ['customer #1'],
  },
};

/**
 * A behaviour of the endpoint, and the reported outcome of each of the two requests.
 *
 * @typedef {object} Case
 * @property {BehaviourChange} [set]
 * @property {boolean} [isClosed] the port of the endpoint is closed
 * @property {number} [timeoutMs]
 * @property {boolean} [isReleased] the server answers only when the test releases it
 * @property {boolean} [ends] the server has ended the tokens
 * @property {boolean} [isRefreshed] the grant is refreshed for its revocation
 * @property {RevocationDetail['outcome']} outcome of both requests
 * @property {RevocationDetail['outcome']} [ofAccess] of the access token's, if it differs
 * @property {number} status
 */

/** @type {Record<string, Case>} */
const cases = {
  'answers at once': { ends: true, outcome: 'revoked', status: 200 },
  'answers only when released': {
    set: { revoke: { answer: 'hold' } },
    isReleased: true,
    ends: true,
    outcome: 'revoked',
    status: 200,
  },
  // The bearer could be dead, so the grant is refreshed for the next try (R30).
  'answers 401': {
    set: { revoke: { answer: 401 } },
    isRefreshed: true,
    outcome: 'rejected',
    ofAccess: 'already-invalid',
    status: 401,
  },
  'redirects to login.jsp': {
    set: { revoke: { answer: 'redirect' } },
    outcome: 'unsupported',
    // A browser hides the status of a redirect from the page.
    status: 0,
  },
  'answers 404': { set: { revoke: { answer: 404 } }, outcome: 'unsupported', status: 404 },
  'answers 500': { set: { revoke: { answer: 500 } }, outcome: 'server-error', status: 500 },
  'drops the connection': {
    set: { revoke: { answer: 'drop' } },
    outcome: 'unreachable',
    status: 0,
  },
  'is a closed port': { isClosed: true, outcome: 'unreachable', status: 0 },
  'never answers': {
    set: { revoke: { answer: 'silent' } },
    timeoutMs: 400,
    outcome: 'timed-out',
    status: 0,
  },
};

/** Returns the grant after a refresh, as the back end counts. @param {string} [grant] */
const next = (grant = '') => grant.replace(/\d+/, (number) => `${Number(number) + 1}`);

for (const [what, given] of Object.entries(cases)) {
  const { set, isClosed, timeoutMs, isReleased, isRefreshed, ends, status } = given;
  const { outcome, ofAccess = outcome } = given;

  describe(`the revocation endpoint ${what}`, () => {
    for (const [who, { rule, enter, leave, left, revoked, kept }] of Object.entries(roles)) {
      test(`${rule}, R14, R16, R17: ${who} signs out at once and without an error, when the revocation endpoint ${what}`, async (t) => {
        const context = await openContext(t, browser, backend);
        const page = await context.newPage();
        await page.goto(
          site.page(backend, {
            ...(isClosed && { revoke: `http://127.0.0.1:${await freePort()}${revokePath}` }),
            ...(timeoutMs && { timeoutMs: String(timeoutMs) }),
          }),
        );
        await waitForPhase(page, 'anonymous');
        const heard = await page.listen();
        await enter(page);
        backend.set({ revocationEnds: 'token', ...set });

        const atOnce = await page.evaluate((method) => {
          const { session } = globalThis;
          globalThis.told = [];
          globalThis.sent = 0;
          const { fetch } = globalThis;
          globalThis.fetch = (...request) => {
            globalThis.sent += 1;
            return fetch(...request);
          };
          session.addEventListener('revocation', ({ detail }) => globalThis.told.push(detail));
          session[method]();
          const { phase, userId, revoking } = session.state;
          const stored = JSON.stringify([{ ...sessionStorage }, { ...localStorage }]);
          return { phase, userId, revoking, stored };
        }, leave);
        const { stored, ...shown } = atOnce;
        assert.deepEqual(shown, { ...left, revoking: revoked ? 2 : 0 });
        for (const { label, token } of await backend.tokens()) {
          const isKept = kept.some((grant) => label === `${grant} access`);
          assert.equal(stored.includes(token), isKept, label);
        }

        if (revoked && isReleased) {
          await received(backend, 1);
          assert.deepEqual(await page.evaluate(() => globalThis.told), []);
          backend.resetBehaviour();
          backend.set({ revocationEnds: 'token' });
          backend.release();
        }
        await page.evaluate(() => globalThis.session.settled());

        // R17: one event for each token, the refresh token's first (R11).
        assert.deepEqual(
          await page.evaluate(() => globalThis.told),
          revoked
            ? ['refresh_token', 'access_token'].map((token) => ({
                owner: revoked.owner,
                token,
                outcome: token === 'access_token' ? ofAccess : outcome,
                status,
              }))
            : [],
        );
        const state = await page.evaluate(() => globalThis.session.state);
        assert.deepEqual(
          { phase: state.phase, userId: state.userId, revoking: state.revoking },
          { ...left, revoking: 0 },
        );
        const isUnreachable = outcome === 'unreachable';
        const sent = await page.evaluate(() => globalThis.sent);
        assert.equal(sent, revoked ? (isRefreshed ? 4 : 2) : 0);
        const last = isRefreshed ? next(revoked?.grant) : revoked?.grant;
        const arrived = await revocations(backend);
        assert.deepEqual(
          // Chromium and Firefox retry dropped requests themselves.
          isUnreachable ? [...new Set(arrived)] : arrived,
          revoked && !isClosed
            ? [
                ...(isRefreshed ? [`${revoked.grant} refresh under ${revoked.grant} access`] : []),
                `${last} refresh under ${last} access`,
                `${last} access under ${last} access`,
              ]
            : [],
        );
        assert.deepEqual(
          backend.journal.filter(({ path }) => path === '/login.jsp'),
          [],
        );
        const alive = await lives(backend);
        for (const [label, life] of Object.entries(alive)) {
          // A server that rotates has ended the refresh token that was used.
          if (isRefreshed && label === `${revoked?.grant} refresh`) continue;
          const isEnded = ends && revoked && label.startsWith(revoked.grant);
          assert.equal(life, isEnded ? 'revoked' : 'active', label);
        }
        if (kept.length === 0) await assertStorageHasNoToken(page, backend);
        assert.deepEqual(await heard.complaints(), []);
      });
    }
  });
}
