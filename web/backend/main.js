// Starts the back end by itself: `npm run backend`.
import { accounts, clients, startBackend } from './index.js';

const port = Number(process.env.PORT || 4010);

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}

if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  fail(`PORT must be a number from 0 to 65535, not ${process.env.PORT}.`);
}

const backend = await startBackend({ port }).catch((error) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is taken: name another one with PORT=…`
      : `The back end cannot start on port ${port}: ${error.message}`,
  ),
);

if (backend) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await backend.close();
      process.exit(0);
    });
  }
  console.log(`The back end listens at ${backend.url}

Accounts (user name, password)
${accounts.map(({ owner, uid, password }) => `  ${owner.padEnd(9)} ${uid.padEnd(26)} "${password}"`).join('\n')}

Clients (id, secret)
${clients.map(({ id, secret }) => `  ${id.padEnd(16)} ${secret}`).join('\n')}

OAuth     ${backend.url}/authorizationserver/oauth/{token,revoke}
OCC       ${backend.url}/occ/v2/shop/
ASM       ${backend.url}/assistedservicewebservices/

For trying things out
  GET, PUT, DELETE /dev/behaviour   how it answers, e.g. {"revoke": {"answer": 503}}
  GET, DELETE      /dev/journal     every request that it received
  GET              /dev/events      the same as it happens
  GET              /dev/tokens      every token that it issued, and whether it is active
  POST             /dev/release     answers what is held
  POST             /dev/expire      ends the life of all access tokens

Ctrl-C ends it.`);
}
