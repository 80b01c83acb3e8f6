// The compared subjects: each by the name of its package, with its driver.
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {string} version
 * @property {string} driver a file of peers/
 * @property {boolean} [slash] true if it asks for an issuer that ends with one
 */

/** @param {string} path */
const versionIn = (path) =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;

/**
 * @param {string} name
 * @param {string} driver
 * @param {Partial<Subject>} [more]
 * @returns {Subject}
 */
const peer = (name, driver, more) => ({
  name,
  version: versionIn(`node_modules/${name}/package.json`),
  driver,
  ...more,
});

/** @type {Subject} */
export const ours = {
  name: 'occ-session',
  version: versionIn('../../package.json'),
  driver: 'occ-session',
};

/** @type {Subject} */
export const oursInAngular = {
  ...ours,
  name: 'occ-session/angular',
  driver: 'occ-session-angular',
};

export const angularOAuth = peer('angular-oauth2-oidc', 'angular-oauth2-oidc');

/** The subjects that revoke. */
export const subjects = [
  ours,
  angularOAuth,
  peer('oidc-client-ts', 'oidc-client-ts'),
  peer('oauth4webapi', 'oauth4webapi'),
  peer('@okta/okta-auth-js', 'okta-auth-js'),
  peer('@axa-fr/oidc-client', 'axa-fr-oidc-client'),
  peer('@auth0/auth0-spa-js', 'auth0-spa-js', { slash: true }),
];

/** The others do not revoke: they cannot do what is measured of a sign-out. */
const others = [
  {
    name: 'keycloak-js',
    note: 'It has no call that revokes: it leaves for the server, which is to be asked to sign out.',
  },
  {
    name: '@azure/msal-browser',
    note: 'It has no call that revokes, and speaks to servers with TLS alone.',
  },
];

/**
 * @param {number} figures the number of columns of a table
 * @returns {import('./figures.js').Row[]}
 */
export const withoutRevocation = (figures) =>
  others.map(({ name, note }) => ({
    subject: name,
    version: versionIn(`node_modules/${name}/package.json`),
    figures: Array.from({ length: figures }, () => null),
    note,
  }));
