// Who can sign in: the sample accounts, and the customers who register while the back end runs.
// And the lists by which agents find some of these customers.

/**
 * @typedef {object} Account
 * @property {'customer' | 'agent'} owner
 * @property {string} uid what is typed as the user name
 * @property {string} password
 * @property {string} name
 * @property {string} customerId empty for an agent
 * @property {string} [titleCode]
 */

/** @type {readonly Readonly<Account>[]} */
export const accounts = Object.freeze([
  account('customer', 'anna.keller@example.com', 'Welcome-1', 'Anna Keller', '0001'),
  account('customer', 'ben.okafor@example.com', 'Welcome-2', 'Ben Okafor', '0002'),
  // The example of RFC 6749, appendix B: every character of it has to be form-encoded.
  account('customer', 'chloé.müller@example.com', ' %&+£€', 'Chloé Müller', '0003'),
  account('agent', 'asagent', 'Support-1', 'Sam Agent', ''),
]);

/** Who has ordered without an account, and may still make one of it. */
export const guests = [{ guid: 'c0ffee01', uid: 'gina.rossi@example.com', name: 'Gina Rossi' }];

/** @type {readonly { readonly uid: string, readonly name: string, readonly customerIds: readonly string[] }[]} */
export const customerLists = [
  { uid: 'recentlyActive', name: 'Recently active', customerIds: ['0001', '0003'] },
  { uid: 'b2bProspects', name: 'B2B prospects', customerIds: ['0002'] },
];

/**
 * @param {Account['owner']} owner
 * @param {string} uid
 * @param {string} password
 * @param {string} name
 * @param {string} customerId
 * @returns {Readonly<Account>}
 */
function account(owner, uid, password, name, customerId) {
  return Object.freeze({ owner, uid, password, name, customerId });
}

/** @typedef {ReturnType<typeof createDirectory>} Directory */

/** The accounts of one back end. */
export function createDirectory() {
  let members = [...accounts];

  /** @param {string} uid */
  const byUid = (uid) => members.find((member) => member.uid === uid);

  return {
    byUid,

    /** @param {string | undefined} uid @param {string | undefined} password */
    authenticate(uid = '', password = '') {
      const member = byUid(uid);
      return member?.password === password ? member : undefined;
    },

    customers: () => members.filter((member) => member.owner === 'customer'),

    /** @param {string} id a uid or a customer id, as both may stand in a URL */
    customer(id) {
      return this.customers().find((member) => member.uid === id || member.customerId === id);
    },

    /** @param {string} uid @param {string} password @param {string} name */
    register(uid, password, name) {
      const customerId = String(this.customers().length + 1).padStart(4, '0');
      const member = account('customer', uid, password, name, customerId);
      members.push(member);
      return member;
    },

    /** @param {Readonly<Account>} customer @param {Partial<Account>} change */
    change(customer, change) {
      members = members.map((member) =>
        member === customer ? Object.freeze({ ...member, ...change }) : member,
      );
    },

    reset() {
      members = [...accounts];
    },
  };
}
