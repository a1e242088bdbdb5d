import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(__dirname, '..', '..');
const addon = 'build/Release/prom_client_mmap.node';
const scratch = mkdtempSync(join(tmpdir(), 'prom-client-mmap-adoption-'));
/** What `npm pack` made of this clone, as a dependency. */
let tarball: string;

// Real installations of the packed tarball. npm may need its registry where its cache lacks the dependencies.
beforeAll(() => {
  const output = npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', scratch);
  tarball = `file:${join(scratch, JSON.parse(output)[0].filename)}`;
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('with the name changed', () => {
  const app = application('changed', () => ({ dependencies: { 'prom-client-mmap': tarball } }));

  test.each(['cjs', 'mjs'] as const)('an application counts in all of its processes (%s)', (kind) => {
    expect(app().run(kind, 'prom-client-mmap')).toEqual({ app_total: 42 });
  });

  // The preload does not need what it replaces: here it is not installed.
  const cases = ['cjs', 'mjs'].flatMap((kind) =>
    ['--import', '-r'].flatMap((option) =>
      ['prom-client', '@prometheus-io/client'].map((name) => [kind, option, name] as const),
    ),
  );
  test.each(cases)('an unchanged one does (%s, %s, %s)', (kind, option, name) => {
    expect(app().run(kind as 'cjs' | 'mjs', name, [], [option, 'prom-client-mmap/register'])).toEqual({
      app_total: 42,
    });
  });

  test('without the preload, nothing is replaced', () => {
    expect(() => app().run('cjs', 'prom-client')).toThrow(/Cannot find module 'prom-client'/);
  });
});

describe('with prom-client in the tree', () => {
  const app = application('beside', () => ({
    dependencies: { 'prom-client-mmap': tarball, 'uses-15': fake('uses-15'), 'prom-client': '15.1.3' },
  }));

  test.each(['cjs', 'mjs'] as const)(
    'the preload replaces it in the application and in packages (%s)',
    (kind) => {
      expect(app().run(kind, 'prom-client', ['uses-15'], ['--import', 'prom-client-mmap/register'])).toEqual({
        app_total: 42,
        uses_15_total: 2,
      });
    },
  );

  test('worker threads inherit the preload, which replaces the parts of prom-client too', () => {
    const found = app().evaluate(
      `import { Worker, isMainThread, parentPort } from 'node:worker_threads';
       import { once } from 'node:events';
       import { createRequire } from 'node:module';
       import client, { Counter } from 'prom-client';
       const require = createRequire(import.meta.url);
       if (isMainThread) {
         const worker = new Worker(new URL(import.meta.url));
         await once(worker, 'message');
         const text = await client.register.metrics();
         await worker.terminate();
         console.log(JSON.stringify({
           text,
           one: client === require('prom-client') && client === (await import('@prometheus-io/client')).default,
           real: require('prom-client/package.json').name,
           deep: (await import('prom-client/lib/registry.js')).default === client.Registry,
         }));
       } else {
         new Counter({ name: 'thread_total', help: 'h' }).inc(3);
         parentPort.postMessage('counted');
       }`,
      ['--import', 'prom-client-mmap/register'],
    );

    expect(found).toEqual({
      text: '# HELP thread_total h\n# TYPE thread_total counter\nthread_total 3\n',
      one: true,
      real: 'prom-client',
      deep: true,
    });
  });
});

describe('under the name of prom-client', () => {
  const app = application('alias', () => ({
    dependencies: { 'prom-client': tarball, 'peer-of-15': fake('peer-of-15'), 'uses-15': fake('uses-15') },
  }));

  test.each(['cjs', 'mjs'] as const)('it satisfies those who want version 15 (%s)', (kind) => {
    expect(app().run(kind, 'prom-client', ['peer-of-15', 'uses-15'])).toEqual({
      app_total: 42,
      peer_of_15_total: 2,
      uses_15_total: 2,
    });
    expect(app().copies()).toEqual(['node_modules/prom-client']);
  });
});

describe('under both names, with overrides', () => {
  const app = application('overrides', () => ({
    dependencies: {
      'prom-client': tarball,
      '@prometheus-io/client': tarball,
      'peer-of-15': fake('peer-of-15'),
      'uses-12': fake('uses-12'),
      'uses-successor': fake('uses-successor'),
    },
    overrides: { 'prom-client': '$prom-client', '@prometheus-io/client': '$@prometheus-io/client' },
  }));

  test.each(['cjs', 'mjs'] as const)('packages of all versions count here (%s)', (kind) => {
    const packages = ['peer-of-15', 'uses-12', 'uses-successor'];

    expect(app().run(kind, '@prometheus-io/client', packages)).toEqual({
      app_total: 42,
      peer_of_15_total: 2,
      uses_12_total: 2,
      uses_successor_total: 2,
    });
    expect(app().copies()).toEqual(['node_modules/@prometheus-io/client', 'node_modules/prom-client']);
  });
});

interface Application {
  /**
   * The totals that the primary of a cluster finds after its two workers have counted with the package `name`, and with
   * what `packages` have of it.
   */
  run(
    kind: 'cjs' | 'mjs',
    name: string,
    packages?: readonly string[],
    nodeOptions?: readonly string[],
  ): Record<string, number>;
  /** What a program in ESM printed, as JSON. */
  evaluate(program: string, nodeOptions: readonly string[]): unknown;
  /** Where npm has put what it took for prom-client or for its successor. */
  copies(): string[];
}

/** An application that is installed before the tests of its suite. */
function application(name: string, manifest: () => object): () => Application {
  const directory = join(scratch, name);
  beforeAll(() => {
    write(
      join(directory, 'package.json'),
      JSON.stringify({ name: `app-${name}`, private: true, ...manifest() }),
    );
    // The addon is not compiled once more for each installation, but copied to where that would leave it.
    npm(directory, 'install', '--ignore-scripts', '--install-links', '--prefer-offline');
    for (const [path, { resolved }] of Object.entries(lockOf(directory))) {
      if (!resolved?.endsWith(basename(tarball))) continue;
      mkdirSync(join(directory, path, dirname(addon)), { recursive: true });
      cpSync(join(root, addon), join(directory, path, addon));
    }
  });

  function start(file: string, program: string, nodeOptions: readonly string[]): string {
    write(join(directory, file), program);
    return execFileSync(process.execPath, [...nodeOptions, file], {
      cwd: directory,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
  }

  return () => ({
    run(kind, name, packages = [], nodeOptions = []) {
      const load = kind === 'cjs' ? requires(name, packages) : imports(name, packages);
      const output = start(`app.${kind}`, `${load}\n${cluster}`, nodeOptions);
      return Object.fromEntries(
        [...output.matchAll(/^(\w+) (\d+)$/gm)].map(([, key, n]) => [key, Number(n)]),
      );
    },
    evaluate: (program, nodeOptions) => JSON.parse(start('program.mjs', program, nodeOptions)),
    copies: () =>
      Object.keys(lockOf(directory))
        .filter((path) => /(^|\/)node_modules\/(prom-client|@prometheus-io\/client)$/.test(path))
        .sort((one, other) => (one < other ? -1 : 1)),
  });
}

const requires = (name: string, packages: readonly string[]): string =>
  `const cluster = require('node:cluster');
   const client = require('${name}');
   const { Counter } = client;
   const used = [${packages.map((used) => `require('${used}')`).join(', ')}];`;

const imports = (name: string, packages: readonly string[]): string =>
  `import cluster from 'node:cluster';
   import client, { Counter } from '${name}';
   ${packages.map((used, index) => `import used${index} from '${used}';`).join('\n')}
   const used = [${packages.map((_, index) => `used${index}`).join(', ')}];`;

const cluster = `
  if (cluster.isPrimary) {
    const workers = [cluster.fork(), cluster.fork()];
    let counted = 0;
    for (const worker of workers) {
      worker.on('message', async () => {
        if (++counted < workers.length) return;
        process.stdout.write(await client.register.metrics());
        for (const worker of workers) worker.disconnect();
      });
    }
  } else {
    new Counter({ name: 'app_total', help: 'h' }).inc(21);
    for (const count of used) count();
    process.send('counted');
  }`;

/** A package that counts once, with what it finds under the name that it depends on. */
function fake(name: keyof typeof manifests): string {
  const directory = join(scratch, 'packages', name);
  const [[client] = []] = Object.values(manifests[name]).map(Object.keys);
  const metric = `${name.replaceAll('-', '_')}_total`;
  write(join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifests[name] }));
  write(
    join(directory, 'index.js'),
    `const client = require('${client}');
     module.exports = () => new client.Counter({ name: '${metric}', help: 'h' }).inc();`,
  );
  return `file:${directory}`;
}

const manifests = {
  'peer-of-15': { peerDependencies: { 'prom-client': '^15.0.0' } },
  'uses-15': { dependencies: { 'prom-client': '^15.1.3' } },
  'uses-12': { dependencies: { 'prom-client': '^12.0.0' } },
  'uses-successor': { dependencies: { '@prometheus-io/client': '^0.16.1' } },
} as const;

function lockOf(directory: string): Record<string, { resolved?: string }> {
  const { packages } = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8'));
  return packages;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function npm(directory: string, ...args: readonly string[]): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
