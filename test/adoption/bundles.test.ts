import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import commonjs from '@rollup/plugin-commonjs';
import nodeResolve from '@rollup/plugin-node-resolve';
import { build as esbuild } from 'esbuild';
import { rollup } from 'rollup';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import webpack, { type Configuration } from 'webpack';
import { clusterApp, type Outcome, Project, root } from './support/project';

// The package is installed under the alias that most applications use.
const name = 'prom-client';
const addon = join(root, 'build/Release/prom_client_mmap.node');

const bundlers: Readonly<
  Record<string, (input: string, output: string, format: 'cjs' | 'mjs') => Promise<unknown>>
> = {
  esbuild: (input, output, format) =>
    esbuild({
      entryPoints: [input],
      outfile: output,
      bundle: true,
      minify: true,
      platform: 'node',
      format: format === 'mjs' ? 'esm' : 'cjs',
      banner: format === 'mjs' ? { js: requireBanner } : {},
      logLevel: 'error',
    }),
  webpack: (input, output, format) => {
    const module = format === 'mjs';
    const configuration: Configuration = {
      mode: 'production',
      target: 'node20',
      entry: input,
      experiments: { outputModule: module },
      output: { path: join(output, '..'), filename: `bundle.${format}`, module },
    };
    return promisify(webpack)([configuration]);
  },
  rollup: async (input, output, format) => {
    const bundle = await rollup({ input, plugins: [commonjs(), nodeResolve()], logLevel: 'silent' });
    await bundle.write({ file: output, format: format === 'mjs' ? 'es' : 'cjs' });
  },
};

/** What esbuild's own documentation advises for CommonJS packages in an ES module. */
const requireBanner = `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);`;

const cases = Object.keys(bundlers).flatMap((bundler) =>
  (['cjs', 'mjs'] as const).map((format) => ({ bundler, format })),
);

describe.each(cases)('a bundle by $bundler (.$format)', ({ bundler, format }) => {
  const project = new Project({ [`app.${format}`]: clusterApp(format, name) });
  const bundle = `dist/bundle.${format}`;

  beforeAll(async () => {
    project.install(name);
    const [input, output] = [`app.${format}`, bundle].map((path) => join(project.directory, path));
    await bundlers[bundler]?.(input as string, output as string, format);
  });

  test('has no import of the package', () => {
    const text = readFileSync(join(project.directory, bundle), 'utf8');

    expect(text).not.toMatch(/(require\(|from ?)['"]prom-client/);
  });

  test('is shared while the package is in node_modules', async () => {
    expect((await project.node(bundle)).output).toMatch(/^app_total 42$/m);
    expect((await alone(join(project.directory, bundle))).output).toMatch(/^app_total 42$/m);
  });

  test('alone it counts in each process, and the warning says why', async () => {
    const { status, output } = await alone(moved());

    expect(status, output).toBe(0);
    expect(output).toMatch(
      /^ERR_ADDON .* this code is in a bundle, .* in this process only, .*\. Copy .* beside the bundle/m,
    );
    expect(output).toMatch(/`configure\(\{ addon \}\)` or PROM_CLIENT_MMAP_ADDON/);
    expect(output).not.toMatch(/compiler|rebuild|app_total/);
  });

  test('is shared with the addon beside it, or with its path', async () => {
    const beside = moved();
    cpSync(addon, join(beside, '..', 'prom_client_mmap.node'));

    expect((await alone(beside)).output).toMatch(/^app_total 42$/m);
    expect((await alone(moved(), { PROM_CLIENT_MMAP_ADDON: addon })).output).toMatch(/^app_total 42$/m);
  });

  /** The bundle in a directory without node_modules. */
  function moved(): string {
    const directory = mkdtempSync(join(tmpdir(), 'prom-client-mmap-bundle-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    cpSync(join(project.directory, bundle), join(directory, `bundle.${format}`));
    return join(directory, `bundle.${format}`);
  }

  /** Runs a bundle where the working directory has nothing to do with it. */
  function alone(path: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return project.run(process.execPath, [path], env, tmpdir());
  }
});
