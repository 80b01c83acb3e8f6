// Serves the demo page and starts its development back end. The two have origins of their own, as
// in a real storefront, and the page gets the content security policy that the README recommends.

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { accounts, startBackend } from './backend/index.js';

const HOST = '127.0.0.1';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @type {Record<string, string>} */
const MIME_TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** A path in which no name begins with a dot, so it cannot lead out of its folder. */
const PLAIN_PATH = /^(\/[\w-][\w.-]*)+$/;

/**
 * Returns the file of a path. Of web/ only the page itself is served.
 * @param {string} path decoded
 * @returns {string | undefined}
 */
function fileFor(path) {
  if (path === '/') return join(ROOT, 'web/index.html');
  if (!PLAIN_PATH.test(path)) return undefined;
  if (path === '/occ-session/numbers.js') return join(ROOT, 'js/numbers.js');
  if (path === '/occ-session/numbers.wasm') return join(ROOT, 'build/wasm/numbers.wasm');
  if (path.startsWith('/occ-session/')) return join(ROOT, path.replace('/occ-session', 'dist'));
  if (path === '/server.js' || path.startsWith('/backend/')) return undefined;
  return join(ROOT, 'web', path);
}

/**
 * @param {string} path decoded
 * @returns {Promise<{ file: string, type: string, size: number } | undefined>}
 */
async function find(path) {
  const file = fileFor(path);
  const type = file && MIME_TYPES[extname(file)];
  if (!type) return undefined;
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { file, type, size: found.size } : undefined;
}

/** @param {string} backendOrigin */
function headers(backendOrigin) {
  return {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self' 'wasm-unsafe-eval'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src 'self' ${backendOrigin}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port 0 for any free one
 * @returns {Promise<number>} the port it listens on
 */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    });
  });
}

/**
 * Starts the demo: the page and the back end that it talks to.
 * @param {{ port?: number, backendPort?: number }} [options] 0, the default, takes any free port
 */
export async function startDemo({ port = 0, backendPort = 0 } = {}) {
  const backend = await startBackend({ port: backendPort });
  const common = headers(new URL(backend.url).origin);
  const config = JSON.stringify({ backend: backend.url });

  const server = createServer(async (request, response) => {
    const answer = (
      /** @type {number} */ status,
      /** @type {string} */ type,
      /** @type {string} */ text,
    ) => response.writeHead(status, { ...common, 'Content-Type': type }).end(text);
    const plain = 'text/plain; charset=utf-8';

    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(405, plain, 'Only GET and HEAD are answered here.\n');
    }
    let path;
    try {
      path = decodeURIComponent((request.url ?? '/').split('?', 1)[0]);
    } catch {
      return answer(400, plain, 'The path is not well encoded.\n');
    }
    if (path === '/config.json') return answer(200, MIME_TYPES['.json'], config);

    const found = await find(path);
    if (!found) return answer(404, plain, 'There is no such file.\n');
    response.writeHead(200, {
      ...common,
      'Content-Type': found.type,
      'Content-Length': found.size,
    });
    if (request.method === 'HEAD') return response.end();
    createReadStream(found.file)
      .on('error', () => response.destroy())
      .pipe(response);
  });

  try {
    port = await listen(server, port);
  } catch (error) {
    await backend.close();
    throw error;
  }

  return {
    url: `http://${HOST}:${port}/`,
    backend,
    /** Ends the page's server and the back end. */
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, backend.close()]);
    },
  };
}

/** @param {string | undefined} text */
function portFrom(text) {
  if (text === undefined || text === '') return 4000;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new Error(`PORT is "${text}"; a number from 0 to 65535 is needed.`);
}

/**
 * True if a port is free, to tell a taken port of the page from one of the back end.
 *
 * @param {number} port
 */
async function isFree(port) {
  if (port === 0) return true;
  const probe = createServer();
  try {
    await listen(probe, port);
  } catch {
    return false;
  }
  await new Promise((resolve) => probe.close(resolve));
  return true;
}

async function main() {
  const port = portFrom(process.env.PORT);
  if (!(await isFree(port))) {
    throw new Error(`Port ${port} is taken. Name another one: PORT=${port + 1} npm start`);
  }
  let backendPort = 4010;
  while (backendPort === port || !(await isFree(backendPort))) backendPort += 1;

  const demo = await startDemo({ port, backendPort });
  const rows = accounts.map(
    ({ owner, uid, password }) => `  ${owner.padEnd(9)} ${uid.padEnd(26)} "${password}"`,
  );
  console.log(`
The demo page   ${demo.url}
  with the bar for agents: ${demo.url}?asm=true
The back end    ${demo.backend.url}

Accounts (user name, password)
${rows.join('\n')}

Ctrl-C ends both.`);

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await demo.close();
    process.exit(0);
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
