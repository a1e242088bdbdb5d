// `node --import prom-client-mmap/register` (or `-r`): from here on, `require` and `import` of prom-client or its successor give
// this package in this thread, whether they are installed or not. Forked processes and worker threads inherit the option.
import Module from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importsAsTheyAre, oldPromClient, warn } from '../store/warnings';
import { replaceInBun } from './preload-bun';
import { type OldPackage, oldPackage, replacementFor, resolve } from './preload-resolution';

type ResolveFilename = (request: string, ...rest: unknown[]) => string;

// Undocumented, but all tools of this kind hook into it; `registerHooks` came with Node 22.15.
const loader = Module as unknown as {
  _resolveFilename: ResolveFilename;
  registerHooks?: (hooks: { resolve: typeof resolve }) => void;
};

const original = loader._resolveFilename;
loader._resolveFilename = function (this: unknown, request, ...rest): string {
  const find = (specifier: string): string => original.call(this, specifier, ...rest);
  const path = replacementFor(request, find, warnOnce) ?? find(request);
  // An `import` of it comes here with its path.
  if (path === request && /[\\/]prom-client[\\/]index\.js$/.test(path)) warnIfOld(path);
  return path;
};

if (process.versions['bun'] !== undefined) replaceInBun(__filename, warnOnce);
else if (loader.registerHooks) loader.registerHooks({ resolve });
else registerInThread();

/** A Node without `registerHooks` resolves imports in a thread. A process may be forbidden to have threads: the application starts all the same. */
function registerInThread(): void {
  try {
    Module.register(pathToFileURL(require.resolve('./preload-resolution')));
  } catch (error) {
    warn(importsAsTheyAre(error as Error));
  }
}

function warnIfOld(entry: string): void {
  try {
    const old = oldPackage(join(dirname(entry), 'package.json'));
    if (old !== undefined) warnOnce(old);
  } catch {
    // It is no package.
  }
}

const known = new Set<string>();

function warnOnce(old: OldPackage): void {
  if (known.has(old.path)) return;
  known.add(old.path);
  warn(oldPromClient(old.version, old.path));
}
