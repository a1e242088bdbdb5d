// Compiles native/**/*.cc into one addon, with nothing but Node and a C++20 compiler: files whose inputs changed, several at a
// time, then one link. Used by the set-up of a clone, by `prom-client-mmap build`, by node-gyp (binding.gyp) and by
// scripts/prebuild.mjs.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Where the compiled addon of this machine is, from the root of the package. */
export const ADDON = 'build/Release/prom_client_mmap.node';

const flags = [
  '-std=c++20',
  '-O2',
  // Sums are exact only as long as the compiler leaves floating-point operations as they are: never -ffast-math.
  '-ffp-contract=off',
  '-fno-strict-aliasing',
  '-fPIC',
  '-pthread',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  ...['-Wall', '-Wextra', '-Wconversion'],
  // A worker thread may be terminated inside any call; nothing can be thrown then, which must not be fatal.
  ...['-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
  ...['-DNODE_GYP_MODULE_NAME=prom_client_mmap', '-DBUILDING_NODE_EXTENSION'],
  `-DPROM_CLIENT_MMAP_VERSION="${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}"`,
  ...['-Inative', '-isystem', 'include'],
];

const linkFlags = {
  // Not a bundle: the cross compiler links these as programs.
  darwin: ['-shared', '-undefined', 'dynamic_lookup'],
  linux: ['-shared', '-pthread'],
};

/**
 * Compiles what has changed since the last time, or everything.
 *
 * @param {object} [options]
 * @param {string[]} [options.compiler] the command and its first arguments; by default that of this machine
 * @param {string} [options.system] the platform of the addon, as Node names it
 * @param {string} [options.output] the file to make, from the root of the package
 * @param {string[]} [options.extraFlags] for the compiler
 * @param {string[]} [options.linker] by default the compiler
 * @param {string[]} [options.extraLinkFlags]
 * @param {boolean} [options.everything]
 * @param {(done: number, all: number, file: string) => void} [options.onFile] called when a file is compiled
 * @returns {Promise<string[]>} the object files
 * @throws {Error} saying what is missing and how to get it; what a compiler said is its `cause`.
 */
export async function compileAddon({
  compiler,
  system = process.platform,
  output = ADDON,
  extraFlags = [],
  linker,
  extraLinkFlags = [],
  everything = false,
  onFile = () => undefined,
} = {}) {
  if (system === 'win32') throw new Error('the addon is for POSIX systems, this is Windows');
  const command = compiler ?? findCompiler();
  const objects = join(root, 'build', 'objects', output.replaceAll('/', '_'));
  if (everything) rmSync(objects, { recursive: true, force: true });
  const units = sources().map((source) => new Unit(source, objects, [...command, ...flags, ...extraFlags]));
  const outdated = units.filter((unit) => !unit.isCurrent());
  const queue = [...outdated];
  let done = 0;
  const work = async () => {
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      await unit.compile().catch((error) => {
        queue.length = 0;
        throw error;
      });
      onFile(++done, outdated.length, unit.source);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const all = units.map(({ object }) => object);
  if (outdated.length === 0 && existsSync(join(root, output))) return all;
  mkdirSync(dirname(join(root, output)), { recursive: true });
  // A process that has the old file open keeps it.
  const temporary = `${output}.${process.pid}`;
  const link = [...(linkFlags[system] ?? linkFlags.linux), ...extraLinkFlags];
  await run([...(linker ?? command), ...all, ...link, '-o', temporary]);
  renameSync(join(root, temporary), join(root, output));
  return all;
}

/** One source file and its object. */
class Unit {
  constructor(source, objects, command) {
    this.source = source;
    this.object = join(objects, source.replace(/^native\//, '').replace(/\.cc$/, '.o'));
    this.command = [...command, '-MMD', '-c', source, '-o', this.object];
  }

  /** Whether the object was compiled by the same command from files that have not changed since. */
  isCurrent() {
    if (textOf(`${this.object}.command`) !== this.command.join('\n') || !existsSync(this.object))
      return false;
    const inputs = textOf(this.object.replace(/\.o$/, '.d'))?.replaceAll('\\\n', ' ').split(/\s+/).slice(1);
    const time = statSync(this.object).mtimeMs;
    const isOlder = (file) =>
      (statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < time;
    return inputs?.filter((file) => file !== '' && !file.startsWith('/')).every(isOlder) ?? false;
  }

  async compile() {
    mkdirSync(dirname(this.object), { recursive: true });
    await run(this.command);
    writeFileSync(`${this.object}.command`, this.command.join('\n'));
  }
}

function sources() {
  return readdirSync(join(root, 'native'), { recursive: true })
    .map((name) => `native/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.cc') && !name.startsWith('native/test/'))
    .sort();
}

// What the sources ask of a compiler and of its library, in miniature.
const probe =
  '#include <span>\n#include <version>\nint main(int n, char** v) { return std::span(v, v + n).empty(); }\n';

function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  const failures = candidates.map((candidate) => {
    const command = candidate.split(' ');
    const options = { cwd: root, input: probe, encoding: 'utf8' };
    const args = [...command.slice(1), '-std=c++20', '-fsyntax-only', '-x', 'c++', '-'];
    const { status, error, stderr } = spawnSync(command[0], args, options);
    if (status === 0) return command;
    return error
      ? `\`${candidate}\` was not found`
      : `\`${candidate}\` said: ${stderr.trim().split('\n')[0]}`;
  });
  const found = failures.find(Array.isArray);
  if (found) return found;
  throw new Error(
    `expected a C++20 compiler (g++ 11, clang 14, or newer), but ${failures.join(', ')}. ${howToInstall()}, or name one in CXX`,
  );
}

function howToInstall() {
  if (process.platform === 'darwin') return 'Install the command line tools (`xcode-select --install`)';
  return 'Install one (Debian and Ubuntu: `apt-get install g++`; Alpine: `apk add g++`; Fedora: `dnf install gcc-c++`)';
}

async function run([command, ...args]) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  if (status === 0) return;
  const what = args.includes('-c') ? args[args.indexOf('-c') + 1] : 'the addon';
  throw new Error(`\`${command}\` could not ${args.includes('-c') ? 'compile' : 'link'} ${what}`, {
    cause: output,
  });
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const failure = join(root, 'build/addon-failure.txt');

/** Leaves the reason of a failed compilation for the warning of a program that runs without the addon. */
export function leaveFailure({ message, cause }) {
  const [error] = `${cause ?? ''}`.match(/^.*\berror\b.*$/im) ?? [];
  const text = message.replace(/\.$/, '');
  mkdirSync(dirname(failure), { recursive: true });
  writeFileSync(failure, error === undefined ? text : `${text}: ${error.trim()}`);
}

export function removeFailure() {
  rmSync(failure, { force: true });
}

/** A path in the package, for people. */
export function placeOf(path) {
  return relative(process.cwd(), join(root, path)) || '.';
}
