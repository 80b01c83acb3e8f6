// WPE WebKit: what embedded devices have, and the WebKit of Safari 16.
import process from 'node:process';
import { openWebKit } from './webdriver.js';

/** @type {import('./types.js').Open} */
export const open = () =>
  openWebKit(
    'WPEWebDriver',
    {
      'wpe:browserOptions': {
        binary: '/usr/lib/x86_64-linux-gnu/wpe-webkit-1.1/MiniBrowser',
        args: ['--automation', '--headless'],
      },
    },
    { ...process.env, LIBGL_ALWAYS_SOFTWARE: '1' },
  );
