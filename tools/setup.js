// Checks that this machine has what the project needs, and installs what is missing: Debian
// packages, npm packages, cJSON's source. Without apt-get it only says what is missing.
// It uses no npm package, since none may be installed yet.
//
//   node tools/setup.js [packages | build | test | storefront | check | proof | bench |
//                        everywhere-short | everywhere]
//
// With a purpose, only its prerequisites: the npm packages, or these and those of a build, the
// tests (which build), the checks, the proofs, the benchmark, or the tests in other browsers.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, relative, resolve } from 'node:path';
import process from 'node:process';

import { main, root, ToolError } from './command.js';

const build = join(root, 'build');

/** The folder with cJSON.c and cJSON.h. */
export const cjsonSourceDir = resolve(process.env.CJSON_SOURCE_DIR ?? join(build, 'cjson'));

/** The path of Chromium, or undefined. */
export const findChromium = () =>
  process.env.CHROMIUM ??
  ['chromium', 'chromium-browser', 'google-chrome', 'chrome'].map(findCommand).find(Boolean);

/**
 * The path of Chromium's headless shell, or undefined: it costs half as much as a full Chromium.
 */
export const findHeadlessShell = () =>
  process.env.CHROMIUM ?? findCommand('chromium-headless-shell');

const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/** The browsers that the drivers of WebKit drive. */
export const webKitGtkBrowser = `${libraries}/webkit2gtk-4.1/MiniBrowser`;
export const wpeBrowser = `${libraries}/wpe-webkit-1.1/MiniBrowser`;

const purposes = /** @type {const} */ ([
  'packages',
  'build',
  'test',
  'storefront',
  'check',
  'proof',
  'bench',
  'everywhere-short',
  'everywhere',
  'all',
]);
/** @typedef {(typeof purposes)[number]} Purpose */

/**
 * @param {string} name
 * @returns {name is Purpose}
 */
const isPurpose = (name) => /** @type {readonly string[]} */ (purposes).includes(name);

/**
 * A prerequisite from outside npm: its purpose, how to detect it, the Debian packages, and what to
 * do without apt-get.
 * @typedef {{ for: Purpose, there: () => boolean, packages: string[], remedy: string }} Need
 */

