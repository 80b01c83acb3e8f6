// Random sequences of steps: after each, the core must report what the model of its rules reports.
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';

import fc from 'fast-check';

import { end, pick, steps } from './model-steps.js';
import { World } from './model-tabs.js';

/**
 * @typedef {import('./model-tabs.js').Tab} Tab
 * @typedef {import('./model.js').Model} Model
 * @typedef {import('./model.js').Form} Form
 */

const wanted = process.env.OCC_PROOF === 'full' ? 400_000 : 20_000;
/** The number of sequences that are drawn before the steps are counted. */
const BATCH = 200;

const phases = [
  'anonymous',
  'customer-signing-in',
  'customer',
  'agent-signing-in',
  'agent-taking-over',
  'agent',
  'emulating',
];

/** @param {Model} model */
const signIns = ({ awaited }) =>
  awaited.filter(({ purpose, owner }) => purpose === 'token' && owner).length;

/**
 * The situations that sequences must reach, besides the phases.
 *
 * @type {Record<string, (model: Model) => unknown>}
 */
const situations = {
  'emulating with a parked customer': ({ parked }) => parked,
  'emulating with a retired grant': ({ emulated, retired }) => emulated && retired,
  'a stray waits': ({ strays }) => strays.length,
  'two sign-ins are on the wire': (model) => signIns(model) > 1,
  'three sign-ins are on the wire': (model) => signIns(model) > 2,
  'a sign-in waits for revocations': ({ signIn }) => signIn && !signIn.request,
  'two grants are being revoked': ({ revoking }) =>
    new Set(revoking.map(({ grant }) => grant)).size > 1,
  'a revocation waits to be tried again': ({ revoking, now }) =>
    revoking.some(({ notBefore }) => notBefore > now),
  'requests wait for a refresh': ({ waiting }) => typeof waiting === 'number',
  'requests wait for a client token': ({ waiting }) => waiting === 'client',
  'a parked or retired grant is being refreshed': ({ awaited, parked, retired }) =>
    awaited.some(({ refreshes }) => refreshes && [parked?.id, retired?.id].includes(refreshes.id)),
  'a grant that has left is being refreshed': ({ awaited, held }) =>
    awaited.some(({ refreshes }) => refreshes && !held.some(({ id }) => id === refreshes.id)),
  'two grants have the same token': ({ tokens }) => new Set(tokens).size < tokens.length,
  'every place is taken': ({ isFull }) => isFull,
  'a revocation waits for a living bearer': ({ revoking }) =>
    revoking.some(({ isRefreshing }) => isRefreshing),
  'a refresh token alone is revoked': ({ revoking }) =>
    revoking.some(
      ({ grant, token }) =>
        token === 'refresh_token' &&
        !revoking.some((it) => it.grant === grant && it.token === 'access_token'),
    ),
  'other tabs are asked': ({ asked }) => asked,
  'another tab has answered': ({ asked }) => asked?.isAnswered,
  'other tabs hold a sign-in back': ({ signIn, revoking, othersRevoke, now }) =>
    signIn && !signIn.request && !revoking.length && othersRevoke > now,
  'a new token was refused': ({ active }) => active?.isRefused,
  'refreshes pause': ({ active, now }) => active && active.refusals > 1 && active.restUntil > now,
  'a client token was refused': ({ client }) => client?.isRefused,
};

const configuration = fc
  .record({
    revoke: fc.constantFrom(true, true, true, false),
    bearer: fc.boolean(),
    persist: fc.boolean(),
    shared: fc.boolean(),
    retries: fc.constantFrom(0, 2),
    hasSecret: fc.boolean(),
    hasOneClient: fc.boolean(),
    isClosed: fc.boolean(),
  })
  .map(({ hasSecret, hasOneClient, ...options }) => {
    /** @param {string} id @returns {Form} */
    const client = (id) =>
      hasSecret ? { client_id: id, client_secret: `secret of ${id}` } : { client_id: id };
    return {
      ...options,
      tabs: options.shared ? 2 : 1,
      clients: { customer: client('shop'), agent: client(hasOneClient ? 'shop' : 'desk') },
      scope: /** @type {Form} */ (hasSecret ? { scope: 'basic openid' } : {}),
    };
  });

/**
 * The number of times that each step was made, and each situation met.
 *
 * @type {Map<string, number>}
 */
const counts = new Map([...phases, ...Object.keys(situations)].map((name) => [name, 0]));
/** @param {string} name */
const count = (name) => counts.set(name, (counts.get(name) ?? 0) + 1);

const always = () => true;
const step = fc.oneof(
  ...Object.entries(steps).map(
    ([name, { weight, kinds = [''], applies = always, matters = always, run }]) => {
      for (const kind of kinds) counts.set(`${name} ${kind}`, 0);
      const choice = fc.record({
        tab: fc.nat({ max: 1 }),
        which: fc.nat({ max: 255 }),
        kind: fc.constantFrom(...kinds),
      });
      /** @param {World} world @param {number} index */
      const tabOf = ({ tabs }, index) => pick(tabs, index);
      const arbitrary = choice.map((it) => ({
        /** @param {World} world */
        check(world) {
          const tab = tabOf(world, it.tab);
          return Boolean(applies(tab, it) && (it.which % 16 === 15 || matters(tab, it)));
        },
        /** @param {World} world */
        async run(world) {
          await run(tabOf(world, it.tab), it);
          count(`${name} ${it.kind}`);
          for (const { model } of world.tabs) {
            count(model.phase);
            for (const [situation, holds] of Object.entries(situations)) {
              if (holds(model)) count(situation);
            }
          }
        },
        toString: () => `${name} ${it.kind} (tab ${it.tab}, ${it.which})`,
      }));
      return { weight, arbitrary };
    },
  ),
);

test('R1 to R32, R49: the core reports the same as a model of its rules at each step', async (t) => {
  let sequences = 0;
  let made = 0;
  const property = fc.asyncProperty(
    configuration,
    // Steps that cannot be done or matter little are left out of the draw.
    fc.commands([fc.noBias(step)], { maxCommands: 150, size: 'max' }),
    async (options, commands) => {
      const world = await World.open(options);
      await fc.asyncModelRun(() => ({ model: world, real: undefined }), commands);
      for (const tab of world.tabs) {
        if (!options.isClosed) end(tab);
        assert(options.isClosed || !tab.model.tokens.length, 'R7: everything has settled');
        tab.search();
        tab.close();
      }
      sequences++;
      made += world.steps;
    },
  );
  while (made < wanted) await fc.assert(property, { numRuns: BATCH });
  const all = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  t.diagnostic(all.map(([name, times]) => `${name.trim()}: ${times}`).join(', '));
  for (const [name, times] of all) assert(times > 0, `never: ${name}`);
  t.diagnostic(`proof: core beside a model of its rules: ${sequences} sequences, ${made} steps`);
});
