// The site of the storefront of attacker-page.js: beside the package, and with a service worker
// that an attacker could place there.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';

const page = `<!doctype html><meta charset="utf-8"><title>A storefront</title>
<body><script type="module" src="/attacker-page.js"></script>`;

const names = ['page', 'thief', 'ways', 'worker'].map((name) => `/attacker-${name}.js`);

export async function startSite() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const file = names.includes(pathname)
      ? `.${pathname}`
      : pathname.startsWith('/occ-session/')
        ? `../../dist/${pathname.slice(13)}`
        : undefined;
    const type = !file ? 'html' : file.endsWith('.wasm') ? 'wasm' : 'javascript';
    response.setHeader('Content-Type', type === 'wasm' ? 'application/wasm' : `text/${type}`);
    if (file) createReadStream(new URL(file, import.meta.url)).pipe(response);
    else response.end(pathname === '/' ? page : '<!doctype html><title>Another page</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
