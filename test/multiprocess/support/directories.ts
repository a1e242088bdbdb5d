import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from './member';

/** A new directory that goes with the test. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'prom-client-mmap-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The segments in a group's directory. */
export function segmentsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('s.'));
}

/** The directory that a process without a configured group named after itself; undefined when there is none. */
export function ownDirectory(pid: number): string | undefined {
  return groupDirectories().find((path) => basename(path).startsWith(`${pid}-`));
}

/** The directories of all groups of this user that the library has named. */
export function groupDirectories(): string[] {
  return ['/dev/shm', tmpdir()]
    .map((parent) => join(parent, `prom-client-mmap-${process.getuid?.() ?? 0}`))
    .flatMap((base) => entries(base).map((name) => join(base, name)));
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A file system with room for `bytes` and no more; undefined where it cannot be mounted. */
export function smallFileSystem(bytes: number): string | undefined {
  const directory = newDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'none', directory], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', directory]);
  });
  return directory;
}

/** What a user would have installed, readable by everybody, with or without the compiled addon. */
export function installedCopy({ addon }: { readonly addon: boolean }): string {
  const copy = newDirectory();
  const parts = ['package.json', 'index.js', 'dist', 'test/fixtures/member.mjs'];
  if (addon) parts.push('build/Release/prom_client_mmap.node');
  chmodSync(copy, 0o755);
  for (const part of parts) {
    mkdirSync(join(copy, dirname(part)), { recursive: true });
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  return copy;
}
