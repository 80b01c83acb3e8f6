// A misbehaving host, on core.wasm itself with host functions of the test's own: whatever it calls,
// when, and with which numbers, it gets a status, the module never traps, and a session that was
// not closed goes on undisturbed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as numbers from '../../js/numbers.js';

const {
  DELIVERY_ANSWERED,
  FLAG_BEARER,
  FLAG_REVOKE,
  FLAG_SHARED,
  INPUT_MAX,
  OWNER_AGENT,
  OWNER_CUSTOMER,
  PARAMETER_AGENT_CLIENT_ID,
  PARAMETER_AUTHORIZATION,
  PARAMETER_BODY,
  PARAMETER_CLIENT_ID,
  PARAMETER_CLIENT_SECRET,
  PARAMETER_CUSTOMER_ID,
  PARAMETER_IDENTITY,
  PARAMETER_PASSWORD,
  PARAMETER_SCOPE,
  PARAMETER_SNAPSHOT,
  PARAMETER_USERNAME,
  STATES,
  STATUS_CLOSED,
  STATUS_NOT_OPEN,
  STATUS_OK,
  STATUS_REENTERED,
  STATUS_UNKNOWN_REQUEST,
  STATUS_WAIT,
} = numbers;

const module = new WebAssembly.Module(
  readFileSync(new URL(import.meta.resolve('occ-session/core.wasm'))),
);

/** @param {string} prefix */
const named = (prefix) =>
  new Map(
    Object.entries(numbers).flatMap(([name, value]) =>
      name.startsWith(prefix) && typeof value === 'number' ? [[value, name]] : [],
    ),
  );
const statuses = named('STATUS_');
const isRefusal = (/** @type {number} */ status) =>
  /NOT_OPEN|CLOSED|REENTERED|BAD_|UNKNOWN/.test(statuses.get(status) ?? '');

const NOW = 1.7e12;

/** The parameters of each event after the time. @type {Record<string, string[]>} */
const events = {
  occ_open: ['nonce', 'flags', 'retries'],
  occ_sign_in: ['owner', 'attempt'],
  occ_cancel: ['attempt'],
  occ_emulate: [],
  occ_sign_out: [],
  occ_sign_out_agent: [],
  occ_authorization: [],
  occ_renew: ['truth'],
  occ_completed: ['request', 'delivery', 'http status', 'wait'],
  occ_alarm: ['alarm'],
  occ_leave: [],
  occ_adopt: [],
  occ_ended: ['number', 'number'],
  occ_wanted: ['number', 'number'],
  occ_heard: ['truth'],
};
const names = Object.keys(events);

/** The texts of a call. @type {Record<string, number[]>} */
const texts = {
  occ_open: [
    PARAMETER_IDENTITY,
    PARAMETER_CLIENT_ID,
    PARAMETER_CLIENT_SECRET,
    PARAMETER_AGENT_CLIENT_ID,
    PARAMETER_SCOPE,
  ],
  occ_sign_in: [PARAMETER_USERNAME, PARAMETER_PASSWORD, PARAMETER_CUSTOMER_ID],
  occ_emulate: [PARAMETER_CUSTOMER_ID],
  occ_renew: [PARAMETER_AUTHORIZATION],
  occ_completed: [PARAMETER_BODY],
  occ_adopt: [PARAMETER_SNAPSHOT],
  occ_heard: [PARAMETER_SNAPSHOT],
};

/**
 * Values that no host should pass, or that mean something else here.
 *
 * @type {Record<string, number[]>}
 */
const hostile = {
  time: [NaN, Infinity, -Infinity, -1, -Number.MIN_VALUE, 1e15 + 1, 1e300],
  nonce: [0, 2 ** 32 - 1],
  flags: [0, 16, 2 ** 32 - 1],
  retries: [2 ** 32 - 1],
  owner: [0, 3, 4, 2 ** 31, 2 ** 32 - 1],
  attempt: [0, 1, 2 ** 32 - 1],
  request: [0, 1, 2, 3, 4, 2 ** 31, 2 ** 32 - 1],
  delivery: [0, 6, 2 ** 31, 2 ** 32 - 1],
  'http status': [0, 99, 600, 2 ** 32 - 1],
  truth: [1, 2, 2 ** 31, 2 ** 32 - 1],
  wait: [NaN, Infinity, -Infinity, -1, 1e308],
  alarm: [NaN, Infinity, -1, 1e300],
  number: [NaN, Infinity, -1, 0, 1, 2 ** 53, 1e308],
};

