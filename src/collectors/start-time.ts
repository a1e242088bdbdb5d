import type { Collection } from './collection';

const startSeconds = Math.round(Date.now() / 1000 - process.uptime());

/** When this process began. Several processes have no common start, so a merge omits it. */
export function startTime(collection: Collection): void {
  collection.gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', {
    aggregator: 'omit',
    collect() {
      this.set(collection.labels, startSeconds);
    },
  });
}
