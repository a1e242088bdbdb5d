import type { LabelValues } from '../model/labels';
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

/** Node's version, in labels: that of the oldest process. */
export function version(collection: Collection): void {
  const [major, minor, patch] = process.version.slice(1).split('.').map(Number);
  const labels = {
    version: process.version,
    major,
    minor,
    patch,
    ...collection.labels,
  } as LabelValues<string>;
  collection.gauge('nodejs_version_info', 'Node.js version info.', {
    labelNames: ['version', 'major', 'minor', 'patch'],
    aggregator: 'first',
    collect() {
      this.set(labels, 1);
    },
  });
}