/** Lengths of a text, and numbers of parameters that there are not. */
const lengths = [1, 257, 1025, INPUT_MAX, INPUT_MAX + 1, 2 ** 31, 2 ** 32 - 1];
const strangers = [12, 255, 2 ** 31, 2 ** 32 - 1];

/** Valid parameters of a call. @type {Record<string, number>} */
const harmless = { owner: OWNER_CUSTOMER, attempt: 77, request: 77, delivery: DELIVERY_ANSWERED };

let cases = 0;

/** One instance of the core, and its reports to the host. */
class Core {
  /** @type {[name: string, ...parameters: (number | string)[]][]} */
  told = [];
  /** Runs inside every host function. */
  inside = () => {};
  attempts = 0;

  constructor() {
    const decoder = new TextDecoder();
    /** @param {number} at @param {number} length */
    const text = (at, length) =>
      decoder.decode(new Uint8Array(this.exports.memory.buffer, at, length));
    /** @type {Record<string, (...values: number[]) => void>} */
    const env = {};
    for (const { name } of WebAssembly.Module.imports(module)) {
      env[name] = (...values) => {
        const count =
          {
            occ_host_request: 2,
            occ_host_state: 1,
            occ_host_save: 1,
            occ_host_renewed: 1,
            occ_host_authorization: 1,
          }[name] ?? 0;
        const first = values.length - 2 * count;
        this.told.push([
          name,
          ...values.slice(0, first),
          ...Array.from({ length: count }, (_, i) =>
            text(values[first + 2 * i], values[first + 2 * i + 1]),
          ),
        ]);
        this.inside();
      };
    }
    this.exports =
      /** @type {Record<string, (...values: number[]) => number> & { memory: WebAssembly.Memory }} */ (
        /** @type {unknown} */ (new WebAssembly.Instance(module, { env }).exports)
      );
  }

  /** @param {string} name @param {number[]} values @returns {number} */
  call(name, ...values) {
    return this.at(NOW, name, ...values);
  }

  /** @param {number} now @param {string} name @param {number[]} values */
  at(now, name, ...values) {
    const status = name === 'occ_close' ? this.exports[name]() : this.exports[name](now, ...values);
    assert.ok(statuses.has(status), `${name}(${values}) gave ${status}, which is no status`);
    return status;
  }

  /**
   * Calls the core with texts, by number.
   *
   * @param {string} name
   * @param {number[]} values
   * @param {Record<number, string>} given
   */
  tell(name, values, given) {
    const input = new Uint8Array(this.exports.memory.buffer, this.exports.occ_input(), INPUT_MAX);
    let used = 0;
    for (const [parameter, text] of Object.entries(given)) {
      const bytes = new TextEncoder().encode(text);
      input.set(bytes, used);
      used += bytes.length;
      this.exports.occ_text(Number(parameter), bytes.length);
    }
    return this.call(name, ...values);
  }

  open(flags = FLAG_REVOKE | FLAG_BEARER) {
    const status = this.tell('occ_open', [7, flags, 0], {
      [PARAMETER_IDENTITY]: 'here',
      [PARAMETER_CLIENT_ID]: 'shop',
      [PARAMETER_CLIENT_SECRET]: 'secret',
      [PARAMETER_AGENT_CLIENT_ID]: 'desk',
    });
    assert.equal(status, STATUS_OK);
    return this;
  }

  /**
   * Delivers the snapshot of another tab, of another line.
   *
   * @param {string} call
   * @param {number[]} values
   * @param {object} grant
   */
  hear(call, values, grant) {
    const active = { owner: 'customer', number: 7, ...grant };
    const snapshot = JSON.stringify({ v: 1, for: 'here', line: 9, epoch: 1, active });
    return this.tell(call, values, { [PARAMETER_SNAPSHOT]: snapshot });
  }

