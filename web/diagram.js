// The state diagram. The transitions and their names come from the table inside the core, read
// through its own export; only the positions of the nodes are the page's.

import { EVENT, GUARD, STATE, STATUS } from '/occ-session/numbers.js';

import { byId, html, svg } from './dom.js';

/** @typedef {{ from: string, to: string, event: string, guard: string }} Transition */
/** @typedef {[number, number]} Point */

/**
 * The positions of the nodes, and the lanes of the transitions that must go around others.
 * @typedef {object} Layout
 * @property {Point} size
 * @property {Point} node
 * @property {Record<string, Point>} at
 * @property {Record<string, Point[]>} via from 'a>b' to all points of the lane, ends included
 * @property {Record<string, 'top' | 'bottom'>} loops
 */

/** @type {Layout} */
const WIDE = {
  size: [720, 364],
  node: [116, 46],
  at: {
    anonymous: [66, 190],
    'customer-signing-in': [218, 104],
    'agent-signing-in': [218, 276],
    'agent-taking-over': [372, 190],
    customer: [504, 104],
    agent: [504, 276],
    emulating: [654, 190],
  },
  via: {
    'customer>anonymous': [
      [504, 81],
      [504, 50],
      [66, 50],
      [66, 167],
    ],
    'emulating>anonymous': [
      [654, 167],
      [654, 20],
      [42, 20],
      [42, 167],
    ],
    'agent>anonymous': [
      [504, 299],
      [504, 344],
      [66, 344],
      [66, 213],
    ],
  },
  loops: { 'agent-signing-in': 'bottom', emulating: 'bottom' },
};

/** @type {Layout} */
const NARROW = {
  size: [336, 440],
  node: [100, 42],
  at: {
    anonymous: [168, 34],
    'customer-signing-in': [86, 124],
    'agent-signing-in': [250, 124],
    'agent-taking-over': [168, 214],
    customer: [86, 304],
    agent: [250, 304],
    emulating: [168, 396],
  },
  via: {
    'customer>anonymous': [
      [36, 304],
      [18, 304],
      [18, 34],
      [118, 34],
    ],
    'emulating>anonymous': [
      [218, 396],
      [330, 396],
      [330, 26],
      [218, 26],
    ],
    'agent>anonymous': [
      [300, 304],
      [318, 304],
      [318, 44],
      [218, 44],
    ],
  },
  loops: { emulating: 'bottom' },
};

/**
 * @param {Record<string, number>} names
 * @param {number} number
 */
const nameOf = (names, number) =>
  Object.keys(names).find((name) => names[name] === number) ?? String(number);

/** Reads the table of the core, compiled into a module of its own. */
export async function readTable() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/occ-session/numbers.wasm'));
  const { exports } = instance;
  const table = /** @type {(state: number, event: number) => number} */ (exports.occ_table);

  /** @type {Transition[]} */
  const transitions = [];
  for (const [from, state] of Object.entries(STATE)) {
    for (const [event, number] of Object.entries(EVENT)) {
      const cell = table(state, number) >>> 0;
      if (cell >>> 24 !== STATUS.ok) continue;
      const otherwise = nameOf(STATE, cell & 0xff);
      const held = nameOf(STATE, (cell >>> 8) & 0xff);
      const guard = (cell >>> 16) & 0xff;
      // A guard may also decide only about the effects.
      if (guard === 0 || held === otherwise) {
        transitions.push({ from, to: otherwise, event, guard: '' });
      } else {
        transitions.push({ from, to: held, event, guard: words(nameOf(GUARD, guard)) });
        transitions.push({ from, to: otherwise, event, guard: 'otherwise' });
      }
    }
  }
  return transitions;
}

/** Turns 'agent-taking-over' and 'hasParked' into words. @param {string} name */
const words = (name) =>
  name.replace(/-/g, ' ').replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);

/** @param {Transition} transition */
const nameOfTransition = ({ event, guard }) => (guard ? `${event} [${guard}]` : event);

/**
 * Draws the diagram and keeps it in step with the session.
 * @param {import('/occ-session/index.js').Session} session
 * @param {Transition[]} transitions
 */
