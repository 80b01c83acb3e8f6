// The storefront: the greeting, signing in and out, the products and the cart.

import { announce, byId, hide, html } from './dom.js';
import { wordsFor } from './words.js';

const money = (/** @type {any} */ price) =>
  price?.formattedValue ??
  new Intl.NumberFormat('en', { style: 'currency', currency: price?.currencyIso ?? 'EUR' }).format(
    price?.value ?? 0,
  );

/**
 * @param {import('/occ-session/index.js').Session} session
 * @param {ReturnType<typeof import('./customer.js').watchCustomer>} customer
 * @param {(click: Event, signOut: () => void) => void} measured
 */
export function startShop(session, customer, measured) {
  const greeting = byId('greeting');
  const signIn = byId('sign-in');
  const signOut = byId('sign-out');
  const panel = byId('sign-in-panel');
  const username = byId('username');
  const password = byId('password');
  const error = byId('sign-in-error');
  const submit = panel.querySelector('.primary');
  const notice = byId('notice');
  const again = byId('cart-again');
  let attempt = new AbortController();
  let greeted = '';

  /** @param {boolean} opened */
  const open = (opened) => {
    hide(panel, !opened, signIn);
    signIn.setAttribute('aria-expanded', String(opened));
    if (opened) username.focus();
    else {
      panel.reset();
      complain('');
    }
  };

  /** @param {string} text */
  const complain = (text) => {
    error.textContent = text;
    for (const field of [username, password]) {
      if (text) field.setAttribute('aria-invalid', 'true');
      else field.removeAttribute('aria-invalid');
    }
  };

  /** @param {string} text */
  const say = (text) => {
    notice.textContent = text;
    notice.hidden = text === '';
    if (text) announce(text);
  };

  signIn.addEventListener('click', () => open(panel.hidden));
  panel.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Escape') cancel();
  });

  const cancel = () => {
    attempt.abort();
    open(false);
  };
  byId('sign-in-cancel').addEventListener('click', cancel);

  panel.addEventListener('submit', async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const missing = [username, password].find((field) => field.value === '');
    if (missing) {
      complain('Enter your e-mail address and your password.');
      missing.focus();
      return;
    }
    complain('');
    attempt = new AbortController();
    const { signal } = attempt;
    try {
      await session.signIn({ username: username.value, password: password.value }, { signal });
    } catch (reason) {
      complain(wordsFor(reason));
    }
  });

  again.addEventListener('click', () => customer.ask());
  signOut.addEventListener('click', (/** @type {Event} */ event) => {
    say('');
    measured(event, () => session.signOut());
  });

  session.addEventListener('expired', (event) => {
    const { owner } = /** @type {CustomEvent} */ (event).detail;
    const whose = owner === 'agent' ? 'The agent’s session' : 'Your session';
    say(`${whose} has expired. Please sign in again.`);
  });

  const update = () => {
    const { phase, signedIn, userId, emulating, agentSignedIn } = session.state;
    const { profile, failed } = customer.current;

    greeting.hidden = !signedIn;
    greeting.textContent = profile ? `Hi, ${profile.name}` : failed ? 'Hi' : 'Hi …';
    hide(signOut, !signedIn, signIn);
    if (signedIn && !panel.hidden) open(false);
    hide(signIn, signedIn, signOut);
    if (/signing-in|taking-over/.test(phase)) say('');

    const busy = phase === 'customer-signing-in';
    submit.textContent = busy ? 'Signing in …' : 'Sign in';
    panel.setAttribute('aria-busy', String(busy));
    byId('user-id').textContent = userId;
    hide(again, !signedIn, signIn);
    drawCart();

    const name = profile?.name;
    const now = emulating
      ? name && `Acting for ${name}.`
      : signedIn
        ? name && `Signed in as ${name}.`
        : agentSignedIn
          ? 'Agent signed in.'
          : phase === 'anonymous' && 'Signed out.';
    if (now && now !== greeted) {
      if (greeted || now !== 'Signed out.') announce(now);
      greeted = now;
    }
  };

  const drawCart = () => {
    const { signedIn } = session.state;
    const { cart, failed } = customer.current;
    const place = byId('cart');
    if (!signedIn) {
      place.replaceChildren(html('p', { class: 'empty' }, 'Sign in to see your cart.'));
    } else if (failed) {
      place.replaceChildren(html('p', { class: 'empty' }, 'The cart cannot be shown right now.'));
    } else if (!cart) {
      place.replaceChildren(html('p', { class: 'empty' }, 'Fetching the cart …'));
    } else if (!cart.entries?.length) {
      place.replaceChildren(html('p', { class: 'empty' }, 'The cart is empty.'));
    } else {
      place.replaceChildren(
        html(
          'ul',
          { class: 'cart-entries' },
          ...cart.entries.map((/** @type {any} */ entry) =>
            html(
              'li',
              {},
              html('span', {}, entry.product?.name ?? entry.product?.code ?? ''),
              html('span', { class: 'quantity' }, `× ${entry.quantity}`),
              html('span', { class: 'price' }, money(entry.totalPrice ?? entry.basePrice)),
            ),
          ),
        ),
        html(
          'p',
          { class: 'cart-total' },
          html('span', {}, 'Total'),
          html('span', { class: 'price' }, money(cart.totalPrice)),
        ),
      );
    }
  };

  session.addEventListener('change', update);
  customer.onChange(update);
  update();
}

/**
 * @param {import('/occ-session/index.js').Session} session
 * @param {string} occ the OCC address of the site, with a slash at its end
 */
export async function showProducts(session, occ) {
  const place = byId('products');
  try {
    const response = await session.fetch(`${occ}products/search`);
    const { products } = await response.json();
    place.replaceChildren(
      ...products.map((/** @type {any} */ product) =>
        html(
          'li',
          {},
          html('img', { src: `assets/${product.code}.svg`, alt: '', width: 160, height: 120 }),
          html('span', { class: 'product-name' }, product.name),
          html('span', { class: 'price' }, money(product.price)),
        ),
      ),
    );
  } catch {
    place.replaceChildren(html('li', { class: 'empty' }, 'The shelf cannot be shown right now.'));
  }
}