  /** Adopts another tab's customer, whose token is dead and cannot be refreshed here. */
  ask() {
    assert.equal(this.hear('occ_adopt', [], { access: 'd1' }), STATUS_OK);
    assert.equal(
      this.tell('occ_renew', [1], { [PARAMETER_AUTHORIZATION]: 'Bearer d1' }),
      STATUS_WAIT,
    );
    return this;
  }

  /** @param {number} owner @param {string} [customerId] */
  signIn(owner, customerId = '') {
    const status = this.tell('occ_sign_in', [owner, 1000 + ++this.attempts], {
      [PARAMETER_USERNAME]: 'anna',
      [PARAMETER_PASSWORD]: 'open-sesame',
      [PARAMETER_CUSTOMER_ID]: customerId,
    });
    assert.equal(status, STATUS_OK);
    return this;
  }

  /** The requests that answerAll has not answered yet. */
  get requests() {
    return this.told.flatMap(([name, number, ...rest]) =>
      name === 'occ_host_request' ? [{ number: Number(number), body: String(rest[2]) }] : [],
    );
  }

  /** The latest request. */
  get last() {
    return this.requests.at(-1)?.number ?? 0;
  }

  /** @param {number} request @param {string} [access] */
  answer(request, access = `token-${request}`) {
    const body = JSON.stringify({
      access_token: access,
      refresh_token: `r-${access}`,
      token_type: 'bearer',
    });
    const values = [request, DELIVERY_ANSWERED, 200, 0];
    return this.tell('occ_completed', values, { [PARAMETER_BODY]: body });
  }

  /** The latest report of the state to the host. */
  get state() {
    const [, state, , revoking] = this.told.findLast(([name]) => name === 'occ_host_state') ?? [];
    return { phase: STATES[Number(state ?? 1)], revoking: Number(revoking ?? 0) };
  }
}

/** The situations in which a host may misbehave. @type {Record<string, () => Core>} */
const situations = {
  'before it is opened': () => new Core(),
  anonymous: () => new Core().open(),
  'while a customer signs in': () => new Core().open().signIn(OWNER_CUSTOMER),
  'with a customer': () => signedIn(OWNER_CUSTOMER),
  'while an agent takes over': () => signedIn(OWNER_CUSTOMER).signIn(OWNER_AGENT, 'A'),
  'with an agent over a parked customer': () => {
    const core = signedIn(OWNER_CUSTOMER).signIn(OWNER_AGENT, 'A');
    core.answer(core.last);
    return core;
  },
  'while a token is refreshed': () => {
    const core = signedIn(OWNER_CUSTOMER);
    core.tell('occ_renew', [1], { [PARAMETER_AUTHORIZATION]: `Bearer token-${core.last}` });
    return core;
  },
  'while other tabs are asked for newer tokens': () =>
    new Core().open(FLAG_REVOKE | FLAG_BEARER | FLAG_SHARED).ask(),
  'while a token is refreshed for its revocation': () => {
    const core = signedIn(OWNER_CUSTOMER);
    core.call('occ_sign_out');
    core.call('occ_completed', core.last, DELIVERY_ANSWERED, 401, 0);
    return core;
  },
  'while tokens are revoked': () => {
    const core = signedIn(OWNER_CUSTOMER);
    core.call('occ_sign_out');
    return core;
  },
  'when it is closed': () => {
    const core = signedIn(OWNER_CUSTOMER);
    core.at(NOW, 'occ_close');
    return core;
  },
};

/** @param {number} owner */
function signedIn(owner) {
  const core = new Core().open().signIn(owner);
  core.answer(core.last);
  return core;
}

