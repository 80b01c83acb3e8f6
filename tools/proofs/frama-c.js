// Proves parts of the core with Frama-C. Eva looks for undefined behaviour in the code that reads
// and writes text, with inputs of any bytes; WP proves that the functions which move grants between
// roles drop none (R7). The drivers and the contracts are in tests/proofs/frama-c. The short form
// has fewer of the texts that Eva follows byte by byte, and leaves out the slow goals of WP.
//
//   node tools/proofs/frama-c.js [--short]
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { atATime, attempt, conclude, main, root, ToolError } from '../command.js';
import { cjsonSourceDir, setup } from '../setup.js';

const folder = join(root, 'build/proofs/frama-c');

/** The time limit of an analysis, in milliseconds, also beside other proofs: exceeding it is a
 * finding. */
const LIMIT = 1_800_000;

/** The time limit of a prover for one goal, in seconds. Most take a fraction of one and none more than
 * ten, but the clock runs on while other proofs have the processors. */
const GOAL_LIMIT = 120;

/** The share of the statements of its functions that a driver has to reach: one that reaches nothing
 * has no alarms either. */
const REACHED = 0.9;

/** The sizes of a 32-bit machine, like those of the published module. */
const machine = ['-c11', '-machdep', 'gcc_x86_32', '-no-asm-contracts'];

/** The options of the preprocessor. Frama-C knows no _Alignas, and checks no alignment. */
const flags = [
  ...[`-Isrc`, `-I'${cjsonSourceDir}'`, '-Itests/proofs/frama-c', "-D'_Alignas(n)='"],
  ...['-DCJSON_NESTING_LIMIT=16', '-DCJSON_HIDE_SYMBOLS'],
];

/**
 * An analysis of Eva: a file of tests/proofs/frama-c with a main function, the sources that it
 * calls, and their functions under analysis. `short`: definitions for the short form. `share`: of
 * the statements that it has to reach, if not REACHED.
 * @typedef {{
 *   what: string, driver: string, sources: string[], functions: string[], options: string[],
 *   defines?: string[], short?: string[], share?: number,
 * }} Driver
 */

/** The limits of the core are the published ones; drivers separate paths with `split`. */
const eva = [
  ...['-eva', '-eva-interprocedural-splits', '-eva-no-print', '-eva-no-show-progress'],
  // Sets of bytes are kept as sets, so what is known of one is known of its casts.
  ...['-eva-ilevel', '256', '-warn-signed-downcast'],
];
const few = ['-eva-slevel', '10'];

/** A number too large to be read is infinite (decimal.h); a written number never is. */
const noNan = ['-warn-special-float', 'nan'];
const noInfinity = ['-warn-special-float', 'non-finite'];

/** A driver of its own follows a text to its end as a number; the others use a contract. */
const numbers = ['-eva-use-spec', 'occ_decimal_read'];

/** Unsigned arithmetic wraps on purpose in the fingerprint, which has a contract for its callers, and
 * in cJSON. */
const noWrapping = ['-warn-unsigned-overflow', '-eva-use-spec', 'occ_text_fingerprint'];

/** Keeps what is known of a byte after a function was asked about it. */
const asked = ['-eva-domains', 'equality', '-eva-equality-through-calls', 'formals'];

const readers = {
  driver: 'readers.c',
  sources: ['arena', 'grant', 'json', 'decimal', 'snapshot', 'text', 'token_response'],
};
const reading = [...few, ...noNan, ...noWrapping, '-eva-builtin', 'occ_text_length:Frama_C_strlen'];
const jsonReaders = ['member', 'occ_json_parse', 'occ_json_string'];

/**
 * @param {string} function_ of readers.c
 * @param {number} lengths of short strings
 * @param {string} members whose strings may be short, by first letters
 */
const reads = (function_, lengths, members) => [
  `READ=${function_}`,
  `SHORT=${lengths}`,
  `SHORT_MEMBERS='"${members}"'`,
];

