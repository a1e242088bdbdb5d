import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** This clone. */
export const root: string = join(__dirname, '..', '..');

export interface Packages {
  /** Of the directory under build/. */
  readonly name: string;
  /** The directory with the inputs and apps/. */
  readonly source: string;
  /** The files that say which packages there are. The directory is named after them, and stays for the next time. */
  readonly inputs: readonly string[];
  /** Directories of the installation that get apps/. */
  readonly places: readonly string[];
  /** Installs into a new directory. Takes about a minute, and needs npm's registry where its cache lacks a package. */
  install(fresh: string): void;
}

/** The directory with the packages, made if need be, and with apps/ as they are now. */
export function installed({ name, source, inputs, places, install }: Packages): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const input of inputs) hash.update(readFileSync(join(source, input)));
  const directory = join(root, 'build', name, hash.digest('hex').slice(0, 16));
  if (!existsSync(directory)) whole(directory, install);
  for (const place of places) {
    const apps = join(directory, place, 'apps');
    rmSync(apps, { recursive: true, force: true });
    cpSync(join(source, 'apps'), apps, { recursive: true });
  }
  return directory;
}

/** A directory that is complete or not there. */
function whole(directory: string, make: (fresh: string) => void): void {
  mkdirSync(dirname(directory), { recursive: true });
  const fresh = mkdtempSync(`${directory}-`);
  try {
    make(fresh);
    moveTo(directory, fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Another test file may have been faster. */
function moveTo(directory: string, fresh: string): void {
  try {
    renameSync(fresh, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}

export function npm(directory: string, ...args: readonly string[]): void {
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
