// The remains of a sign-out that races with another event: grants at the server, users in the page.
import { setTimeout as delay } from 'node:timers/promises';
import { tokenPath } from '../browser/browser.js';
import { atATime, isShown, openField, openSignedIn, settled, startSignIn } from './field.js';
import { subjects, withoutRevocation } from './subjects.js';

/** @import { BrowserContext, Page } from 'playwright-core' */
/** @import { Contestant, Field } from './field.js' */
/** @import { Figure, Options, Table } from './figures.js' */

export const title =
  'Races: grants left alive at the server, and users left signed in, after a sign-out';

/** The milliseconds that the page has to react after every request has been answered. */
const grace = 300;

/** @param {Page} page */
const signOut = (page) => page.evaluate(() => void globalThis.bench.driver.signOut());

/** @param {Contestant} contestant */
async function tokenRequestIsHeld({ server }) {
  await server.received(({ path, status }) => path === tokenPath && status === 'held');
}

/** The races: each resolves with the pages in which no user should be signed in any more.
 * @type
 *   {{ name: string, run: (field: Field, contestant: Contestant, context: BrowserContext) => Promise<Page[]> }[]}
 *   */
const races = [
  {
    name: 'during sign-in',
    async run(field, contestant, context) {
      const { server } = contestant;
      const page = await context.newPage();
      await page.goto(field.address(contestant));
      server.set({ token: { answer: 'hold' } });
      await startSignIn(page);
      await tokenRequestIsHeld(contestant);
      await signOut(page);
      await delay(grace);
      server.release();
      return [page];
    },
  },
  {
    name: 'during refresh',
    async run(field, contestant, context) {
      const { server } = contestant;
      const page = await openSignedIn(context, field.address(contestant));
      server.set({ token: { answer: 'hold', only: 'refresh_token' } });
      await page.evaluate(() => void globalThis.bench.driver.refresh());
      await tokenRequestIsHeld(contestant);
      await signOut(page);
      await delay(grace);
      server.release();
      return [page];
    },
  },
  {
    name: 'twice at once',
    async run(field, contestant, context) {
      const page = await openSignedIn(context, field.address(contestant));
      await page.evaluate(() => {
        void globalThis.bench.driver.signOut();
        void globalThis.bench.driver.signOut();
      });
      return [page];
    },
  },
  {
    name: 'in one of two tabs',
    async run(field, contestant, context) {
      const address = field.address(contestant, { shared: true });
      const first = await openSignedIn(context, address);
      const second = await context.newPage();
      await second.goto(address);
      await isShown(second, 'signed in');
      await signOut(first);
      return [first, second];
    },
  },
];

/** @param {Options} options @returns {Promise<Table>} */
export async function measure({ runs = 5, say }) {
  const field = await openField(subjects);
  /** @type {Map<string, Figure[]>} */
  const results = new Map(subjects.map(({ name }) => [name, []]));
  try {
    await atATime(field.contestants, 2, async (contestant) => {
      const { subject, server } = contestant;
      for (const { name, run } of races) {
        say(`${subject.name}, ${name}`);
        let [grants, alive, signedIn] = [0, 0, 0];
        for (let i = 0; i < runs; i++) {
          const context = await field.context();
          try {
            const pages = await run(field, contestant, context);
            await settled(server);
            await delay(grace);
            const lives = await server.alive();
            grants += lives.length;
            alive += lives.filter(Boolean).length;
            const states = await Promise.all(
              pages.map((page) => page.evaluate(() => globalThis.bench.driver.isSignedIn())),
            );
            if (states.some(Boolean)) signedIn++;
          } finally {
            await context.close();
            server.reset();
          }
        }
        results
          .get(subject.name)
          ?.push({ count: alive, of: grants }, { count: signedIn, of: runs });
      }
    });
  } finally {
    await field.close();
  }

  return {
    columns: races.flatMap(({ name }) => [
      { name, unit: 'grants alive' },
      { name: '', unit: 'users left' },
    ]),
    rows: [
      ...subjects.map(({ name, version }) => ({
        subject: name,
        version,
        figures: results.get(name) ?? [],
      })),
      ...withoutRevocation(2 * races.length),
    ],
    notes: [
      'During sign-in, during refresh: the sign-out is called while the token request is being answered.',
      'oauth4webapi keeps no session: what it shows is that of a few lines around it.',
      'Users left: a page in which the library says afterwards that somebody is signed in.',
      'The server ends a grant with either of its tokens, the refreshed ones included.',
    ],
  };
}