/** Ends everything under way; then a user signs in and out once more. @param {Core} core */
function stillWorks(core) {
  core.told = [];
  core.call('occ_sign_out_agent');
  core.call('occ_sign_out');
  for (let request = 1; request <= 64; request++) {
    core.call('occ_completed', request, DELIVERY_ANSWERED, 503, 0);
  }
  core.told = [];
  core.signIn(OWNER_CUSTOMER);
  assert.equal(core.answer(core.last, 'last'), STATUS_OK);
  assert.deepEqual(core.state, { phase: 'customer', revoking: 0 });
  core.told = [];
  assert.equal(core.call('occ_sign_out'), STATUS_OK);
  assert.deepEqual(core.state, { phase: 'anonymous', revoking: 2 });
  for (const token of ['r-last', 'last']) {
    assert.match(core.requests.at(-1)?.body ?? '', new RegExp(`^token=${token}&`));
    assert.equal(core.call('occ_completed', core.last, DELIVERY_ANSWERED, 200, 0), STATUS_OK);
  }
  assert.deepEqual(core.state, { phase: 'anonymous', revoking: 0 });
}

/**
 * A call, and the texts that are named before it: number and length.
 * @typedef {{ name: string, now: number, values: number[], given?: [number, number][] }} Call
 */

/**
 * Yields every call with one hostile parameter or text, and with all of the same kind.
 *
 * @returns {Generator<Call>}
 */
function* hostileCalls() {
  for (const name of names) {
    const kinds = events[name];
    const usual = kinds.map((kind) => harmless[kind] ?? 0);
    for (const now of hostile.time) yield { name, now, values: usual };
    for (const [i, kind] of kinds.entries()) {
      for (const value of hostile[kind]) yield { name, now: NOW, values: usual.with(i, value) };
    }
    const call = { name, now: NOW, values: usual };
    for (const length of lengths) {
      for (const parameter of [...(texts[name] ?? []), ...strangers]) {
        yield { ...call, given: [[parameter, length]] };
      }
      yield { ...call, given: (texts[name] ?? []).map((parameter) => [parameter, length]) };
    }
    // These sums wrap to small numbers in 32 bits.
    const wrapping = [2 ** 31, 2 ** 31, 2 ** 32 - 5];
    yield {
      ...call,
      given: (texts[name] ?? []).map((parameter, i) => [parameter, wrapping[i % 3]]),
    };
  }
}

