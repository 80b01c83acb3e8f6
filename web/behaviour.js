// The choice of how the back end behaves, set while it runs.

import { byId, html } from './dom.js';

/**
 * The answers to choose from, by the value of the option.
 *
 * @type {Record<string, [label: string, behaviour: { answer: string | number, delayMs: number }]>}
 */
const ANSWERS = {
  normal: ['the proper answer', { answer: 'normal', delayMs: 0 }],
  slow: ['the proper answer, 3 s late', { answer: 'normal', delayMs: 3000 }],
  redirect: ['302 to login.jsp (old)', { answer: 'redirect', delayMs: 0 }],
  401: ['401 Unauthorized', { answer: 401, delayMs: 0 }],
  403: ['403 Forbidden', { answer: 403, delayMs: 0 }],
  500: ['500 Internal Server Error', { answer: 500, delayMs: 0 }],
  503: ['503 Service Unavailable', { answer: 503, delayMs: 0 }],
  drop: ['a dropped connection', { answer: 'drop', delayMs: 0 }],
  silent: ['no answer at all', { answer: 'silent', delayMs: 0 }],
  garbage: ['garbage', { answer: 'garbage', delayMs: 0 }],
};

/** @param {{ answer: string | number, delayMs: number }} set */
function optionFor({ answer, delayMs }) {
  const option = answer === 'normal' && delayMs > 0 ? 'slow' : String(answer);
  return option in ANSWERS ? option : '';
}

/**
 * @param {string} backend
 * @param {EventSource} events
 */
export function startBehaviour(backend, events) {
  const url = `${backend}/dev/behaviour`;
  const revoke = byId('behaviour-revoke');
  const token = byId('behaviour-token');
  const ends = byId('revocation-ends');
  const bearer = byId('bearer-required');
  const same = byId('same-token');
  const result = byId('behaviour-result');

  for (const select of [revoke, token]) {
    select.append(
      ...Object.entries(ANSWERS).map(([value, [label]]) => html('option', { value }, label)),
    );
  }
  ends.append(
    html('option', { value: 'grant' }, 'the whole grant'),
    html('option', { value: 'token' }, 'only the token named'),
  );

  /** @param {any} behaviour */
  const show = (behaviour) => {
    revoke.value = optionFor(behaviour.revoke);
    token.value = optionFor(behaviour.token);
    ends.value = behaviour.revocationEnds;
    bearer.checked = behaviour.bearerRequired;
    same.checked = behaviour.sameToken;
  };

  /**
   * @param {string} address
   * @param {string} method
   * @param {string} done
   * @param {unknown} [change]
   */
  const ask = async (address, method, done, change) => {
    try {
      const response = await fetch(address, {
        method,
        ...(change === undefined
          ? {}
          : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(change) }),
      });
      if (!response.ok) throw new Error(`The back end answered ${response.status}.`);
      result.textContent = done;
    } catch {
      result.textContent = 'The back end cannot be reached.';
    }
  };

  /** @param {unknown} change */
  const set = (change) => ask(url, 'PUT', 'Set, from the next request on.', change);
  revoke.addEventListener('change', () => set({ revoke: ANSWERS[revoke.value][1] }));
  token.addEventListener('change', () => set({ token: ANSWERS[token.value][1] }));
  ends.addEventListener('change', () => set({ revocationEnds: ends.value }));
  bearer.addEventListener('change', () => set({ bearerRequired: bearer.checked }));
  same.addEventListener('change', () => set({ sameToken: same.checked }));
  byId('reset-behaviour').addEventListener('click', () =>
    ask(url, 'DELETE', 'The back end behaves properly again.'),
  );
  byId('expire-tokens').addEventListener('click', () =>
    ask(
      `${backend}/dev/expire`,
      'POST',
      'Every access token has expired; the next request will find out.',
    ),
  );

  events.addEventListener('behaviour', (event) => show(JSON.parse(event.data)));
  // Also when a lost connection is back.
  events.addEventListener('open', async () => {
    try {
      show(await (await fetch(url)).json());
    } catch {
      // The connection is lost again: there will be another 'open'.
    }
  });
}
