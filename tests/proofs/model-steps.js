// The steps of a tab: actions of people, answers of the server, and events of time and other tabs.
// Tabs that answer each other in time are left out (R31, proved by refresh.pml): a tab here hears a
// saved snapshot at any time. Also left out are broken snapshots, and those of another identity or
// of a line that was left: the walk of tests/c has them.
import assert from 'node:assert/strict';

import * as numbers from '../../js/numbers.js';
import { Tab } from './model-tabs.js';

/**
 * @typedef {import('./model.js').Request} Request
 * @typedef {{ delivery: number, status: number, retryAfter?: number, body?: object | string }} Response
 *
 * The random draw for a step, which derives its details from it.
 * @typedef {{ which: number, kind: string }} Choice
 *
 * @typedef {object} Step
 * @property {number} weight the frequency of the step
 * @property {string[]} [kinds]
 * @property {(tab: Tab, choice: Choice) => unknown} [applies] false: it cannot be done
 * @property {(tab: Tab, choice: Choice) => unknown} [matters] false: it has little effect, so it is
 *   done only now and then, and most steps of a sequence have effects
 * @property {(tab: Tab, choice: Choice) => unknown} run
 */

const customers = ['0001', '0002'];
const encoder = new TextEncoder();

/** Picks one of a list. @template T @param {T[]} list @param {number} index */
export const pick = (list, index) => list[index % list.length];

// ---- Answers -----------------------------------------------------------------------------------------

/** @param {number} status @param {object | string} [body] @returns {Response} */
const answered = (status, body = '') => ({ delivery: numbers.DELIVERY_ANSWERED, status, body });
/** @param {number} delivery @returns {Response} */
const failed = (delivery) => ({ delivery, status: 0 });
const longToken = { access_token: 'x'.repeat(8193), token_type: 'bearer' };

/**
 * Failing token requests: the error of a sign-in, and true if a refresh is refused for good.
 * @type {Record<string, [Response, string, boolean]>}
 */
const refusals = {
  'invalid grant': [answered(400, { error: 'invalid_grant' }), 'invalid-credentials', true],
  unauthorized: [answered(401), 'invalid-credentials', true],
  'invalid client': [answered(401, { error: 'invalid_client' }), 'client-refused', true],
  'too many requests': [answered(429), 'server-error', false],
  'server error': [answered(500, '<html>'), 'server-error', false],
  unavailable: [answered(503), 'server-error', false],
  garbage: [answered(200, '<html>'), 'unexpected-response', false],
  'not found': [answered(404), 'unexpected-response', false],
  redirect: [failed(numbers.DELIVERY_REDIRECTED), 'unexpected-response', false],
  unreachable: [failed(numbers.DELIVERY_UNREACHABLE), 'unreachable', false],
  'timed out': [failed(numbers.DELIVERY_TIMED_OUT), 'unreachable', false],
  'too large': [failed(numbers.DELIVERY_TOO_LARGE), 'token-too-large', false],
  'long token': [answered(200, longToken), 'token-too-large', false],
};

/**
 * Successful token requests.
 * @type {Record<string, { refresh?: boolean, seconds?: number, type?: string, again?: boolean }>}
 */
const grants = {
  fresh: { refresh: true, seconds: 3600 },
  'without refresh token': { seconds: 3600 },
  'short life': { refresh: true, seconds: 30 },
  'unknown life': { refresh: true },
  'unknown type': { refresh: true, seconds: 3600, type: 'mac' },
  'the same again': { seconds: 1800, again: true },
};

/**
 * Ends of revocations: outcome, and true if retried.
 *
 * @type {Record<string, [Response, string, boolean]>}
 */
const endings = {
  revoked: [answered(200), 'revoked', false],
  'already invalid': [answered(401), 'already-invalid', false],
  'not found': [answered(404), 'unsupported', false],
  redirect: [failed(numbers.DELIVERY_REDIRECTED), 'unsupported', false],
  forbidden: [answered(403), 'rejected', false],
  'too many requests': [answered(429), 'rejected', true],
  'server error': [answered(500), 'server-error', false],
  unavailable: [{ ...answered(503), retryAfter: 5000 }, 'server-error', true],
  'unavailable for long': [{ ...answered(503), retryAfter: 3_600_000 }, 'server-error', true],
  'unavailable until before': [{ ...answered(503), retryAfter: -5000 }, 'server-error', true],
  unreachable: [failed(numbers.DELIVERY_UNREACHABLE), 'unreachable', true],
  'timed out': [failed(numbers.DELIVERY_TIMED_OUT), 'timed-out', false],
};

/** @param {number | undefined} request @param {Response} response */
const completed = (request = 0, { delivery, status, retryAfter = 0, body = '' }) => {
  const bytes = encoder.encode(typeof body === 'string' ? body : JSON.stringify(body));
  return (/** @type {import('../../js/core.js').Core} */ core) =>
    core.occ_completed(request, delivery, status, retryAfter, numbers.PARAMETER_BODY, bytes);
};

