import { performance } from 'node:perf_hooks';
import type { Collection } from './collection';
import { sweep } from './lifetime';

const HELP =
  'Ratio of time the event loop is not idling in the event provider to the total time the event loop is running.';

/**
 * The share of time in which the event loop was busy, as a distribution over intervals of equal length: a mean between two scrapes
 * would hide short peaks. So these default metrics need a timer.
 */
export function eventLoopUtilization(collection: Collection): void {
  if (typeof performance.eventLoopUtilization !== 'function') return;
  const { labels, options } = collection;
  const summary = collection.summary('nodejs_eventloop_utilization_summary', HELP, {
    maxAgeSeconds: options.eventLoopUtilizationMaxAgeSeconds ?? 60,
    ageBuckets: options.eventLoopUtilizationAgeBuckets ?? 5,
    percentiles: options.eventLoopUtilizationPercentiles ?? [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999],
  });
  const histogram = collection.histogram('nodejs_eventloop_utilization_histogram', HELP, {
    buckets: options.eventLoopUtilizationBuckets ?? [
      0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 1,
    ],
  });

  // The timer must not keep the metrics.
  const targets = [new WeakRef(summary), new WeakRef(histogram)] as const;
  const observe = (utilization: number): void => {
    for (const target of targets) target.deref()?.observe(labels, utilization);
  };
  const interval = Math.max(1, options.eventLoopUtilizationTimeout ?? 100);
  let last = performance.eventLoopUtilization();
  let start = process.hrtime();
  const timer = setInterval(() => {
    sweep();
    const now = performance.eventLoopUtilization();
    const end = process.hrtime();
    const { utilization } = performance.eventLoopUtilization(now, last);
    // A loop that was blocked for ten intervals counts as busy in each of them.
    const milliseconds = (end[0] - start[0]) * 1e3 + (end[1] - start[1]) / 1e6;
    const intervals = Number.isFinite(utilization) ? Math.round(milliseconds / interval) : 0;
    for (let i = 0; i < intervals; i++) observe(utilization);
    last = now;
    start = end;
  }, interval);
  // Mocked timers, and those of jsdom, have no such function.
  timer?.unref?.();
  collection.whileRegistered([summary, histogram], () => clearInterval(timer));
}
