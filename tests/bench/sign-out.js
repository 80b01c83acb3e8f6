// The time that a user waits: sign-out under every behaviour of the revocation endpoint.
import { setTimeout as delay } from 'node:timers/promises';
import { anna } from '../browser/browser.js';
import { openField, openSignedIn } from './field.js';
import { spread } from './figures.js';
import { openStorefronts } from './storefronts.js';
import { subjects, withoutRevocation } from './subjects.js';

/** @import { Contestant } from './field.js' */
/** @import { BehaviourChange } from '../../web/backend/index.js' */
/** @import { Figure, Options, Row, Table } from './figures.js' */

export const title =
  'Sign-out: milliseconds from the call until the page shows it, by what the revocation endpoint does';

/** The time limit of a sign-out, in milliseconds. */
const patience = 8_000;
/** The delay between sign-outs that only wait and so run side by side, in milliseconds. */
const apart = 250;

/** @type {{ does: string, behaviour: BehaviourChange, isSlow?: boolean }[]} */
const endpoints = [
  { does: 'at once', behaviour: {} },
  { does: '100 ms', behaviour: { revoke: { delayMs: 100 } } },
  { does: '3 s', behaviour: { revoke: { delayMs: 3_000 } }, isSlow: true },
  { does: '302', behaviour: { revoke: { answer: 'redirect' } } },
  { does: '401', behaviour: { revoke: { answer: 401 } } },
  { does: 'closed', behaviour: { revoke: { answer: 'drop' } } },
  { does: 'never', behaviour: { revoke: { answer: 'silent' } }, isSlow: true },
];

/** @typedef {{ signedOut: number, shown: number } | null} Result */

/**
 * Counts the finished sign-outs if some are unfinished.
 *
 * @param {(number | undefined)[]} times
 * @returns {Figure}
 */
function figure(times) {
  const done = times.filter((time) => time !== undefined);
  return done.length === times.length ? spread(done) : { count: done.length, of: times.length };
}

/** @param {Options} options @returns {Promise<Table>} */
export async function measure({ runs = 9, say }) {
  const few = Math.min(runs, 3);
  const field = await openField(subjects);
  /** @type {Map<string, Result[][]>} */
  const results = new Map(subjects.map(({ name }) => [name, endpoints.map(() => [])]));

  /** @param {Contestant[]} contestants who sign out side by side @param {number} at */
  async function signOut(contestants, at) {
    const contexts = await Promise.all(contestants.map(() => field.context()));
    try {
      /** @type {import('playwright-core').Page[]} */
      const pages = [];
      for (const [i, contestant] of contestants.entries()) {
        pages.push(await openSignedIn(contexts[i], field.address(contestant)));
        contestant.server.set(endpoints[at].behaviour);
      }
      await Promise.all(
        contestants.map(async ({ subject }, i) => {
          await delay(i * apart);
          const result = await pages[i].evaluate((ms) => globalThis.bench.signOut(ms), patience);
          results.get(subject.name)?.[at].push(result);
        }),
      );
    } finally {
      for (const context of contexts) await context.close();
      for (const { server } of contestants) server.reset();
    }
  }

  try {
    for (const [at, { does, isSlow }] of endpoints.entries()) {
      say(`${does}`);
      for (let run = 0; run < (isSlow ? few : runs); run++) {
        if (isSlow) await signOut(field.contestants, at);
        else for (const contestant of field.contestants) await signOut([contestant], at);
      }
    }
  } finally {
    await field.close();
  }

  /** @param {string} suffix @param {'shown' | 'signedOut'} what @returns {Row[]} */
  const rows = (suffix, what) =>
    subjects.map(({ name, version }) => ({
      subject: name + suffix,
      version,
      figures: (results.get(name) ?? []).map((all) => figure(all.map((each) => each?.[what]))),
    }));

  const storefronts = await openStorefronts();
  /** @type {Row[]} */
  const storefrontRows = storefronts.builds.map(({ name, version }) => ({
    subject: name,
    version,
    figures: [],
  }));
  for (const { does, behaviour, isSlow } of storefronts.builds.length > 0 ? endpoints : []) {
    for (const [at, { name, use }] of storefronts.builds.entries()) {
      say(`${name}, ${does}`);
      const times = await use({}, async (shop) => {
        const found = [];
        for (let run = 0; run < (isSlow ? 1 : few); run++) {
          await shop.signIn(anna);
          shop.backend.set(behaviour);
          await shop.clickSignOut();
          found.push(await shop.signedOutAfter(patience));
          await shop.isIdle(isSlow ? 0 : 5_000);
          shop.backend.resetBehaviour();
        }
        return found;
      });
      storefrontRows[at].figures.push(figure(times));
    }
  }
  await storefronts.close();

  return {
    columns: endpoints.map(({ does }) => ({ name: does, unit: 'ms' })),
    rows: [
      ...rows('', 'shown'),
      ...withoutRevocation(endpoints.length),
      ...storefrontRows,
      ...rows(', before it is drawn', 'signedOut'),
    ],
    notes: [
      `0 of n: nobody was signed out within ${patience / 1000} s. Until the library's state says signed out, no`,
      'storage holds the token, and one animation frame has shown it; below, without the frame.',
      'Where a library keeps the user when a revocation fails, its driver removes the user then.',
      'oauth4webapi keeps no session: the one around it signs out on the page first.',
      'Spartacus: from the click on Sign Out until the page shows nobody.',
      ...storefronts.notes,
    ],
  };
}
