// One tab or two that share a storage: each is the core on a page that only takes notes, beside the
// model of its rules. Every event goes into both, and both must report the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import process from 'node:process';

import { openCore } from '../../js/core.js';
import * as numbers from '../../js/numbers.js';
import { Model } from './model.js';

/**
 * @typedef {import('../../js/core.js').Core} Core
 * @typedef {import('./model.js').Request} Request
 * @typedef {import('./model.js').Snapshot} Snapshot
 * @typedef {import('./model.js').Tokens & { owner?: string }} Issued
 * @typedef {import('./model.js').Options & { tabs: number }} Configuration
 */

// OCC_CORE names another build of the core, to check that a fault in it is found.
const module = new WebAssembly.Module(
  readFileSync(process.env.OCC_CORE ?? new URL('../../dist/core.wasm', import.meta.url)),
);
const statuses = Object.fromEntries(
  Object.entries(numbers.STATUS).map(([name, number]) => [number, name]),
);
const purposes = ['', 'token', 'refresh', 'revoke'];

/** The beginning of every token and password, by which they are found in the memory. */
const MARK = 'Tk-';
/** The number of steps between two searches of the memory. */
const SEARCH_EVERY = 50;

/** The state that the tabs share: the time, the storage, the server's tokens. */
export class World {
  now = 1_750_000_000_000;
  /** @type {Tab[]} */ tabs = [];
  /**
   * The saved snapshots, the newest last.
   *
   * @type {{ text: string | undefined, snapshot: Snapshot | null }[]}
   */
  saved = [];
  /** The model's id of each number that the core gave to a grant. @type {Map<number, number>} */
  ids = new Map();
  /** The model's id of each line. @type {Map<number, number>} */ lines = new Map();
  /**
   * The numbers of ended grants and the age of their tokens, as tabs announce them.
   *
   * @type {[number, number][]}
   */
  ended = [];
  /** The answers of the token endpoint. @type {Issued[]} */ issued = [];
  attempts = 0;
  secrets = 0;
  pages = 0;
  steps = 0;

  /** @param {Configuration} configuration */
  constructor(configuration) {
    this.configuration = configuration;
  }

  /** @param {Configuration} configuration */
  static async open(configuration) {
    const world = new World(configuration);
    while (world.tabs.length < configuration.tabs) world.tabs.push(await Tab.open(world));
    return world;
  }

  /** Returns a new text. @param {string} kind */
  secret(kind) {
    return `${MARK}${kind}${++this.secrets}.`;
  }

  /** Checks that a number is given once. @param {number} number @param {number} [expected] */
  id(number, expected) {
    const isNew = expected && ![...this.ids.values()].includes(expected);
    if (isNew && !this.ids.has(number)) this.ids.set(number, expected);
    return this.ids.get(number);
  }
}

/** One page: the core and the model. */
export class Tab {
  core = /** @type {Core} */ ({});
  memory = Buffer.alloc(0);
  /** The effects of the core in this step. @type {[string, any[]][]} */ effects = [];
  alarm = 0;
  line = 0;
  epoch = 0;
  /** The core's number of each request. @type {Map<Request, number>} */ requests = new Map();
  /** The number of revocations sent of each token. @type {Map<string, number>} */ revoked =
    new Map();
  /** The access tokens that this page was given. @type {Set<string>} */ issued = new Set();

  /** @param {World} world */
  constructor(world) {
    this.world = world;
    this.page = ++world.pages;
    this.model = new Model(world.configuration, this.page);
  }

