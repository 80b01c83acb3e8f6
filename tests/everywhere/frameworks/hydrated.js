// The signed-in user, with React, in a page that a server has rendered.
import { createElement } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server.browser';

import { useSessionState } from './from-docs/react.js';
import { render } from './shop.js';

const Phase = () =>
  createElement('b', null, render(useSessionState() ?? { phase: 'unknown', revoking: 0 }));

const app = document.querySelector('#app');
app.innerHTML = renderToString(createElement(Phase));
hydrateRoot(app, createElement(Phase));
