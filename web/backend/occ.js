// The few resources of OCC and of the Assisted Service Module that a storefront needs to be tried
// out.
import { customerLists, guests } from './accounts.js';
import { cartOf, searchProducts } from './catalogue.js';
import { findComponents, findPage } from './cms.js';

/**
 * @typedef {import('oidc-provider').Context} Context
 * @typedef {Readonly<import('./accounts.js').Account>} Account
 * @typedef {import('./oauth.js').Bearer} Bearer
 * @typedef {{ ctx: Context, bearer: Bearer | null, id: string, directory: import('./accounts.js').Directory }} Request
 */

/** A refusal in the words of OCC. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} type
   * @param {string} message
   * @param {string} [challenge]
   */
  constructor(status, type, message, challenge) {
    super(message);
    this.status = status;
    this.type = type;
    this.challenge = challenge;
  }
}

const deadToken = () =>
  new Refusal(401, 'InvalidTokenError', 'Invalid access token', 'Bearer error="invalid_token"');
const unauthorized = () =>
  new Refusal(
    401,
    'UnauthorizedError',
    'Full authentication is required to access this resource',
    'Bearer realm="hybris", error="unauthorized"',
  );
const forbidden = () => new Refusal(403, 'ForbiddenError', 'Access is denied');
/** @param {string} message */
const invalid = (message) => new Refusal(400, 'ValidationError', message);

/**
 * Answers with an error, in the form that is set.
 *
 * @param {Context} ctx
 * @param {Pick<Refusal, 'status' | 'type' | 'message' | 'challenge'>} refusal
 * @param {import('./behaviour.js').BehaviourState} behaviour
 */
