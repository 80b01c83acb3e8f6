// Builds the package into dist/: the set-up if it is needed, core.wasm by CMake, js/numbers.js from
// the C enums, the ES modules by esbuild, and their declarations by tsc. Unchanged parts are not
// rebuilt, and each file is replaced as a whole.
//
//   node tools/build.js [--debug | --integrity]
//
// --debug builds the same modules into build/debug/, for the developer tools of a browser: with source
// maps, and core.wasm with function names and DWARF. --integrity prints the SHA-384 of each file that a
// page may load, for Subresource Integrity.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { main, root, run, ToolError } from './command.js';
import { cjsonSourceDir, lock, setup } from './setup.js';

const wasmDir = join(root, 'build/wasm');
const dist = join(root, 'dist');
const debugDir = join(root, 'build/debug');

/** The modules that the package exports, in js/ and, bundled, in dist/. */
const entries = [
  'index.js',
  'node.js',
  'workerd.js',
  'inline.js',
  'angular/index.js',
  'angular/signals.js',
  'angular/testing.js',
  'spartacus/index.js',
  'spartacus/without-asm.js',
];

/** The version of JavaScript in dist/; tools/proofs/coverage-js.js says when it is another. */
const target = process.env.OCC_TARGET ?? 'es2022';

/** Brings dist/ up to date. */
export async function build() {
  setup('build');
  const unlock = lock('build', 'waiting for another build to end');
  try {
    buildPreset('wasm');
    writeIfChanged(join(root, 'js/numbers.js'), await readNumbers());
    await buildPackage();
  } finally {
    unlock();
  }
}

/** Brings build/debug/ up to date. */
export async function buildDebug() {
  await build();
  const unlock = lock('build', 'waiting for another build to end');
  try {
    buildPreset('wasm-debug');
    const wasm = join(root, 'build/wasm-debug/core.wasm');
    const bundles = await Promise.all(
      entries.map((entry) => bundle(entry, { wasm, folder: debugDir, sourcemap: 'linked' })),
    );
    for (const [name, bytes] of bundles.flat()) writeIfChanged(join(debugDir, name), bytes);
    writeIfChanged(join(debugDir, 'core.wasm'), readFileSync(wasm));
  } finally {
    unlock();
  }
}

/**
 * Configures a preset of CMake if necessary, and builds it.
 * @param {string} preset
 */
export function buildPreset(preset) {
  const folder = join(root, 'build', preset);
  const cache = join(folder, 'CMakeCache.txt');
  const configured = existsSync(cache) ? readFileSync(cache, 'utf8') : '';
  /** @param {string} name */
  const entry = (name) => new RegExp(`^${name}:\\w+=(.*)$`, 'm').exec(configured)?.[1];
  if (configured && `${entry('CMAKE_HOME_DIRECTORY')}/` !== root) {
    // The checkout was moved: CMake refuses such a folder.
    rmSync(folder, { recursive: true });
  }
  if (!existsSync(join(folder, 'build.ninja')) || entry('CJSON_SOURCE_DIR') !== cjsonSourceDir) {
    run('cmake', ['--preset', preset, `-DCJSON_SOURCE_DIR=${cjsonSourceDir}`]);
  }
  run('cmake', ['--build', '--preset', preset]);
}

/**
 * Returns the text of js/numbers.js: what the C preprocessor generates from the enums, and which
 * parameters of the host functions are texts, as they are declared.
 */
