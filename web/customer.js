// The signed-in customer, and the cart, as the back end describes them. Both are requested with the
// user id of the session and dropped as soon as that changes.

/**
 * @typedef {object} Customer
 * @property {{ uid: string, customerId: string, name: string } | null} profile
 * @property {any} cart as OCC has it; null while it is not there
 * @property {boolean} failed true if the back end gave no answer
 */

/** @type {Readonly<Customer>} */
const NOBODY = Object.freeze({ profile: null, cart: null, failed: false });

/**
 * @param {import('/occ-session/index.js').Session} session
 * @param {string} occ the OCC address of the site, with a slash at its end
 */
export function watchCustomer(session, occ) {
  const watched = new EventTarget();
  /** @type {Readonly<Customer>} */
  let current = NOBODY;
  let followed = '';
  let asking = new AbortController();

  /** @param {Readonly<Customer>} customer */
  const is = (customer) => {
    current = customer;
    watched.dispatchEvent(new Event('change'));
  };

  /**
   * @param {string} path
   * @param {AbortSignal} signal
   */
  const get = async (path, signal) => {
    const response = await session.fetch(`${occ}${path}`, { signal });
    if (!response.ok) throw new Error(`The back end answered ${response.status}.`);
    return response.json();
  };

  const ask = async () => {
    const { userId } = session.state;
    const user = `users/${encodeURIComponent(userId)}`;
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const [profile, cart] = await Promise.all([
        get(user, signal),
        get(`${user}/carts/current`, signal),
      ]);
      if (!signal.aborted) is({ profile, cart, failed: false });
    } catch {
      if (!signal.aborted) is({ ...NOBODY, failed: true });
    }
  };

  const follow = () => {
    const { signedIn, userId } = session.state;
    const now = signedIn ? userId : '';
    if (now === followed) return;
    followed = now;
    asking.abort();
    is(NOBODY);
    if (signedIn) ask();
  };

  session.addEventListener('change', follow);
  follow();

  return {
    get current() {
      return current;
    },
    ask,
    /** @param {() => void} listener called at each change */
    onChange(listener) {
      watched.addEventListener('change', listener);
    },
  };
}
