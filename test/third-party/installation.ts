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

/**
 * The directory with apps/ and all packages. It is under build/, named after what is installed there, and stays for the
 * next time. This clone has the place in it that prom-client-mmap would have. Installing takes about a minute, and needs
 * npm's registry where its cache lacks a package.
 */
export function installation(): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const input of inputs) hash.update(readFileSync(join(__dirname, input)));
  const directory = join(root, 'build', 'third-party', hash.digest('hex').slice(0, 16));
  if (!existsSync(directory)) install(directory);
  rmSync(join(directory, 'apps'), { recursive: true, force: true });
  cpSync(join(__dirname, 'apps'), join(directory, 'apps'), { recursive: true });
  return directory;
}

function install(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true });
  const fresh = mkdtempSync(`${directory}-`);
  try {
    for (const input of inputs) cpSync(join(__dirname, input), join(fresh, input));
    npm(fresh, 'ci', '--ignore-scripts');
    // The only one that must be compiled.
    npm(fresh, 'rebuild', '@sematext/gc-stats');
    symlinkSync(root, join(fresh, 'node_modules', 'prom-client-mmap'));
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
  execFileSync('npm', [...args, '--loglevel=error'], {
    cwd: directory,
    env: { ...process.env, ...headers },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
