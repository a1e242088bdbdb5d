import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a directory for the group of this trial, in memory if there is /dev/shm. This process removes it at its end. */
export function makeGroupDirectory() {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = mkdtempSync(join(parent, 'prom-client-mmap-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  const end = () => process.exit(1);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
  // The parent does not wait for the figures any more.
  process.once('disconnect', end);
  return directory;
}
