// The bytes that a page loads for sign-in, refresh, sign-out and revocation: each library imported
// as its documentation says, bundled and minified, with the framework left out.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import { build } from 'esbuild';

export const title =
  'Size: what a page loads for sign-in, refresh, sign-out and revocation, minified, in bytes';

/** @typedef {{ raw: number, gzip: number, brotli: number }} Bytes */

const here = new URL('.', import.meta.url);
const root = new URL('../../', here);

const SILENT = 'It has no call that revokes a token.';

/**
 * The peers: the folder in node_modules, the entry file, and a note on its figures.
 * @type {[folder: string, entry: string, note?: string][]}
 */
const peers = [
  ['angular-oauth2-oidc', 'angular-oauth2-oidc'],
  ['angular-oauth2-oidc-10', 'angular-oauth2-oidc-10', 'The release inside Spartacus 4.3.'],
  ['oidc-client-ts', 'oidc-client-ts'],
  [
    'oauth4webapi',
    'oauth4webapi',
    'With a small session of the page around it, since it keeps none.',
  ],
  ['@axa-fr/oidc-client', 'axa-fr-oidc-client', 'Without its service worker.'],
  ['@auth0/auth0-spa-js', 'auth0-spa-js', 'It revokes the refresh token alone.'],
  ['@okta/okta-auth-js', 'okta-auth-js'],
  ['keycloak-js', 'keycloak-js', SILENT],
  ['@azure/msal-browser', 'msal-browser', SILENT],
];

/**
 * Returns the JavaScript of one entry file, as a page's bundler would make it.
 * @param {string} entry
 * @param {import('esbuild').Plugin[]} [plugins]
 */
async function bundle(entry, plugins = []) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`size/${entry}.js`, here))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    external: ['@angular/*', 'rxjs', 'rxjs/*'],
    plugins,
  });
  return outputFiles[0].contents;
}

/** @param {Uint8Array} content */
const compress = (content) => ({
  raw: content.length,
  // The program, not Node's zlib: that one trades some size for speed.
  gzip: execFileSync('gzip', ['-9'], { input: content }).length,
  // Quality 11 is the default.
  brotli: brotliCompressSync(content).length,
});

/**
 * Returns the files of this package that a page loads, as the server would send them.
 * @returns {Promise<(Bytes & { name: string })[]>}
 */
export async function filesOfPage() {
  return [
    { name: 'JavaScript, minified', ...compress(await bundle('occ-session')) },
    { name: 'core.wasm', ...compress(readFileSync(new URL('dist/core.wasm', root))) },
  ];
}

/**
 * @param {readonly Bytes[]} files
 * @returns {Bytes}
 */
export const sum = (files) =>
  files.reduce((a, b) => ({
    raw: a.raw + b.raw,
    gzip: a.gzip + b.gzip,
    brotli: a.brotli + b.brotli,
  }));

/** @param {URL} folder */
const versionOf = (folder) =>
  JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version;

/**
 * @param {import('./figures.js').Options} _options the same each time: there is nothing to repeat
 * @returns {Promise<import('./figures.js').Table>}
 */
export async function measure(_options) {
  const { angularLinker } = await import('./angular.js');
  /** @param {Bytes} bytes */
  const figures = ({ raw, gzip, brotli }) => [raw, gzip, brotli].map((value) => ({ value }));

  const version = versionOf(root);
  const rows = [
    { subject: 'occ-session', version, figures: figures(sum(await filesOfPage())) },
    {
      subject: 'occ-session/angular',
      version,
      figures: figures(compress(await bundle('occ-session-angular'))),
      note: 'With core.wasm inside of the JavaScript, as hexadecimal digits.',
    },
  ];
  for (const [folder, entry, note] of peers) {
    rows.push({
      subject: folder.replace(/-10$/, ''),
      version: versionOf(new URL(`node_modules/${folder}/`, here)),
      figures: figures(compress(await bundle(entry, [angularLinker]))),
      note,
    });
  }
  return {
    columns: [
      { name: 'minified', unit: 'bytes' },
      { name: 'gzip -9', unit: 'bytes' },
      { name: 'brotli -q 11', unit: 'bytes' },
    ],
    rows,
    notes: ['Angular and RxJS are not counted.'],
  };
}