/** @type {Need[]} */
const needs = [
  {
    for: 'build',
    there: () => ['emcc', 'em-config'].every(findCommand),
    packages: ['emscripten'],
    remedy: 'Emscripten 3.1.6 or later: put emcc on the PATH (for an emsdk: source emsdk_env.sh)',
  },
  {
    for: 'build',
    there: () => isAtLeast(firstLine('cmake', ['--version']), 3, 25),
    packages: ['cmake'],
    remedy: 'CMake 3.25 or later: put cmake on the PATH',
  },
  {
    for: 'build',
    there: () => Boolean(findCommand('ninja')),
    packages: ['ninja-build'],
    remedy: 'Ninja: put ninja on the PATH',
  },
  {
    for: 'test',
    there: () => hasRuntime('clang', 'asan'),
    packages: ['clang', 'libclang-rt-dev'],
    remedy: 'a C compiler, clang with its sanitizers: put clang on the PATH',
  },
  {
    for: 'test',
    there: () => isExecutable(findChromium()),
    packages: process.env.CHROMIUM ? [] : ['chromium', 'fonts-dejavu-core'],
    remedy:
      'Chromium: name it with CHROMIUM=/path/to/chromium' +
      (process.env.CHROMIUM ? ` (${process.env.CHROMIUM} cannot be run)` : ''),
  },
  {
    for: 'storefront',
    there: () => isExecutable(findHeadlessShell()),
    packages: process.env.CHROMIUM ? [] : ['chromium-headless-shell', 'fonts-dejavu-core'],
    remedy:
      "Chromium's headless shell: put chromium-headless-shell on the PATH, or name any CHROMIUM",
  },
  {
    for: 'check',
    there: () => ['clang-format', 'clang-tidy'].every(findCommand),
    packages: ['clang-format', 'clang-tidy'],
    remedy: 'clang-format and clang-tidy: put them on the PATH',
  },
  {
    // The first version that measures modified condition/decision coverage.
    for: 'proof',
    there: () =>
      ['clang-19', 'llvm-cov-19', 'llvm-profdata-19'].every(findCommand) &&
      hasRuntime('clang-19', 'fuzzer'),
    packages: ['clang-19', 'llvm-19', 'libclang-rt-19-dev'],
    remedy: 'clang 19 with libFuzzer, llvm-cov and llvm-profdata: put clang-19 … on the PATH',
  },
  {
    for: 'proof',
    there: () => ['frama-c', 'why3', 'z3', 'cvc4'].every(findCommand),
    packages: ['frama-c-base', 'why3', 'z3', 'cvc4'],
    remedy: 'Frama-C 25 with Why3, Z3 and CVC4: put frama-c, why3, z3 and cvc4 on the PATH',
  },
  {
    for: 'proof',
    there: () => ['spin', 'gcc'].every(findCommand),
    packages: ['spin', 'gcc'],
    remedy: 'Spin 6.5, and gcc as the preprocessor of Spin and Frama-C: put both on the PATH',
  },
  {
    for: 'bench',
    there: () => Boolean(findCommand('valgrind')),
    packages: ['valgrind'],
    remedy: 'Valgrind: put valgrind on the PATH',
  },
  {
    for: 'everywhere-short',
    there: () => isExecutable(process.env.FIREFOX ?? findCommand('firefox-esr')),
    packages: process.env.FIREFOX ? [] : ['firefox-esr'],
    remedy: 'Firefox 153 or later: name it with FIREFOX=/path/to/firefox',
  },
  {
    for: 'everywhere',
    there: () => ['WebKitWebDriver', 'Xvfb'].every(findCommand) && isExecutable(webKitGtkBrowser),
    packages: ['webkit2gtk-driver', 'xvfb'],
    remedy:
      'WebKitGTK 2.50, and Xvfb: put WebKitWebDriver and Xvfb on the PATH, and its browser at ' +
      webKitGtkBrowser,
  },
  {
    for: 'everywhere',
    there: () => Boolean(findCommand('WPEWebDriver')) && isExecutable(wpeBrowser),
    // cog shows WPE without a screen.
    packages: ['wpewebkit-driver', 'cog'],
    remedy: `WPE WebKit 2.38: put WPEWebDriver on the PATH, and its browser at ${wpeBrowser}`,
  },
  {
    for: 'build',
    there: hasCjson,
    packages: [],
    remedy:
      'the source of cJSON 1.7.15 or later: name the folder that holds cJSON.c and cJSON.h with ' +
      'CJSON_SOURCE_DIR=/path/to/cjson (or -DCJSON_SOURCE_DIR=/path/to/cjson for cmake)' +
      (process.env.CJSON_SOURCE_DIR ? `; they are not in ${cjsonSourceDir}` : ''),
  },
];

/**
 * Prepares the machine for `purpose`, or throws a ToolError that says what is missing.
 * @param {Purpose} [purpose]
 */
export function setup(purpose = 'all') {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new ToolError(`Node 20 or later is needed; this is ${process.version}.`);
  }
  const missing = () =>
    needs.filter(
      (need) =>
        (purpose === 'all' ||
          need.for === purpose ||
          (need.for === 'everywhere-short' && purpose === 'everywhere') ||
          (need.for === 'build' && purpose !== 'packages')) &&
        !need.there(),
    );
  if (missing().length === 0 && hasNpmPackages(root)) {
    return;
  }
  const unlock = lock('setup', 'waiting for another set-up to end');
  try {
    // Checked again: another run may have installed it while this one waited.
    const found = missing();
    if (found.length > 0) {
      if (findCommand('apt-get')) {
        installPackages(found);
        if (found.some((need) => need.there === hasCjson) && !process.env.CJSON_SOURCE_DIR) {
          fetchCjson();
        }
      }
      refuse(missing());
    }
    installNpmPackages(root);
  } finally {
    unlock();
  }
}

