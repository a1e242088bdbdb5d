// `node --import prom-client-mmap/register` (or `-r`): from here on, whoever in this thread requires or imports
// prom-client or its successor gets this package, whether they are installed or not. Processes that are forked and worker
// threads inherit the option.
import Module from 'node:module';
import { pathToFileURL } from 'node:url';
import { ENTRY, isReplaced, resolve } from './preload-resolution';

type ResolveFilename = (request: string, ...rest: unknown[]) => string;

// Undocumented, and what every tool of this kind hooks into; `registerHooks` came with Node 22.15.
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
