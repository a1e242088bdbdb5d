import { readFileSync } from 'node:fs';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';

/** The limit of open file descriptors, where there is a /proc. */
export function maxFds(collection: Collection): void {
  const limit = readLimit();
  if (limit === undefined) return;
  const isReported = reportsProcess();
  collection.gauge('process_max_fds', 'Maximum number of open file descriptors.', {
    collect() {
      if (isReported) this.set(collection.labels, limit);
    },
  });
}

function readLimit(): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const [, soft] = /^Max open files {2,}(\S+)/m.exec(limits) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
