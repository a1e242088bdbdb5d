import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { realProcess } from '../process';

/** The version of this package. An installed package of another version has an addon that does not fit. */
export const version = '15.2.0';

const addon = 'prom_client_mmap.node';
const builds: readonly string[] = [`build/Release/${addon}`, `build/Debug/${addon}`];

/** The names under which this package is usually installed. */
const names: readonly string[] = ['prom-client-mmap', 'prom-client', '@prometheus-io/client'];

export interface MissingAddon {
  /**
   * `option`: the path that the user gave does not lead to it. `unloadable`: the system refused the file. `failed`: it could not be
   * compiled. `skipped`: nothing has tried to compile it. `bundled`: there is no package where this code runs.
   */
  readonly cause: 'option' | 'unloadable' | 'failed' | 'skipped' | 'bundled';
  /** The error of the system, of the compilation, or the directories that were searched. */
  readonly reason: string;
  /** Compiles the addon. */
  readonly command: string;
}

/** The files that may be the addon, best first: in this package, else, for code in a bundle, beside it and in installed packages. */
export function* addonFiles(file: string | undefined): Generator<string> {
  if (file !== undefined) yield resolve(file);
  const own = ownRoot();
  if (own !== undefined) {
    // Spelled out: bundlers find the file by reading this.
    yield resolve(`${__dirname}/../../build/Release/prom_client_mmap.node`);
    yield join(own, builds[1] as string);
  }
  for (const directory of programDirectories()) yield join(directory, addon);
  for (const root of installedRoots()) yield* builds.map((build) => join(root, build));
}

/** Explains the failures of `addonFiles()`. */
export function missingAddon(file: string | undefined, failures: ReadonlyMap<string, string>): MissingAddon {
  const own = ownRoot();
  const roots = [...(isPackage(own) ? [own] : []), ...installedRoots()];
  const root = roots[0];
  const command = root === undefined ? '' : compileCommand(root);
  const given = file === undefined ? undefined : failures.get(resolve(file));
  if (given !== undefined) return { cause: 'option', reason: given, command };
  const unloadable = [...failures].find(([path]) => existsSync(path))?.[1];
  if (unloadable !== undefined) return { cause: 'unloadable', reason: unloadable, command };
  if (root === undefined) return { cause: 'bundled', reason: searched().join(', '), command };
  const reason = textOf(join(root, 'build', 'addon-failure.txt'))?.trim();
  return { cause: reason ? 'failed' : 'skipped', reason: reason ?? '', command };
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

/** For npm by the name under which it knows the package; other package managers do not build one again when told to. */
function compileCommand(root: string): string {
  if (/[\\/]node_modules[\\/]\.|[\\/]\.yarn[\\/]/.test(root))
    return `node ${join(root, 'scripts', 'addon.mjs')}`;
  const [, name] = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)$/.exec(root) ?? [];
  return `npm rebuild ${name ?? names[0]} --ignore-scripts=false`;
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