/** @param {Need[]} missing */
function refuse(missing) {
  if (missing.length > 0) {
    throw new ToolError(
      'Missing on this machine:\n' + missing.map(({ remedy }) => `  - ${remedy}`).join('\n'),
    );
  }
}

// ---- Detection -----------------------------------------------------------------------------------

/** @param {string | undefined} path */
function isExecutable(path) {
  try {
    accessSync(String(path), constants.X_OK);
    return statSync(String(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Returns the path of a command, as the shell would find it.
 * @param {string} name
 */
function findCommand(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function firstLine(command, args) {
  return (spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '').split('\n')[0].trim();
}

/**
 * @param {string} text that holds a version number
 * @param {number} major
 * @param {number} minor
 */
function isAtLeast(text, major, minor) {
  const [, x, y] = /(\d+)\.(\d+)/.exec(text) ?? [];
  return Number(x) > major || (Number(x) === major && Number(y) >= minor);
}

/**
 * True if a compiler has one of its run-time libraries, which Debian packages separately.
 * @param {string} compiler
 * @param {string} library
 */
function hasRuntime(compiler, library) {
  const folder = join(firstLine(compiler, ['-print-resource-dir']), 'lib');
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) =>
      name.includes(`clang_rt.${library}`),
    )
  );
}

function hasCjson() {
  return ['cJSON.c', 'cJSON.h'].every((name) => existsSync(join(cjsonSourceDir, name)));
}

/**
 * True if a folder's node_modules holds what its package-lock.json asks for. npm writes its own
 * copy of the lock file there last, so an interrupted installation is detected.
 * @param {string} folder
 */
function hasNpmPackages(folder) {
  try {
    /** @param {string} path @returns {[string, Record<string, unknown>][]} */
    const packages = (path) =>
      Object.entries(JSON.parse(readFileSync(join(folder, path), 'utf8')).packages);
    const wanted = packages('package-lock.json').filter(([path]) => path !== '');
    const there = new Map(packages('node_modules/.package-lock.json'));
    return wanted.every(([path, { version, integrity, optional }]) => {
      const found = there.get(path);
      return found
        ? found.version === version &&
            found.integrity === integrity &&
            existsSync(join(folder, path))
        : optional === true;
    });
  } catch {
    return false;
  }
}

// ---- Installation --------------------------------------------------------------------------------

/**
 * Installs the npm packages of a folder, unless they are installed.
 * @param {string} folder
 */
export function installNpmPackages(folder) {
  if (!hasNpmPackages(folder)) {
    say(`installing the npm packages${folder === root ? '' : ` of ${relative(root, folder)}`}`);
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  }
}

/** @param {Need[]} missing */
function installPackages(missing) {
  const packages = missing.flatMap((need) => need.packages);
  if (missing.some((need) => need.there === hasCjson) && !findCommand('dpkg-source')) {
    packages.push('dpkg-dev');
  }
  if (packages.length === 0) {
    return;
  }
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  /** @type {string[]} */
  let sudo = [];
  if (process.getuid?.() !== 0) {
    if (!findCommand('sudo')) {
      throw new ToolError(
        `Neither root nor sudo: run this as root, then start again:\n  apt-get ${install.join(' ')}`,
      );
    }
    sudo = ['sudo', ...(process.stdin.isTTY ? [] : ['-n'])];
  }
  const apt = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  apt.push('-o', 'DPkg::Lock::Timeout=600');
  say(`installing ${packages.join(', ')} with apt-get`);
  run(apt[0], [...apt.slice(1), 'update']);
  run(apt[0], [...apt.slice(1), ...install]);
}

/**
 * Fetches cJSON with Debian's patches, from source lists of its own: the system's stay untouched.
 */
function fetchCjson() {
  say("fetching cJSON's source with apt-get");
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(join(build, 'cjson-'));
  try {
    for (const name of ['parts', 'lists/partial', 'cache/archives/partial', 'source']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    writeSourceLists(join(folder, 'parts'));
    const apt = [
      ...['-o', 'Dir::Etc::SourceList=/dev/null'],
      ...['-o', `Dir::Etc::SourceParts=${join(folder, 'parts')}`],
      ...['-o', `Dir::State::Lists=${join(folder, 'lists')}`],
      ...['-o', `Dir::Cache=${join(folder, 'cache')}`],
      ...['-o', 'APT::Sandbox::User='],
    ];
    run('apt-get', [...apt, 'update']);
    run('apt-get', [...apt, 'source', 'cjson'], join(folder, 'source'));
    const unpacked = readdirSync(join(folder, 'source'), { withFileTypes: true }).find((entry) =>
      entry.isDirectory(),
    );
    if (!unpacked) {
      throw new ToolError('apt-get source cjson left no source behind.');
    }
    // One rename, last: a folder of this name is always whole.
    rmSync(cjsonSourceDir, { recursive: true, force: true });
    renameSync(join(folder, 'source', unpacked.name), cjsonSourceDir);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Writes a deb-src entry for each deb entry of the system, in both of apt's formats.
 * @param {string} folder
 */
function writeSourceLists(folder) {
  const etc = '/etc/apt';
  const parts = existsSync(`${etc}/sources.list.d`)
    ? readdirSync(`${etc}/sources.list.d`).map((name) => `sources.list.d/${name}`)
    : [];
  for (const name of ['sources.list', ...parts]) {
    const path = join(etc, name);
    if (!/\.(list|sources)$/.test(name) || !existsSync(path)) {
      continue;
    }
    const text = readFileSync(path, 'utf8');
    const sources = name.endsWith('.list')
      ? (text.match(/^[ \t]*deb[ \t].*$/gm) ?? [])
          .map((line) => line.replace('deb', 'deb-src'))
          .join('\n')
      : text
          .split(/\n[ \t]*\n/)
          .filter((entry) => /^Types:.*\bdeb(?!-src)\b/im.test(entry))
          .map((entry) => entry.replace(/^Types:.*$/im, 'Types: deb-src'))
          .join('\n\n');
    writeFileSync(join(folder, name.replaceAll('/', '-')), sources + '\n');
  }
}

/** The lock that is held. Child processes inherit it, and may outlive this process.
 * @type {number | undefined} */
let lockFile;

/**
 * Lets only one process at a time do what `name` stands for; a second process waits here, and says
 * so. The system releases the lock when the process that holds it ends, for whatever reason.
 * Without flock there is no lock.
 * @param {string} name
 * @param {string} waiting
 * @returns {() => void} releases it
 */
export function lock(name, waiting) {
  mkdirSync(build, { recursive: true });
  const file = openSync(join(build, `${name}.lock`), 'a');
  /** @param {string[]} options */
  const take = (...options) =>
    spawnSync('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'ignore', file] }).status;
  if (take('-n') === 1) {
    say(waiting);
    take();
  }
  lockFile = file;
  return () => {
    lockFile = undefined;
    closeSync(file);
  };
}

/** @param {string} text */
function say(text) {
  console.log(`set-up: ${text}`);
}

/**
 * Runs a command silently; when it fails, throws the end of its output.
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd = root) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: [command === 'sudo' ? 'inherit' : 'ignore', 'pipe', 'pipe', lockFile ?? 'ignore'],
  });
  if (status !== 0) {
    const why = error?.message ?? (signal ? `ended by ${signal}` : `exit code ${status}`);
    const said = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').filter((line) => line.trim());
    throw new ToolError(
      `This command failed (${why}); is there a network?\n  ${[command, ...args].join(' ')}\n` +
        said
          .slice(-12)
          .map((line) => `  | ${line}`)
          .join('\n'),
    );
  }
}

await main(import.meta, () => {
  const purpose = process.argv[2] ?? 'all';
  if (!isPurpose(purpose)) {
    throw new ToolError(`There is no purpose '${purpose}': ${purposes.join(', ')}.`);
  }
  setup(purpose);
  say('everything is there');
});
