// The requests as the server received them, and between them the moments at which the page itself
// signed a user out: no user had to wait for the requests after such a moment.

import { byId, html } from './dom.js';

const ROWS = 60;
const REDRAW_MS = 1000;

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const number = new Intl.NumberFormat('en');
const milliseconds = (/** @type {number} */ ms) =>
  `${number.format(Math.max(0, Math.round(ms)))} ms`;

/** @param {any} entry */
function what({ path, form }) {
  if (path.endsWith('/oauth/revoke')) {
    return `revoke ${form?.token_type_hint ?? 'token'}`;
  }
  if (path.endsWith('/oauth/token')) {
    if (form?.grant_type === 'password') return `sign in ${form.username}`;
    return form?.grant_type === 'refresh_token' ? 'refresh' : 'client token';
  }
  if (path === '/login.jsp') return 'login page';
  return path.replace(/^\/(occ\/v2\/shop|assistedservicewebservices)\//, '');
}

/** @param {any} entry @returns {[status: string, kind: string]} */
function outcome({ status, aborted }) {
  if (status === 'dropped') return ['dropped', 'bad'];
  if (aborted) return ['given up', 'bad'];
  if (typeof status !== 'number') return ['no answer yet', 'pending'];
  return [String(status), status < 300 ? 'good' : 'bad'];
}

/**
 * @param {import('/occ-session/index.js').Session} session
 * @param {string} backend
 * @param {EventSource} events
 */
export function startTimeline(session, backend, events) {
  const list = byId('timeline');
  /** @type {Map<number, any>} */
  const entries = new Map();
  /** @type {{ at: number, text: string }[]} */
  let marks = [];
  let drawn = session.state;
  let asked = false;

  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };

  const draw = () => {
    const rows = [
      ...[...entries.values()].map((entry) => ({ at: entry.at, entry, mark: undefined })),
      ...marks.map((mark) => ({ at: mark.at, entry: undefined, mark })),
    ];
    // The page acts first if both fall into the same millisecond; newest on top.
    rows.sort((a, b) => b.at - a.at || (a.mark ? 1 : 0) - (b.mark ? 1 : 0));
    list.replaceChildren(
      ...rows.slice(0, ROWS).map(({ entry, mark }) => (mark ? markRow(mark) : entryRow(entry))),
    );
    if (rows.length === 0) {
      list.append(html('li', { class: 'empty' }, 'Nothing yet. Sign in to begin.'));
    }
  };

  /** @param {{ at: number, text: string }} mark */
  const markRow = ({ at, text }) =>
    html(
      'li',
      { class: 'mark', 'data-kind': 'mark' },
      html('time', {}, clock.format(at)),
      html('span', {}, text),
    );

  /** @param {any} entry */
  const entryRow = (entry) => {
    const [status, kind] = outcome(entry);
    const took = (entry.answeredAt ?? Date.now()) - entry.at;
    const oauth = entry.path.includes('/oauth/');
    const mark = marks.filter(({ at }) => at <= entry.at).pop();
    const revokes = entry.path.endsWith('/oauth/revoke');
    const answer = html(
      'span',
      { class: 'answer' },
      html(
        'span',
        { class: 'took' },
        entry.answeredAt || kind === 'pending' ? milliseconds(took) : '',
      ),
      ' ',
      html('span', { class: `status ${kind}` }, status),
    );
    const row = html(
      'li',
      {
        class: `request${oauth ? ' oauth' : ''}`,
        'data-kind': 'request',
        'data-status': status,
        'data-path': entry.path,
      },
      html('time', {}, clock.format(entry.at)),
      html(
        'span',
        { class: 'asked' },
        html('strong', {}, what(entry)),
        ' ',
        html('span', { class: 'path' }, `${entry.method} ${entry.path}`),
      ),
      answer,
    );
    if (revokes) {
      const whose = entry.labels?.token ? [`${entry.labels.token} token`] : [];
      if (mark && entry.answeredAt) {
        whose.push(`answered ${milliseconds(entry.answeredAt - mark.at)} after the page was done`);
      } else if (mark && kind === 'pending') {
        whose.push('the page was done before it was sent');
      }
      row.append(html('span', { class: 'note' }, whose.join(', ')));
    }
    return row;
  };

  /** @param {any} entry */
  const take = (entry) => {
    // A preflight is the browser's own request.
    if (entry.method === 'OPTIONS') return;
    entries.set(entry.id, entry);
    if (entries.size > ROWS) entries.delete(entries.keys().next().value ?? 0);
    redraw();
  };

  session.addEventListener('change', () => {
    const before = drawn;
    drawn = session.state;
    const at = Date.now();
    if (before.agentSignedIn && !drawn.agentSignedIn) {
      const restored = drawn.signedIn ? ', the customer is back' : '';
      marks.push({ at, text: `The page has signed the agent out${restored}` });
    } else if (before.emulating && !drawn.emulating) {
      marks.push({ at, text: 'The page has ended the emulation; the agent stays' });
    } else if (before.signedIn && !drawn.signedIn) {
      marks.push({ at, text: 'The page has signed the customer out' });
    } else return;
    marks = marks.slice(-ROWS);
    redraw();
  });

  events.addEventListener('request', (event) => take(JSON.parse(event.data)));
  // Also when a lost connection is back.
  events.addEventListener('open', async () => {
    try {
      const response = await fetch(`${backend}/dev/journal`);
      for (const entry of await response.json()) take(entry);
    } catch {
      // The connection is lost again: there will be another 'open'.
    }
  });
  setInterval(() => {
    if ([...entries.values()].some((entry) => outcome(entry)[1] === 'pending')) redraw();
  }, REDRAW_MS);

  byId('clear-timeline').addEventListener('click', async () => {
    entries.clear();
    marks = [];
    redraw();
    // If the back end is gone, so is its journal.
    await fetch(`${backend}/dev/journal`, { method: 'DELETE' }).catch(() => {});
  });
  redraw();
}

/**
 * Shows the session's reports of its revocations, which are otherwise silent.
 * @param {import('/occ-session/index.js').Session} session
 */
export function startRevocations(session) {
  const list = byId('revocations');
  const empty = html('li', { class: 'empty' }, 'No revocation has settled yet.');
  list.replaceChildren(empty);
  session.addEventListener('revocation', (event) => {
    const { detail } =
      /** @type {CustomEvent<import('/occ-session/index.js').RevocationDetail>} */ (event);
    const { owner, token, status } = detail;
    empty.remove();
    list.prepend(
      html(
        'li',
        { 'data-outcome': detail.outcome, 'data-owner': owner, 'data-token': token },
        html('strong', {}, detail.outcome),
        ' ',
        html('span', {}, `${owner}’s ${token.replace('_', ' ')}`),
        html('span', { class: 'took' }, status ? ` ${status}` : ' no status'),
      ),
    );
    while (list.children.length > 12) list.lastElementChild?.remove();
  });
}
