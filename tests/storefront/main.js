// Serves the storefront with the engine and its back end for manual testing: `npm run storefront`,
// which builds it first.
import process from 'node:process';
import { accounts, startBackend } from '../../web/backend/index.js';
import { serveStorefront } from './site.js';

const port = Number(process.env.PORT || 4200);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`PORT is "${process.env.PORT}"; a number from 0 to 65535 is needed.`);
  process.exit(1);
}

/**
 * Starts the back end on the first free port that is not the storefront's.
 *
 * @param {number} backendPort
 * @returns {ReturnType<typeof startBackend>}
 */
async function startBackendFrom(backendPort) {
  if (backendPort === port) return startBackendFrom(backendPort + 1);
  try {
    return await startBackend({ port: backendPort });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
    return startBackendFrom(backendPort + 1);
  }
}

const backend = await startBackendFrom(4010);
const site = await serveStorefront({ build: 'engine', backendUrl: backend.url, port }).catch(
  (error) => {
    console.error(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken. Name another one: PORT=${port + 1} npm run storefront`
        : `The storefront cannot be served: ${error.message}`,
    );
    process.exit(1);
  },
);

const rows = accounts.map(
  ({ owner, uid, password }) => `  ${owner.padEnd(9)} ${uid.padEnd(26)} "${password}"`,
);
console.log(`
The storefront  ${site.url}
  with the bar for agents: ${site.url}?asm=true
The back end    ${backend.url}

Accounts (user name, password)
${rows.join('\n')}

Ctrl-C ends both.`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.all([site.close(), backend.close()]);
    process.exit(0);
  });
}
