// `node --import prom-client-mmap/register` (or `-r`): from here on, `require` and `import` of prom-client or its successor give
// this package in this thread, whether they are installed or not. Forked processes and worker threads inherit the option.
import Module from 'node:module';
import { pathToFileURL } from 'node:url';
import { ENTRY, isReplaced, resolve } from './preload-resolution';

type ResolveFilename = (request: string, ...rest: unknown[]) => string;

// Undocumented, but all tools of this kind hook into it; `registerHooks` came with Node 22.15.
const loader = Module as unknown as {
  _resolveFilename: ResolveFilename;
  registerHooks?: (hooks: { resolve: typeof resolve }) => void;
};

const original = loader._resolveFilename;
loader._resolveFilename = function (this: unknown, request, ...rest): string {
  return isReplaced(request) ? ENTRY : original.call(this, request, ...rest);
};

if (loader.registerHooks) loader.registerHooks({ resolve });
else Module.register(pathToFileURL(require.resolve('./preload-resolution')));
