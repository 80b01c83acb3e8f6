// WebKit, driven by its own WebDriver over HTTP (W3C WebDriver).
//
// It has one browser, and in it one storage: the end of a context closes its pages and clears their
// storage. It does not report console, errors or requests: witness.js in the page does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../site.js';

/** @import { Browser, Context, Page } from './types.js' */

/** @typedef {ReturnType<typeof sessionOf>} Session */

/** @param {string} url @param {string} method @param {object} [body] */
async function command(url, method, body) {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = /** @type {{ value: any }} */ (await response.json());
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

/**
 * Repeats a query until its result is truthy.
 *
 * @template Answer
 * @param {() => Promise<Answer | undefined | null>} ask
 * @returns {Promise<Answer>}
 */
async function until(ask) {
  const end = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`waited in vain: ${ask}`);
    await delay(20);
  }
}

/**
 * @param {string} driver the command
 * @param {object} capabilities
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Browser>}
 */
export async function openWebKit(driver, capabilities, env) {
  const port = await freePort();
  const child = spawn(driver, ['--host=127.0.0.1', `--port=${port}`], {
    env,
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(child, 'exit');
  // WPE's driver may leave its browser behind, which ignores any milder signal.
  const kill = () => {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch {
      // The processes have ended.
    }
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    const ready = until(() => command(`${url}/status`, 'GET').catch(() => undefined));
    await Promise.race([ready, ended.then(() => Promise.reject(new Error(`${driver} ended`)))]);
    const { sessionId, capabilities: given } = await command(`${url}/session`, 'POST', {
      capabilities: { alwaysMatch: capabilities },
    });
    const session = sessionOf(`${url}/session/${sessionId}`);
    const [home] = await session.windows();
    return {
      version: String(given.browserVersion),
      cannot: { blockCookies: 'the driver cannot block cookies' },
      newContext: async () => contextOf(session, home),
      async close() {
        await session.end();
        kill();
        await ended;
      },
    };
  } catch (error) {
    kill();
    throw error;
  }
}

/** A script that returns the result of an evaluation, or null if it takes longer than a task. */
const outcome = `
  const { port1, port2 } = new MessageChannel();
  return Promise.race([
    globalThis.evaluations[arguments[0]],
    new Promise((resolve) => {
      port1.onmessage = () => resolve(null);
      port2.postMessage(null);
    }),
  ]);`;

/**
 * Returns the commands that the tests need. WebDriver addresses one window at a time: each command
 * selects its own, and waits for the end of the previous one.
 *
 * @param {string} url
 */
function sessionOf(url) {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  /** @template Result @param {() => Promise<Result>} act @returns {Promise<Result>} */
  const inTurn = (act) => {
    const turn = last.then(act);
    last = turn.catch(() => {});
    return turn;
  };
  /** @returns {Promise<string[]>} */
  const windows = () => inTurn(() => command(`${url}/window/handles`, 'GET'));
  /** @param {string} handle @param {string} method @param {string} path @param {object} [body] */
  const tell = (handle, method, path, body) =>
    inTurn(async () => {
      await command(`${url}/window`, 'POST', { handle });
      return command(`${url}${path}`, method, body);
    });
  let evaluations = 0;

  /**
   * Runs a function in a window. A slow result is polled, so that other windows get their turn.
   *
   * @param {string} handle
   * @param {(argument: any) => unknown} act
   * @param {unknown} [argument]
   */
  async function evaluate(handle, act, argument = null) {
    evaluations += 1;
    const args = [evaluations, argument];
    const begin = `
      const [key, argument] = arguments;
      (globalThis.evaluations ??= {})[key] = (async () => (${act})(argument))().then(
        (value) => JSON.stringify({ value }),
        (error) => JSON.stringify({ error: String(error) }),
      );`;
    /** @param {string} script @returns {Promise<string | null>} */
    const execute = (script) => tell(handle, 'POST', '/execute/sync', { script, args });
    const text = (await execute(begin + outcome)) ?? (await until(() => execute(outcome)));
    const { value, error } = JSON.parse(text);
    if (error) throw new Error(error);
    return value;
  }

  return {
    windows,
    tell,
    evaluate,

    /**
     * Opens a window from a script of another.
     *
     * @param {string} handle
     * @param {string} address
     * @param {string} [features]
     */
    async open(handle, address, features = '') {
      const before = await windows();
      await evaluate(handle, ([target, wanted]) => void globalThis.open(target, '_blank', wanted), [
        address,
        features,
      ]);
      return until(async () => (await windows()).find((each) => !before.includes(each)));
    },

    end: () => inTurn(() => command(url, 'DELETE')),
  };
}

/**
 * @param {Session} session
 * @param {string} home the initial window, which stays open
 * @returns {Context}
 */
function contextOf(session, home) {
  /** @type {Set<string>} */
  const origins = new Set();

  /** @param {string} handle @returns {Page} */
  const pageOf = (handle) => ({
    async goto(url) {
      origins.add(new URL(url).origin);
      await session.tell(handle, 'POST', '/url', { url });
    },
    reload: () => session.tell(handle, 'POST', '/refresh', {}),
    /** @param {(argument: any) => any} act @param {unknown} [argument] */
    evaluate: (act, argument) => session.evaluate(handle, act, argument),
    openWindow: async (url) => pageOf(await session.open(handle, url)),
    close: () => session.tell(handle, 'DELETE', '/window'),
    isClosed: async () => !(await session.windows()).includes(handle),
    async listen() {
      const start = await session.evaluate(handle, () => performance.now());
      return {
        complaints: () => session.evaluate(handle, () => Reflect.get(globalThis, 'seen')),
        requests: () =>
          session.evaluate(
            handle,
            (since) =>
              performance
                .getEntriesByType('resource')
                .filter(({ startTime }) => startTime >= since)
                .map(({ name }) => new URL(name).pathname),
            start,
          ),
      };
    },
  });

  return {
    // A page without an opener gets no copy of its sessionStorage.
    newPage: async () => pageOf(await session.open(home, 'about:blank', 'noopener')),
    async close() {
      for (const handle of await session.windows()) {
        if (handle !== home) await session.tell(handle, 'DELETE', '/window');
      }
      for (const origin of origins) {
        await session.tell(home, 'POST', '/url', { url: `${origin}/cleared` });
        await session.evaluate(home, () => {
          // A sandboxed page has no storage.
          if (origin !== 'null') localStorage.clear();
        });
      }
      await session.tell(home, 'POST', '/url', { url: 'about:blank' });
    },
  };
}
