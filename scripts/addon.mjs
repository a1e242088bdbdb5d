// Compiles native/**/*.cc into build/Release/prom_client_mmap.node. Uses nothing but Node, because npm runs it in the
// middle of an installation: `--optional`, then, and without a compiler the package still installs and counts in the
// memory of each process. A failure stays in build/addon-failure.txt.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Where the compiled addon is, from the root of the package. */
export const ADDON = 'build/Release/prom_client_mmap.node';

/**
 * Compiles what has changed since the last time, or everything.
 *
 * @param {{ everything?: boolean }} [options]
 * @throws {Error} saying which tool is missing and how to get it; what a compiler said is its `cause`.
 */
export function compileAddon({ everything = false } = {}) {
  if (process.platform === 'win32') throw new Error('the addon is for POSIX systems, this is Windows');
  requireTool('make', ['--version'], '', 'make');
  requireTool(process.env.PYTHON || 'python3', ['--version'], '', 'Python 3, on which node-gyp runs');
  requireTool(process.env.CXX || 'g++', CXX20, PROBE, 'a C++20 compiler (g++ 11, clang 13, or newer)');
  const [command, first] = findNodeGyp();
  const commands = everything ? ['rebuild'] : ['configure', 'build'];
  const args = [...first, ...commands, '--jobs=max', '--loglevel=warn', ...headersBesideNode()];
  const { status, error, output } = run(command, args);
  if (status !== 0) {
    throw new Error(`\`node-gyp ${commands.join(' ')}\` failed`, { cause: error ?? output });
  }
}

// What the sources ask of a compiler and of its library, in miniature.
const PROBE =
  '#include <span>\n#include <version>\nint main(int n, char** v) { return std::span(v, v + n).empty(); }\n';
const CXX20 = ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'];

function requireTool(tool, args, input, expected) {
  const { status, error, output } = run(tool, args, input);
  if (status === 0) return;
  const found = error ? `\`${tool}\` was not found` : `\`${tool}\` said: ${output.trim().split('\n')[0]}`;
  throw new Error(`expected ${expected}, but ${found}. ${HOW_TO_INSTALL}.`);
}

const HOW_TO_INSTALL =
  process.platform === 'darwin'
    ? 'Install the command line tools (`xcode-select --install`)'
    : 'Install them (Debian and Ubuntu: `apt-get install g++ make python3`; Alpine: `apk add g++ make python3`; ' +
      'Fedora: `dnf install gcc-c++ make python3`)';

// The one of a clone, else that of the npm that runs this or that came with Node, else that of the PATH.
function findNodeGyp() {
  try {
    return [process.execPath, [createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')]];
  } catch {
    const beside = join(
      dirname(dirname(process.execPath)),
      'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js',
    );
    const found = [process.env.npm_config_node_gyp, beside].find((path) => path && existsSync(path));
    return found ? [process.execPath, [found]] : ['node-gyp', []];
  }
}

// Most distributions of Node bring their headers along, which spares node-gyp a download.
function headersBesideNode() {
  const prefix = dirname(dirname(process.execPath));
  try {
    const header = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8');
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map((part) => header.match(`NODE_${part}_VERSION (\\d+)`)?.[1]);
    return `v${parts.join('.')}` === process.version ? [`--nodedir=${prefix}`] : [];
  } catch {
    return [];
  }
}

function run(command, args, input = '') {
  const options = { cwd: root, input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const { status, error, stdout, stderr } = spawnSync(command, args, options);
  return { status, error, output: `${stdout}${stderr}` };
}

// The warning of a program that runs without the addon quotes this file.
const failure = join(root, 'build/addon-failure.txt');

/** The message, and the first error of the compiler. */
function leaveFailure({ message, cause }) {
  const [error] = `${cause ?? ''}`.match(/^.*\berror\b.*$/im) ?? [];
  const text = message.replace(/\.$/, '');
  mkdirSync(dirname(failure), { recursive: true });
  writeFileSync(failure, error === undefined ? text : `${text}: ${error.trim()}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    compileAddon();
    rmSync(failure, { force: true });
  } catch (error) {
    leaveFailure(error);
    const optional = process.argv.includes('--optional');
    console.error(
      optional
        ? `prom-client-mmap will count inside each process only: ${error.message}`
        : [error.message, error.cause].filter(Boolean).join('\n'),
    );
    process.exitCode = optional ? 0 : 1;
  }
}
