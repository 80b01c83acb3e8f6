// A page as storefront teams write it: a session, the signed-in user, and two buttons. Every bundler
// gets this one.
import { createSession } from 'occ-session';

/** @param {string} id */
const element = (id) => /** @type {HTMLInputElement} */ (document.querySelector(`#${id}`));

const asked = new URLSearchParams(location.search);
const wasm = asked.get('wasm');

createSession({
  baseUrl: asked.get('backend') ?? '',
  clientId: 'mobile_android',
  clientSecret: 'secret',
  ...(wasm && { wasm }),
}).then(
  (session) => {
    const show = () => {
      const { phase, userId } = session.state;
      element('state').textContent = `${phase} as ${userId}`;
    };
    session.addEventListener('change', show);
    element('sign-in').addEventListener('click', () => {
      const [username, password] = [element('username').value, element('password').value];
      session.signIn({ username, password });
    });
    element('sign-out').addEventListener('click', () => session.signOut());
    show();
  },
  ({ name, code, message }) => {
    element('state').textContent = `${name} ${code}: ${message}`;
  },
);