/** The drivers, the slowest first. @type {Driver[]} */
const drivers = [
  {
    what: 'cJSON in the arena, texts with some bytes of any value',
    driver: 'parser.c',
    sources: ['arena', 'json', 'decimal', 'text'],
    functions: [
      ...['parse_value', 'parse_object', 'parse_array', 'parse_string', 'parse_number'],
      ...['parse_hex4', 'utf16_literal_to_utf8', 'buffer_skip_whitespace', 'skip_utf8_bom'],
      ...['get_object_item', 'cJSON_ParseWithLengthOpts', 'cJSON_New_Item', 'cJSON_Delete'],
      ...['occ_arena_allocate', 'occ_arena_wipe', 'occ_decimal_read', 'read_exponent'],
      ...[...jsonReaders, 'occ_json_number', 'occ_json_count'],
    ],
    // Each path is followed by itself, to its end.
    options: [
      ...['-eva-slevel', '1000000', '-eva-split-return', 'full', ...asked, ...noNan],
      ...['-eva-unroll-recursive-calls', '20'],
    ],
    defines: ['strtod=occ_decimal_read', 'OCC_ARENA_MAX=512'],
    short: ['SHORT_FORM'],
    // cJSON guards against arguments that the core never passes: no text, no object, no buffer.
    share: 0.6,
  },
  {
    what: 'encoders, any text, into memory of any size',
    driver: 'encoders.c',
    sources: ['form', 'grant', 'json', 'decimal', 'snapshot', 'text'],
    functions: [
      ...['stands_for_itself', 'write_encoded', 'occ_form_add', 'occ_form_add_if_any'],
      ...['occ_json_write_text', 'occ_decimal_write', 'occ_write', 'occ_write_byte'],
      ...['write_name', 'write_text', 'write_number', 'write_grant', 'occ_snapshot_write'],
      'occ_grants_in',
    ],
    options: [
      ...[...few, ...noInfinity, ...noWrapping],
      ...['-eva-slevel-function', 'occ_write:50,occ_decimal_write:50'],
    ],
    short: ['SHORT=2'],
  },
  {
    ...readers,
    what: 'reader of snapshots, any bytes',
    functions: [
      ...['read_grant', 'is_whole', 'is_time', 'can_be_held', 'occ_snapshot_read'],
      ...['occ_text_is_visible', 'occ_json_object', 'occ_json_number', ...jsonReaders],
    ],
    options: [...reading, '-eva-min-loop-unroll', '3'],
    defines: reads('read_snapshot', 3, 'arcfo'),
    short: reads('read_snapshot', 1, 'a'),
  },
  {
    ...readers,
    what: 'reader of token responses, any bytes',
    functions: [
      ...['is_bearer', 'read_tokens', 'read_error', 'read_answer', 'occ_token_response_read'],
      ...['occ_grant_put', 'occ_text_is_visible', 'occ_json_count', ...jsonReaders],
    ],
    options: [...reading, ...numbers, '-eva-slevel-function', 'is_bearer:50'],
    defines: reads('read_token_response', 9, 'arte'),
  },
  {
    what: 'strings and numbers to their end',
    driver: 'texts.c',
    sources: ['decimal', 'text'],
    functions: ['occ_text_length', 'occ_text_fingerprint', 'occ_decimal_read', 'read_exponent'],
    options: [
      ...[...few, ...noNan, ...asked, '-eva-split-return-function', 'is_digit:0'],
      ...['-eva-slevel-function', 'occ_decimal_read:10000,read_exponent:1000,scale:0'],
    ],
    defines: ['SHORT=10'],
    short: ['SHORT=6'],
  },
  {
    what: 'grants, any tokens into any grant',
    driver: 'grants.c',
    sources: ['grant', 'text'],
    functions: [
      ...['occ_grants_in', 'free_place', 'occ_grants_held', 'occ_grants_revoking'],
      ...['numbered', 'occ_grant_is_held', 'occ_grant_same_token', 'occ_grant_put', 'put_refresh'],
      ...['occ_grant_inherit', 'occ_grant_date', 'occ_grant_renew', 'occ_grant_settle'],
      'occ_grant_may_be_refreshed',
    ],
    options: [...[...few, ...noNan, ...noWrapping], ...['-eva-slevel-function', 'free_place:3000']],
  },
  {
    what: 'the table, every cell',
    driver: 'table.c',
    sources: ['table'],
    functions: ['occ_table_cell'],
    options: [...few, ...noInfinity, '-warn-unsigned-overflow'],
  },
];

/**
 * A proof of WP: functions of a source, whose contracts are in a file of tests/proofs/frama-c.
 * `split`: a goal for each path, for provers that cannot prove one for all of them. `slow`: not in
 * the short form.
 * @typedef {{
 *   source: string, contracts: string, functions: string[], inlined?: string[], split?: boolean,
 *   slow?: boolean,
 * }} Contract
 */

