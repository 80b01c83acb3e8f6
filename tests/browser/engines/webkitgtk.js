// WebKitGTK, on a virtual screen.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { webKitGtkBrowser } from '../../../tools/setup.js';
import { openWebKit } from './webdriver.js';

/** @type {import('./types.js').Open} */
export async function open() {
  // Xvfb chooses a free display, and writes its number.
  const screen = spawn('Xvfb', ['-displayfd', '3', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(screen, 'exit');
  const says = /** @type {import('node:stream').Readable} */ (screen.stdio[3]);
  try {
    const [display] = await Promise.race([
      once(says, 'data'),
      ended.then(() => Promise.reject(new Error('Xvfb ended'))),
    ]);
    const browser = await openWebKit(
      'WebKitWebDriver',
      {
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': {
          binary: webKitGtkBrowser,
          // Otherwise a script may open a window only after a click.
          args: ['--automation', '--javascript-can-open-windows-automatically=true'],
        },
      },
      {
        ...process.env,
        DISPLAY: `:${String(display).trim()}`,
        LIBGL_ALWAYS_SOFTWARE: '1',
        WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      },
    );
    return {
      ...browser,
      async close() {
        await browser.close();
        screen.kill();
        await ended;
      },
    };
  } catch (error) {
    screen.kill();
    throw error;
  }
}
