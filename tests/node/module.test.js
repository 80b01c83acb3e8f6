// The module core.wasm: loading, imports and exports, and the package around it.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { getEventListeners, once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import * as engine from 'occ-session';
import * as inline from 'occ-session/inline';
import { anna, failureOf, limit, runProgram, standIn, useStorefront } from './storefront.js';

const storefront = useStorefront();
const bytes = readFileSync(new URL(import.meta.resolve('occ-session/core.wasm')));
const type = 'application/wasm';

/**
 * @param {import('node:http').RequestListener} listener
 * @param {import('node:test').TestContext} t
 */
async function serve(t, listener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
}

describe('the option wasm', limit, () => {
  /** @type {Record<string, () => unknown>} */
  const forms = {
    'a Module': () => new WebAssembly.Module(bytes),
    'an ArrayBuffer': () => new Uint8Array(bytes).buffer,
    'a view of bytes': () => bytes,
    'a Response': () => new Response(bytes, { headers: { 'content-type': type } }),
    'a Response of no type': () => new Response(bytes),
    "a Response of a fetch that is not the platform's": () => ({
      status: 200,
      headers: new Headers({ 'content-type': type }),
      arrayBuffer: async () => new Uint8Array(bytes).buffer,
    }),
    'a promise of a Response': () => Promise.resolve(new Response(bytes)),
    'a promise of bytes': () => Promise.resolve(bytes),
    'a data: URL': () => `data:${type};base64,${bytes.toString('base64')}`,
    'a data: URL as a URL': () => new URL(`data:${type};base64,${bytes.toString('base64')}`),
  };
  for (const [name, make] of Object.entries(forms)) {
    test(`the option wasm may be ${name}`, async () => {
      const session = await storefront().openCustomer({ wasm: /** @type {any} */ (make()) });
      assert.equal(session.state.phase, 'customer');
    });
  }

  test('with the option wasm undefined, the file beside the module is loaded', async () => {
    const session = await storefront().openCustomer({ wasm: undefined });
    assert.equal(session.state.phase, 'customer');
  });

  test('the option wasm may be an address, as a string or a URL', async (t) => {
    const origin = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(bytes);
    });
    for (const wasm of [`${origin}/core.wasm`, new URL(`${origin}/core.wasm`)]) {
      assert.equal((await storefront().openCustomer({ wasm })).state.phase, 'customer');
    }
  });

  test('a core.wasm that is not found is rejected with wasm-unavailable, the URL and the answer', async (t) => {
    const origin = await serve(t, (_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<p>no');
    });
    const url = `${origin}/assets/core.wasm`;
    const error = await failureOf(storefront().open({ wasm: url }));
    assert.ok(error instanceof engine.SessionError);
    assert.equal(error.code, 'wasm-unavailable');
    assert.ok(error.message.includes(url), error.message);
    assert.ok(error.message.includes('404'), error.message);
    assert.ok(error.message.includes('text/html'), error.message);
  });

  test('an error for a long core.wasm address shows its first 200 characters, and has the cause', async () => {
    const wasm = `http://127.0.0.1:1/${'x'.repeat(500)}`;
    const error = await failureOf(storefront().open({ wasm }));
    assert.ok(
      error.message.startsWith(`core.wasm could not be loaded from ${wasm.slice(0, 200)}: `),
    );
    assert.ok(error.cause instanceof TypeError);
  });

  test('an error for a core.wasm in a data: URL does not repeat the URL', async () => {
    const wasm = `data:application/wasm;base64,${'A'.repeat(50)}`;
    const error = await failureOf(storefront().open({ wasm }));
    assert.match(String(error), /^SessionError: core.wasm could not be loaded from a data: URL: /);
    assert.ok(!String(error).includes('AAAA'), String(error));
  });

  /** @type {Record<string, () => unknown>} */
  const bad = {
    'an HTML page': () =>
      new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
    'bytes that are no module': () => new Uint8Array([1, 2, 3]),
    'a module of something else': () => new WebAssembly.Module(bytes.subarray(0, 8)),
    'a promise that rejects': () => Promise.reject(new Error('offline')),
    'a promise that rejects with nothing': () => Promise.reject(),
    'an unreachable host': () => 'http://127.0.0.1:1/core.wasm',
    'an invalid data: URL': () => 'data:application/wasm;base64,???',
    'a number': () => 7,
  };
  for (const [name, make] of Object.entries(bad)) {
    test(`the option wasm with ${name} is rejected with wasm-unavailable`, async () => {
      await assert.rejects(storefront().open({ wasm: /** @type {any} */ (make()) }), {
        name: 'SessionError',
        code: 'wasm-unavailable',
      });
    });
  }

  test("createSession waits for core.wasm until the caller's signal aborts", async () => {
    const shop = storefront();
    const opened = shop.open({ signal: AbortSignal.abort() });
    await assert.rejects(opened, { name: 'SessionError', code: 'cancelled' });
    const abort = new AbortController();
    const { signal } = abort;
    const opening = shop.open({ wasm: new Promise(() => {}), signal });
    abort.abort();
    await assert.rejects(opening, { name: 'SessionError', code: 'cancelled' });
    assert.deepEqual(getEventListeners(signal, 'abort'), []);

    const late = new AbortController();
    const session = await shop.openCustomer({ signal: late.signal });
    assert.deepEqual(getEventListeners(late.signal, 'abort'), []);
    late.abort();
    assert.equal(session.state.phase, 'customer');
  });

  test('without the option wasm, a module without an address is rejected with wasm-unavailable', async () => {
    const text = readFileSync(new URL('index.js', import.meta.resolve('occ-session')), 'utf8');
    const { createSession } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    const options = { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };
    const error = await failureOf(createSession(options));
    assert.equal(error.code, 'wasm-unavailable');
    assert.ok(error.message.startsWith('core.wasm could not be loaded: '));
  });

  test('an error for a core.wasm in bytes names no address', async () => {
    const error = await failureOf(storefront().open({ wasm: new Uint8Array([1, 2, 3]) }));
    assert.ok(error.message.startsWith('core.wasm could not be loaded: '));
  });
});