/** @param {Tab} tab @param {Request} request @param {Choice} choice */
export function answer(tab, request, { kind, which }) {
  const { world, model, requests } = tab;
  const number = requests.get(request);
  if (refusals[kind]) {
    const [response, status, final] = refusals[kind];
    const code = response.status;
    tab.step(() => model.answer(request, { status, code, final }), completed(number, response));
    return;
  }
  const { owner, refreshes } = request;
  // Two revocations of one refresh token of a customer and an agent could not be distinguished: if
  // both have it, a refresh gives another.
  const holders = [...model.held, ...model.revoking.map(({ grant }) => grant)].filter(
    (grant) =>
      refreshes?.refresh && grant.id !== refreshes.id && grant.refresh === refreshes.refresh,
  );
  const { refresh, seconds, type = 'bearer', again } = grants[holders.length ? 'fresh' : kind];
  const { customer, agent } = world.configuration.clients;
  // The token is issued again for the same user and client. One user may be customer and agent, but
  // only with a grant that will be active: the rules do not say which of two equal strays is
  // revoked.
  const isForBoth = customer.client_id === agent.client_id && model.signIn?.request === request;
  // Nor do they say by which of their lifetimes the bearer expires (R30; the walk of tests/c
  // knows).
  const isUndecided = (/** @type {string} */ token) =>
    world.configuration.bearer && model.strays.some(({ access }) => access === token);
  const given = world.issued.filter(
    (it) =>
      it.owner &&
      (it.owner === owner || (isForBoth && it.type === 'bearer')) &&
      !isUndecided(it.access),
  );
  const fresh = {
    access: world.secret('a'),
    refresh: refresh ? world.secret('r') : undefined,
    type,
  };
  const tokens = { ...((again && pick(given, which)) || fresh), seconds };
  world.issued.push({ ...tokens, owner });
  if (owner) tab.issued.add(tokens.access);
  const body = {
    access_token: tokens.access,
    token_type: tokens.type,
    refresh_token: tokens.refresh,
    expires_in: seconds,
  };
  tab.step(
    () => model.answer(request, { tokens, status: 'unexpected-response', code: 200 }),
    completed(number, answered(200, body)),
  );
}

// ---- Steps ---------------------------------------------------------------------------------------------

/** @param {Tab} _tab @param {Choice} choice */
const seldom = (_tab, { which }) => which % 4 === 0;

