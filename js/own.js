// Objects in which nobody finds what somebody has put into Object.prototype, as a careless merge of
// foreign JSON does: it must not become an option, or a function of the core.

/**
 * The object's own properties, without a prototype.
 *
 * @template T
 * @param {T} object
 * @returns {NonNullable<T>}
 */
export const own = (object) => /** @type {any} */ ({ __proto__: null, ...object });
