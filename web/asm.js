// The bar for support agents (Assisted Service Module): sign in, find a customer, act for them.

import { byId, hide, html } from './dom.js';
import { wordsFor } from './words.js';

const SEARCH_DELAY_MS = 250;
const SESSION_SECONDS = 600;

/**
 * @param {import('/occ-session/index.js').Session} session
 * @param {string} asm the address of the ASM resources, with a slash at its end
 * @param {ReturnType<typeof import('./customer.js').watchCustomer>} customer
 * @param {(click: Event, signOut: () => void) => void} measured
 */
export function startAsm(session, asm, customer, measured) {
  const toggle = byId('asm-toggle');
  const body = byId('asm-body');
  const form = byId('agent-form');
  const username = byId('agent-username');
  const password = byId('agent-password');
  const submit = form.querySelector('.primary');
  const cancel = byId('agent-cancel');
  const error = byId('agent-error');
  const place = byId('agent-session');
  const query = byId('customer-query');
  const end = byId('end-emulation');
  let attempt = new AbortController();

  /** @param {boolean} opened */
  const open = (opened) => {
    body.hidden = !opened;
    toggle.setAttribute('aria-expanded', String(opened));
  };
  toggle.addEventListener('click', () => open(body.hidden));

  /** @param {string} text */
  const complain = (text) => {
    error.textContent = text;
    for (const field of [username, password]) {
      if (text) field.setAttribute('aria-invalid', 'true');
      else field.removeAttribute('aria-invalid');
    }
  };

  form.addEventListener('submit', async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const missing = [username, password].find((field) => field.value === '');
    if (missing) {
      complain('Enter the agent’s name and password.');
      missing.focus();
      return;
    }
    complain('');
    attempt = new AbortController();
    try {
      // If the id of the customer is known, the agent starts with acting for that customer.
      await session.signInAgent(
        { username: username.value, password: password.value },
        { signal: attempt.signal, customerId: customer.current.profile?.customerId },
      );
    } catch (reason) {
      complain(wordsFor(reason));
    }
  });
  cancel.addEventListener('click', () => attempt.abort());
  end.addEventListener('click', (/** @type {Event} */ event) => {
    measured(event, () => session.signOut());
  });
  byId('agent-sign-out').addEventListener('click', (/** @type {Event} */ event) => {
    measured(event, () => session.signOutAgent());
  });

  const search = startSearch(session, asm);
  startTimer(session);

  const update = () => {
    const { phase, agentSignedIn, emulating, userId } = session.state;
    const { profile } = customer.current;
    const busy = phase === 'agent-signing-in' || phase === 'agent-taking-over';

    if (agentSignedIn === place.hidden) {
      if (agentSignedIn) {
        open(true);
        form.reset();
        complain('');
        place.hidden = false;
        hide(form, true, query);
        search.begin();
      } else {
        form.hidden = false;
        hide(place, true, body.hidden ? toggle : username);
        search.end();
      }
    }
    submit.textContent = busy ? 'Signing in …' : 'Sign in as agent';
    form.setAttribute('aria-busy', String(busy));
    hide(cancel, !busy, submit);
    hide(end, !emulating, query);
    byId('agent-who').textContent = emulating
      ? `Acting for ${profile ? profile.name : `customer ${userId}`}`
      : 'Agent signed in';
  };

  session.addEventListener('change', update);
  customer.onChange(update);
  open(new URLSearchParams(location.search).get('asm') === 'true');
  update();
}

/**
 * The search for customers; its results are cleared as soon as the agent has signed out.
 * @param {import('/occ-session/index.js').Session} session
 * @param {string} asm
 */