export function startDiagram(session, transitions) {
  const figure = byId('diagram');
  const picture = svg('svg', { role: 'img', 'aria-labelledby': 'diagram-label' });
  const caption = html('p', { class: 'visually-hidden', id: 'diagram-label' });
  const ways = html('ul', { class: 'ways', 'aria-label': 'What can happen from here' });
  figure.replaceChildren(picture, caption, ways, textTable(transitions));

  /** @type {Layout | undefined} */
  let layout;
  /** @type {ReturnType<typeof draw> | undefined} */
  let drawing;
  let drawn = session.state;
  /** @type {{ from: string, to: string } | undefined} */
  let last;

  const light = () => {
    const { phase } = session.state;
    drawing?.light(phase, last);
    const leaving = transitions.filter(({ from }) => from === phase);
    caption.textContent = `State diagram with ${Object.keys(STATE).length} states. Now: ${words(phase)}.`;
    if (last) caption.textContent += ` Before: ${words(last.from)}.`;
    ways.replaceChildren(
      ...leaving.map((way) =>
        html('li', {}, html('code', {}, nameOfTransition(way)), ` leads to ${words(way.to)}`),
      ),
    );
  };

  const update = () => {
    const { state } = session;
    // Emulating another customer leaves the state and comes back to it.
    if (state.phase !== drawn.phase || (state.emulating && state.userId !== drawn.userId)) {
      last = { from: drawn.phase, to: state.phase };
    }
    drawn = state;
    light();
  };

  new ResizeObserver(() => {
    const fitting = figure.clientWidth < 520 ? NARROW : WIDE;
    if (fitting === layout) return;
    layout = fitting;
    figure.dataset.layout = layout === WIDE ? 'wide' : 'narrow';
    drawing = draw(picture, layout, transitions);
    light();
  }).observe(figure);
  session.addEventListener('change', update);
  update();
}

/**
 * @param {SVGSVGElement} picture
 * @param {Layout} layout
 * @param {Transition[]} transitions
 */
function draw(picture, layout, transitions) {
  const [width, height] = layout.size;
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const arrow = (/** @type {string} */ id) =>
    svg(
      'marker',
      {
        id,
        viewBox: '0 0 10 10',
        refX: 8.5,
        refY: 5,
        markerWidth: 7,
        markerHeight: 7,
        markerUnits: 'userSpaceOnUse',
        orient: 'auto-start-reverse',
      },
      svg('path', { d: 'M0 .8 10 5 0 9.2z' }),
    );
  picture.replaceChildren(
    svg('defs', {}, arrow('arrow'), arrow('arrow-open'), arrow('arrow-taken')),
  );

  /** @type {Map<string, { from: string, to: string, labels: string[] }>} */
  const pairs = new Map();
  for (const transition of transitions) {
    const { from, to } = transition;
    const edge = pairs.get(`${from}>${to}`) ?? { from, to, labels: [] };
    edge.labels.push(nameOfTransition(transition));
    pairs.set(`${from}>${to}`, edge);
  }

  /** @type {{ key: string, from: string, path: Element, label: Element, text: SVGTextElement, back: Element }[]} */
  const edges = [];
  for (const [key, { from, to, labels }] of pairs) {
    const way = route(layout, from, to, pairs.has(`${to}>${from}`));
    const path = svg('path', { class: 'edge', d: way.d });
    const [x, y] = way.middle;
    const text = svg('text', { x, y, 'text-anchor': 'middle' });
    const lines = way.oneLine ? [labels.join(', ')] : labels;
    lines.forEach((line, index) => {
      const dy = index === 0 ? `${0.35 - (lines.length - 1) * 0.6}em` : '1.2em';
      text.append(svg('tspan', { x, dy }, line));
    });
    const back = svg('rect', { rx: 4 });
    edges.push({
      key,
      from,
      path,
      text,
      back,
      label: svg('g', { class: 'edge-label' }, back, text),
    });
  }

  const [nodeWidth, nodeHeight] = layout.node;
  const nodes = Object.entries(layout.at).map(([phase, [x, y]]) => {
    // A long name takes two lines, the second beginning after the first word.
    const [first, ...rest] = phase.split('-');
    const lines = rest.length ? [first, rest.join(' ')] : [first];
    const text = svg('text', { 'text-anchor': 'middle' });
    lines.forEach((line, index) => {
      const dy = index === 0 ? `${0.35 - (lines.length - 1) * 0.58}em` : '1.16em';
      text.append(svg('tspan', { x, dy, y: index === 0 ? y : undefined }, line));
    });
    const box = svg('rect', {
      x: x - nodeWidth / 2,
      y: y - nodeHeight / 2,
      width: nodeWidth,
      height: nodeHeight,
      rx: nodeHeight / 2,
    });
    return { phase, node: svg('g', { class: 'node', 'data-node': phase }, box, text) };
  });

  picture.append(
    ...edges.map(({ path }) => path),
    ...nodes.map(({ node }) => node),
    ...edges.map(({ label }) => label),
  );

  return {
    /**
     * @param {string} phase
     * @param {{ from: string, to: string } | undefined} last
     */
    light(phase, last) {
      const taken = last && `${last.from}>${last.to}`;
      for (const { key, from, path, label, text, back } of edges) {
        path.classList.toggle('open', from === phase);
        path.classList.toggle('taken', key === taken);
        label.classList.toggle('open', from === phase);
        if (from !== phase) continue;
        // Only text that is shown has a size.
        const box = text.getBBox();
        back.setAttribute('x', String(box.x - 4));
        back.setAttribute('y', String(box.y - 1));
        back.setAttribute('width', String(box.width + 8));
        back.setAttribute('height', String(box.height + 2));
      }
      for (const { phase: name, node } of nodes) node.classList.toggle('lit', name === phase);
    },
  };
}

