// Spartacus without and with the engine, as two more subjects: built as the tests build them, and
// used through its own forms and links.
import { existsSync, readFileSync } from 'node:fs';
import { openBrowser } from '../browser/browser.js';
import { startBackend } from '../../web/backend/index.js';
import { serveStorefront } from '../storefront/site.js';
import { Storefront } from '../storefront/storefront.js';
import { startNetwork } from './network.js';

/** @import { Build } from '../storefront/storefront.js' */

const { dependencies } = JSON.parse(
  readFileSync(new URL('../storefront/angular-12/package.json', import.meta.url), 'utf8'),
);

/** @type {{ name: string, build: Build }[]} */
const builds = [
  { name: 'Spartacus with occ-session', build: 'engine' },
  { name: 'Spartacus', build: 'stock' },
];

/** True for a build that has succeeded. @param {Build} build */
const isBuilt = (build) =>
  existsSync(new URL(`../../build/storefront/${build}.stamp`, import.meta.url));

/** Opens the storefronts. Without them a part has fewer rows, and says so. */
export async function openStorefronts() {
  if (!builds.every(({ build }) => isBuilt(build))) {
    return { builds: [], notes: ['Spartacus is not built, and left out.'], close: async () => {} };
  }
  const browser = await openBrowser();

  return {
    builds: builds.map(({ name, build }) => ({
      name,
      version: dependencies['@spartacus/core'],

      /**
       * Opens it in a context of its own, with a back end of its own, for as long as `work` takes.
       *
       * @template T
       * @param {{ roundTrip?: number }} options milliseconds to each server and back
       * @param {(shop: Storefront, disconnect: () => Promise<unknown>) => Promise<T>} work
       */
      async use({ roundTrip = 0 }, work) {
        /** @type {(() => Promise<unknown>)[]} */
        const ends = [];
        /** @type {Awaited<ReturnType<typeof startNetwork>>[]} */
        const networks = [];
        /**
         * @template {{ url: string, close: () => Promise<void> }} S
         * @param {S} server
         * @returns {Promise<S>}
         */
        const away = async (server) => {
          ends.push(() => server.close());
          if (roundTrip === 0) return server;
          const url = new URL(server.url);
          const network = await startNetwork(Number(url.port), roundTrip);
          ends.push(() => network.close());
          networks.push(network);
          url.port = String(network.port);
          return Object.assign(Object.create(server), {
            url: server.url.endsWith('/') ? url.href : url.origin,
          });
        };
        try {
          const backend = await away(await startBackend());
          const site = await away(await serveStorefront({ build, backendUrl: backend.url }));
          const context = await browser.newContext();
          ends.push(() => context.close());
          const shop = await Storefront.open(context, backend, site);
          await shop.visit();
          return await work(shop, () => Promise.all(networks.map((each) => each.disconnect())));
        } finally {
          for (const end of ends.reverse()) await end();
        }
      },
    })),
    /** @type {string[]} */
    notes: [],
    close: () => browser.close(),
  };
}
