import { badOption } from '../errors';
import type { LabelValues } from '../model/labels';
import type { Collection } from './collection';

const startSeconds = Math.round(Date.now() / 1000 - process.uptime());

/** A start stays the newest one when its process has died: each start is one change of the value. */
const merging = {
  omit: { aggregator: 'omit' },
  oldest: { multiprocessMode: 'livemin' },
  newest: { multiprocessMode: 'max' },
} as const;

function mergingOf(startTime: keyof typeof merging): (typeof merging)[keyof typeof merging] {
  if (!Object.hasOwn(merging, startTime)) {
    const expected = "'omit', 'oldest' or 'newest'";
    throw badOption(
      'collectDefaultMetrics({ startTime })',
      expected,
      startTime,
      'correct it, or leave it out',
    );
  }
  return merging[startTime];
}

/** When this process began. Several processes have no common start, so a merge omits it unless the options say otherwise. */
export function startTime(collection: Collection): void {
  collection.gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', {
    ...mergingOf(collection.options.startTime ?? 'omit'),
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
