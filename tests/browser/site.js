// A page with nothing but a session, served beside the package, for tests that need no demo; the
// back end has its own origin.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';

/** @type {Record<string, string>} */
const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** @type {Record<string, string>} */
const files = {
  '/': 'page.html',
  '/page.js': 'page.js',
  '/witness.js': 'witness.js',
  '/occ-session/index.js': '../../dist/index.js',
  '/occ-session/inline.js': '../../dist/inline.js',
  '/occ-session/core.wasm': '../../dist/core.wasm',
};

/** Resolves with a closed port of this machine. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** @param {{ policy?: string }} [options] the content security policy of every answer */
export async function startSite({ policy } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    server.emit(`asked ${pathname}`);
    if (pathname === '/silent') return;
    if (policy) response.setHeader('Content-Security-Policy', policy);
    // A sandboxed page has an opaque origin, which is not that of its own scripts.
    response.setHeader('Access-Control-Allow-Origin', '*');
    const file = files[pathname];
    if (!file) {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end('<!doctype html><title>Another page</title><body data-phase="other">');
      return;
    }
    response.writeHead(200, { 'Content-Type': types[extname(file)] });
    createReadStream(new URL(file, import.meta.url)).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  const url = `http://127.0.0.1:${port}/`;

  return {
    /** The address of the site: any other path is another page; /silent never answers. */
    url,

    /**
     * Returns the address of the page for the session that it opens.
     *
     * @param {{ url: string }} backend
     * @param
     *   {{ storage?: string, persist?: '1', entry?: string, revoke?: string, timeoutMs?: string }}
     *   [options] as page.js reads them
     */
    page: (backend, options) =>
      `${url}?${new URLSearchParams({ backend: backend.url, ...options })}`,

    /** Resolves at the next request for the path. @param {string} path */
    asked: (path) => once(server, `asked ${path}`),

    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