export function refuse(ctx, { status, type, message, challenge }, behaviour) {
  ctx.status = status;
  if (challenge && behaviour.challenge) ctx.set('WWW-Authenticate', challenge);
  if (behaviour.errors === 'json') {
    ctx.body = { errors: [{ type, message }] };
    return;
  }
  ctx.type = 'application/xml';
  ctx.body =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<errors><error><type>${type}</type><message>${message}</message></error></errors>`;
}

/** The customer whom the path names, as far as the bearer may act for that customer.
 * @param {Request} request @returns {Account} */
function customerOf({ bearer, id, directory }) {
  if (!bearer) throw unauthorized();
  const { owner, account } = bearer;
  if (owner === 'customer' && account) {
    if (id === 'current' || directory.customer(id) === account) return account;
  } else if (owner === 'agent' && id !== 'current' && id !== 'anonymous') {
    const customer = directory.customer(id);
    if (customer) return customer;
    throw new Refusal(404, 'UnknownIdentifierError', 'There is no such customer');
  }
  throw forbidden();
}

/** @param {Request} request */
function agentOf({ bearer }) {
  if (!bearer) throw unauthorized();
  if (bearer.owner !== 'agent') throw forbidden();
}

/** @param {Context} ctx @returns {any} */
function jsonOf(ctx) {
  try {
    return JSON.parse(ctx.state.body.toString());
  } catch {
    throw invalid('The body is not JSON');
  }
}

const titles = [
  { code: 'mr', name: 'Mr.' },
  { code: 'mrs', name: 'Mrs.' },
  { code: 'ms', name: 'Ms.' },
];

const consentTemplates = [
  {
    id: 'MARKETING_NEWSLETTER',
    name: 'Newsletter',
    description: 'I would like to receive the newsletter',
    version: 0,
  },
];

/** @param {Account} customer */
function asUser({ uid, customerId, name, titleCode }) {
  const [firstName = '', ...rest] = name.split(' ');
  const user = { uid, customerId, name, firstName, lastName: rest.join(' ') };
  return titleCode ? { ...user, titleCode } : user;
}

/** A new customer, or a guest who becomes one. @param {Request} request */
function register({ ctx, bearer, directory }) {
  if (bearer?.owner !== 'client') throw unauthorized();
  const { form } = ctx.state.entry;
  const { uid, password, name } = form ? guestIn(form) : newcomerIn(jsonOf(ctx) ?? {});
  if (directory.byUid(uid)) {
    throw new Refusal(400, 'DuplicateUidError', 'There is an account of this name');
  }
  ctx.status = 201;
  return asUser(directory.register(uid, password, name));
}

/** @param {Record<string, unknown>} fields */
function newcomerIn({ uid, password, firstName, lastName }) {
  const texts = required({ uid, password, firstName, lastName });
  return { ...texts, name: `${texts.firstName} ${texts.lastName}` };
}

/** @param {Record<string, unknown>} fields */
function guestIn({ guid, password }) {
  const given = required({ guid, password });
  const guest = guests.find((each) => each.guid === given.guid);
  if (!guest) throw new Refusal(404, 'UnknownIdentifierError', 'There is no such guest');
  return { ...guest, ...given };
}

/**
 * The same fields, once none of them is missing.
 *
 * @template {string} T
 * @param {Record<T, unknown>} fields
 */
function required(fields) {
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value === '') throw invalid(`${field} is missing`);
  }
  return /** @type {Record<T, string>} */ (fields);
}

/** @param {Request} request */
function changeProfile(request) {
  const customer = customerOf(request);
  const { firstName, lastName, titleCode } = { ...asUser(customer), ...jsonOf(request.ctx) };
  required({ firstName, lastName });
  if (titleCode && !titles.some(({ code }) => code === titleCode)) throw invalid('no such title');
  request.directory.change(customer, { name: `${firstName} ${lastName}`, titleCode });
  return '';
}

/** @param {Request} request */
function showPage({ ctx }) {
  const { pageLabelOrId } = ctx.query;
  const page = findPage(pageLabelOrId === undefined ? undefined : String(pageLabelOrId));
  if (page) return page;
  const message = `No content page found matching ${pageLabelOrId}.`;
  throw new Refusal(404, 'CMSItemNotFoundError', message);
}

/** @param {Context} ctx @param {string} name @param {number} usual @param {number} least */
function numberIn(ctx, name, usual, least) {
  const given = ctx.query[name];
  if (given === undefined) return usual;
  const value = /^\d{1,9}$/.test(String(given)) ? Number(given) : -1;
  if (value < least) throw invalid(`${name} must be a whole number, ${least} or more`);
  return value;
}

/** Whom a customer list holds; without a list, everybody.
 * @param {string} uid @returns {(customer: Account) => boolean} */
function membersOf(uid) {
  if (uid === '') return () => true;
  const list = customerLists.find((each) => each.uid === uid);
  if (!list) throw new Refusal(404, 'UnknownIdentifierError', 'There is no such customer list');
  return ({ customerId }) => list.customerIds.includes(customerId);
}

/** @param {Request} request */
function searchCustomers(request) {
  agentOf(request);
  const { ctx, directory } = request;
  const { query = '', customerListId = '', sort = 'byNameAsc' } = ctx.query;
  const currentPage = numberIn(ctx, 'currentPage', 0, 0);
  const pageSize = numberIn(ctx, 'pageSize', 20, 1);
  const wanted = String(query).toLowerCase();
  const found = directory
    .customers()
    .filter(membersOf(String(customerListId)))
    .map(asUser)
    .filter((user) => Object.values(user).some((text) => text.toLowerCase().includes(wanted)));
  return {
    entries: found.slice(currentPage * pageSize, (currentPage + 1) * pageSize),
    pagination: {
      currentPage,
      pageSize,
      sort,
      totalPages: Math.max(1, Math.ceil(found.length / pageSize)),
      totalResults: found.length,
    },
    sorts: [{ code: 'byNameAsc', selected: true }],
  };
}

/** @param {Request} request */
function listCustomerLists(request) {
  agentOf(request);
  return { userGroups: customerLists.map(({ uid, name }) => ({ uid, name })) };
}

/** @type {[method: string, path: RegExp, answer: (request: Request) => unknown][]} */
const resources = [
  ['GET', /^\/occ\/v2\/shop\/users\/([^/]+)$/, (request) => asUser(customerOf(request))],
  ['PATCH', /^\/occ\/v2\/shop\/users\/([^/]+)$/, changeProfile],
  [
    'GET',
    /^\/occ\/v2\/shop\/users\/([^/]+)\/consenttemplates$/,
    (request) => (request.id === 'anonymous' || customerOf(request)) && { consentTemplates },
  ],
  [
    'GET',
    /^\/occ\/v2\/shop\/users\/([^/]+)\/carts\/current$/,
    (request) => cartOf(request.id === 'anonymous' ? undefined : customerOf(request)),
  ],
  [
    'POST',
    /^\/occ\/v2\/shop\/users\/([^/]+)\/echo$/,
    (request) => customerOf(request) && jsonOf(request.ctx),
  ],
  ['POST', /^\/occ\/v2\/shop\/users$/, register],
  [
    'GET',
    /^\/occ\/v2\/(?:shop\/)?basesites$/,
    () => ({ baseSites: [{ uid: 'shop', name: 'Shop' }] }),
  ],
  [
    'GET',
    /^\/occ\/v2\/shop\/products\/search$/,
    ({ ctx }) => searchProducts(String(ctx.query.query ?? '')),
  ],
  ['GET', /^\/occ\/v2\/shop\/titles$/, () => ({ titles })],
  ['GET', /^\/occ\/v2\/shop\/cms\/pages$/, showPage],
  [
    'GET',
    /^\/occ\/v2\/shop\/cms\/components$/,
    ({ ctx }) => findComponents(String(ctx.query.componentIds ?? '').split(',')),
  ],
  ['GET', /^\/assistedservicewebservices\/customers\/search$/, searchCustomers],
  ['GET', /^\/assistedservicewebservices\/customerlists$/, listCustomerLists],
];

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('The path is not well encoded');
  }
}

/**
 * @param {import('./oauth.js').OAuth} oauth
 * @param {import('./accounts.js').Directory} directory
 * @param {import('./behaviour.js').Behaviour} behaviour
 * @returns {import('oidc-provider').Middleware}
 */
export function occ(oauth, directory, behaviour) {
  /** @param {Context} ctx */
  async function answer(ctx) {
    const authorization = ctx.get('authorization');
    const bearer = await oauth.bearer(authorization);
    // A dead token is refused even where none is needed.
    if (authorization && !bearer) throw deadToken();
    const known = resources.filter(([, path]) => path.test(ctx.path));
    if (known.length === 0) {
      throw new Refusal(404, 'UnknownResourceError', 'There is no resource for this path');
    }
    const wanted = ctx.method === 'HEAD' ? 'GET' : ctx.method;
    const resource = known.find(([method]) => method === wanted);
    if (!resource) throw new Refusal(405, 'MethodNotAllowedError', 'Not with this method');
    const [, path, resolve] = resource;
    const id = decoded(path.exec(ctx.path)?.[1] ?? '');
    ctx.status = 200;
    ctx.body = resolve({ ctx, bearer, id, directory });
  }

  return async (ctx, next) => {
    if (!/^\/(occ|assistedservicewebservices)\//.test(ctx.path)) return next();
    ctx.set('Cache-Control', 'no-store');
    try {
      await answer(ctx);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(ctx, error, behaviour.current);
    }
  };
}
