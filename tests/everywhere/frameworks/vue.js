// The signed-in user, with Vue.
import { createApp, h } from 'vue';

import { state } from './from-docs/vue.js';
import { render } from './shop.js';

const app = createApp({ render: () => h('b', render(state.value)) });
app.mount('#app');
globalThis.unmount = () => app.unmount();