function startSearch(session, asm) {
  const query = byId('customer-query');
  const list = byId('customer-list');
  const results = byId('customer-results');
  const count = byId('customer-count');
  let searching = new AbortController();
  let listing = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;

  /** @param {string} path @param {Record<string, string>} [asked] */
  const at = (path, asked) =>
    `${asm}${path}?${new URLSearchParams({ baseSite: 'shop', ...asked })}`;

  const find = async () => {
    clearTimeout(later);
    searching.abort();
    searching = new AbortController();
    const { signal } = searching;
    const asked = { query: query.value.trim(), ...(list.value && { customerListId: list.value }) };
    try {
      const response = await session.fetch(at('customers/search', asked), { signal });
      if (response.status === 403) return say('This account may not act for customers.');
      if (!response.ok) return say('The search is out of order right now.');
      const { entries, pagination } = await response.json();
      if (signal.aborted) return;
      say(howMany(entries.length, pagination.totalResults));
      results.replaceChildren(...entries.map(row));
      markCurrent();
    } catch {
      if (!signal.aborted) say('The search cannot be reached right now.');
    }
  };

  const readLists = async () => {
    listing = new AbortController();
    const { signal } = listing;
    try {
      const response = await session.fetch(at('customerlists'), { signal });
      if (!response.ok) return;
      const { userGroups } = await response.json();
      if (signal.aborted) return;
      list.append(
        ...userGroups.map((/** @type {{ uid: string, name: string }} */ { uid, name }) =>
          html('option', { value: uid }, name),
        ),
      );
    } catch {
      // Without its lists the shop can still be searched for all its customers.
    }
  };

  /** @param {number} shown @param {number} found */
  const howMany = (shown, found) => {
    if (found === 0) return 'Nobody found.';
    if (shown < found) return `The first ${shown} of ${found} customers`;
    return found === 1 ? '1 customer' : `${found} customers`;
  };

  /** @param {string} text */
  const say = (text) => {
    count.textContent = text;
    results.replaceChildren();
  };

  /** @param {{ uid: string, customerId: string, name: string }} entry */
  const row = ({ uid, customerId, name }) => {
    const button = html(
      'button',
      { type: 'button', 'data-testid': 'customer-result', 'data-customer-id': customerId },
      html('span', { class: 'lamp', 'aria-hidden': 'true' }),
      html('span', { class: 'visually-hidden' }, 'Act for '),
      html('strong', {}, name),
      html('span', { class: 'result-detail' }, ` ${uid}, ${customerId}`),
    );
    button.addEventListener('click', () => session.emulate(customerId));
    return html('li', {}, button);
  };

  /** Highlights the row of the customer whom the agent acts for. */
  const markCurrent = () => {
    const { emulating, userId } = session.state;
    for (const button of results.querySelectorAll('button')) {
      const current = emulating && button.dataset.customerId === userId;
      if (current) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  };
  session.addEventListener('change', markCurrent);

  query.addEventListener('input', () => {
    clearTimeout(later);
    later = setTimeout(find, SEARCH_DELAY_MS);
  });
  byId('customer-form').addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    find();
  });
  list.addEventListener('change', find);

  return {
    begin() {
      readLists();
      find();
    },
    end() {
      clearTimeout(later);
      searching.abort();
      listing.abort();
      query.value = '';
      // The choice of all customers stays.
      list.length = 1;
      say('');
    },
  };
}

/**
 * Counts down while an agent is signed in; any action of the agent restarts it.
 *
 * @param {import('/occ-session/index.js').Session} session
 */
function startTimer(session) {
  const display = byId('asm-timer');
  // A visitor of the demo does not want to wait ten minutes.
  const asked = Number(new URLSearchParams(location.search).get('timer'));
  const seconds = Number.isInteger(asked) && asked > 0 ? asked : SESSION_SECONDS;
  let deadline = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking;

  const windUp = () => {
    deadline = Date.now() + seconds * 1000;
    if (ticking) tick();
  };
  const tick = () => {
    const left = Math.max(0, Math.ceil((deadline - Date.now()) / 1000));
    display.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    if (left === 0) session.signOutAgent();
  };
  const update = () => {
    if (session.state.agentSignedIn === (ticking !== undefined)) return;
    if (ticking) {
      clearInterval(ticking);
      ticking = undefined;
      return;
    }
    ticking = setInterval(tick, 1000);
    windUp();
  };

  for (const activity of ['pointerdown', 'keydown']) addEventListener(activity, windUp);
  session.addEventListener('change', update);
  update();
}
