// One origin for a page and the back end that it uses, so the page can be restricted to
// `connect-src 'self'`; and the answers that a server may give in place of core.wasm.
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** The paths of the back end. */
export const backendPaths = ['/authorizationserver/', '/occ/'];

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A path in which no name begins with a dot, so it cannot lead out of the folder. */
const plainPath = /^(\/[\w-][\w.-]*)+$/;

/**
 * An answer in place of a file: by default its own bytes and 200.
 *
 * @typedef {object} Answer
 * @property {number} [status]
 * @property {Record<string, string>} [headers] all of them
 * @property {string} [body]
 */

/**
 * @param {object} options
 * @param {string} options.folder with an index.html
 * @param {{ url: string }} options.backend
 * @param {string} [options.policy] the content security policy of every answer
 * @param {string} [options.base] the path below which the page is
 * @param {(page: string, url: string) => string} [options.write] changes the page
 * @param {(path: string) => Answer | undefined} [options.instead]
 */
export async function serve({ folder, backend, policy, base = '/', write, instead }) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (backendPaths.some((path) => pathname.startsWith(path))) {
      return passOn(request, response, backend.url);
    }
    const path = pathname.replace(base, '/').replace(/\/$/, '/index.html');
    const file = pathname.startsWith(base) && plainPath.test(path) && join(folder, path);
    const found = file ? await readFile(file).catch(() => undefined) : undefined;
    const content = write && path === '/index.html' ? write(`${found}`, url) : found;
    const answer = instead?.(path);
    if (policy) response.setHeader('Content-Security-Policy', policy);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.writeHead(
      answer?.status ?? (content ? 200 : 404),
      answer?.headers ?? { 'Content-Type': (content && types[extname(path)]) || 'text/plain' },
    );
    response.end(answer?.body ?? content ?? 'There is no such file.\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;

  return {
    /** Returns the address of the page, with its parameters. @param {Record<string, string>} [query] */
    page: (query) => `${url}${base}?${new URLSearchParams({ backend: url, ...query })}`,
    url,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} to
 */
function passOn(request, response, to) {
  const { method, headers } = request;
  const onward = send(new URL(request.url ?? '/', to), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
