import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import { currentStore } from '../store/current';

const REPORTER = 'prom-client-mmap/default-metrics/1';

/**
 * Whether this thread reports the metrics that all threads of its process have in common, such as CPU time and resident memory:
 * the merge would add them up. A thread does not if the thread that has started it, or an ancestor, has called this function
 * before. Without a group every thread does.
 */
export function reportsProcess(): boolean {
  if (!currentStore().shared) return true;
  // A thread that is started later inherits this.
  const reporter = getEnvironmentData(REPORTER);
  if (reporter === undefined) setEnvironmentData(REPORTER, threadId);
  return reporter === undefined || reporter === threadId;
}