/** @type {Contract[]} */
const contracts = [
  {
    source: 'transition.c',
    contracts: 'transition_moves.c',
    functions: [
      ...['move', 'drop', 'revoke', 'occ_transition_end_sign_in'],
      ...['occ_transition_end_waiting', 'occ_transition_end_asking'],
    ],
    inlined: ['occ_session_active', 'occ_session_emulated'],
  },
  {
    source: 'transition.c',
    contracts: 'transition_moves.c',
    functions: ['apply'],
    inlined: ['occ_session_active', 'occ_session_emulated', 'move', 'drop'],
    slow: true,
  },
  {
    source: 'tabs.c',
    contracts: 'tabs_moves.c',
    functions: ['is_on_its_way', 'leave_to_others', 'take_tokens'],
    inlined: ['occ_session_active'],
    split: true,
  },
  {
    source: 'session.c',
    contracts: 'session_texts.c',
    functions: ['occ_session_text'],
  },
  {
    source: 'renewal.c',
    contracts: 'renewal_moves.c',
    functions: ['occ_renewal_tokens_came'],
    inlined: ['occ_session_active'],
  },
  {
    source: 'grant.c',
    contracts: 'grant_moves.c',
    functions: [
      ...['occ_grants_in', 'free_place', 'occ_grants_number', 'occ_grants_reserve'],
      ...['occ_grants_held', 'occ_grants_revoking', 'occ_grant_is_held', 'occ_grant_same_token'],
      ...['occ_grant_fingerprint', 'occ_grant_put', 'occ_grant_inherit', 'occ_grant_date'],
      ...['occ_grant_renew', 'occ_grant_set_aside', 'occ_grant_settle'],
    ],
    inlined: ['numbered', 'put_refresh'],
  },
  {
    source: 'grant.c',
    contracts: 'grant_moves.c',
    functions: ['occ_grants_refresh', 'occ_grants_await_client'],
    split: true,
    slow: true,
  },
  {
    source: 'revocation.c',
    contracts: 'revocation_moves.c',
    functions: ['is_copy', 'begin', 'settle'],
    inlined: ['queue'],
  },
  {
    source: 'revocation.c',
    contracts: 'revocation_moves.c',
    functions: ['occ_revocation_begin_refresh'],
    inlined: ['queue', 'begin'],
  },
  {
    source: 'revocation.c',
    contracts: 'revocation_moves.c',
    functions: ['occ_revocation_begin', 'wait_for_bearer'],
    inlined: ['queue'],
    split: true,
    slow: true,
  },
  {
    source: 'revocation.c',
    contracts: 'revocation_moves.c',
    functions: ['occ_revocation_begin_strays'],
    inlined: ['queue'],
    slow: true,
  },
];

/** Three places and tokens of one byte: moves.h says why. */
const small = ['OCC_PLACES=3', 'OCC_TOKEN_MAX=1', 'OCC_INPUT_MAX=64'];

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ text: string, failure?: string }>}
 */
async function ask(command, args) {
  const env = { WHY3CONFIG: join(folder, 'why3.conf') };
  const { status, timedOut, stdout, stderr } = await attempt(command, args, { env, limit: LIMIT });
  const failure = timedOut ? `did not end in ${LIMIT} ms` : `exit code ${status}`;
  return { text: stdout + stderr, failure: status === 0 ? undefined : `${command}: ${failure}` };
}

/** @param {string[]} defines */
const preprocess = (defines) =>
  `-cpp-extra-args=${[...flags, ...defines.map((define) => `-D${define}`)].join(' ')}`;

/** @param {number} number */
const count = (number) => number.toLocaleString('en');

/**
 * Returns the messages of Frama-C whose first line matches.
 * @param {string} text
 * @param {RegExp} wanted
 */
