import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const root = join(__dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// These run what a user would install, dist/, in a Node of its own; from inside the package its name finds it.
describe('the package', () => {
  test('is one copy, whether it is imported or required', () => {
    const found = run(`
      import * as named from 'prom-client-mmap';
      import whole from 'prom-client-mmap';
      import { createRequire } from 'node:module';
      const required = createRequire(process.cwd() + '/')('prom-client-mmap');
      const names = Object.keys(required);
      console.log(JSON.stringify({
        names,
        differing: names.filter((name) => named[name] !== required[name]),
        isWhole: whole === required,
      }));
    `);

    expect(found.names).toEqual(
      expect.arrayContaining(['Counter', 'Gauge', 'Histogram', 'Summary', 'Registry', 'register']),
    );
    expect(found.differing).toEqual([]);
    expect(found.isWhole).toBe(true);
  });

  test('gives its names to ESM without a default import', () => {
    const found = run(`
      import { Counter, register } from 'prom-client-mmap';
      console.log(JSON.stringify({ counter: typeof Counter, register: typeof register }));
    `);

    expect(found).toEqual({ counter: 'function', register: 'object' });
  });

  function run(code: string) {
    const args = ['--input-type=module', '--eval', code];
    return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
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
      'dist/index.js',
      'dist/index.d.ts',
      'binding.gyp',
    ];

    expect(files).toEqual(
      expect.arrayContaining([...needed, 'native/addon.cc', 'native/layout.h', 'scripts/addon.mjs']),
    );
  });

  test('has nothing else', () => {
    const expected =
      /^(package\.json|README\.md|LICENSE|binding\.gyp|scripts\/addon\.mjs|dist\/.+\.(js|d\.ts)|native\/\w+\.(cc|h))$/;

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
    const { dependencies, devDependencies } = manifest;

    expect(lock.packages['']).toMatchObject({ version: manifest.version, dependencies, devDependencies });
    expect(Object.values({ ...dependencies, ...devDependencies })).toEqual(
      Object.keys({ ...dependencies, ...devDependencies }).map(
        (name) => lock.packages[`node_modules/${name}`]?.version,
      ),
    );
  });
});
