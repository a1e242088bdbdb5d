import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import judge from 'prom-client';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { version } from '../src/native/search';

const root = join(__dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// The own enumerable names of prom-client 15.1.3 and of @prometheus-io/client 0.16.1, which does not run on Node 20.
const judged = Object.keys(judge);
const successors = [...judged, 'ClusterRegistry', 'WorkerRegistry'];

// These run what a user would install in a Node of its own; from inside the package its name finds it.
describe('the package', () => {
  test('finds the addon in an installed package of its own version', () => {
    expect(version).toBe(manifest.version);
  });

  test('has every name of prom-client and of its successor, and of its own sources', () => {
    const { names, compiled } = run(`
      const whole = require('prom-client-mmap');
      const names = Object.keys(whole).filter((name) => whole[name] !== undefined);
      return { names, compiled: Object.keys(require('./dist/index.js')) };
    `);

    expect(names).toEqual(expect.arrayContaining(successors));
    expect(new Set(names)).toEqual(new Set([...compiled, 'contentType']));
  });

  test('is an object as prom-client is one', () => {
    const { shapes } = run(`
      const shapeOf = (whole) => ({
        marks: ['__esModule', 'default'].filter((name) => name in whole),
        prototype: Object.getPrototypeOf(whole) === Object.prototype,
        properties: Object.fromEntries(
          ${JSON.stringify(judged)}.map((name) => {
            const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(whole, name) ?? {};
            return [name, { ...flags, get: typeof get, set: typeof set }];
          }),
        ),
      });
      return { shapes: ['prom-client-mmap', 'prom-client'].map((name) => shapeOf(require(name))) };
    `);

    expect(shapes[0]).toEqual(shapes[1]);
    expect(shapes[0].properties.contentType).toMatchObject({ get: 'function', set: 'function' });
  });

  test('gives a default import to what was compiled with esModuleInterop', () => {
    const { outputText } = ts.transpileModule(`import client from 'prom-client-mmap'; found = client;`, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, esModuleInterop: true },
    });

    expect(outputText).toContain('__importDefault');
    const program = `let found; const exports = {}; ${outputText}; return found === require('prom-client-mmap');`;
    expect(run(program)).toBe(true);
  });

  test('has a content type that follows the global registry and changes it', () => {
    const found = run(`
      const client = require('prom-client-mmap');
      const before = client.contentType;
      client.register.setContentType(client.openMetricsContentType);
      const followed = client.contentType === client.openMetricsContentType;
      client.contentType = client.prometheusContentType;
      const changed = client.register.contentType === client.prometheusContentType;
      let message;
      try { client.contentType = 'text/html'; } catch (error) { message = error.message; }
      return { before, followed, changed, message };
    `);

    expect(found).toEqual({
      before: 'text/plain; version=0.0.4; charset=utf-8',
      followed: true,
      changed: true,
      message: 'Content type text/html is unsupported',
    });
  });

  test('is one copy, whether it is imported or required', () => {
    const found = run(`
      const required = require('prom-client-mmap');
      const imported = await import('prom-client-mmap');
      const { default: whole, 'module.exports': again, ...named } = imported;
      return {
        names: Object.keys(named).sort(),
        required: Object.keys(required).sort(),
        differing: Object.keys(required).filter((name) => named[name] !== required[name]),
        isWhole: whole === required,
      };
    `);

    expect(found.names).toEqual(found.required);
    expect(found.differing).toEqual([]);
    expect(found.isWhole).toBe(true);
  });

  test('gives its names to ESM without a default import', () => {
    const code = `import { ${successors.join(', ')} } from 'prom-client-mmap'; console.log(contentType);`;

    expect(node('--input-type=module', '--eval', code)).toBe('text/plain; version=0.0.4; charset=utf-8\n');
  });

  test('loaded twice counts into one store', () => {
    const found = run(`
      const load = () => {
        for (const path of Object.keys(require.cache)) if (path.endsWith('.js')) delete require.cache[path];
        return require('prom-client-mmap');
      };
      const [one, two] = [load(), load()];
      for (const [index, { Counter, Registry }] of [one, two].entries()) {
        new Counter({ name: 'twice_total', help: 'h' }).inc(index + 1);
        new Counter({ name: 'mine_' + index, help: 'h', registers: [new Registry()] }).inc();
      }
      return {
        copies: one.Counter !== two.Counter,
        texts: [await one.register.metrics(), await two.register.metrics()],
      };
    `);

    const text = '# HELP twice_total h\n# TYPE twice_total counter\ntwice_total 3\n';
    expect(found).toEqual({ copies: true, texts: [text, text] });
  });

  /** Runs the body of an async function in a new Node, with `require`; what it returns must survive JSON. */
  function run(body: string) {
    const program = `
      const require = (await import('node:module')).createRequire(process.cwd() + '/');
      const run = async () => { ${body} };
      console.log(JSON.stringify(await run()));`;
    return JSON.parse(node('--input-type=module', '--eval', program));
  }

  function node(...args: readonly string[]): string {
    return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  }
});

describe('the tarball', () => {
  let files: string[];

  beforeAll(() => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const output = execFileSync('npm', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files: entries }] = JSON.parse(output);
    files = entries.map((entry: { path: string }) => entry.path);
  });

  test('has what a user needs to compile and to run it', () => {
    const needed = [
      'package.json',
      'README.md',
      'LICENSE',
      'index.js',
      'dist/index.js',
      'dist/declarations.d.ts',
      'dist/integrations/preload.js',
      'lib/registry.js',
      'lib/metrics/gc.js',
      'docs/bundlers.md',
    ];

    expect(files).toEqual(
      expect.arrayContaining([
        ...needed,
        'native/addon/addon.cc',
        'native/format/layout.h',
        'include/napi.h',
        'bin/prom-client-mmap.mjs',
        'scripts/addon.mjs',
      ]),
    );
  });

  test('has nothing else', () => {
    const expected =
      /^(package\.json|README\.md|LICENSE|index\.js|bin\/(commands\/)?[\w-]+\.mjs|scripts\/addon\.mjs|include\/[\w.-]+|docs\/[\w-]+\.md|prebuilds\/[\w-]+\.node|dist\/page\.html|dist\/.+\.(js|d\.ts)|lib\/[\w/-]+\.js|native\/(?!test\/)\w+\/\w+\.(cc|h))$/;

    expect(files.filter((file) => !expected.test(file))).toEqual([]);
  });
});

describe('the lock file', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

  test('names no registry', () => {
    const entries = Object.entries<Record<string, unknown>>(lock.packages);

    expect(entries.filter(([, entry]) => 'resolved' in entry).map(([path]) => path)).toEqual([]);
  });

  test('was made for the dependencies that package.json asks for, each at one exact version', () => {
    const { devDependencies } = manifest;

    expect(lock.packages['']).toMatchObject({ version: manifest.version, devDependencies });
    expect(manifest.dependencies).toBeUndefined(); // the addon is compiled with headers that the tarball has
    // One that is installed under another name than its own says both.
    const wanted = Object.values<string>({ ...devDependencies }).map((version) =>
      version.replace(/^npm:.+@/, ''),
    );
    expect(wanted).toEqual(
      Object.keys({ ...devDependencies }).map((name) => lock.packages[`node_modules/${name}`]?.version),
    );
  });
});
