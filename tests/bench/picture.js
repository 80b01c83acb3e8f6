// Draws the sign-out times that `npm run bench -- --json FILE` has written: one column for each
// behaviour of the revocation endpoint, one mark for each subject, on a logarithmic scale.
//
//   node tests/bench/picture.js FILE [docs/sign-out.svg]
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

/** @import { Figure, Table } from './figures.js' */

/** The width in units that are pixels on a small phone. */
const WIDTH = 360;
const LEFT = 68;
const RIGHT = 6;
const TOP = 56;
const HEIGHT = 240;
const LINE = 17;

/**
 * The milliseconds at the ends of the scale, and the height of the marks of unfinished sign-outs.
 */
const LOWEST = 1;
const HIGHEST = 10_000;
const NEVER = TOP - 18;
const FRAME = 1000 / 60;

/**
 * Okabe and Ito's, which most people can distinguish, in a tone for each background. Ours first.
 */
const colours = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff9e4a'],
  ['#009e73', '#2ed3a3'],
  ['#a8558a', '#e59ac6'],
  ['#8a6d00', '#e0c032'],
  ['#5b6570', '#b6bec9'],
];

/** The shapes around 0. As many as there are colours of others would give the same pair twice. */
const shapes = [
  '<circle r="3.4"/>',
  '<path d="M-3-3h6v6h-6z"/>',
  '<path d="M0-4 3.8 3h-7.6z"/>',
  '<path d="M0-4.4 4.4 0 0 4.4-4.4 0z"/>',
  '<path d="M0 4 3.8-3h-7.6z"/>',
  '<path d="M-3.6-1.2h2.4v-2.4h2.4v2.4h2.4v2.4h-2.4v2.4h-2.4v-2.4h-2.4z"/>',
  '<path d="M-3.4-2-2-3.4 0-1.4 2-3.4 3.4-2 1.4 0 3.4 2 2 3.4 0 1.4-2 3.4-3.4 2-1.4 0z"/>',
  '<path d="M-4-1.7h8v3.4h-8z"/>',
];

/** @param {string} text */
const escape = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** @param {number} ms */
const duration = (ms) =>
  ms >= 1000 ? `${Number((ms / 1000).toPrecision(2))} s` : `${Number(ms.toPrecision(2))} ms`;

/** @param {number} ms */
const heightOf = (ms) => {
  const bounded = Math.min(Math.max(ms, LOWEST), HIGHEST);
  const share = Math.log(bounded / LOWEST) / Math.log(HIGHEST / LOWEST);
  return Number((TOP + HEIGHT * (1 - share)).toFixed(1));
};

/** The median, or infinity if a sign-out did not end. @param {Figure | null} figure */
const timeOf = (figure) =>
  figure && 'median' in figure ? figure.median : figure && 'count' in figure ? Infinity : undefined;

/**
 * @param {Table} table
 * @param {string} date
 */
function draw({ columns, rows }, date) {
  let others = 0;
  const subjects = rows
    // Further figures of a subject have a comma in their name; some have none.
    .filter(({ subject, figures }) => !subject.includes(', ') && figures.some(Boolean))
    .map((row, at) => {
      const isOurs = row.subject.includes('occ-session');
      const colour = isOurs ? 0 : 1 + (others++ % (colours.length - 1));
      return { ...row, isOurs, colour, shape: shapes[at % shapes.length] };
    });
  const step = (WIDTH - LEFT - RIGHT) / columns.length;
  const foot = TOP + HEIGHT;
  /** @param {number} at */
  const middle = (at) => Number((LEFT + step * (at + 0.5)).toFixed(1));

  const scale = [];
  for (let ms = LOWEST; ms <= HIGHEST; ms *= 10) {
    const y = heightOf(ms);
    scale.push(
      `<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/>`,
      `<text x="${LEFT - 4}" y="${y + 4}" class="end">${duration(ms)}</text>`,
    );
  }
  const frame = heightOf(FRAME);

  const names = columns.map(
    ({ name }, at) =>
      `<path class="grid" d="M${(LEFT + step * at).toFixed(1)} ${NEVER - 8}V${foot}"/>` +
      `<text x="${middle(at)}" y="${foot + 14}" class="name">${escape(name)}</text>`,
  );

  const marks = subjects.map(({ figures, colour, shape }, at) => {
    const aside = step * ((at + 1) / (subjects.length + 1) - 0.5);
    const drawn = figures.map((figure, column) => {
      const ms = timeOf(figure);
      if (!figure || ms === undefined) return '';
      const x = (middle(column) + aside).toFixed(1);
      const range =
        'median' in figure
          ? `<path d="M${x} ${heightOf(figure.low)}V${heightOf(figure.high)}"/>`
          : '';
      const y = ms === Infinity ? NEVER : heightOf(ms);
      return `${range}<g transform="translate(${x} ${y})">${shape}</g>`;
    });
    return `<g class="c${colour}">${drawn.join('')}</g>`;
  });

  const key = subjects.map(({ subject, version, isOurs, colour, shape }, at) => {
    const y = foot + 52 + LINE * at;
    return (
      `<g class="c${colour}" transform="translate(${LEFT + 4} ${y - 4})">${shape}</g>` +
      `<text x="${LEFT + 14}" y="${y}"${isOurs ? ' class="ours"' : ''}>` +
      `${escape(`${subject} ${version}`)}</text>`
    );
  });

  const told = subjects.map(({ subject, figures }) => {
    const times = columns.map(({ name }, at) => {
      const ms = timeOf(figures[at]);
      const time = ms === undefined ? 'cannot' : ms === Infinity ? 'not done' : duration(ms);
      return `${name}: ${time}`;
    });
    return `${subject}: ${times.join(', ')}.`;
  });

  const tones = (/** @type {0 | 1} */ dark) =>
    colours.map((pair, at) => `.c${at}{color:${pair[dark]}}`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${foot + 46 + LINE * subjects.length}" role="img" aria-labelledby="title told">
<title id="title">How long a sign-out takes, by what the revocation endpoint does (${date})</title>
<desc id="told">${escape(told.join(' '))}</desc>
<style>
svg{background:#fff;color:#1f2328;font:11px system-ui,sans-serif}
text{fill:currentColor}.head,.ours{font-weight:600}.head{font-size:12px}
.name{text-anchor:middle;font-size:10px}.end{text-anchor:end}
g{fill:currentColor}g>path{stroke:currentColor}g>g{stroke:none}
.grid{stroke:#8884}.frame{stroke:currentColor;stroke-dasharray:3 3}
${tones(0)}
@media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}${tones(1)}}
</style>
<text x="${LEFT}" y="16" class="head">Sign-out: time until the page shows it</text>
<text x="${LEFT - 4}" y="${NEVER + 4}" class="end">not done</text>
${scale.join('\n')}
${names.join('\n')}
<path class="frame" d="M${LEFT} ${frame}H${WIDTH - RIGHT}"/>
<text x="${LEFT - 4}" y="${frame + 2}" class="end">one frame</text>
${marks.join('\n')}
<text x="${LEFT}" y="${foot + 30}">What the revocation endpoint does</text>
${key.join('\n')}
</svg>
`;
}

const [file, picture = 'docs/sign-out.svg'] = process.argv.slice(2);
const { date, parts } = JSON.parse(readFileSync(file, 'utf8'));
const part = parts['sign-out'];
if (!part?.columns) throw new Error(`${file} holds no figures of the part sign-out`);
writeFileSync(picture, draw(part, date));
