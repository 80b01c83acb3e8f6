// Searches a memory for secrets: in each encoding in which the engine or its host could have left
// them, and in pieces.

/** The number of bytes that count as the secret; a shorter one counts as a whole. */
const PIECE = 12;

/** @param {string} secret */
function encodings(secret) {
  const json = JSON.stringify(secret).slice(1, -1);
  const texts = [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams([[secret, '']]).toString().slice(0, -1),
    json,
    json.replace(/[^ -~]/g, (character) => {
      const code = character.charCodeAt(0).toString(16);
      return `\\u${code.padStart(4, '0')}`;
    }),
  ];
  const encoded = [...new Set(texts)].flatMap((text) => [
    Buffer.from(text, 'utf8').toString('latin1'),
    Buffer.from(text, 'utf16le').toString('latin1'),
  ]);
  return [...new Set(encoded)];
}

/**
 * Yields the pieces of a text. No piece begins within an escape: the bytes before a token in memory
 * can be the end of another one that ends with the same digit.
 *
 * @param {string} text
 */
function* pieces(text) {
  const length = Math.min(PIECE, text.length) || 1;
  for (let i = 0; i + length <= text.length; i++) {
    if (text[i - 1] !== '%' && text[i - 2] !== '%') yield text.slice(i, i + length);
  }
}

/** Finds secrets in a memory. */
export class Finder {
  /** The label of each piece, and of each secret that is shorter. @type {Map<string, string>} */
  #pieces = new Map();
  /** @type {Map<string, string>} */
  #shorter = new Map();
  /** @type {Set<string>} */
  #innocent;
  /** @type {Set<string>} */
  #known = new Set();

  /** @param {string[]} [innocent] texts without secrets: their pieces do not count */
  constructor(innocent = []) {
    this.#innocent = new Set(innocent.flatMap((text) => [...pieces(text)]));
  }

  /**
   * Adds secrets to search for. A piece that two have in common counts for the one added first.
   *
   * @param {Iterable<[label: string, secret: string]>} secrets
   */
  add(secrets) {
    for (const [label, secret] of secrets) {
      if (this.#known.has(secret)) continue;
      this.#known.add(secret);
      for (const text of encodings(secret)) {
        for (const piece of pieces(text)) {
          const labels = piece.length < PIECE ? this.#shorter : this.#pieces;
          if (!labels.has(piece) && !this.#innocent.has(piece)) labels.set(piece, label);
        }
      }
    }
  }

  /** The number of secrets. */
  get size() {
    return this.#known.size;
  }

  /** @param {Iterable<string>} memory @returns {Set<string>} the labels of the secrets in it */
  find(memory) {
    const found = new Set();
    for (const text of memory) {
      for (let i = 0; i + PIECE <= text.length; i++) {
        const label = this.#pieces.get(text.slice(i, i + PIECE));
        if (label !== undefined) found.add(label);
      }
      for (const [piece, label] of this.#shorter) if (text.includes(piece)) found.add(label);
    }
    return found;
  }
}
