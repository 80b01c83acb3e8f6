// The suite as a worker: workerd runs it on request.
import { run } from './suite.js';

export default {
  /** @param {Request} request */
  async fetch(request) {
    /** @type {string[]} */
    const lines = [];
    await run(await request.json(), (line) => lines.push(line));
    return new Response(lines.join('\n'));
  },
};