/** @type {Record<string, Step>} */
export const steps = {
  'sign in': {
    weight: 10,
    kinds: ['customer', 'agent', 'agent over a customer'],
    matters: ({ model }, { kind, which }) =>
      model.signIn
        ? which % 4 === 0
        : !model.active || (model.active.owner === 'customer' && kind !== 'customer'),
    run(tab, { kind, which }) {
      const owner = kind === 'customer' ? 'customer' : 'agent';
      const code = kind === 'customer' ? numbers.OWNER_CUSTOMER : numbers.OWNER_AGENT;
      const id = kind === 'agent over a customer' ? pick(customers, which) : '';
      // Now and then the button is clicked repeatedly.
      for (let clicks = which % 16 === 8 ? 6 : 1; clicks > 0; clicks--) {
        const attempt = ++tab.world.attempts;
        const form = { username: owner, password: tab.world.secret('p') };
        tab.step(
          (model) => model.begin(owner, attempt, form, id),
          (core) =>
            core.occ_sign_in(
              code,
              attempt,
              ...[numbers.PARAMETER_USERNAME, form.username],
              ...[numbers.PARAMETER_PASSWORD, form.password],
              ...[numbers.PARAMETER_CUSTOMER_ID, id],
            ),
        );
      }
    },
  },
  cancel: {
    weight: 1,
    matters: ({ model }) => model.signIn,
    run(tab, { which }) {
      const pending = tab.model.signIn?.attempt ?? 0;
      const attempt = which % 3 ? pending : tab.world.attempts - 1;
      tab.step(
        (model) => model.cancel(attempt),
        (core) => core.occ_cancel(attempt),
      );
    },
  },
  emulate: {
    weight: 5,
    matters: ({ model }) => model.active?.owner === 'agent',
    run(tab, { which }) {
      const id = pick(customers, which);
      tab.step(
        (model) => model.emulate(id),
        (core) => core.occ_emulate(numbers.PARAMETER_CUSTOMER_ID, id),
      );
    },
  },
  'sign out': {
    weight: 2,
    matters: ({ model }) => model.active,
    run(tab) {
      tab.step(
        (model) => model.signOut(),
        (core) => core.occ_sign_out(),
      );
      signedOut(tab);
    },
  },
  'sign out the agent': {
    weight: 2,
    matters: ({ model }) => model.active?.owner === 'agent',
    run(tab) {
      tab.step(
        (model) => model.signOutAgent(),
        (core) => core.occ_sign_out_agent(),
      );
      signedOut(tab);
    },
  },
  authorization: { weight: 1, matters: seldom, run: authorization },
  renew: {
    weight: 10,
    // A header of a client token that was replaced since is left out: R19 requires it to be sent
    // again, but the core answers that nothing is to be done.
    kinds: [
      'unsure',
      'current',
      'current',
      'current',
      'earlier',
      'of another place',
      'foreign',
      'expired',
      'none',
      'client',
    ],
    matters: ({ model }, { kind }) =>
      !['none', 'client', 'foreign', 'expired'].includes(kind) === !!model.active,
    run(tab, { kind }) {
      const { active, parked, retired, client } = tab.model;
      /** @type {Record<string, string | undefined>} */
      const tokens = {
        current: active?.access,
        unsure: (active ?? client)?.access,
        expired: tab.model.expiredHeader?.replace('Bearer ', ''),
        earlier: active?.earlier,
        'of another place': (parked ?? retired)?.access,
        foreign: 'foreign',
        client: client?.access,
      };
      const header = tokens[kind] ? `Bearer ${tokens[kind]}` : '';
      tab.step(
        (model) => model.renew(kind !== 'unsure', header),
        (core) =>
          core.occ_renew(kind === 'unsure' ? 0 : 1, numbers.PARAMETER_AUTHORIZATION, header),
      );
    },
  },
  'a token request ends': {
    weight: 30,
    kinds: [
      ...Object.keys(grants),
      ...Object.keys(refusals),
      ...Array.from({ length: 16 }, () => 'fresh'),
      ...Array.from({ length: 3 }, () => 'the same again'),
    ],
    applies: ({ model }) => model.awaited.length,
    run(tab, { kind, which }) {
      answer(tab, pick(tab.model.awaited, which), { kind, which: which >> 4 });
    },
  },
  'a revocation ends': {
    weight: 14,
    kinds: [...Object.keys(endings), 'revoked', 'revoked', 'revoked'],
    applies: ({ model }) => model.revoking.some(({ request }) => request),
    run(tab, { kind, which }) {
      const sent = tab.model.revoking.filter(({ request }) => request);
      const revocation = pick(sent, which);
      const number = revocation.request && tab.requests.get(revocation.request);
      const [response, outcome, passing] = endings[kind];
      const { status, retryAfter = 0 } = response;
      tab.step(
        (model) => model.settle(revocation, { outcome, status, passing, retryAfter }),
        completed(number, response),
      );
    },
  },
  'an unknown request ends': {
    weight: 1,
    matters: seldom,
    run(tab, { which }) {
      const { awaited, revoking } = tab.model;
      const open = [...awaited, ...revoking.map(({ request }) => request)];
      const closed = [...tab.requests].filter(([request]) => !open.includes(request));
      const number = closed.length ? pick(closed, which)[1] : 1_000_000;
      const body = { access_token: 'unasked', token_type: 'bearer' };
      tab.step(() => 'unknown-request', completed(number, answered(200, body)));
    },
  },
  'time passes': {
    weight: 5,
    kinds: ['1000', '2000', '5000', '30000', '3600000', '-1000', '-86400000'],
    run({ world }, { kind }) {
      world.now += Number(kind);
    },
  },
  alarm: {
    weight: 5,
    matters: ({ model }) => model.alarm,
    run(tab, { which }) {
      // The alarm usually comes at its time, by the timer if not by the clock, which may be set
      // back.
      const at = which % 4 ? tab.alarm : 0;
      if (which % 8 > 3) tab.world.now = Math.max(tab.world.now, at);
      tab.alarm = 0;
      tab.step(
        (model) => model.ring(at),
        (core) => core.occ_alarm(at),
      );
    },
  },
  leave: {
    weight: 1,
    matters: ({ model }) => model.strays.length + model.revoking.length,
    run: leave,
  },
  reload: {
    weight: 1,
    matters: seldom,
    async run(tab) {
      leave(tab);
      const { world } = tab;
      const next = await Tab.open(world);
      next.revoked = tab.revoked;
      world.tabs[world.tabs.indexOf(tab)] = next;
      adopt(next);
    },
  },
  'another tab saves': {
    weight: 4,
    applies: ({ world }) => world.tabs.length > 1,
    run: (tab) => adopt(tab),
  },
  'the storage is emptied': {
    weight: 1,
    applies: ({ world }) => world.tabs.length > 1,
    matters: seldom,
    run(tab) {
      tab.world.saved.push({ text: undefined, snapshot: null });
      tab.step(
        (model) => model.emptied(),
        (core) => core.occ_adopt(numbers.PARAMETER_SNAPSHOT, ''),
      );
    },
  },
  'an old snapshot comes': {
    weight: 1,
    applies: (tab) => old(tab).length,
    matters: seldom,
    run(tab, { which }) {
      adopt(tab, pick(old(tab), which));
    },
  },
  'another tab ends a grant': {
    weight: 2,
    applies: ({ world }) => world.ids.size,
    matters: ({ world, model }, { which }) =>
      which % 4 === 0 && model.held.some(({ id }) => id === pick([...world.ids], which)[1]),
    run(tab, { which }) {
      const [number, id] = pick([...tab.world.ids], which);
      ended(tab, number, id, age(tab, id, which));
    },
  },
  'another tab asks for tokens': {
    weight: 2,
    applies: ({ world }) => world.ids.size,
    matters: ({ world, model }, { which }) =>
      model.held.some(({ id }) => id === pick([...world.ids], which)[1]),
    run(tab, { which }) {
      const [number, id] = pick([...tab.world.ids], which);
      const issued = age(tab, id, which);
      tab.step(
        (model) => model.wanted(id, issued),
        (core) => core.occ_wanted(number, issued),
      );
    },
  },
  'another tab hands over tokens': {
    weight: 3,
    kinds: ['refreshed', 'answer'],
    applies: ({ world }) => world.saved.some(({ text }) => text),
    run(tab, { kind, which }) {
      const saved = tab.world.saved.filter(({ text }) => text);
      const { text = '', snapshot } = which % 4 ? saved[saved.length - 1] : pick(saved, which);
      if (!snapshot) return;
      tab.step(
        (model) => model.heard(kind === 'answer', snapshot),
        (core) => core.occ_heard(kind === 'answer' ? 1 : 0, numbers.PARAMETER_SNAPSHOT, text),
      );
    },
  },
};

