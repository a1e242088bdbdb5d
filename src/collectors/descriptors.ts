import { readdirSync, readFileSync } from 'node:fs';
import { attempt } from './attempt';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';
import { gaugesOf } from './readings';

/** Open file descriptors, on Linux only. */
export function openDescriptors(collection: Collection): void {
  if (process.platform !== 'linux') return;
  const isReported = reportsProcess();
  gaugesOf(collection, () => (isReported ? countDescriptors() : undefined), [
    ['process_open_fds', 'Number of open file descriptors.', (count) => count],
  ]);
}

/** The limit of open file descriptors, where there is a /proc. */
export function maxDescriptors(collection: Collection): void {
  const limit = attempt(readLimit);
  if (limit === undefined) return;
  const isReported = reportsProcess();
  gaugesOf(collection, () => (isReported ? limit : undefined), [
    ['process_max_fds', 'Maximum number of open file descriptors.', () => limit],
  ]);
}

/** Without the descriptor that lists them, which is closed again. Throws when no descriptor is left to list them with. */
function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1;
}

function readLimit(): number | undefined {
  const [, soft] = /^Max open files {2,}(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
