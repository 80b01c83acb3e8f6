// Objects without a prototype. A careless merge of foreign JSON can add members to
// Object.prototype, and none of them must become an option, or a function of the core.

/**
 * Returns a copy of the object's own properties, without a prototype.
 *
 * @template T
 * @param {T} object
 * @returns {NonNullable<T>}
 */
export const own = (object) => /** @type {any} */ ({ __proto__: null, ...object });