async function readNumbers() {
  const bytes = readFileSync(join(wasmDir, 'numbers.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, occ_numbers, occ_numbers_length } =
    /** @type {{ memory: WebAssembly.Memory } & Record<string, () => number>} */ (
      /** @type {unknown} */ (instance.exports)
    );
  const numbers = new TextDecoder().decode(
    new Uint8Array(memory.buffer, occ_numbers(), occ_numbers_length()),
  );
  const header = readFileSync(join(root, 'src/occ_host.h'), 'utf8');
  const texts = [...header.matchAll(/^void (occ_host_\w+)\(([^)]*)\);/gm)].flatMap(
    ([, name, parameters]) => {
      const count = parameters.split('const char *').length - 1;
      return count ? `  ${name}: ${count},\n` : [];
    },
  );
  return `${numbers}
/** How many texts a host function has, at the end. @type {Record<string, number>} */
export const HOST_TEXTS = { __proto__: /** @type {any} */ (null),\n${texts.join('')}};\n`;
}

async function buildPackage() {
  const wasm = readFileSync(join(wasmDir, 'core.wasm'));
  const sources = filesIn(join(root, 'js')).filter((path) => /\.[jt]s$/.test(path));
  const hash = createHash('sha256').update(wasm).update(target);
  for (const path of [
    ...sources,
    fileURLToPath(import.meta.url),
    ...['package.json', 'package-lock.json', 'tsconfig.json', 'tools/tsconfig.package.json'].map(
      (name) => join(root, name),
    ),
  ]) {
    hash.update(`\n${relative(root, path)}\n`).update(readFileSync(path));
  }
  const stamp = join(root, 'build/dist.json');
  const wanted = hash.digest('hex');
  const last = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : { files: [] };
  if (
    last.hash === wanted &&
    last.files.every((/** @type {string} */ name) => existsSync(join(dist, name)))
  ) {
    return;
  }
  /** @type {[string, string | Uint8Array][]} */
  const content = [
    ['core.wasm', wasm],
    ...(await Promise.all(entries.map((entry) => bundle(entry)))).flat(),
    ...declarations(),
  ];
  const files = new Map(content);
  rmSync(stamp, { force: true });
  for (const [name, bytes] of files) {
    writeIfChanged(join(dist, name), bytes);
  }
  for (const path of filesIn(dist)) {
    if (!files.has(relative(dist, path))) {
      rmSync(path);
    }
  }
  writeIfChanged(stamp, JSON.stringify({ hash: wanted, files: [...files.keys()] }));
}

/**
 * Bundles an entry point. An import of `./core.wasm` becomes the module as hexadecimal digits,
 * except for workerd, which loads it itself; as a URL it is left to the page's own bundler.
 * @param {string} entry
 * @param {{ wasm: string, folder: string, sourcemap?: 'linked' }} [to] the embedded module, and the
 *   folder of the bundle
 * @returns {Promise<[string, Uint8Array][]>}
 */
async function bundle(
  entry,
  { wasm, folder, sourcemap } = { wasm: join(wasmDir, 'core.wasm'), folder: dist },
) {
  // Not imported at the top: it may not be installed before the set-up.
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild
    .build({
      absWorkingDir: root,
      entryPoints: [`js/${entry}`],
      outbase: 'js',
      outdir: folder,
      sourcemap,
      packages: 'external',
      bundle: true,
      write: false,
      format: 'esm',
      platform: entry === 'node.js' ? 'node' : 'neutral',
      target,
      // The constants of js/numbers.js become numbers.
      minifySyntax: true,
      charset: 'utf8',
      legalComments: 'none',
      plugins: [
        {
          name: 'entry points share what they import',
          setup(context) {
            context.onResolve({ filter: /\/core\.wasm$/ }, ({ path }) =>
              entry === 'workerd.js' ? { path, external: true } : { path: wasm },
            );
            context.onLoad({ filter: /\/core\.wasm$/ }, ({ path }) => ({
              contents: readFileSync(path, 'hex'),
              loader: 'text',
            }));
            // Every module is bundled once: a second copy would have a SessionError of its own.
            context.onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
              const name = relative(join(root, 'js'), join(resolveDir, path));
              return kind === 'entry-point'
                ? undefined
                : entries.includes(name)
                  ? { path, external: true }
                  : entry === 'index.js' ||
                      (entry.includes('/') && dirname(name) === dirname(entry))
                    ? undefined
                    : { errors: [{ text: `js/${entry} may import only entry points of js/` }] };
            });
          },
        },
      ],
    })
    .catch(() => {
      throw new ToolError(`Failed: esbuild of js/${entry}`);
    });
  return outputFiles.map(({ path, contents }) => [relative(folder, path), contents]);
}

/**
 * Returns the declarations of the entry points and of their imports.
 * @returns {[string, string][]}
 */
function declarations() {
  const folder = join(root, 'build/declarations');
  rmSync(folder, { recursive: true, force: true });
  run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', join(root, 'tools/tsconfig.package.json'), '--outDir', folder],
  ]);
  return filesIn(folder).map((path) => [relative(folder, path), readFileSync(path, 'utf8')]);
}

/**
 * Returns the files of dist/ that a page may load, each with its SHA-384 for Subresource Integrity.
 * @returns {[name: string, integrity: string][]}
 */
export function integrities() {
  return filesIn(dist)
    .filter((path) => /\.(js|wasm)$/.test(path))
    .map((path) => [
      relative(root, path),
      `sha384-${createHash('sha384').update(readFileSync(path)).digest('base64')}`,
    ]);
}

/**
 * Returns all files below a folder, sorted.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesIn(folder) {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile())
        .sort()
    : [];
}

/**
 * @param {string} path
 * @param {string | Uint8Array} content
 */
function writeIfChanged(path, content) {
  if (existsSync(path) && Buffer.from(content).equals(readFileSync(path))) {
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, path);
}

await main(import.meta, async () => {
  await (process.argv.includes('--debug') ? buildDebug : build)();
  if (process.argv.includes('--integrity')) {
    for (const [name, integrity] of integrities()) console.log(`${name.padEnd(30)} ${integrity}`);
  }
});
