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
    line: 'expect(url && /^https?:$/.test(url.protocol), `${name} must be a URL of http or https`);',
    changes: ['/^https?:$/ -> /^https?:/'],
    why: 'The only colon of a protocol is its last character.',
  },
  {
    file: 'js/session.js',
    line: "if (/\\binvalid_token\\b/.test(response.headers.get('www-authenticate') ?? '')) return true;",
    changes: ['\'\' -> "Stryker was here!"'],
    why: 'Any text will do that does not say invalid_token.',
  },
  {
    file: 'js/session.js',
    line: 'const body = await readBody(response.clone()).catch(() => null);',
    changes: ['() => null -> () => undefined'],
    why: 'Null and undefined both mean that there is no body.',
  },
  {
    file: 'js/session.js',
    line: 'const [, owner, number] = /"active":\\{"owner":"(\\w+)","number":(\\d+)/.exec(snapshot ?? \'\') ?? [];',
    changes: ['\'\' -> "Stryker was here!"', '[] -> ["Stryker was here"]'],
    why: 'Any text will do that is no snapshot, and any list with no second element.',
  },
  {
    file: 'js/session.js',
    line: 'if (epoch && epoch !== this.#epoch) {',
    changes: [
      'epoch !== this.#epoch -> true',
      'epoch && epoch !== this.#epoch -> true',
      'epoch && epoch !== this.#epoch -> epoch || epoch !== this.#epoch',
    ],
    why: 'The core refuses by itself what is no snapshot and what is not newer; this saves it the reading.',
  },
  {
    file: 'js/session.js',
    line: 'if (status !== STATUS_FULL) this.#epoch = epoch;',
    changes: ['status !== STATUS_FULL -> false'],
    why: 'The same: what is tried again is refused again.',
  },
  {
    file: 'js/session.js',
    line: 'if (list && list !== this.#ended) {',
    changes: ['list !== this.#ended -> true'],
    why: 'A grant that has ended can be told of again; this saves the core the telling.',
  },
  {
    file: 'js/session.js',
    line: "const newest = this.#storage.load() ?? '';",
    changes: ['\'\' -> "Stryker was here!"'],
    why: 'Any text will do that has no epoch.',
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
    line: '} catch {',
    changes: ['{ return null; } -> {}'],
    why: 'Who loads takes undefined for null.',
  },
  {
    file: 'js/storage.js',
    line: "load: () => (isLoaded || typeof storage === 'string' ? null : storage.load()),",
    changes: ["typeof storage === 'string' -> false", '\'string\' -> ""'],
    why: 'That a string has no such function is caught, like all that a storage throws.',
  },
  {
    file: 'js/storage.js',
    line: "save: (text) => typeof storage === 'string' || storage.save(text),",
    changes: ["typeof storage === 'string' -> false", '\'string\' -> ""'],
    why: 'The same.',
  },
];
