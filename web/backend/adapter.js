// What the OAuth server remembers: one store for each back end, so that several can run in one
// process.

/** @typedef {{ kind?: string, accountId?: string, grantId?: string, exp?: number, consumed?: number }} Record */

export class Store {
  /** @type {Map<string, Record>} */
  #records = new Map();

  /** The form in which oidc-provider asks for its records. @param {string} model */
  adapter(model) {
    const records = this.#records;
    /** @param {string} id */
    const key = (id) => `${model}:${id}`;
    return {
      /** @param {string} id @param {Record} record */
      async upsert(id, record) {
        records.set(key(id), record);
      },
      /** @param {string} id */
      async find(id) {
        return records.get(key(id));
      },
      /** @param {string} id */
      async consume(id) {
        const record = records.get(key(id));
        if (record) record.consumed = now();
      },
      /** @param {string} id */
      async destroy(id) {
        records.delete(key(id));
      },
      /** @param {string} grantId */
      async revokeByGrantId(grantId) {
        for (const [id, record] of records) {
          if (id.startsWith(`${model}:`) && record.grantId === grantId) records.delete(id);
        }
      },
    };
  }

  /** @param {(record: Record) => boolean} isMeant */
  expire(isMeant) {
    for (const record of this.#records.values()) {
      if (isMeant(record)) record.exp = now() - 1;
    }
  }

  clear() {
    this.#records.clear();
  }
}

const now = () => Math.floor(Date.now() / 1000);
