// R27 in Node: after each way in which a grant can end, no piece of any secret is left in the
// memory.
import { startBackend } from '../../web/backend/index.js';
import { standIn, standInWindow, Storefront, WebStorage } from '../node/storefront.js';
import { proveAll } from './secrets-ways.js';
import { watchCores } from './secrets-witness.js';

/** @import { Witness } from './secrets-witness.js' */

proveAll(
  'Node',
  async (t) => {
    const shop = new Storefront(await startBackend());
    t.after(() => shop.close());
    watchCores();
    /** @type {Witness} */
    const witness = /** @type {any} */ (globalThis).witness;
    t.after(witness.end);
    standIn(t, 'localStorage', { value: new WebStorage() });
    const page = standInWindow(t);

    return {
      backend: shop.backend,
      responses: async () => witness.responses,
      async open(options) {
        const session = await shop.open({ fetch: undefined, ...options });
        const core = /** @type {import('./secrets-witness.js').Watched} */ (witness.cores.at(-1));
        /** @type {Record<string, (...parameters: any[]) => unknown>} */
        const methods = /** @type {any} */ (session);
        return {
          async call(method, ...parameters) {
            try {
              await methods[method]?.call(session, ...parameters);
              return 'done';
            } catch (error) {
              return /** @type {any} */ (error).code;
            }
          },
          async ask() {
            const url = `${shop.backend.url}/occ/v2/shop/users/${session.state.userId}`;
            return String((await session.fetch(url)).status);
          },
          async leave() {
            page.dispatchEvent(new Event('pagehide'));
          },
          rest: core.rest,
          heard: core.heard,
          look: async () => core.look(),
          seen: async () => [...core.seen],
          innocent: async () => core.innocent,
          size: async () => core.size,
        };
      },
    };
  },
  true,
);
