// The figures of the benchmark: their calculation from the measurements, and the text of a table of
// them.

/**
 * A repeated measurement: the median and the quartiles around it.
 * @typedef {{ median: number, low: number, high: number, runs: number }} Spread
 *
 * The number of times that something was seen.
 * @typedef {{ count: number, of: number }} Count
 *
 * A value that is the same each time.
 * @typedef {{ value: number }} Value
 *
 * A subject's times divided by those of another, each pair measured one after the other: the median
 * and the quartiles around it.
 * @typedef {{ ratio: number, low: number, high: number, runs: number }} Ratio
 *
 * @typedef {Spread | Count | Value | Ratio} Figure
 *
 * Null: the subject cannot do this, and the note says why.
 * @typedef {{ subject: string, version: string, figures: (Figure | null)[], note?: string | undefined }} Row
 *
 * @typedef {{ columns: { name: string, unit: string }[], rows: Row[], notes?: string[] }} Table
 *
 * @typedef {{ runs?: number, say: (line: string) => void }} Options
 */

/**
 * Returns the value below which this share of them lies, interpolated.
 * @param {readonly number[]} values
 * @param {number} share
 */
function quantile(values, share) {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  return {
    median: median(values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    runs: values.length,
  };
}

/**
 * @param {readonly (readonly [number, number])[]} pairs each taken in turn: the subject's, the
 *   other's
 * @returns {Ratio}
 */
export function ratio(pairs) {
  const { median: middle, ...rest } = spread(pairs.map(([subject, other]) => subject / other));
  return { ratio: middle, ...rest };
}

/** @param {number} number */
const short = (number) =>
  number.toLocaleString(
    'en',
    Math.abs(number) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );

/** @param {Figure | null | undefined} figure */
export function text(figure) {
  if (!figure) return '–';
  if ('value' in figure) return short(figure.value);
  if ('count' in figure) return `${figure.count} of ${figure.of}`;
  const around = `(${short(figure.low)}..${short(figure.high)})`;
  return 'ratio' in figure
    ? `${short(figure.ratio)}x ${around}`
    : `${short(figure.median)} ${around}`;
}

/**
 * Formats the table as text.
 * @param {string} title
 * @param {Table} table
 */
export function format(title, { columns, rows, notes = [] }) {
  const remarks = [...new Set(rows.flatMap(({ note }) => note ?? []))];
  const lines = [
    ['', ...columns.map(({ name }) => name)],
    ['', ...columns.map(({ unit }) => unit)],
    ...rows.map(({ subject, version, figures, note }) => {
      const mark = note ? `[${remarks.indexOf(note) + 1}]` : '';
      return [
        [subject, version, mark].filter(Boolean).join(' '),
        ...columns.map((_, i) => text(figures[i])),
      ];
    }),
  ];
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return [
    title,
    '',
    ...lines.map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    ),
    '',
    ...notes,
    ...remarks.map((remark, i) => `[${i + 1}] ${remark}`),
  ]
    .join('\n')
    .trimEnd();
}
