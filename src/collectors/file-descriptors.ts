import { readdirSync } from 'node:fs';
import type { Collection } from './collection';
import { reportsProcess } from './process-wide';

/** Open file descriptors, on Linux only. */
export function fileDescriptors(collection: Collection): void {
  if (process.platform !== 'linux') return;
  const isReported = reportsProcess();
  collection.gauge('process_open_fds', 'Number of open file descriptors.', {
    collect() {
      const count = isReported ? countDescriptors() : undefined;
      if (count !== undefined) this.set(collection.labels, count);
    },
  });
}

/** Without the descriptor that lists them, which is closed again. */
function countDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined; // no descriptor left to list them with, or no /proc
  }
}
