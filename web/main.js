// Puts the page together: one session, and the parts that show it. They read only `session.state`,
// its events and the answers of the back end; there is no second copy.

import { createSession } from '/occ-session/index.js';

import { startAsm } from './asm.js';
import { startBehaviour } from './behaviour.js';
import { watchCustomer } from './customer.js';
import { readTable, startDiagram } from './diagram.js';
import { byId } from './dom.js';
import { showProducts, startShop } from './shop.js';
import { startRevocations, startTimeline } from './timeline.js';
import { startTokens } from './tokens.js';

/**
 * The accounts of the development back end that a button fills in.
 *
 * @type {Record<string, [string, string]>}
 */
const SAMPLES = {
  anna: ['anna.keller@example.com', 'Welcome-1'],
  ben: ['ben.okafor@example.com', 'Welcome-2'],
  agent: ['asagent', 'Support-1'],
};

/** @param {string} backend */
function openSession(backend) {
  const asked = new URLSearchParams(location.search);
  const storage = asked.get('storage') ?? 'session';
  return createSession({
    baseUrl: backend,
    clientId: 'mobile_android',
    clientSecret: 'secret',
    storage: /** @type {'session' | 'local' | 'memory'} */ (storage),
    persistRefreshToken: asked.get('persist') === '1',
  });
}

/**
 * Shows the time from the click to the frame in which nobody is signed in.
 * @param {Event} click
 * @param {() => void} signOut
 */
function measured(click, signOut) {
  signOut();
  requestAnimationFrame(() => {
    // A message comes after the frame has been handed over.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const ms = Math.max(1, Math.round(performance.now() - click.timeStamp));
      byId('measure').textContent = `${ms} ms`;
      port1.close();
    };
    port2.postMessage(null);
  });
}

/** @param {import('/occ-session/index.js').Session} session */
function showFacts(session) {
  const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
  const update = () => {
    const { phase, expiresAt, revoking } = session.state;
    document.body.dataset.phase = phase;
    byId('phase').textContent = phase;
    byId('expires').textContent = expiresAt === null ? 'no token' : time.format(expiresAt);
    byId('revoking').textContent = String(revoking);
  };
  session.addEventListener('change', update);
  update();
}

/** Fills the form around a button with the account that the button names. */
function startSamples() {
  for (const button of document.querySelectorAll('button[data-fill]')) {
    button.addEventListener('click', () => {
      const [name, password] = SAMPLES[/** @type {HTMLElement} */ (button).dataset.fill ?? ''];
      const form = /** @type {HTMLFormElement} */ (button.closest('form'));
      const [first, second] = form.querySelectorAll('input');
      first.value = name;
      second.value = password;
      /** @type {HTMLElement} */ (form.querySelector('.primary')).focus();
    });
  }
}

async function start() {
  const { backend } = await (await fetch('config.json')).json();
  const session = await openSession(backend);
  // For the curious: the session of this page, to be tried in the console.
  Object.assign(globalThis, { occSession: session });

  const occ = `${backend}/occ/v2/shop/`;
  const customer = watchCustomer(session, occ);
  const events = new EventSource(`${backend}/dev/events`);
  startSamples();
  startShop(session, customer, measured);
  startAsm(session, `${backend}/assistedservicewebservices/`, customer, measured);
  startBehaviour(backend, events);
  startTimeline(session, backend, events);
  startRevocations(session);
  startTokens(backend, events);
  startDiagram(session, await readTable());
  showFacts(session);
  await showProducts(session, occ);
}

start().catch((error) => {
  const fault = byId('fault');
  fault.textContent = `The page could not be started: ${error.message}`;
  fault.hidden = false;
});
