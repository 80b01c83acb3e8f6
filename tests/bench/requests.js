// The number of revocations of each way to sign out: one for each token that is given up, none
// twice.
import { createSession } from '../../dist/node.js';
import { baseUrl, createEndpoint } from './endpoint.js';

/** @typedef {import('../../dist/node.js').Session} Session */

const customer = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const agent = { username: 'asagent', password: 'Support-1' };

/**
 * The steps before each sign-out, and the sign-out itself.
 * @type
 *   {Record<string, { before: (session: Session) => Promise<unknown>, signOut: (session: Session) => unknown }>}
 */
const ways = {
  'a customer signs out': {
    before: (session) => session.signIn(customer),
    signOut: (session) => session.signOut(),
  },
  'an emulated customer signs out': {
    async before(session) {
      await session.signInAgent(agent);
      session.emulate('0001');
    },
    signOut: (session) => session.signOut(),
  },
  'the agent signs out, and the customer from before is restored': {
    async before(session) {
      await session.signIn(customer);
      await session.signInAgent(agent, { customerId: '0001' });
    },
    signOut: (session) => session.signOutAgent(),
  },
  'the agent signs out after another customer was emulated': {
    async before(session) {
      await session.signIn(customer);
      await session.signInAgent(agent, { customerId: '0001' });
      session.emulate('0002');
    },
    signOut: (session) => session.signOutAgent(),
  },
};

/**
 * Counts the requests of each way to sign out, by its name.
 * @returns {Promise<Map<string, number>>}
 */
export async function countRequests() {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [what, { before, signOut }] of Object.entries(ways)) {
    const { fetch, requests } = createEndpoint();
    const session = await createSession({
      ...{ baseUrl, clientId: 'mobile_android', clientSecret: 'secret' },
      ...{ storage: 'memory', fetch },
    });
    await before(session);
    requests.length = 0;
    signOut(session);
    await session.settled();
    session.close();
    counts.set(what, requests.length);
  }
  return counts;
}
