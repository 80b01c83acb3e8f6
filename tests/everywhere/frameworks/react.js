// The signed-in user, with React.
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

import { useSessionState } from './from-docs/react.js';
import { render } from './shop.js';

const Phase = () => createElement('b', null, render(useSessionState()));

const root = createRoot(document.querySelector('#app'));
root.render(createElement(Phase));
globalThis.unmount = () => root.unmount();
