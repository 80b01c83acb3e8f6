// Serves the pages of the subjects, each with all its code in one minified script, as a shop would:
// compressed, and cacheable by the browser. The OAuth server has another origin.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { angularLinker } from './angular.js';
import { startNetwork } from './network.js';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Bundles only one Angular, whichever file imports it. @type {import('esbuild').Plugin} */
const oneAngular = {
  name: 'one Angular',
  setup(context) {
    context.onResolve({ filter: /^(@angular|rxjs)(\/|$)/ }, ({ path, kind, pluginData }) =>
      pluginData === oneAngular
        ? undefined
        : context.resolve(path, { kind, resolveDir: here, pluginData: oneAngular }),
    );
  },
};

/** @param {string} driver */
async function bundle(driver) {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { run } from './page.js';\nimport { open } from './peers/${driver}.js';\nrun(open);`,
      resolveDir: here,
    },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    write: false,
    define: { ngDevMode: 'false', ngJitMode: 'false' },
    plugins: [oneAngular, angularLinker],
    logLevel: 'silent',
  });
  return outputFiles[0].contents;
}

/**
 * The elements that a subject's documentation puts into the head of a page.
 *
 * @type {Record<string, string | undefined>}
 */
const heads = {
  'occ-session': '<link rel="preload" href="core.wasm" as="fetch" crossorigin />',
};

/** @param {string} head */
const page = (head) => `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <title>A session</title>
  ${head}
  <body>
    <script type="module" src="page.js"></script>
  </body>
</html>
`;

/** @param {string[]} drivers @param {number} [roundTrip] milliseconds to the server and back */
export async function startSite(drivers, roundTrip = 0) {
  /** @type {Map<string, { type: string, body: Buffer }>} */
  const files = new Map();
  /** @param {string} path @param {string} type @param {Uint8Array} content */
  const add = (path, type, content) => files.set(path, { type, body: gzipSync(content) });
  const core = await readFile(new URL('../../dist/core.wasm', import.meta.url));
  for (const driver of drivers) {
    add(`/${driver}/page.js`, 'text/javascript', await bundle(driver));
    add(`/${driver}/core.wasm`, 'application/wasm', core);
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const file = files.get(pathname);
    response.setHeader('Content-Encoding', 'gzip');
    if (file) {
      response.writeHead(200, { 'Content-Type': file.type, 'Cache-Control': 'max-age=31536000' });
      response.end(file.body);
      return;
    }
    const [, driver] = /^\/([^/]+)\/$/.exec(pathname) ?? [];
    const isPage = drivers.includes(driver);
    response.writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'no-cache' });
    response.end(
      gzipSync(isPage ? page(heads[driver] ?? '') : '<!doctype html><title>Another page</title>'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const network = roundTrip > 0 ? await startNetwork(port, roundTrip) : undefined;
  const url = `http://127.0.0.1:${network?.port ?? port}/`;

  return {
    /** Any path without a driver is another page. */
    url,

    /**
     * @param {string} driver
     * @param {Partial<import('./page.js').Options>} options
     */
    page: (driver, options) =>
      `${url}${driver}/?${new URLSearchParams({ options: JSON.stringify(options) })}`,

    async close() {
      await network?.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
