import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { installed, npm, root } from './packages';

const inputs = ['.npmrc', 'package.json', 'package-lock.json'];

/** How an application that imports `prom-client` comes to this package: beside the real one, or in its place. */
export const ROUTES = ['preload', 'alias'] as const;
export type Route = (typeof ROUTES)[number];

/**
 * The directory with apps/ and all packages, for each route. This clone is linked into them, as `prom-client-mmap` or, for the
 * alias, as `prom-client`.
 */
export function installation(): Readonly<Record<Route, string>> {
  const directory = installed({ name: 'third-party', source: __dirname, inputs, places: ROUTES, install });
  return { preload: join(directory, 'preload'), alias: join(directory, 'alias') };
}

function install(fresh: string): void {
  const preload = join(fresh, 'preload');
  for (const input of inputs) cpSync(join(__dirname, input), join(preload, input));
  npm(preload, 'ci', '--ignore-scripts');
  // The only one that must be compiled.
  npm(preload, 'rebuild', '@sematext/gc-stats');
  const alias = join(fresh, 'alias');
  cpSync(preload, alias, { recursive: true, verbatimSymlinks: true });
  symlinkSync(root, join(preload, 'node_modules', 'prom-client-mmap'));
  for (const name of ['prom-client', '@prometheus-io/client']) {
    rmSync(join(alias, 'node_modules', name), { recursive: true });
    symlinkSync(root, join(alias, 'node_modules', name));
  }
}
