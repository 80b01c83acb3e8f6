// The tokens left at the server when a user signs out and leaves at the same moment.
import { setTimeout as delay } from 'node:timers/promises';
import { atATime, openField, signIn } from './field.js';
import { anna } from '../browser/browser.js';
import { openStorefronts } from './storefronts.js';
import { subjects, withoutRevocation } from './subjects.js';

/** @import { Page } from 'playwright-core' */
/** @import { Contestant } from './field.js' */
/** @import { Figure, Options, Table } from './figures.js' */

export const title =
  'Leaving: grants that are dead at the server, when the page goes away in the task of the sign-out';

/**
 * The milliseconds to a server and back. With none at all every request arrives, whoever sends it.
 */
const roundTrip = 50;

/** Requests that have not come within these milliseconds do not come. */
const patience = 2_000;

/** The divisor of the number of runs, for cases that take long or teach little. */
const share = 10;

/** @type {{ name: string, leave: (page: Page) => Promise<unknown> }[]} */
const ways = [
  {
    name: 'navigation',
    async leave(page) {
      await page.evaluate(() => {
        void globalThis.bench.driver.signOut();
        location.href = '/another';
      });
      // A library that navigates by itself may come in the way.
      const { href } = new URL('/another', page.url());
      await page.waitForURL(href).catch(() => page.goto(href));
    },
  },
  {
    name: 'closed tab',
    leave: (page) =>
      Promise.all([
        page.waitForEvent('close'),
        page
          .evaluate(() => {
            void globalThis.bench.driver.signOut();
            close();
          })
          // The tab may be gone before it can say so.
          .catch(() => {}),
      ]),
  },
];

/** The states of the connection to the server. @type {{ name: string, isIdle: boolean }[]} */
const connections = [
  { name: '', isIdle: true },
  { name: ', connected', isIdle: false },
];

const cases = connections.flatMap((connection) =>
  ways.map((way) => ({ ...connection, ...way, name: way.name + connection.name })),
);

/** @param {Options} options @returns {Promise<Table>} */
export async function measure({ runs = 50, say }) {
  const few = Math.ceil(runs / share);
  const field = await openField(subjects, { roundTrip });
  /** @type {Map<string, Figure[]>} */
  const results = new Map(subjects.map(({ name }) => [name, []]));

  /**
   * @param {Contestant} contestant
   * @param {typeof cases[number]} which
   * @returns {Promise<Figure>}
   */
  async function leave(contestant, which) {
    const { server } = contestant;
    // All runs share one context: a request on its way outlives its tab.
    const context = await field.context();
    try {
      const opener = await context.newPage();
      await opener.goto(`${field.site.url}another`);
      for (let run = 0; run < (which.isIdle ? runs : few); run++) {
        // Only a window that a script has opened may be closed by one.
        const [page] = await Promise.all([
          opener.waitForEvent('popup'),
          opener.evaluate((url) => {
            localStorage.clear();
            open(url, '_blank');
          }, field.address(contestant)),
        ]);
        await signIn(page);
        if (which.isIdle) await server.disconnect();
        await which.leave(page);
        await page.close();
      }
      await delay(patience);
      const alive = await server.alive();
      return { count: alive.filter((each) => !each).length, of: alive.length };
    } finally {
      await context.close();
      server.reset();
    }
  }

  try {
    await atATime(field.contestants, 4, async (contestant) => {
      const { name } = contestant.subject;
      for (const which of cases) {
        say(`${name}, ${which.name}`);
        results.get(name)?.push(await leave(contestant, which));
      }
    });
  } finally {
    await field.close();
  }

  const storefronts = await openStorefronts();
  /** @type {Map<string, Figure[]>} */
  const ofStorefronts = new Map(storefronts.builds.map(({ name }) => [name, []]));
  try {
    await atATime(storefronts.builds, 2, async ({ name, use }) => {
      for (const { name: which, isIdle } of cases) {
        say(`${name}, ${which}`);
        const figure = await use({ roundTrip }, async (shop, disconnect) => {
          for (let run = 0; run < few; run++) {
            await shop.page.evaluate(() => localStorage.clear());
            const tab = await shop.newTab();
            await tab.signIn(anna);
            if (isIdle) await disconnect();
            await tab.clickSignOut();
            if (which.startsWith('navigation')) await tab.page.goto(`${tab.site.url}login`);
            await tab.page.close();
          }
          await delay(patience);
          // "customer #1 access": the number is the grant's.
          const alive = (await shop.tokensAlive()).map((label) => label.split(' ')[1]);
          return { count: few - new Set(alive).size, of: few };
        });
        ofStorefronts.get(name)?.push(figure);
      }
    });
  } finally {
    await storefronts.close();
  }

  /** @param {{ name: string, version: string }} subject @param {Map<string, Figure[]>} all */
  const row = ({ name, version }, all) => ({
    subject: name,
    version,
    figures: all.get(name) ?? [],
  });
  return {
    columns: cases.map(({ name }) => ({ name, unit: 'of all' })),
    rows: [
      ...subjects.map((subject) => row(subject, results)),
      ...withoutRevocation(cases.length),
      ...storefronts.builds.map((build) => row(build, ofStorefronts)),
    ],
    notes: [
      `A server is ${roundTrip} ms away, there and back. Connected: the connection of the sign-in is still open;`,
      'otherwise it has been closed meanwhile, as servers do after a while.',
      'The server has another origin than the page, and ends a grant with either of its tokens.',
      'Spartacus: left as soon as Sign Out has been clicked.',
      ...storefronts.notes,
    ],
  };
}
