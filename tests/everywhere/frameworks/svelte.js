// The signed-in user, with a store of Svelte.
import { state } from './from-docs/svelte.js';
import { render } from './shop.js';

const app = document.querySelector('#app');
globalThis.unmount = state.subscribe((value) => {
  app.textContent = render(value);
});
