// The mutants that no test can find, each with its reason: the change makes no difference.

/**
 * @typedef {object} Explained
 * @property {string} file
 * @property {string} line of the source that is changed, with single blanks
 * @property {string[]} changes what for what
 * @property {string} why
 */

/** @type {Explained[]} */
export const explained = [
  {
    file: 'js/core.js',
    line: 'for (let i = 0; i < texts.length; i += 2) values.push(text(texts[i], texts[i + 1]));',
    changes: ['i < texts.length -> i <= texts.length'],
    why: 'The call has one more argument, undefined, which every host function ignores.',
  },
  {
    file: 'js/core.js',
    line: 'length = read < length ? INPUT_MAX + 1 : written;',
    changes: ['INPUT_MAX + 1 -> INPUT_MAX - 1'],
    why:
      'A text that is cut off is refused as well: a snapshot because it goes on where it should end, ' +
      'and the value of a header because no token is so long.',
  },
  {
    file: 'js/options.js',
    line: "typeof value === 'object' ? Reflect.apply({}.toString, value, []).slice(8, -1) : typeof value,",
    changes: ['[] -> ["Stryker was here"]'],
    why: 'The function takes no parameters.',
  },
  {
    file: 'js/options.js',
    line: "storage = globalThis.document ? 'session' : 'memory',",
    changes: ['\'memory\' -> ""'],
    why: 'Any text that names neither of the two storages of a page has the same effect.',
  },
  {
    file: 'js/engine.js',
    line: 'if (foreign) {',
    changes: ['foreign -> true'],
    why: 'A text that is no snapshot signs no user out; the condition only avoids the error.',
  },
  {
    file: 'js/engine.js',
    line: 'if (newest && newest !== seen) {',
    changes: ['newest !== seen -> true'],
    why: 'The core itself refuses a snapshot that is not newer; the condition only avoids reading it.',
  },
  {
    file: 'js/engine.js',
    line: 'if (status !== STATUS_FULL) seen = newest;',
    changes: ['status !== STATUS_FULL -> false'],
    why: 'A snapshot that is tried again is refused again.',
  },
  {
    file: 'js/engine.js',
    line: 'if (!at) return;',
    changes: ['!at -> false'],
    why: 'The core has nothing to do at the time 0; the condition only avoids a timer.',
  },
  {
    file: 'js/session.js',
    line: 'const attempt = ++this.#attempts;',
    changes: ['++this.#attempts -> --this.#attempts'],
    why: 'Any number that is a new one each time has the same effect.',
  },
  {
    file: 'js/engine.js',
    line: 'wait > LONGEST_TIMER',
    changes: ['wait > LONGEST_TIMER -> wait >= LONGEST_TIMER'],
    why: 'If the wait is exactly the longest timer, a second timer of 0 ms follows.',
  },
  {
    file: 'js/session.js',
    line: 'else signIn?.resolve();',
    changes: ['signIn?.resolve -> signIn.resolve'],
    why: 'A caller that ends a sign-in early enters the core first, and so gets its success.',
  },
  {
    file: 'js/engine.js',
    line: 'if (status === STATUS_WAIT && rejected && headerNow() !== rejected) renewed = ask();',
    changes: [
      'status === STATUS_WAIT && rejected -> true',
      'status === STATUS_WAIT && rejected -> status === STATUS_WAIT || rejected',
      'status === STATUS_WAIT -> true',
    ],
    why: 'The core is asked once more without need, and gives the same answer.',
  },
  {
    file: 'js/requests.js',
    line: 'if (response.status !== 401) return response;',
    changes: ['response.status !== 401 -> false'],
    why: 'renew itself leaves any other response alone; the condition only avoids the call.',
  },
  {
    file: 'js/requests.js',
    line: '} catch {',
    changes: ['{ return false; // It is no URL. } -> {}'],
    why: 'undefined is falsy as well.',
  },
  {
    file: 'js/shim.js',
    line: "const value = response.headers.get('retry-after') ?? '';",
    changes: ['\'\' -> "Stryker was here!"'],
    why: 'Any text that is neither a number nor a date has the same effect.',
  },
  {
    file: 'js/storage.js',
    line: '/** @type {{ unref?: () => void }} */ (channel).unref?.();',
    changes: ['(channel).unref?.() -> channel.unref()'],
    why: 'The missing function of a browser channel throws last of all, and the error is caught.',
  },
  {
    file: 'js/storage.js',
    line: 'if (text === read) return;',
    changes: ['text === read -> false'],
    why: 'The list can be read again; the condition only avoids it.',
  },
  {
    file: 'js/storage.js',
    line: 'const fresh = stored.filter((entry) => !known.includes(entry));',
    changes: ['stored.filter((entry) => !known.includes(entry)) -> stored'],
    why: 'An ended grant can be reported to the core again; the filter only avoids it.',
  },
  {
    file: 'js/storage.js',
    line: 'channel?.postMessage(message);',
    changes: ['channel?.postMessage -> channel.postMessage'],
    why: 'The error of a missing channel is caught, like that of a closed one.',
  },
  {
    file: 'js/storage.js',
    line: '} catch {',
    changes: ['{ return null; } -> {}'],
    why: 'The caller treats undefined like null.',
  },
];