const messages = (text, wanted) =>
  text.split(/\n(?=\[)/).filter((message) => wanted.test(message.split('\n')[0]));

/**
 * @param {Driver} driver
 * @param {boolean} short
 */
async function analyse(driver, short) {
  const what = `Eva: ${driver.what}`;
  const files = [
    `tests/proofs/frama-c/${driver.driver}`,
    ...driver.sources.map((name) => `src/${name}.c`),
    ...(driver.driver === 'parser.c' ? [join(cjsonSourceDir, 'cJSON.c')] : []),
  ];
  const defines = [...(driver.defines ?? [])];
  for (const define of short ? (driver.short ?? []) : []) {
    const name = define.split('=')[0];
    const i = defines.findIndex((other) => other.split('=')[0] === name);
    if (i >= 0) defines.splice(i, 1);
    defines.push(define);
  }
  const options = [...machine, preprocess(defines), ...files, ...eva, ...driver.options];
  const { text, failure } = await ask('frama-c', [
    ...options,
    // The stand-in for strtod, a function of the library, is included.
    ...['-then', '-metrics', '-metrics-eva-cover', '-metrics-libc'],
  ]);
  const [, alarms] = /^ *(\d+) alarms? generated by the analysis/m.exec(text) ?? [];
  if (failure || alarms === undefined || /Eva analyzer: +[1-9]\d* error/.test(text)) {
    console.error(`${what}: ${failure ?? 'not analysed'}\n${text}`);
    return { what, amount: 'not analysed', findings: 1 };
  }
  // The checks of the drivers and the preconditions of library functions that Eva could not decide.
  const undecided = [...text.matchAll(/(\d+) unknown +(\d+) invalid/g)]
    .flatMap(([, ...counts]) => counts)
    .reduce((sum, figure) => sum + Number(figure), 0);
  for (const alarm of messages(text, /^\[eva:(alarm|red)/)) {
    console.error(`${what}: ${alarm}`);
  }

  let reached = 0;
  let all = 0;
  let unreached = 0;
  for (const name of driver.functions) {
    const [, some, of] = new RegExp(`^ *${name}: (\\d+) stmts out of (\\d+)`, 'm').exec(text) ?? [];
    reached += Number(some ?? 0);
    all += Number(of ?? 0);
    if (!(Number(some) >= (driver.share ?? REACHED) * Number(of)) && !(short && driver.short)) {
      console.error(`${what}: of ${name} ${some ?? 'no'} statements are reached, of ${of ?? '?'}`);
      unreached++;
    }
  }
  const amount =
    `${count(driver.functions.length)} functions, ` +
    `${count(reached)} of ${count(all)} statements reached`;
  const findings = Number(alarms) + undecided + unreached;
  console.log(`${what}: ${amount}, ${alarms} alarms, ${undecided} undecided`);
  return { what, amount, findings };
}

/**
 * @param {Contract} contract
 * @param {boolean} short
 */
async function proveContracts(
  { source, contracts: file, functions, inlined = [], split, slow },
  short,
) {
  const what = `WP: ${functions.length > 2 ? 'moves of grants' : functions.join(', ')} in ${source}`;
  if (slow && short) {
    console.log(`${what}: not in the short form`);
    return { what, amount: `short form: 0 of ${functions.length} functions`, findings: 0 };
  }
  const inline = ['occ_grant_access', 'occ_grant_refresh', 'occ_grant_authorization', ...inlined];
  const { text, failure } = await ask('frama-c', [
    ...[...machine, preprocess(small), `tests/proofs/frama-c/${file}`],
    // One more than there are places: the last round finds the end of the loop.
    ...['-ulevel', '4', '-inline-calls', inline.join(',')],
    ...['-wp', '-wp-fct', functions.join(','), '-wp-model', 'Typed+real', '-wp-cache', 'none'],
    ...['-wp-prover', 'cvc4,z3', '-wp-par', '1', '-wp-timeout', String(GOAL_LIMIT)],
    ...(split ? ['-wp-split'] : []),
  ]);
  const [, proved, goals] = /^\[wp\] Proved goals: +(\d+) \/ (\d+)/m.exec(text) ?? [];
  if (failure || goals === undefined) {
    console.error(`${what}: ${failure ?? 'not proved'}\n${text}`);
    return { what, amount: 'not proved', findings: 1 };
  }
  const absent = functions.filter((name) => !text.includes(`Goal typed_real_${name}_`));
  for (const name of absent) console.error(`${what}: no goal of ${name}`);
  for (const goal of messages(text, /^\[wp\] \[(?!Qed|CVC4|Z3)\w+\] Goal/)) {
    console.error(`${what}: ${goal}`);
  }
  const amount = `${functions.length} functions, ${count(Number(goals))} goals`;
  console.log(`${what}: ${amount}, ${proved} proved`);
  return { what, amount, findings: Number(goals) - Number(proved) + absent.length };
}

/**
 * @param {{ short: boolean }} options
 * @returns {Promise<{ what: string, amount: string, findings: number }[]>}
 */
export async function prove({ short }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { failure, text } = await ask('why3', [
    '--config',
    join(folder, 'why3.conf'),
    'config',
    'detect',
  ]);
  if (failure) throw new ToolError(`${failure}\n${text}`);

  return atATime(
    [
      ...contracts.map((contract) => () => proveContracts(contract, short)),
      ...drivers.map((driver) => () => analyse(driver, short)),
    ],
    (work) => work(),
  );
}

await main(import.meta, async () => {
  setup('proof');
  conclude(await prove({ short: process.argv.includes('--short') }));
});