describe('a host that misbehaves', () => {
  for (const [situation, make] of Object.entries(situations)) {
    test(`${situation} is given a status for every parameter, and what is refused changes nothing`, () => {
      const open = !situation.startsWith('before') && !situation.startsWith('when');
      for (const { name, now, values, given = [] } of hostileCalls()) {
        const core = make();
        const before = core.state;
        core.told = [];
        // The leftovers of an honest host's last call do not become input.
        const input = new Uint8Array(core.exports.memory.buffer, core.exports.occ_input(), 64);
        input.fill(0x78);
        for (const [parameter, length] of given) core.exports.occ_text(parameter, length);
        const status = core.at(now, name, ...values);
        cases++;
        const said = `${name}(${now}, ${values}; ${given}): ${statuses.get(status)}`;
        if (isRefusal(status)) assert.deepEqual(core.told, [], said);
        if (situation.startsWith('when')) assert.ok(isRefusal(status), said);
        if (situation.startsWith('before') && name !== 'occ_open')
          assert.ok(isRefusal(status), said);
        if (open) stillWorks(core);
        else if (before.phase !== 'anonymous')
          assert.equal(core.at(NOW, 'occ_sign_out'), STATUS_CLOSED);
      }
    });
  }

  test('every call before the session is opened gets not-open, and it can still be opened', () => {
    for (const name of names.filter((each) => each !== 'occ_open')) {
      const core = new Core();
      assert.equal(
        core.call(name, ...events[name].map((kind) => harmless[kind] ?? 0)),
        name === 'occ_emulate' ? numbers.STATUS_BAD_LENGTH : STATUS_NOT_OPEN,
      );
      cases++;
      stillWorks(core.open());
    }
  });

  test('R8: a request that the host completes twice, or that was never begun, is unknown', () => {
    for (const [situation, make] of Object.entries(situations)) {
      const core = make();
      if (situation.startsWith('before') || situation.startsWith('when')) continue;
      for (const { number } of core.requests) {
        core.answer(number);
        const { state } = core;
        core.told = [];
        assert.equal(core.answer(number), STATUS_UNKNOWN_REQUEST, situation);
        assert.deepEqual(core.told, [], situation);
        core.told = [['occ_host_state', STATES.indexOf(state.phase), 0, state.revoking, '']];
        cases++;
      }
      stillWorks(core);
    }
  });

  test('a host that never completes a request: sign-ins still succeed, and every user can sign out', () => {
    const core = new Core().open();
    for (let i = 0; i < 50; i++) {
      core.signIn(i % 2 ? OWNER_CUSTOMER : OWNER_AGENT);
      core.call('occ_sign_out');
      cases++;
    }
    assert.deepEqual(core.state, { phase: 'anonymous', revoking: 0 });
    // No more than there are places: the others wait until one is answered.
    assert.equal(core.requests.length, 8);
    stillWorks(core);
  });

  test('every call from inside a host function is refused, and nothing is lost', () => {
    /** A session in which every host function is called. @param {(core: Core) => void} [inside] */
    const life = (inside) => {
      const core = new Core();
      core.inside = () => inside?.(core);
      core.open(FLAG_REVOKE | FLAG_BEARER | FLAG_SHARED).signIn(OWNER_CUSTOMER);
      core.answer(core.last, 'a1');
      core.call('occ_authorization');
      core.tell('occ_renew', [1], { [PARAMETER_AUTHORIZATION]: 'Bearer a1' });
      core.answer(core.last, 'a2');
      core.signIn(OWNER_AGENT, 'A');
      core.answer(core.last, 'b1');
      core.tell('occ_emulate', [], { [PARAMETER_CUSTOMER_ID]: 'B' });
      core.tell('occ_renew', [1], { [PARAMETER_AUTHORIZATION]: 'Bearer b1' });
      core.tell('occ_completed', [core.last, DELIVERY_ANSWERED, 400, 0], {
        [PARAMETER_BODY]: '{"error":"invalid_grant"}',
      });
      core.call('occ_completed', core.last, DELIVERY_ANSWERED, 401, 0);
      core.call('occ_completed', core.last, DELIVERY_ANSWERED, 200, 0);
      core.signIn(OWNER_CUSTOMER);
      core.answer(core.last, 'c1');
      const [, snapshot] = core.told.findLast(([name]) => name === 'occ_host_save') ?? [];
      const newer = String(snapshot).replace(/"epoch":\d+/, '"epoch":999');
      core.tell('occ_adopt', [], { [PARAMETER_SNAPSHOT]: newer.replace('"c1"', '"c2"') });
      core.call('occ_authorization');
      core.ask().hear('occ_heard', [1], { access: 'd2', issued: 5 });
      core.call('occ_sign_out');
      return core.told;
    };
    const expected = life();
    const called = new Set(expected.map(([name]) => name));
    for (const { name } of WebAssembly.Module.imports(module)) {
      // No alarm is set if nothing waits.
      if (name !== 'occ_host_alarm') assert.ok(called.has(name), `${name} is not called`);
    }
    for (const name of [...names, 'occ_close']) {
      for (const length of [0, 1, INPUT_MAX + 1]) {
        const told = life((core) => {
          if (name === 'occ_open' && core.told.length === 0) return;
          for (const parameter of texts[name] ?? []) core.exports.occ_text(parameter, length);
          const values =
            name === 'occ_close' ? [] : events[name].map((kind) => harmless[kind] ?? 0);
          const status = core.at(NOW, name, ...values);
          cases++;
          assert.equal(status, STATUS_REENTERED, `${name}: ${statuses.get(status)}`);
        });
        assert.deepEqual(told, expected, `${name} with ${length} bytes, from inside`);
      }
    }
  });

  test('the tests have tried every call that a host can make', (t) => {
    t.diagnostic(`proof: a host that misbehaves: ${cases} calls`);
    assert.deepEqual(
      Object.keys(new Core().exports).filter((name) => !names.some((event) => event === name)),
      // Not events: the memory, the input buffer and its texts, and close, which has no parameter.
      ['memory', 'occ_input', 'occ_text', 'occ_close'],
    );
  });
});
