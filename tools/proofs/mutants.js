// Makes the mutants of the core's C: each is the source with one change that a test should notice.
// It parses C only as far as that needs, token by token.

/**
 * @typedef {object} Mutant
 * @property {string} file
 * @property {number} line
 * @property {string} within the function, or the row of the table
 * @property {string} code the line as it is
 * @property {string} mutant the line as it becomes
 * @property {string} text the whole file as it becomes
 */

/**
 * @typedef {object} Token
 * @property {'word' | 'number' | 'char' | 'sign'} kind
 * @property {string} text
 * @property {number} start
 * @property {number} end
 */

/** @typedef {{ start: number, end: number, replacement: string }} Change */

/**
 * Names and, where it matters, their order: the lists of the enums, without the end marker of each.
 * @typedef {string[][]} Enums
 */

const comparisons = new Map([
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['==', ['!=']],
  ['!=', ['==']],
]);

const connectives = new Map([
  ['&&', '||'],
  ['||', '&&'],
]);

const opening = ['(', '[', '{'];
const closing = [')', ']', '}'];

const lexemes =
  /(?<space>\s+|\/\*[^]*?\*\/|\/\/.*|\\\n)|(?<directive>^[ \t]*#(?:\\\n|.)*)|(?<string>"(?:\\.|[^"\\])*")|(?<char>'(?:\\.|[^'\\])*')|(?<number>\.?\d(?:[eE][+-]|[\w.])*)|(?<word>\w+)|(?<sign>->|\+\+|--|<<=?|>>=?|[-+*/%&|^=!<>]=|&&|\|\||.)/gmy;

/**
 * Returns the tokens of a text, without spaces, comments, strings and directives. A directive that
 * defines a constant contributes the constant's value.
 * @param {string} text
 * @param {number} [offset]
 * @returns {Token[]}
 */
function tokenize(text, offset = 0) {
  return [...text.matchAll(lexemes)].flatMap((match) => {
    const groups = /** @type {Record<string, string | undefined>} */ (match.groups);
    const start = offset + match.index;
    if (groups.directive) {
      const constant = /^\s*#define \w+(?=\s)/.exec(groups.directive)?.[0].length;
      return constant ? tokenize(groups.directive.slice(constant), start + constant) : [];
    }
    const kind = /** @type {const} */ (['word', 'number', 'char', 'sign']).find(
      (name) => groups[name] !== undefined,
    );
    return kind ? [{ kind, text: match[0], start, end: start + match[0].length }] : [];
  });
}

/**
 * Reads every enum of the headers: those that are lists of X(NAME, number, text), and those written
 * out.
 * @param {string[]} headers
 * @returns {Enums}
 */
export function readEnums(headers) {
  const text = headers.join('\n').replace(/\\\n/g, ' ');
  /** @type {Map<string, string[]>} */
  const lists = new Map();
  for (const [, name, body] of text.matchAll(/^#define (OCC_\w+)\(X\)(.*)$/gm)) {
    const nested = /\b(OCC_\w+)\(X\)/.exec(body)?.[1];
    const names = [...body.matchAll(/\bX\((\w+),/g)].map(([, each]) => each);
    lists.set(name, [...(nested ? (lists.get(nested) ?? []) : []), ...names]);
  }
  const prefixes = new Map(
    [...text.matchAll(/^#define (OCC_ENUMERATE_\w+)\(.*?\) (OCC_\w+_)##/gm)].map(
      ([, macro, prefix]) => [macro, prefix],
    ),
  );
  return [...text.matchAll(/\benum \{([^}]*)\}/g)]
    .map(([, body]) => {
      const listed = /\b(OCC_\w+)\((OCC_ENUMERATE_\w+)\)/.exec(body);
      const names = listed
        ? (lists.get(listed[1]) ?? []).map((name) => `${prefixes.get(listed[2])}${name}`)
        : [];
      const written = body.replace(/\/\*[^]*?\*\//g, '').match(/\bOCC_\w+(?= *(=|,|$))/gm) ?? [];
      return [...written.filter((name) => !name.endsWith('_END')), ...names];
    })
    .filter((names) => names.length > 1);
}

/**
 * Returns the mutants of a source: every comparison, connective, condition and constant in it. In a
 * header only its functions are mutated; in the table every field of every cell, too.
 * @param {string} file
 * @param {string} text
 * @param {Enums} enums
 * @returns {Mutant[]}
 */
export function mutantsOf(file, text, enums) {
  const table = text.indexOf('occ_table[OCC_STATE_END][OCC_EVENT_END] = {');
  const tableEnd = text.indexOf('\n};\n', table);
  const tokens = tokenize(text);
  const ranges = file.endsWith('.h') ? inlineFunctions(tokens) : [[0, text.length]];
  const changes = tokens
    .flatMap((_, at) => changesAt(tokens, at, text, enums))
    .filter(({ start }) => ranges.some(([from, to]) => start >= from && start < to))
    // The code before the table only makes its cells shorter.
    .filter(({ start }) => table < 0 || start > tableEnd);
  if (table >= 0) changes.unshift(...cellChanges(text.slice(0, tableEnd), table, enums));
  return changes.map((change) => mutate(file, text, change));
}

/**
 * @param {string} file
 * @param {string} text
 * @param {Change} change
 * @returns {Mutant}
 */
function mutate(file, text, { start, end, replacement }) {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end);
  const heads = /^[a-z][\w *]*\b(\w+)\([^;]*?\{$|^ {2}\[(\w+)\] = \{$/gm;
  const head = [...text.slice(0, from).matchAll(heads)].at(-1) ?? [];
  /** @param {string} line */
  const tidy = (line) => line.replace(/\s+/g, ' ').trim();
  return {
    file,
    line: text.slice(0, start).split('\n').length,
    within: head[1] ?? head[2] ?? '',
    code: tidy(text.slice(from, to)),
    mutant: tidy(text.slice(from, start) + replacement + text.slice(end, to)),
    text: text.slice(0, start) + replacement + text.slice(end),
  };
}

/**
 * Finds the functions of a header.
 * @param {Token[]} tokens
 */
function inlineFunctions(tokens) {
  return tokens.flatMap(({ text: word }, at) => {
    if (word !== 'OCC_INLINE') return [];
    const open = tokens.findIndex(({ text }, i) => i > at && text === '{');
    return open < 0 ? [] : [[tokens[open].start, tokens[matching(tokens, open)].end]];
  });
}

/**
 * Finds the token that closes what the one at `open` opens.
 * @param {Token[]} tokens
 * @param {number} open
 */
function matching(tokens, open) {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (opening.includes(tokens[i].text)) depth++;
    if (closing.includes(tokens[i].text) && --depth === 0) return i;
  }
  return tokens.length - 1;
}

/**
 * @param {Token[]} tokens
 * @param {number} at
 * @param {string} text
 * @param {Enums} enums
 * @returns {Change[]}
 */
function changesAt(tokens, at, text, enums) {
  const token = tokens[at];
  /** @param {string} replacement */
  const become = (replacement) => ({ start: token.start, end: token.end, replacement });
  switch (token.kind) {
    case 'number':
      return numbersInsteadOf(token.text).map(become);
    case 'char': {
      const inner = token.text.slice(1, -1);
      const next = inner.length > 1 ? 'x' : String.fromCharCode(inner.charCodeAt(0) + 1);
      return [become(next === "'" || next === '\\' ? `'\\${next}'` : `'${next}'`)];
    }
    case 'word':
      if (token.text === 'true') return [become('false')];
      if (token.text === 'false') return [become('true')];
      if (token.text === 'if' || token.text === 'while') {
        return negated(tokens.slice(at + 2, matching(tokens, at + 1)), text);
      }
      return enums
        .filter((names) => names.includes(token.text))
        .map((names) => become(names[(names.indexOf(token.text) + 1) % names.length]));
    default:
      break;
  }
  if (token.text === '?') return negated(conditionBefore(tokens, at), text);
  if (token.text === '!') return [become('')];
  const connective = connectives.get(token.text);
  if (connective) return [become(connective)];
  // The angle brackets of a type are no comparison, but the core has no generics.
  return (comparisons.get(token.text) ?? []).map(become);
}

/**
 * Returns the number plus one, and minus one.
 * @param {string} number
 */
function numbersInsteadOf(number) {
  const [, digits, suffix] = /** @type {RegExpExecArray} */ (
    /^(0x[\da-f]+|.*?)([uUlLfF]*)$/i.exec(number)
  );
  const value = Number(digits);
  // Beyond the precision of a double another digit makes the difference.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return [`${digits.slice(0, -1)}${(Number(digits.at(-1)) + 1) % 10}${suffix}`];
  }
  const real = /[.e]/i.test(digits) && !/^0x/i.test(digits);
  return [value + 1, value - 1]
    .filter((other) => other >= 0)
    .map((other) => `${real && Number.isInteger(other) ? other.toFixed(1) : other}${suffix}`);
}

/**
 * Negates a condition, unless changing its only comparison or removing its only ! does the same.
 * @param {Token[]} condition
 * @param {string} text
 * @returns {Change[]}
 */
function negated(condition, text) {
  const signs = condition.map((token) => token.text);
  const simple = !signs.some((sign) => connectives.has(sign) || sign === '?');
  if (simple && (signs[0] === '!' || signs.some((sign) => comparisons.has(sign)))) return [];
  const start = condition[0].start;
  const end = condition[condition.length - 1].end;
  return [{ start, end, replacement: `!(${text.slice(start, end)})` }];
}

/**
 * Returns the condition of the ? at a place.
 * @param {Token[]} tokens
 * @param {number} at
 */
function conditionBefore(tokens, at) {
  const bounds = ['=', ',', ';', ':', '?', 'return'];
  let depth = 0;
  let first = at;
  while (first > 0) {
    const { text } = tokens[first - 1];
    if (closing.includes(text)) depth++;
    if (opening.includes(text) && --depth < 0) break;
    if (depth === 0 && bounds.includes(text)) break;
    first--;
  }
  return tokens.slice(first, at);
}

/**
 * @typedef {object} Move
 * @property {string} next
 * @property {string[]} effects
 */

/**
 * Changes every field of every cell of the table: the next state and the guard to each other one,
 * each effect, the two moves that the guard decides between, and the rule.
 * @param {string} text
 * @param {number} from
 * @param {Enums} enums
 * @returns {Change[]}
 */
function cellChanges(text, from, enums) {
  /** @param {string} name */
  const enumOf = (name) => enums.find((names) => names.includes(name)) ?? [];
  const states = enumOf('OCC_STATE_INVALID');
  const guards = enumOf('OCC_GUARD_NONE');
  const effects = enumOf('OCC_EFFECT_CANCEL');
  const rules = enumOf('OCC_STATUS_OK');

  const pattern = /\[OCC_EVENT_\w+\]\s*=\s*([A-Z]+(?:_IF)?(?:\((?:[^()]|\([^()]*\))*\))?),\n/g;
  pattern.lastIndex = from;
  /** @type {Change[]} */
  const changes = [];
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const cell = readCell(match[1]);
    const start = match.index + match[0].lastIndexOf(match[1]);
    /** @param {Partial<typeof cell>} fields */
    const add = (fields) =>
      changes.push({
        start,
        end: start + match[1].length,
        replacement: writeCell({ ...cell, ...fields }),
      });
    add({ rule: rules[(rules.indexOf(cell.rule) + 1) % rules.length] });
    if (!cell.move) continue;
    for (const guard of guards.filter((each) => each !== cell.guard)) add({ guard });
    if (cell.given) add({ move: cell.given, given: cell.move });
    for (const which of /** @type {const} */ (['move', 'given'])) {
      const move = cell[which];
      if (!move) continue;
      for (const next of states.filter((each) => each !== move.next)) {
        add({ [which]: { ...move, next } });
      }
      for (const effect of effects) {
        const others = move.effects.filter((each) => each !== effect);
        const flipped = others.length < move.effects.length ? others : [...others, effect];
        add({ [which]: { ...move, effects: flipped } });
      }
    }
  }
  return changes;
}

/**
 * @param {string} text one of the macros that the table is made of
 * @returns {{ rule: string, guard: string, move?: Move, given?: Move }}
 */
function readCell(text) {
  const guard = 'OCC_GUARD_NONE';
  const move = /^MOVE\((\w+), ([^()]*)\)$/.exec(text);
  if (move) return { rule: 'OCC_STATUS_OK', guard, move: readMove(move[1], move[2]) };
  const either = /^MOVE_IF\((\w+), TO\((\w+), ([^()]*)\),\s*TO\((\w+), ([^()]*)\)\)$/.exec(text);
  if (either) {
    return {
      rule: 'OCC_STATUS_OK',
      guard: `OCC_GUARD_${either[1]}`,
      given: readMove(either[2], either[3]),
      move: readMove(either[4], either[5]),
    };
  }
  const status = text === 'INVALID' ? 'UNKNOWN_CELL' : (/^ERROR\((\w+)\)$/.exec(text)?.[1] ?? text);
  return { rule: `OCC_STATUS_${status}`, guard };
}

/**
 * @param {string} state
 * @param {string} effects
 * @returns {Move}
 */
const readMove = (state, effects) => ({
  next: `OCC_STATE_${state}`,
  effects: (effects.match(/[A-Z]+/g) ?? []).map((effect) => `OCC_EFFECT_${effect}`),
});

/** @param {ReturnType<typeof readCell>} cell */
function writeCell({ rule, guard, move, given }) {
  /** @param {Move | undefined} to */
  const write = (to) => (to ? `{${to.next}, ${to.effects.join(' | ') || 0}}` : '{0}');
  return `{.rule = ${rule}, .guard = ${guard}, .move = ${write(move)}, .given = ${write(given)}}`;
}
