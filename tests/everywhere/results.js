// A reporter for Node's test runner: a line of JSON for each test that has ended, suites left out.

/** @typedef {{ title: string, skip?: string, error?: string }} Result */

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} events */
export default async function* results(events) {
  /** The names of the suites around. @type {string[]} */
  const names = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') names[data.nesting] = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { nesting, name, details, skip } = data;
    if (details.type === 'suite') continue;
    const title = [...names.slice(0, nesting), name].join(': ');
    const error = 'error' in details ? String(details.error.cause ?? details.error) : undefined;
    yield `${JSON.stringify({ title, skip, error })}\n`;
  }
}
