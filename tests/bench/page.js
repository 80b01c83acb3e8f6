// What runs in the page of every subject: it opens the subject's session, shows who is there, and
// measures by the clock of the page.

/**
 * A library as an application uses it.
 *
 * @typedef {object} Driver
 * @property {() => unknown} signIn may leave for the server, and come back
 * @property {() => Promise<unknown>} [callback] what is to be done with an answer that has come in the address
 * @property {() => unknown} signOut
 * @property {() => boolean | Promise<boolean>} isSignedIn what the library's own state says
 * @property {() => string | undefined | Promise<string | undefined>} authorization the header of a request
 * @property {() => unknown} refresh
 * @property {(url: string) => Promise<{ status: number }>} fetch a request that a dead token does not stop
 * @property {(url: string) => Promise<unknown>} [request] a request, as the framework sends it
 *
 * @typedef {object} Options
 * @property {string} provider
 * @property {string} clientId
 * @property {{ username: string, password: string }} user
 * @property {string} redirectUri
 * @property {boolean} shared whether tabs share the session
 * @property {'bearer' | 'none'} revocation what a request for revocation carries
 */

/** Lets everything else that waits for its turn go first, without the delay of a timer. */
const turn = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(undefined);
  });

/** Until the page has drawn what it shows now. */
const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve(turn())));

/** @param {string} text */
const isStored = (text) =>
  [localStorage, sessionStorage].some((area) =>
    Object.values({ ...area }).some((value) => value.includes(text)),
  );

/** @param {string} state */
const show = (state) => (document.body.dataset.state = state);

/** @typedef {ReturnType<typeof measurements>} Bench */

/** @param {Driver} driver @param {number} ready */
const measurements = (driver, ready) => ({
  driver,

  /** Milliseconds from the navigation until a request could be sent under the restored session. */
  ready,

  async signIn() {
    try {
      await driver.signIn();
    } catch (error) {
      console.error(error);
    }
    if (await driver.isSignedIn()) show('signed in');
  },

  /**
   * Milliseconds from the call until nobody is signed in and no token is stored, and until that has
   * been drawn; null where it is not so within `patience`.
   *
   * @param {number} patience
   */
  async signOut(patience) {
    const token = ((await driver.authorization()) ?? '').split(' ')[1];
    if (!token) throw new Error('nobody is signed in');
    await frame();
    const start = performance.now();
    void driver.signOut();
    while ((await driver.isSignedIn()) || isStored(token)) {
      const waited = performance.now() - start;
      if (waited > patience) return null;
      // What takes long is not looked at as often, so that it disturbs nobody.
      await (waited < 100 ? turn() : new Promise((resolve) => setTimeout(resolve, 1)));
    }
    const signedOut = performance.now() - start;
    show('signed out');
    await frame();
    return { signedOut, shown: performance.now() - start };
  },

  /** Microseconds for the header of one request. @param {number} times */
  async header(times) {
    const start = performance.now();
    for (let i = 0; i < times; i++) await driver.authorization();
    return ((performance.now() - start) / times) * 1000;
  },

  /** Microseconds for one request that the framework sends and something answers at once.
   * @param {string} url @param {number} times */
  async request(url, times) {
    const start = performance.now();
    for (let i = 0; i < times; i++) await driver.request?.(url);
    return ((performance.now() - start) / times) * 1000;
  },

  /** Milliseconds until so many requests, sent at once, are answered; and how.
   * @param {string} url @param {number} count */
  async requests(url, count) {
    const start = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: count }, () =>
        driver.fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    );
    return { milliseconds: performance.now() - start, statuses };
  },
});

/** @param {(options: Options) => Promise<Driver>} open */
export async function run(open) {
  const asked = new URLSearchParams(location.search);
  // The server puts more into the address of the page; what was asked for is remembered.
  const given = asked.get('options') ?? sessionStorage.getItem('bench') ?? '{}';
  sessionStorage.setItem('bench', given);
  const driver = await open({
    ...JSON.parse(given),
    redirectUri: location.origin + location.pathname,
  });
  const authorization = await driver.authorization();
  const ready = authorization ? performance.now() : NaN;
  const bench = measurements(driver, ready);
  globalThis.bench = bench;
  show('signed out');
  if (driver.callback && asked.has('code')) {
    // Left alone when somebody signs out meanwhile.
    await driver.callback();
    history.replaceState(null, '', location.pathname);
  }
  if (await driver.isSignedIn()) show('signed in');
}
