import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import { currentStore } from '../store/current';

const REPORTER = 'prom-client-mmap/default-metrics/1';

/**
 * Whether this thread reports what its whole process has in common, such as CPU time and resident memory: threads are
 * summed up, and every one of them would report the same. A thread leaves it to the one that has started it, or an
 * ancestor, if that has called this function before; else it reports as well. Threads that are not merged report all.
 */
export function reportsProcess(): boolean {
  if (!currentStore().shared) return true;
  // What a thread sets here, it hands down to the threads that it starts later.
  const reporter = getEnvironmentData(REPORTER);
  if (reporter === undefined) setEnvironmentData(REPORTER, threadId);
  return reporter === undefined || reporter === threadId;
}
