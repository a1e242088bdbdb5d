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
const inputs = [
  '.npmrc',
  'package.json',
  'package-lock.json',
  'nest-11/package.json',
  'nest-12/package.json',
];

/**
 * The directory with apps/ and all frameworks. It is under build/, named after the packages, and stays for the next time. This clone is
 * linked into it. Installing takes about a minute, and needs npm's registry where its cache lacks a package.
 */
export function installation(): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const input of inputs) hash.update(readFileSync(join(__dirname, input)));
  const directory = join(root, 'build', 'frameworks', hash.digest('hex').slice(0, 16));
  if (!existsSync(directory)) install(directory);
  const apps = join(directory, 'apps');
  rmSync(apps, { recursive: true, force: true });
  cpSync(join(__dirname, 'apps'), apps, { recursive: true });
  return directory;
}

function install(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true });
  const fresh = mkdtempSync(`${directory}-`);
  try {
    for (const input of inputs) cpSync(join(__dirname, input), join(fresh, input));
    // A request that gets no answer is repeated after 20 s, not after npm's five minutes.
    const patience = ['--prefer-offline', '--fetch-timeout=20000', '--fetch-retries=5'];
    execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error', ...patience], {
      cwd: fresh,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    symlinkSync(root, join(fresh, 'node_modules', 'prom-client-mmap'));
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
