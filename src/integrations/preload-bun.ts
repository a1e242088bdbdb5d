// Bun asks no function of node:module for the target of an `import`, and runs a preload in the main thread only (oven-sh/bun
// issues 40579 and 5170). So its plugins replace the files of prom-client when they are loaded, and each thread is told to preload.
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import threads from 'node:worker_threads';
import { type OldPackage, replacementFor } from './preload-resolution';

interface Loaded {
  readonly loader: 'object';
  readonly exports: object;
}

interface Plugins {
  plugin(plugin: {
    readonly name: string;
    setup(build: {
      onLoad(options: { readonly filter: RegExp }, load: (file: { readonly path: string }) => Loaded): void;
    }): void;
  }): void;
}

type WorkerClass = new (file: string | URL, options?: ThreadOptions) => object;

interface ThreadOptions {
  readonly preload?: string | readonly string[];
}

const files = /^(.*[\\/](prom-client|@prometheus-io[\\/]client))[\\/]((?:index|lib[\\/].+)\.js)$/;

/** Replaces prom-client in this thread and, by `preload`, the file to load, in those that it starts. */
export function replaceInBun(preload: string, stays: (old: OldPackage) => void): void {
  const globals = globalThis as unknown as { readonly Bun: Plugins; Worker: WorkerClass };
  globals.Bun.plugin({
    name: 'prom-client-mmap',
    setup: (build) => build.onLoad({ filter: files }, ({ path }) => load(path, stays)),
  });
  const nodeThreads = threads as unknown as { Worker: WorkerClass };
  nodeThreads.Worker = preloading(nodeThreads.Worker, preload);
  globals.Worker = preloading(globals.Worker, preload);
}

function load(path: string, stays: (old: OldPackage) => void): Loaded {
  const [, directory = '', name = '', inner = ''] = files.exec(path) ?? [];
  const specifier = `${name}/${inner}`.replaceAll('\\', '/');
  const replacement = replacementFor(specifier, () => join(directory, 'package.json'), stays);
  // This package may itself be installed as prom-client.
  const isReplaced = replacement !== undefined && replacement !== path;
  const api = isReplaced ? (require(replacement) as object) : original(path);
  // For `import` the names, for `require` the object itself.
  return { loader: 'object', exports: { ...api, default: api, 'module.exports': api } };
}

/** A plugin cannot decline a file, and source text that it returns is an ES module to Bun. */
function original(path: string): object {
  const module = new Module(path) as Module & { _compile(code: string, path: string): void };
  module.filename = path;
  module._compile(readFileSync(path, 'utf8'), path);
  return module.exports as object;
}

function preloading(Original: WorkerClass, preload: string): WorkerClass {
  return class Worker extends Original {
    constructor(file: string | URL, options?: ThreadOptions) {
      super(file, { ...options, preload: [preload, ...[options?.preload ?? []].flat()] });
    }
  };
}
