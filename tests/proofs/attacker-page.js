// A storefront with an attacker's script in it, which runs before the session is opened or after.
// Its address selects the script's way; in the end the page's text is the script's loot.
import { Thief } from './attacker-thief.js';
import { ways } from './attacker-ways.js';

/** @import { Session } from 'occ-session' */

const { fetch } = globalThis;
const { body } = globalThis.document;
const asked = new URLSearchParams(globalThis.location.search);
const [name, moment, backend, evil] = ['way', 'moment', 'backend', 'evil'].map(
  (key) => asked.get(key) ?? '',
);
const anna = { username: 'anna.keller@example.com', password: 'Welcome-1' };
const agent = { username: 'asagent', password: 'Support-1' };
const user = `${backend}/occ/v2/shop/users/`;
const post = Object.assign(Object.create(null), { method: 'POST' });

localStorage.clear();
sessionStorage.clear();

const way = ways.find((each) => each.name === name);
if (!way) throw new Error(`There is no way ${name}`);
const thief = new Thief();

/** @param {() => unknown} act may fail because of the attack: that is not tested here */
async function step(act) {
  try {
    await act();
  } catch {
    // It may fail, as said above.
  }
  await thief.look();
}

const scene = {
  backend,
  evil,
  session: /** @type {Session} */ (/** @type {unknown} */ (undefined)),
};
if (moment === 'before') await way.attack(thief, scene);
const { createSession } = await import(/** @type {string} */ ('/occ-session/index.js'));
await step(async () => {
  scene.session = await createSession({
    baseUrl: backend,
    clientId: 'mobile_android',
    clientSecret: 'secret',
    ...way.options,
  });
});
if (moment === 'after') await way.attack(thief, scene);

const { session } = scene;
session?.addEventListener('change', () => {});
await step(() => session.signIn(anna));
await step(() => session.fetch(user + session.state.userId));
// A request that a storefront would send to the back end's own origin.
await step(() => session.fetch('/occ/v2/shop/users/current'));
await fetch(`${backend}/dev/expire`, post);
await step(() => session.fetch(user + session.state.userId));
await step(() => session.signInAgent(agent, { customerId: '0001' }));
await step(() => session.fetch(user + session.state.userId));
await step(() => session.signOutAgent());
await step(() => session.settled());
await step(() => session.signOut());
await step(() => session.settled());
body.textContent = thief.report();
body.dataset.phase = 'over';
