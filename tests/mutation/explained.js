// The mutants that no test can find, each with the reason: what it changes makes no difference.

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
    line: 'for (let i = 0; i < texts; i++) values.push(text(parameters[2 * i], parameters[2 * i + 1]));',
    changes: ['i < texts -> i <= texts'],
    why: 'One value more, undefined, which no host function takes.',
  },
  {
    file: 'js/core.js',
    line: 'return read < parameter.length ? INPUT_MAX + 1 : written;',
    changes: ['INPUT_MAX + 1 -> INPUT_MAX - 1'],
    why:
      'What does not fit is refused for what is cut off, too: a snapshot because it goes on where it ' +
      'should end, and the value of a header because no token is so long.',
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
    why: 'Any text will do that names neither of the two storages of a page.',
  },
  {
    file: 'js/session.js',
    line: 'if (this.#foreign) {',
    changes: ['this.#foreign -> true'],
    why: 'What is no snapshot signs nobody out; this saves the error.',
  },
  {
    file: 'js/session.js',
    line: 'if (newest && newest !== this.#seen) {',
    changes: ['newest !== this.#seen -> true'],
    why: 'The core refuses by itself what is not newer; this saves it the reading.',
  },
  {
    file: 'js/session.js',
    line: 'if (status !== STATUS_FULL) this.#seen = newest;',
    changes: ['status !== STATUS_FULL -> false'],
    why: 'The same: what is tried again is refused again.',
  },
  {
    file: 'js/session.js',
    line: 'if (!at) return;',
    changes: ['!at -> false'],
    why: 'For the time 0 the core has nothing to do; this saves a timer.',
  },
  {
    file: 'js/session.js',
    line: 'const attempt = ++this.#attempts;',
    changes: ['++this.#attempts -> --this.#attempts'],
    why: 'Any number will do that is another one each time.',
  },
  {
    file: 'js/session.js',
    line: 'wait > LONGEST_TIMER',
    changes: ['wait > LONGEST_TIMER -> wait >= LONGEST_TIMER'],
    why: 'Where the wait is the longest timer, that timer is followed by another of no time.',
  },
  {
    file: 'js/session.js',
    line: 'else signIn?.resolve();',
    changes: ['signIn?.resolve -> signIn.resolve'],
    why: 'Who ends a sign-in before its time enters the core first, and so hears of its success.',
  },
  {
    file: 'js/session.js',
    line: '} catch {',
    changes: ['{ return false; // What is no URL at all. } -> {}'],
    why: 'Undefined is not true either.',
  },
  {
    file: 'js/shim.js',
    line: "const value = response.headers.get('retry-after') ?? '';",
    changes: ['\'\' -> "Stryker was here!"'],
    why: 'Any text will do that is no number and no date.',
  },
  {
    file: 'js/storage.js',
    line: '/** @type {{ unref?: () => void }} */ (channel).unref?.();',
    changes: ['(channel).unref?.() -> channel.unref()'],
    why: 'That the channel of a browser has no such function is caught, when all is done.',
  },
  {
    file: 'js/storage.js',
    line: 'if (text === read) return;',
    changes: ['text === read -> false'],
    why: 'What is on the list can be read again; this saves it.',
  },
  {
    file: 'js/storage.js',
    line: 'const fresh = stored.filter((entry) => !known.includes(entry));',
    changes: ['stored.filter((entry) => !known.includes(entry)) -> stored'],
    why: 'A grant that has ended can be told of again; this saves the core the telling.',
  },
  {
    file: 'js/storage.js',
    line: 'channel?.postMessage(message);',
    changes: ['channel?.postMessage -> channel.postMessage'],
    why: 'That there is no channel is caught, like that it was closed.',
  },
  {
    file: 'js/storage.js',
    line: '} catch {',
    changes: ['{ return null; } -> {}'],
    why: 'Who loads takes undefined for null.',
  },
];
