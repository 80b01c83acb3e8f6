// The code in the page of every subject: it opens the subject's session, shows the signed-in user,
// and measures by the clock of the page.

/**
 * A library as an application uses it.
 *
 * @typedef {object} Driver
 * @property {() => unknown} signIn may leave for the server, and come back
 * @property {() => Promise<unknown>} [callback] handles an answer that has come in the address
 * @property {() => unknown} signOut
 * @property {() => boolean | Promise<boolean>} isSignedIn the library's own state
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
 * @property {boolean} shared true if tabs share the session
 * @property {'bearer' | 'none'} revocation the authorization of a request for revocation
 */

/** Lets all other waiting work go first, without the delay of a timer. */
const turn = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(undefined);
  });

/** Resolves when the page has drawn its present state. */
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

  /**
   * The milliseconds from the navigation until a request could be sent under the restored session.
   */
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
   * The milliseconds from the call until the user is signed out and no token is stored, and until
   * that has been drawn; null if that takes longer than `patience`.
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
      // A long sign-out is checked less often, so the checks do not disturb it.
      await (waited < 100 ? turn() : new Promise((resolve) => setTimeout(resolve, 1)));
    }
    const signedOut = performance.now() - start;
    show('signed out');
    await frame();
    return { signedOut, shown: performance.now() - start };
  },

  /** The microseconds for the header of one request. @param {number} times */
  async header(times) {
    const start = performance.now();
    for (let i = 0; i < times; i++) await driver.authorization();
    return ((performance.now() - start) / times) * 1000;
  },

  /** The microseconds for one request that the framework sends and that is answered at once.
   * @param {string} url @param {number} times */
  async request(url, times) {
    const start = performance.now();
    for (let i = 0; i < times; i++) await driver.request?.(url);
    return ((performance.now() - start) / times) * 1000;
  },

  /** The milliseconds until so many requests, sent at once, are answered; and their results.
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
  // The server adds to the address of the page, so the original options are stored.
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
    // The driver does nothing if the user signs out meanwhile.
    await driver.callback();
    history.replaceState(null, '', location.pathname);
  }
  if (await driver.isSignedIn()) show('signed in');
}
