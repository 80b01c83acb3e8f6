// Serves a build of the storefront: its files, and its one page for every other path, with the
// settings of the visit written into it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const builds = fileURLToPath(new URL('../../build/storefront/', import.meta.url));

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** A path whose names do not begin with a dot, so that it cannot lead out of the folder. */
const plainPath = /^(\/[\w-][\w.-]*)+$/;

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/**
 * @param {object} options
 * @param {string} options.build the name of a folder in build/storefront/
 * @param {string} options.backendUrl
 * @param {object} [options.config] more of Spartacus' configuration
 * @param {object} [options.options] the options of provideOccSession, if the build calls it
 * @param {string} [options.csp] the content security policy of every answer
 * @param {number} [options.port] 0, the default, takes any free one
 */
export async function serveStorefront({ build, backendUrl, config, options, csp, port = 0 }) {
  const folder = join(builds, build);
  /** @type {Record<string, string>} */
  const values = { OCC_BACKEND_BASE_URL_VALUE: backendUrl };
  if (config) values.STOREFRONT_CONFIG_VALUE = JSON.stringify(config);
  if (options) values.OCC_SESSION_OPTIONS_VALUE = JSON.stringify(options);
  const page = (await readFile(join(folder, 'index.html'), 'utf8')).replace(
    /\b[A-Z_]+_VALUE\b/g,
    (name) => escaped(values[name] ?? ''),
  );
  /** @type {string[]} */
  const requests = [];

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    requests.push(pathname);
    const name = plainPath.test(pathname) && pathname !== '/index.html' ? pathname : '';
    const file = name && (await readFile(join(folder, name)).catch(() => undefined));
    if (csp) response.setHeader('Content-Security-Policy', csp);
    response.setHeader('Cache-Control', 'no-store');
    if (!file && extname(pathname)) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such file.\n');
      return;
    }
    const type = types[file ? extname(name) : '.html'] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type }).end(file || page);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());

  return {
    url: `http://127.0.0.1:${address.port}/`,
    /** The requested paths, in order. */
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
