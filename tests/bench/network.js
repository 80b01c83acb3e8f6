// A network between the browser and a server of this machine: requests that take no time here take
// a round trip.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** The number of round trips of TCP and TLS 1.3 before a connection is there. */
const handshakes = 2;

/**
 * Passes data on, late. A request that a browser has given up before its connection was there has
 * never been sent.
 *
 * @param {number} port of the server
 * @param {number} roundTrip milliseconds
 */
export async function startNetwork(port, roundTrip) {
  /** @type {Map<import('node:net').Socket, { isAsking: boolean }>} */
  const connections = new Map();

  const network = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const opened = performance.now() + handshakes * roundTrip;
    const connection = { isAsking: true };
    connections.set(near, connection);
    near.on('close', () => connections.delete(near));
    near.on('data', () => (connection.isAsking = true));
    far.on('data', () => (connection.isAsking = false));

    /** @param {() => void} arrive */
    const later = (arrive) =>
      setTimeout(arrive, Math.max(0, opened - performance.now()) + roundTrip / 2);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on('data', (chunk) => later(() => void to.write(chunk)));
      from.on('end', () => {
        if (performance.now() < opened) to.destroy();
        else later(() => void to.end());
      });
      from.on('error', () => {});
      from.on('close', (hadError) => hadError && later(() => void to.destroy()));
    }
  });
  network.listen(0, '127.0.0.1');
  await once(network, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (network.address());
  return {
    port: address.port,

    /** Closes connections that are unused for a while, as a server does. */
    async disconnect() {
      await delay(roundTrip);
      for (const [near, { isAsking }] of connections) if (!isAsking) near.end();
      await delay(roundTrip);
    },

    async close() {
      const closed = once(network, 'close');
      network.close();
      for (const near of connections.keys()) near.destroy();
      await closed;
    },
  };
}