/** Reads the function types of a module from its type, import, function and export sections. */
class Reader {
  at = 8;

  u32() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[this.at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  name() {
    const length = this.u32();
    return bytes.toString('utf8', this.at, (this.at += length));
  }

  /** @template T @param {() => T} item @returns {T[]} */
  list(item) {
    return Array.from({ length: this.u32() }, item);
  }

  valueType() {
    const code = bytes[this.at++] ?? 0;
    return { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' }[code] ?? `type ${code}`;
  }

  functionType() {
    assert.equal(bytes[this.at++], 0x60);
    const parameters = this.list(() => this.valueType());
    const results = this.list(() => this.valueType());
    return `(${parameters.join(' ')}) -> (${results.join(' ')})`;
  }

  /** Returns the types of the imported and exported functions, by name. */
  functions() {
    /** @type {string[]} */
    let types = [];
    /** @type {string[]} */
    let all = [];
    /** @type {Record<string, string | undefined>} */
    const imports = {};
    /** @type {Record<string, string | undefined>} */
    const exports = {};
    while (this.at < bytes.length) {
      const section = bytes[this.at++];
      const size = this.u32();
      const end = this.at + size;
      if (section === 1) types = this.list(() => this.functionType());
      if (section === 2) {
        this.list(() => {
          const name = `${this.name()}.${this.name()}`;
          assert.equal(bytes[this.at++], 0, `${name} is a function`);
          imports[name] = types[this.u32()];
        });
        all = /** @type {string[]} */ (Object.values(imports));
      }
      if (section === 3) all = [...all, ...this.list(() => types[this.u32()] ?? '')];
      if (section === 7) {
        this.list(() => {
          const name = this.name();
          const kind = bytes[this.at++];
          const index = this.u32();
          exports[name] = kind === 0 ? all[index] : 'memory';
        });
      }
      this.at = end;
    }
    return { imports, exports };
  }
}

describe('the entry point for browsers', limit, () => {
  const url = new URL('index.js', import.meta.resolve('occ-session'));
  const good = { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };

  test('the entry point for browsers fetches the core.wasm beside itself', async (t) => {
    const { createSession } = await import(String(url));
    /** @type {string[]} */
    const asked = [];
    standIn(t, 'fetch', {
      value: async (/** @type {string} */ input) => {
        asked.push(input);
        return new Response(bytes);
      },
    });
    const session = await createSession(good);
    assert.deepEqual(asked, [String(new URL('core.wasm', url))]);
    assert.equal(session.state.phase, 'anonymous');
    session.close();
  });

  test('the entry point for browsers rejects missing options', async () => {
    const { createSession } = await import(String(url));
    for (const options of [undefined, null]) {
      await assert.rejects(createSession(options), {
        code: 'invalid-options',
        message: /^(baseUrl|options) must be /,
      });
    }
  });
});

describe('core.wasm', limit, () => {
  test('the imports of core.wasm are the host functions of src/occ_host.h and nothing else', () => {
    assert.deepEqual(new Reader().functions().imports, {
      'env.occ_host_save': '(i32 i32 i32) -> ()',
      'env.occ_host_ended': '(f64 f64) -> ()',
      'env.occ_host_wanted': '(f64 f64) -> ()',
      'env.occ_host_state': '(i32 f64 i32 i32 i32) -> ()',
      'env.occ_host_signed_in': '(i32 i32) -> ()',
      'env.occ_host_renewed': '(i32 i32) -> ()',
      'env.occ_host_expired': '(i32) -> ()',
      'env.occ_host_revoked': '(i32 i32 i32 i32) -> ()',
      'env.occ_host_request': '(i32 i32 i32 i32 i32 i32) -> ()',
      'env.occ_host_alarm': '(f64) -> ()',
      'env.occ_host_authorization': '(i32 i32) -> ()',
    });
  });

  test('the exports of core.wasm are the functions of src/wasm.c and the memory', () => {
    assert.deepEqual(new Reader().functions().exports, {
      memory: 'memory',
      occ_input: '() -> (i32)',
      occ_text: '(i32 i32) -> ()',
      occ_open: '(f64 i32 i32 i32) -> (i32)',
      occ_close: '() -> (i32)',
      occ_sign_in: '(f64 i32 i32) -> (i32)',
      occ_cancel: '(f64 i32) -> (i32)',
      occ_emulate: '(f64) -> (i32)',
      occ_sign_out: '(f64) -> (i32)',
      occ_sign_out_agent: '(f64) -> (i32)',
      occ_authorization: '(f64) -> (i32)',
      occ_renew: '(f64 i32) -> (i32)',
      occ_completed: '(f64 i32 i32 i32 f64) -> (i32)',
      occ_alarm: '(f64 f64) -> (i32)',
      occ_leave: '(f64) -> (i32)',
      occ_adopt: '(f64) -> (i32)',
      occ_ended: '(f64 f64 f64) -> (i32)',
      occ_wanted: '(f64 f64 f64) -> (i32)',
      occ_heard: '(f64 i32) -> (i32)',
    });
  });

  test('the reader of this file finds the same imports and exports as WebAssembly', async () => {
    const module = new WebAssembly.Module(bytes);
    const { imports, exports } = new Reader().functions();
    assert.deepEqual(
      WebAssembly.Module.imports(module)
        .map((each) => `${each.module}.${each.name}`)
        .sort(),
      Object.keys(imports).sort(),
    );
    const none = Object.fromEntries(Object.keys(imports).map((name) => [name.slice(4), () => {}]));
    const instance = await WebAssembly.instantiate(module, { env: none });
    for (const [name, exported] of Object.entries(instance.exports)) {
      if (typeof exported !== 'function') continue;
      const parameters = /\((.*?)\)/.exec(exports[name] ?? '')?.[1] ?? '';
      assert.equal(exported.length, parameters.split(' ').filter(Boolean).length, name);
    }
    assert.deepEqual(Object.keys(exports).sort(), Object.keys(instance.exports).sort());
  });

  test('the memory of core.wasm is at most 512 KiB and cannot grow', async () => {
    const module = new WebAssembly.Module(bytes);
    const env = Object.fromEntries(
      WebAssembly.Module.imports(module).map(({ name }) => [name, () => {}]),
    );
    const { exports } = await WebAssembly.instantiate(module, { env });
    const memory = /** @type {WebAssembly.Memory} */ (exports.memory);
    assert.ok(memory.buffer.byteLength <= 512 * 1024);
    assert.throws(() => memory.grow(1), RangeError);
  });
});

describe('the package', limit, () => {
  test('without a core.wasm beside the package, only a session that needs it is rejected', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'occ-session-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const name of ['index.js', 'node.js']) {
      cpSync(new URL(name, import.meta.resolve('occ-session')), join(folder, name));
    }
    // An unhandled rejection would end the process with exit code 1.
    const outcomes = await runProgram(
      async (url, base64) => {
        const { createSession } = await import(url);
        const good = { baseUrl: 'https://api.shop.example', clientId: 'mobile_android' };
        const wasm = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const seen = [];
        for (const options of [undefined, {}, { ...good, wasm }, good]) {
          try {
            const session = await createSession(options);
            seen.push(session.state.phase);
          } catch (error) {
            seen.push(/** @type {engine.SessionError} */ (error).code);
          }
        }
        return seen;
      },
      String(pathToFileURL(join(folder, 'node.js'))),
      bytes.toString('base64'),
    );
    assert.deepEqual(outcomes, [
      'invalid-options',
      'invalid-options',
      'anonymous',
      'wasm-unavailable',
    ]);
  });

  // The test sets both, since a runtime has only one of the two.
  for (const [runtime, fromHex] of /** @type {const} */ ([
    ['has', (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, 'hex'))],
    ['does not have', undefined],
  ])) {
    test(`the inline entry point needs no file if Uint8Array ${runtime} fromHex`, async (t) => {
      const before = Object.getOwnPropertyDescriptor(Uint8Array, 'fromHex');
      Object.defineProperty(Uint8Array, 'fromHex', { value: fromHex, configurable: true });
      t.after(() => {
        if (before) Object.defineProperty(Uint8Array, 'fromHex', before);
        else Reflect.deleteProperty(Uint8Array, 'fromHex');
      });
      const instantiate = t.mock.method(WebAssembly, 'instantiate');
      const session = await inline.createSession({
        baseUrl: 'https://api.shop.example',
        clientId: 'mobile_android',
        storage: 'memory',
      });
      const given = /** @type {Uint8Array} */ (instantiate.mock.calls[0]?.arguments[0]);
      assert.deepEqual(Buffer.from(given), bytes);
      assert.equal(session.state.phase, 'anonymous');
      session.close();
    });
  }

  test('the inline entry point is the same engine, with the same errors', async () => {
    assert.equal(inline.SessionError, engine.SessionError);
    assert.deepEqual(Object.keys(inline).sort(), Object.keys(engine).sort());
    assert.deepEqual(Object.keys(engine).sort(), ['ANONYMOUS', 'SessionError', 'createSession']);
    const shop = storefront();
    const session = await inline.createSession({
      baseUrl: shop.backend.url,
      clientId: 'mobile_android',
      clientSecret: 'secret',
      storage: 'memory',
    });
    await session.signIn(anna);
    assert.equal((await shop.getUser(session)).uid, anna.username);
    session.close();
  });

  test('the inline entry point rejects missing options', async () => {
    for (const options of /** @type {any[]} */ ([undefined, null])) {
      await assert.rejects(inline.createSession(options), { code: 'invalid-options' });
    }
  });

  test('the inline entry point uses the option wasm if there is one', async () => {
    await assert.rejects(
      inline.createSession({
        baseUrl: 'https://api.shop.example',
        clientId: 'mobile_android',
        wasm: new Uint8Array([0]),
      }),
      { code: 'wasm-unavailable' },
    );
  });
});
