// The time that a reloaded page waits for its session.
import { openField, openSignedIn } from './field.js';
import { ratio, spread } from './figures.js';
import { angularOAuth, ours, oursInAngular, subjects } from './subjects.js';

/** @import { Options, Table } from './figures.js' */

export const title =
  'Start: milliseconds from the navigation until the restored session can authorise a request';

/** The number of loads: the browser keeps compiled code from a script's second load on. */
const loads = 3;

const slowDowns = [1, 6];

const columns = slowDowns.flatMap((slowDown) =>
  ['cold cache', 'warm cache'].map((cache) =>
    slowDown === 1 ? cache : `${cache}, ${slowDown}x slower`,
  ),
);

/** The pairs that are compared: with Angular and without. */
const pairs = [
  [oursInAngular, angularOAuth],
  [ours, angularOAuth],
];

/** @param {Options} options @returns {Promise<Table>} */
export async function measure({ runs = 7, say }) {
  const all = [oursInAngular, ...subjects];
  const field = await openField(all);
  /** @type {Map<string, number[][]>} */
  const results = new Map(all.map(({ name }) => [name, columns.map(() => [])]));

  try {
    const signedIn = [];
    for (const contestant of field.contestants) {
      const context = await field.context();
      const address = field.address(contestant, { shared: true });
      await openSignedIn(context, address);
      // The contents of localStorage; a context that is opened with it has an empty cache.
      signedIn.push({ ...contestant, address, storageState: await context.storageState() });
      await context.close();
    }
    for (const [at, rate] of slowDowns.entries()) {
      for (let run = 0; run < runs; run++) {
        say(`${rate}x, ${run + 1} of ${runs}`);
        for (const { subject, address, storageState } of signedIn) {
          const context = await field.browser.newContext({ storageState });
          const page = await context.newPage();
          const devTools = await context.newCDPSession(page);
          await devTools.send('Emulation.setCPUThrottlingRate', { rate });
          const times = [];
          for (let load = 0; load < loads; load++) {
            await page.goto(address);
            await page.waitForFunction(() => globalThis.bench);
            const ready = await page.evaluate(() => globalThis.bench.ready);
            if (!(ready > 0)) throw new Error(`${subject.name} has not restored its session`);
            times.push(ready);
          }
          const [cold, warm] = results.get(subject.name)?.slice(2 * at) ?? [];
          cold.push(times[0]);
          warm.push(times[loads - 1]);
          await context.close();
        }
      }
    }
  } finally {
    await field.close();
  }

  /** @param {string} name @param {number} at */
  const times = (name, at) => results.get(name)?.[at] ?? [];
  return {
    columns: columns.map((name) => ({ name, unit: 'ms' })),
    rows: [
      ...all.map(({ name, version }) => ({
        subject: name,
        version,
        figures: columns.map((_, at) => spread(times(name, at))),
      })),
      ...pairs.map(([one, other]) => ({
        subject: `${one.name} : ${other.name}`,
        version: '',
        figures: columns.map((_, at) =>
          ratio(times(one.name, at).map((time, i) => [time, times(other.name, at)[i]])),
        ),
      })),
    ],
    notes: [
      'occ-session/angular and angular-oauth2-oidc start in the same Angular, without a component; the others',
      'without a framework. Everything is in one minified script, compressed, on a server of this machine.',
      'keycloak-js and msal-browser are not among them: the one keeps nothing over a reload, the other speaks to',
      'servers with TLS alone.',
    ],
  };
}
