import type { Collection } from './collection';

/** Node's version, in labels: that of the oldest process. */
export function version(collection: Collection): void {
  const [major, minor, patch] = process.version.slice(1).split('.').map(Number);
  const labels = { version: process.version, major, minor, patch, ...collection.labels } as Record<
    string,
    string | number
  >;
  collection.gauge('nodejs_version_info', 'Node.js version info.', {
    labelNames: ['version', 'major', 'minor', 'patch'],
    aggregator: 'first',
    collect() {
      this.set(labels, 1);
    },
  });
}