  /** @param {World} world */
  static async open(world) {
    const tab = new Tab(world);
    const { instantiate } = WebAssembly;
    /** @type {any} */
    let instance;
    // js/core.js does not expose the memory: only this way can it be searched.
    WebAssembly.instantiate = /** @type {any} */ (
      async (/** @type {WebAssembly.Module} */ from, /** @type {WebAssembly.Imports} */ imports) =>
        (instance = new WebAssembly.Instance(from, imports))
    );
    const opening = openCore(module, hostOf(tab));
    WebAssembly.instantiate = instantiate;
    tab.core = (await opening).core;
    tab.memory = Buffer.from(instance.exports.memory.buffer);
    const { revoke, bearer, persist, shared, retries, clients, scope } = world.configuration;
    const flags =
      (revoke ? numbers.FLAG_REVOKE : 0) |
      (bearer ? numbers.FLAG_BEARER : 0) |
      (persist ? numbers.FLAG_PERSIST : 0) |
      (shared ? numbers.FLAG_SHARED : 0);
    tab.#call(() =>
      tab.core.occ_open(
        tab.page,
        flags,
        retries,
        ...[numbers.PARAMETER_SCOPE, scope.scope ?? ''],
        ...[numbers.PARAMETER_IDENTITY, 'shop'],
        ...[numbers.PARAMETER_CLIENT_ID, clients.customer.client_id],
        ...[numbers.PARAMETER_CLIENT_SECRET, clients.customer.client_secret ?? ''],
        ...[numbers.PARAMETER_AGENT_CLIENT_ID, clients.agent.client_id],
        ...[numbers.PARAMETER_AGENT_CLIENT_SECRET, clients.agent.client_secret ?? ''],
      ),
    );
    return tab;
  }

  /** Calls the core, which reads the clock of the page. @param {() => number} event */
  #call(event) {
    const clock = Date.now;
    Date.now = () => this.world.now;
    try {
      return event();
    } finally {
      Date.now = clock;
    }
  }

  /** Returns the arguments of the core's calls of a host function. @param {string} name */
  #told(name) {
    return this.effects.filter((effect) => effect[0] === name).map(([, values]) => values);
  }

  /**
   * Applies one event to both.
   * @param {(model: Model) => string | void} expect
   * @param {(core: Core) => number} act
   */
  step(expect, act) {
    const { world, model } = this;
    this.effects.length = 0;
    const status = statuses[this.#call(() => act(this.core))];
    const forms = this.#told('request').map(([, , body]) => new URLSearchParams(body));
    const chosen = new Set(forms.map((form) => form.get('refresh_token') ?? undefined));
    chosen.delete(undefined);
    const expected = model.at(world.now, expect, chosen);

    for (const [at] of this.#told('alarm')) this.alarm = at;
    const saved = this.#told('save').map(([text]) => text);
    // The rules do not order two tokens that do not wait for each other.
    const requests = this.#told('request').sort(([, a], [, b]) => a.localeCompare(b));
    const expectedRequests = expected.requests
      .map((request) => ({ request, line: line(request) }))
      .sort((a, b) => a.line.localeCompare(b.line));
    assert.deepEqual(
      {
        status,
        saved: saved.map((text) => this.#read(text, expected.saved)),
        states: this.#told('state').flat(),
        requests: requests.map((values) => values[1]),
        signedIn: this.#told('signedIn').flat(),
        renewed: this.#told('renewed').flat(),
        expired: this.#told('expired').flat(),
        revoked: this.#told('revoked').flat(),
        ended: this.#told('ended')
          .map(([number, issued]) => [world.id(number), issued])
          .sort(),
        wanted: this.#told('wanted').map(([number, issued]) => [world.id(number), issued]),
        authorization: this.#told('authorization').flat(),
        alarm: this.alarm,
      },
      {
        status: expected.status,
        saved: expected.saved === undefined ? [] : [JSON.parse(JSON.stringify(expected.saved))],
        states: expected.state ? [...expected.before, expected.state] : [],
        requests: expectedRequests.map((request) => request.line),
        signedIn: expected.signedIn,
        renewed: expected.renewed,
        expired: expected.expired ? [expected.expired] : [],
        revoked: expected.revoked,
        ended: expected.ended.sort(),
        wanted: expected.wanted,
        authorization: expected.authorization ? [expected.authorization] : [],
        alarm: model.alarm,
      },
    );
    expectedRequests.forEach(({ request }, i) => this.requests.set(request, requests[i][0]));
    for (const text of saved) world.saved.push({ text, snapshot: expected.saved ?? null });
    for (const [number, issued] of this.#told('ended')) world.ended.push([number, issued]);
    this.#check();
  }

  /**
   * Reads a snapshot with the model's ids.
   *
   * @param {string | undefined} text
   * @param {Snapshot | null} [expected]
   */
  #read(text, expected) {
    if (text === undefined) return null;
    const { v, for: identity, line: begun, ...rest } = JSON.parse(text);
    const { lines } = this.world;
    if (expected && ![...lines.values()].includes(expected.line)) lines.set(begun, expected.line);
    const snapshot = { line: lines.get(begun), ...rest };
    assert.deepEqual([v, identity], [1, 'shop']);
    assert(
      snapshot.line !== this.line || snapshot.epoch > this.epoch,
      'R23: the epoch rises in its line',
    );
    this.line = snapshot.line;
    this.epoch = snapshot.epoch;
    for (const place of /** @type {const} */ (['active', 'parked', 'retired'])) {
      if (!snapshot[place]) continue;
      const { number, ...grant } = snapshot[place];
      snapshot[place] = { id: this.world.id(number, expected?.[place]?.id), ...grant };
    }
    return snapshot;
  }

  /** Checks the invariants of every step, whatever the model expects. */
  #check() {
    const { world, model, issued } = this;
    const order = this.effects.map(([name]) => name);
    const known = Math.max(order.lastIndexOf('save'), order.lastIndexOf('state'));
    const sent = order.indexOf('request');
    assert(sent < 0 || known < sent, 'what is stored and known comes before what is sent');

    const [state] = this.#told('state').at(-1) ?? [];
    const [[text = ''] = []] = this.#told('save');
    assert(state?.phase !== 'anonymous' || !text.includes(MARK), 'R14: no token is stored');

    for (const [, , body] of this.#told('request')) {
      const fields = [...new URLSearchParams(body).keys()];
      assert.equal(new Set(fields).size, fields.length, 'RFC 6749: no parameter twice');
      const token = new URLSearchParams(body).get('token');
      if (!token) continue;
      const times = (this.revoked.get(token) ?? 0) + 1;
      this.revoked.set(token, times);
      const given = world.issued.filter((it) => [it.access, it.refresh].includes(token)).length;
      const { retries, bearer } = world.configuration;
      // R30: a refresh token is sent once more under a living bearer, which belongs to a stray.
      const isRefresh = world.issued.some(({ refresh }) => refresh === token);
      const most = isRefresh && bearer ? 2 * (1 + retries) + 1 : 1 + retries;
      assert(times <= given * most, 'R8: revoked at most once');
    }

    for (const token of issued) {
      const places = model.tokens.filter((other) => other === token).length;
      const all = places + (model.gone.has(token) ? 1 : 0);
      assert(all > 0, 'R7: no grant is dropped');
      const isUnique = world.issued.filter(({ access }) => access === token).length === 1;
      assert(all === 1 || !isUnique, 'R7: a grant has one place');
    }

    if (++world.steps % SEARCH_EVERY === 0) this.search();
  }

  /** Checks that closing reports nothing, and that nothing is left. */
  close() {
    this.effects.length = 0;
    assert.equal(statuses[this.#call(() => this.core.occ_close())], 'ok');
    assert.equal(statuses[this.#call(() => this.core.occ_sign_out())], 'closed');
    assert.deepEqual(this.effects, []);
    this.model = new Model(this.world.configuration, 0);
    this.search();
  }

  /** R27: the memory holds the tokens that have a place, and no others. */
  search() {
    const { held, strays, revoking, client, signIn } = this.model;
    const grants = [...held, ...strays, ...revoking.map(({ grant }) => grant), client];
    const live = new Set(grants.flatMap((grant) => [grant?.access, grant?.refresh]));
    if (signIn && !signIn.request) live.add(signIn.form.password);
    for (let at = -1; (at = this.memory.indexOf(MARK, at + 1)) >= 0;) {
      const found = this.memory.toString('latin1', at, at + 20).replace(/\..*/s, '.');
      assert(live.has(found), `R27: ${found} is in the memory`);
    }
  }
}

/**
 * A page that takes notes and does nothing else.
 *
 * @param {Tab} tab
 * @returns {import('../../js/core.js').Host}
 */
function hostOf({ effects }) {
  const { STATES, OWNERS, TOKENS, OUTCOMES } = numbers;
  /** @param {string} name @param {any[]} values */
  const note = (name, ...values) => {
    effects.push([name, values]);
    return () => undefined;
  };
  return {
    occ_host_save: (_renewed, text) => note('save', text),
    occ_host_ended: (number, issued) => note('ended', number, issued),
    occ_host_wanted: (number, issued) => note('wanted', number, issued),
    occ_host_state: (state, expiresAt, revoking, userId) =>
      note('state', { phase: STATES[state], userId, expiresAt, revoking }),
    occ_host_signed_in: (attempt, status) => note('signedIn', [attempt, statuses[status]]),
    occ_host_renewed: (header) => note('renewed', header),
    occ_host_expired: (owner) => note('expired', OWNERS[owner]),
    occ_host_revoked: (owner, token, outcome, status) =>
      note('revoked', [OWNERS[owner], TOKENS[token], OUTCOMES[outcome], status]),
    occ_host_request: (request, purpose, authorization, body) => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const text = line({ purpose: purposes[purpose], authorization, form });
      return note('request', request, text, body);
    },
    occ_host_alarm: (at) => note('alarm', at),
    occ_host_authorization: (header) => note('authorization', header),
  };
}

/**
 * Formats a request as one line.
 *
 * @param {{ purpose: string, authorization?: string, form: Record<string, string> }} request
 */
function line({ purpose, authorization, form }) {
  const fields = Object.entries(form).map((field) => field.join('='));
  return [purpose, authorization ?? 'no authorization', ...fields.sort()].join(' ');
}
