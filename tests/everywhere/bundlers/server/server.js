// A program of a storefront's server: a user signs in, is looked up, and signs out. Every bundler that
// builds for Node gets this one.
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { createSession } from 'occ-session';

const [backend, username, password, wasm] = process.argv.slice(2);

async function run() {
  const session = await createSession({
    baseUrl: backend,
    clientId: 'mobile_android',
    clientSecret: 'secret',
    ...(wasm && { wasm: readFile(wasm) }),
  });
  await session.signIn({ username, password });
  const response = await session.fetch(`${backend}/occ/v2/shop/users/${session.state.userId}`);
  const { uid } = await response.json();
  session.signOut();
  await session.settled();
  return `${uid}, then ${session.state.phase}`;
}

run().then(console.log, ({ name, code, message }) => console.log(`${name} ${code}: ${message}`));
