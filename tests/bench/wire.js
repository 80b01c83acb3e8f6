// The requests and bytes of one sign-out, and the wasted ones among them.
import { anna, revokePath } from '../browser/browser.js';
import { openField, openSignedIn, settled } from './field.js';
import { spread } from './figures.js';
import { openStorefronts } from './storefronts.js';
import { ours, subjects, withoutRevocation } from './subjects.js';

/** @import { Entry } from '../../web/backend/index.js' */
/** @import { Contestant } from './field.js' */
/** @import { Options as PageOptions } from './page.js' */
/** @import { Figure, Options, Row, Table } from './figures.js' */

export const title = 'Wire: what one sign-out sends, and what of it is wasted';

const columns = [
  { name: 'requests', unit: '' },
  { name: 'preflights', unit: '' },
  { name: 'both ways', unit: 'bytes' },
  { name: 'for a grant that is dead', unit: 'requests' },
  { name: 'after a 302', unit: 'requests' },
];

/** @param {number} value @returns {Figure} */
const exactly = (value) => ({ value });

/** Some libraries differ from run to run. @param {number[]} values */
const figure = (values) =>
  values.every((value) => value === values[0]) ? exactly(values[0]) : spread(values);

/**
 * @param {readonly Entry[]} journal
 * @param {number} after
 * @param {(entry: Entry) => boolean} isMeant
 */
const count = (journal, after, isMeant) =>
  journal.filter((entry) => entry.id > after && isMeant(entry)).length;

/** @param {Entry} entry */
const isRevocation = ({ method, path }) => method === 'POST' && path === revokePath;
/** @param {Entry} entry */
const isPreflight = ({ method, path }) => method === 'OPTIONS' && path === revokePath;
/** @param {Entry} entry */
const isLoginPage = ({ path }) => path === '/login.jsp';

/** @param {Options} options @returns {Promise<Table>} */
export async function measure({ runs = 3, say }) {
  const field = await openField(subjects);
  /** @type {Row[]} */
  const rows = [];

  /**
   * Signs out once on a page of its own, and counts everything received since.
   *
   * @param {Contestant} contestant
   * @param {Partial<PageOptions>} options
   * @param {(page: import('playwright-core').Page) => Promise<unknown>} [before]
   */
  async function signOut(contestant, options, before) {
    const { server } = contestant;
    const context = await field.context();
    try {
      const page = await openSignedIn(context, field.address(contestant, options));
      await before?.(page);
      await settled(server);
      const after = server.journal.entries.at(-1)?.id ?? 0;
      const bytes = server.bytes();
      await page.evaluate(() => void globalThis.bench.driver.signOut());
      await settled(server);
      const since = (/** @type {(entry: Entry) => boolean} */ isMeant) =>
        count(server.journal.entries, after, isMeant);
      return {
        requests: since(isRevocation),
        preflights: since(isPreflight),
        bytes: server.bytes() - bytes,
        loginPages: since(isLoginPage),
      };
    } finally {
      await context.close();
      server.reset();
    }
  }

  /** @param {Contestant} contestant @param {Partial<PageOptions>} [options] */
  async function figuresOf(contestant, options = {}) {
    const { server } = contestant;
    /** @type {number[][]} */
    const found = [];
    for (let run = 0; run < runs; run++) {
      const usual = await signOut(contestant, options);
      const dead = await signOut(contestant, options, async (page) => {
        server.endGrants();
        await page.evaluate((url) => globalThis.bench.requests(url, 1), `${server.url}/occ/any`);
      });
      const redirected = await signOut(contestant, options, async () =>
        server.set({ revoke: { answer: 'redirect' } }),
      );
      const { requests, preflights, bytes } = usual;
      found.push([requests, preflights, bytes, dead.requests, redirected.loginPages]);
    }
    return columns.map((_, at) => figure(found.map((each) => each[at])));
  }

  try {
    for (const contestant of field.contestants) {
      const { name, version } = contestant.subject;
      say(`${name}`);
      rows.push({ subject: name, version, figures: await figuresOf(contestant) });
      if (contestant.subject === ours) {
        const figures = await figuresOf(contestant, { revocation: 'none' });
        rows.push({ subject: `${name}, no bearer`, version, figures });
      }
    }
  } finally {
    await field.close();
  }

  rows.push(...withoutRevocation(columns.length));

  const storefronts = await openStorefronts();
  for (const { name, version, use } of storefronts.builds) {
    say(`${name}`);
    const figures = await use({}, async (shop) => {
      const { backend } = shop;
      const once = async () => {
        await shop.signIn(anna);
        await shop.isIdle();
        const mark = shop.mark();
        await shop.clickSignOut();
        await shop.waitUntilShown(({ signInLink }) => signInLink);
        await settled({ journal: { entries: backend.journal } });
        return [isRevocation, isPreflight, isLoginPage].map((isMeant) =>
          exactly(count(backend.journal, mark, isMeant)),
        );
      };
      const [requests, preflights] = await once();
      backend.set({ revoke: { answer: 'redirect' } });
      const [, , loginPages] = await once();
      return [requests, preflights, null, null, loginPages];
    });
    rows.push({
      subject: name,
      version,
      figures,
      note: 'The storefront sends more than its session does; and a customer whose grant is dead is signed out by it.',
    });
  }
  await storefronts.close();

  return {
    columns,
    rows,
    notes: [
      'For a grant that is dead: at a sign-out after the server has refused the access token and the refresh',
      'token. After a 302: requests for the login page that the endpoint redirects to.',
      'SAP Commerce wants the bearer, and a header makes a preflight; of the peers angular-oauth2-oidc sends it',
      'where its interceptor is told to, as Spartacus does.',
      ...storefronts.notes,
    ],
  };
}
