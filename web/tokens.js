// Every token that the server has issued, and whether the server still accepts it. One that has
// ended was revoked or has expired: the server does not say which.

import { byId, html } from './dom.js';

const SHOWN = 10;
const SETTLE_MS = 60;

/**
 * @param {string} backend
 * @param {EventSource} events
 */
export function startTokens(backend, events) {
  const list = byId('tokens');
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;

  const look = async () => {
    let tokens;
    try {
      tokens = await (await fetch(`${backend}/dev/tokens`)).json();
    } catch {
      return;
    }
    tokens.reverse();
    const older = tokens.slice(SHOWN);
    list.replaceChildren(...tokens.slice(0, SHOWN).map(row));
    if (tokens.length === 0) {
      list.append(html('li', { class: 'empty' }, 'The server has issued no token yet.'));
    }
    if (older.length > 0) {
      const alive = older.filter((/** @type {any} */ { active }) => active).length;
      list.append(html('li', { class: 'empty' }, `${older.length} older, ${alive} of them active`));
    }
  };

  /** @param {any} token */
  const row = ({ label, kind, token, username, active }) =>
    html(
      'li',
      { class: active ? 'active' : 'ended', 'data-label': label, 'data-active': String(active) },
      html('span', { class: 'lamp', 'aria-hidden': 'true' }),
      html(
        'span',
        { class: 'token-name' },
        html('strong', {}, label),
        ' ',
        html('span', { class: 'path' }, username ?? ''),
      ),
      html('code', { title: kind.replace('_', ' ') }, token),
      html('span', { class: 'token-state' }, active ? 'active' : 'ended'),
    );

  // Several hints may come for one change.
  const soon = () => {
    clearTimeout(later);
    later = setTimeout(look, SETTLE_MS);
  };
  for (const hint of ['open', 'tokens', 'request']) events.addEventListener(hint, soon);
  look();
}
