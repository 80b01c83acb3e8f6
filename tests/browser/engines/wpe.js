// WPE WebKit: the browser of embedded devices, and the WebKit of Safari 16.
import process from 'node:process';
import { wpeBrowser } from '../../../tools/setup.js';
import { openWebKit } from './webdriver.js';

/** @type {import('./types.js').Open} */
export const open = async () => ({
  ...(await openWebKit(
    'WPEWebDriver',
    {
      'wpe:browserOptions': {
        binary: wpeBrowser,
        args: ['--automation', '--headless'],
      },
    },
    { ...process.env, LIBGL_ALWAYS_SOFTWARE: '1' },
  )),
  cannot: {
    trustedTypes: 'WebKit has Trusted Types from Safari 26 on',
    blockCookies: 'the driver cannot block cookies',
  },
});
