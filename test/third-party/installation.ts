import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');
const inputs = ['.npmrc', 'package.json', 'package-lock.json'];

/** How an application that imports `prom-client` comes to this package: beside the real one, or in its place. */
export const ROUTES = ['preload', 'alias'] as const;
export type Route = (typeof ROUTES)[number];

/**
 * The directory with apps/ and all packages, for each route. They are under build/, named after the packages, and stay
 * for the next time. This clone is linked into them, as `prom-client-mmap` or, for the alias, as `prom-client`.
 * Installing takes about a minute, and needs npm's registry where its cache lacks a package.
 */
export function installation(): Readonly<Record<Route, string>> {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const input of inputs) hash.update(readFileSync(join(__dirname, input)));
  const directory = join(root, 'build', 'third-party', hash.digest('hex').slice(0, 16));
  if (!existsSync(directory)) install(directory);
  const directories = { preload: join(directory, 'preload'), alias: join(directory, 'alias') };
  for (const route of ROUTES) {
    const apps = join(directories[route], 'apps');
    rmSync(apps, { recursive: true, force: true });
    cpSync(join(__dirname, 'apps'), apps, { recursive: true });
  }
  return directories;
}

function install(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true });
  const fresh = mkdtempSync(`${directory}-`);
  try {
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
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function npm(directory: string, ...args: readonly string[]): void {
  const prefix = dirname(dirname(process.execPath));
  // Most distributions of Node bring their headers along, which spares node-gyp a download.
  const headers = existsSync(join(prefix, 'include/node/node_version.h'))
    ? { npm_config_nodedir: prefix }
    : {};
  // A request that gets no answer is repeated after 20 s, not after npm's five minutes.
  const patience = ['--prefer-offline', '--fetch-timeout=20000', '--fetch-retries=5'];
  execFileSync('npm', [...args, '--loglevel=error', ...patience], {
    cwd: directory,
    env: { ...process.env, ...headers },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