/** @param {Tab} tab */
function authorization(tab) {
  tab.step(
    (model) => model.authorization(),
    (core) => core.occ_authorization(),
  );
}

/** R14: requests no longer carry a token. @param {Tab} tab */
function signedOut(tab) {
  authorization(tab);
  if (tab.model.phase === 'anonymous') assert.deepEqual(tab.effects, []);
}

/** @param {Tab} tab */
export function leave(tab) {
  tab.step(
    (model) => model.leave(),
    (core) => core.occ_leave(),
  );
}

/** A page adopts the stored snapshot, and hears of ended grants. @param {Tab} tab */
function adopt(tab, { text, snapshot } = tab.world.saved.at(-1) ?? {}) {
  const { world, model } = tab;
  if (!text || !snapshot) return;
  // If another tab brings back two grants that this page is revoking, the rules do not say which
  // goes first; the fate of the second one's newer tokens depends on it.
  const back = [snapshot.active, snapshot.parked, snapshot.retired].filter((saved) =>
    [...model.revoking.map(({ grant }) => grant), ...model.strays].some(
      ({ id }) => id === saved?.id,
    ),
  );
  if (back.length > 1) return;
  tab.step(
    () => model.adopt(snapshot),
    (core) => core.occ_adopt(numbers.PARAMETER_SNAPSHOT, text),
  );
  for (const [number, issued] of world.ended) {
    const id = world.ids.get(number) ?? 0;
    if (model.held.some((grant) => grant.id === id)) ended(tab, number, id, issued);
  }
}

/**
 * The age of a grant's tokens in another tab: as here, of the sign-in, or newer.
 *
 * @param {Tab} tab
 * @param {number} id
 * @param {number} which
 */
function age({ model }, id, which) {
  const { issued = 0 } = model.held.find((grant) => grant.id === id) ?? {};
  return pick([issued, issued, 0, issued + 1], which >> 2);
}

/** Returns snapshots that are not newer. @param {Tab} tab */
const old = ({ world, model }) =>
  world.saved.filter(
    ({ snapshot }) => snapshot && snapshot.line === model.line && snapshot.epoch <= model.epoch,
  );

/** @param {Tab} tab @param {number} number @param {number} id @param {number} issued */
function ended(tab, number, id, issued) {
  tab.step(
    (model) => model.ended(id, issued),
    (core) => core.occ_ended(number, issued),
  );
}

/** Every tab signs out, and every request is answered. @param {Tab} tab */
export function end(tab) {
  const { model } = tab;
  steps['sign out the agent'].run(tab, { which: 0, kind: '' });
  steps['sign out'].run(tab, { which: 0, kind: '' });
  while (model.awaited.length) answer(tab, model.awaited[0], { which: 0, kind: 'fresh' });
  while (model.revoking.length) {
    leave(tab);
    steps['a revocation ends'].run(tab, { which: 0, kind: 'revoked' });
  }
}
