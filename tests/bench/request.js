// The cost of a session for each request, and for requests that meet an expired token.
import { tokenPath } from '../browser/browser.js';
import { openField, openSignedIn } from './field.js';
import { ratio, spread } from './figures.js';
import { angularOAuth, ours, oursInAngular, subjects } from './subjects.js';

/** @import { Figure, Options, Table } from './figures.js' */

export const title = 'Request: what the session costs it';

/** The number of requests that are measured together, since one is too short for the clock. */
const together = 1_000;
/** The number of requests that meet the expired token at once. */
const parallel = 20;

const columns = [
  { name: 'header of a request', unit: 'µs' },
  { name: "through Angular's HttpClient", unit: 'µs' },
  { name: `${parallel} requests, token expired`, unit: 'ms' },
  { name: 'refreshes for them', unit: '' },
  { name: 'answered', unit: 'of all' },
];

/** The pairs that are compared: with Angular and without. */
const pairs = [
  [oursInAngular, angularOAuth],
  [ours, angularOAuth],
];

/** @param {Options} options @returns {Promise<Table>} */
export async function measure({ runs = 15, say }) {
  const all = [oursInAngular, ...subjects];
  const field = await openField(all);
  const results = new Map(
    all.map(({ name }) => [
      name,
      {
        /** @type {number[]} */
        header: [],
        /** @type {number[]} */
        request: [],
        /** @type {number[]} */
        expired: [],
        /** @type {number[]} */
        refreshes: [],
        answered: 0,
      },
    ]),
  );
  /** @param {string} name */
  const resultOf = (name) => {
    const result = results.get(name);
    if (!result) throw new Error(`there is no ${name}`);
    return result;
  };

  try {
    const pages = [];
    for (const contestant of field.contestants) {
      const context = await field.context();
      pages.push({ ...contestant, page: await openSignedIn(context, field.address(contestant)) });
    }
    for (let run = 0; run < runs; run++) {
      say(`${run + 1} of ${runs}`);
      for (const { subject, server, page } of pages) {
        const result = resultOf(subject.name);
        result.header.push(
          await page.evaluate((times) => globalThis.bench.header(times), together),
        );
        if (await page.evaluate(() => globalThis.bench.driver.request !== undefined)) {
          result.request.push(
            await page.evaluate(
              ([url, times]) => globalThis.bench.request(url, times),
              /** @type {const} */ ([`${server.url}/occ/at-once`, together]),
            ),
          );
        }
        server.expireAccessTokens();
        const before = server.journal.received({ path: tokenPath }).length;
        const { milliseconds, statuses } = await page.evaluate(
          ([url, count]) => globalThis.bench.requests(url, count),
          /** @type {const} */ ([`${server.url}/occ/any`, parallel]),
        );
        result.expired.push(milliseconds);
        result.refreshes.push(server.journal.received({ path: tokenPath }).length - before);
        result.answered += statuses.filter((status) => status === 200).length;
      }
    }
  } finally {
    await field.close();
  }

  return {
    columns,
    rows: [
      ...all.map(({ name, version }) => {
        const { header, request, expired, refreshes, answered } = resultOf(name);
        /** @type {(Figure | null)[]} */
        const figures = [
          spread(header),
          request.length > 0 ? spread(request) : null,
          spread(expired),
          spread(refreshes),
          { count: answered, of: runs * parallel },
        ];
        return { subject: name, version, figures };
      }),
      ...pairs.map(([one, other]) => {
        const [mine, theirs] = [resultOf(one.name), resultOf(other.name)];
        /** @param {number[]} a @param {number[]} b */
        const compare = (a, b) =>
          a.length > 0 && b.length > 0
            ? ratio(a.map((time, i) => /** @type {const} */ ([time, b[i]])))
            : null;
        return {
          subject: `${one.name} : ${other.name}`,
          version: '',
          figures: [
            compare(mine.header, theirs.header),
            compare(mine.request, theirs.request),
            compare(mine.expired, theirs.expired),
            null,
            null,
          ],
        };
      }),
    ],
    notes: [
      "Through Angular's HttpClient: a request that an interceptor answers at once, the session's own included.",
      'Token expired: only the server knows. Where a library has nothing for a 401, a few lines around it refresh',
      'once for all of them and send them again.',
      'keycloak-js and msal-browser are not among them: the one keeps nothing over a reload, the other speaks to',
      'servers with TLS alone.',
    ],
  };
}
