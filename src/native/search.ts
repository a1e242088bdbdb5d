import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { realProcess } from '../process';
import { libc } from './elf';

/** The version of this package. An installed package of another version has an addon that does not fit. */
export const version = '15.2.0';

const addon = 'prom_client_mmap.node';
const builds: readonly string[] = [`build/Release/${addon}`, `build/Debug/${addon}`];

/** The names under which this package is usually installed. */
const names: readonly string[] = ['prom-client-mmap', 'prom-client', '@prometheus-io/client'];

export interface MissingAddon {
  /**
   * `option`: the path that the user gave does not lead to it. `forbidden`: this process may load no addon. `failed`: it could not be
   * compiled. `unloadable`: the system refused the file. `unsupported`: this system cannot have one. `missing`: the package has
   * none for this system. `bundled`: there is no package where this code runs.
   */
  readonly cause: 'option' | 'forbidden' | 'failed' | 'unloadable' | 'unsupported' | 'missing' | 'bundled';
  /** The error of the system or of the compilation, the system, or the directories that were searched. */
  readonly reason: string;
  /** Compiles the addon. */
  readonly command: string;
}

/**
 * The files that may be the addon, best first: what the user names, what was compiled on this machine, what the package brings;
 * for code in a bundle, beside it and in installed packages.
 */
export function* addonFiles(file: string | undefined): Generator<string> {
  if (file !== undefined) yield resolve(file);
  const own = ownRoot();
  if (own !== undefined) {
    // Spelled out: bundlers find the file by reading this.
    yield resolve(`${__dirname}/../../build/Release/prom_client_mmap.node`);
    yield join(own, builds[1] as string);
    const prebuilt = ownPrebuilt[system()];
    if (prebuilt !== undefined) yield prebuilt();
  }
  for (const directory of programDirectories()) yield join(directory, addon);
  for (const root of installedRoots()) {
    yield* [...builds, `prebuilds/${system()}.node`].map((build) => join(root, build));
  }
}

/** The prebuilt addons, spelled out for bundlers. */
const ownPrebuilt: Readonly<Record<string, () => string>> = {
  'linux-x64-glibc': () => resolve(`${__dirname}/../../prebuilds/linux-x64-glibc.node`),
  'linux-x64-musl': () => resolve(`${__dirname}/../../prebuilds/linux-x64-musl.node`),
  'linux-arm64-glibc': () => resolve(`${__dirname}/../../prebuilds/linux-arm64-glibc.node`),
  'linux-arm64-musl': () => resolve(`${__dirname}/../../prebuilds/linux-arm64-musl.node`),
  'darwin-x64': () => resolve(`${__dirname}/../../prebuilds/darwin-x64.node`),
  'darwin-arm64': () => resolve(`${__dirname}/../../prebuilds/darwin-arm64.node`),
};

/** The name of this system among the prebuilt addons. */
function system(): string {
  const { platform, arch } = realProcess;
  return platform === 'linux' ? `${platform}-${arch}-${libc()}` : `${platform}-${arch}`;
}

/** The systems on which the addon compiles. */
const supported: readonly string[] = ['linux', 'darwin'];

/** Explains the failures of `addonFiles()`, which are by path. */
export function missingAddon(file: string | undefined, failures: ReadonlyMap<string, Failure>): MissingAddon {
  const root = [...(isPackage(ownRoot()) ? [ownRoot()] : []), ...installedRoots()][0];
  const command = root === undefined ? '' : buildCommand(root);
  const because = (cause: MissingAddon['cause'], reason: string): MissingAddon => ({
    cause,
    reason,
    command,
  });
  const found = [...failures].filter(([path]) => existsSync(path)).map(([, failure]) => failure);
  const given = file === undefined ? undefined : failures.get(resolve(file));
  const forbidden = found.find(({ code }) => code === 'ERR_DLOPEN_DISABLED');
  if (forbidden !== undefined) return because('forbidden', forbidden.message);
  if (given !== undefined) return because('option', given.message);
  if (!supported.includes(realProcess.platform)) return because('unsupported', system());
  const failed = root && textOf(join(root, 'build', 'addon-failure.txt'))?.trim();
  if (failed) return because('failed', failed);
  if (found[0] !== undefined) return because('unloadable', found[0].message);
  if (root === undefined) return because('bundled', searched().join(', '));
  return because('missing', system());
}

/** Why a file was not loaded. */
export interface Failure {
  readonly message: string;
  readonly code?: string | undefined;
}

/** The root of this package; another directory, or undefined, where a bundler has moved this code. */
function ownRoot(): string | undefined {
  return typeof __dirname === 'string' && isAbsolute(__dirname) ? join(__dirname, '..', '..') : undefined;
}

/** Where this code and the main script are. */
function programDirectories(): string[] {
  const script = realProcess.argv[1];
  return [
    ...(ownRoot() === undefined ? [] : [__dirname]),
    ...(script === undefined || !isAbsolute(script) ? [] : [dirname(realPath(script))]),
  ];
}

function searched(): string[] {
  return [...new Set([...programDirectories(), currentDirectory()])];
}

/** The roots of this version of the package that the program could import. */
function installedRoots(): string[] {
  const roots = searched().flatMap((directory) => {
    const { resolve } = createRequire(join(directory, 'any.js'));
    return names.map((name) => {
      try {
        return dirname(resolve(`${name}/package.json`));
      } catch {
        return undefined;
      }
    });
  });
  return [...new Set(roots)].filter(isPackage);
}

function isPackage(root: string | undefined): root is string {
  const text = root && textOf(join(root, 'package.json'));
  if (!text) return false;
  const manifest = JSON.parse(text) as { name?: unknown; version?: unknown };
  return manifest.name === names[0] && manifest.version === version;
}

function buildCommand(root: string): string {
  const modules = /^(.*[\\/]node_modules)[\\/](?:@[^\\/]+[\\/])?[^\\/]+$/.exec(root)?.[1];
  const isLinked = modules !== undefined && existsSync(join(modules, '.bin', names[0] as string));
  return isLinked ? 'npx prom-client-mmap build' : `node ${join(root, 'bin', 'prom-client-mmap.mjs')} build`;
}

function currentDirectory(): string {
  try {
    return realProcess.cwd();
  } catch {
    return '/'; // it has been deleted
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