/**
 * @param {Layout} layout
 * @param {string} from
 * @param {string} to
 * @param {boolean} bothWays
 */
function route(layout, from, to, bothWays) {
  const [, nodeHeight] = layout.node;
  const [ax, ay] = layout.at[from];
  const [bx, by] = layout.at[to];

  if (from === to) {
    const up = layout.loops[from] === 'bottom' ? 1 : -1;
    const y = ay + (up * nodeHeight) / 2;
    return {
      d: `M${ax + 12} ${y} C${ax + 30} ${y + up * 26} ${ax - 30} ${y + up * 26} ${ax - 12} ${y}`,
      middle: /** @type {Point} */ ([ax, y + up * 29]),
      oneLine: true,
    };
  }

  const lane = layout.via[`${from}>${to}`];
  if (lane) {
    const [, [cx, cy], [dx, dy]] = lane;
    const level = cy === dy;
    return {
      d: rounded(lane, 14),
      middle: /** @type {Point} */ (level ? [(cx + dx) / 2, cy] : [cx, (cy + dy) / 2]),
      oneLine: true,
    };
  }

  // A straight line between the borders; opposite ones run side by side.
  const length = Math.hypot(bx - ax, by - ay);
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  const aside = bothWays ? 7 : 0;
  /** @type {(way: number) => Point} */
  const at = (way) => [ax + ux * way - uy * aside, ay + uy * way + ux * aside];
  let [begin, end] = [0, length];
  while (begin < length && isInside(layout, from, at(begin))) begin += 1;
  while (end > begin && isInside(layout, to, at(end))) end -= 1;
  return {
    d: `M${at(begin).join(' ')} L${at(end - 2).join(' ')}`,
    middle: at((begin + end) / 2),
    oneLine: false,
  };
}

/**
 * True for a point in a node, a pill: everything that is near enough to the line in its middle.
 * @param {Layout} layout
 * @param {string} node
 * @param {Point} point
 */
function isInside({ at, node: [width, height] }, node, [x, y]) {
  const [nodeX, nodeY] = at[node];
  const beyond = Math.max(0, Math.abs(x - nodeX) - (width - height) / 2);
  return Math.hypot(beyond, y - nodeY) < height / 2;
}

/**
 * Draws a line through all points with rounded corners.
 * @param {Point[]} points
 * @param {number} radius
 */
function rounded(points, radius) {
  let d = `M${points[0].join(' ')}`;
  for (let index = 1; index < points.length - 1; index += 1) {
    const [px, py] = points[index - 1];
    const [x, y] = points[index];
    const [nx, ny] = points[index + 1];
    const before = Math.hypot(x - px, y - py);
    const after = Math.hypot(nx - x, ny - y);
    const r = Math.min(radius, before / 2, after / 2);
    d += ` L${x - ((x - px) / before) * r} ${y - ((y - py) / before) * r}`;
    d += ` Q${x} ${y} ${x + ((nx - x) / after) * r} ${y + ((ny - y) / after) * r}`;
  }
  return `${d} L${points[points.length - 1].join(' ')}`;
}

/**
 * Shows the transitions as a table, for readers who cannot use the diagram.
 *
 * @param {Transition[]} transitions
 */
function textTable(transitions) {
  const rows = transitions.map((transition) =>
    html(
      'tr',
      {},
      html('td', {}, words(transition.from)),
      html('td', {}, html('code', {}, nameOfTransition(transition))),
      html('td', {}, words(transition.to)),
    ),
  );
  const heads = ['In the state', 'the event', 'leads to'].map((head) =>
    html('th', { scope: 'col' }, head),
  );
  return html(
    'details',
    { class: 'transitions' },
    html('summary', {}, 'All transitions as a table'),
    html(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'All transitions' },
      html(
        'table',
        {},
        html('caption', { class: 'visually-hidden' }, 'Every transition of the core’s table'),
        html('thead', {}, html('tr', {}, ...heads)),
        html('tbody', {}, ...rows),
      ),
    ),
  );
}
