import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import type { Collection } from './collection';
import { sweep } from './lifetime';

/** The durations of garbage collections. */
export function gc(collection: Collection): void {
  const { labels, options } = collection;
  const histogram = collection.histogram(
    'nodejs_gc_duration_seconds',
    'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    {
      labelNames: ['kind'],
      buckets: options.gcDurationBuckets || [0.001, 0.01, 0.1, 1, 2, 5],
    },
  );
  // The observer must not keep the metric.
  const target = new WeakRef(histogram);
  const listener: Listener = (kind, seconds) => target.deref()?.observe({ kind, ...labels }, seconds);
  listen(listener);
  collection.whileRegistered([histogram], () => unlisten(listener));
}

type GcEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };
type Listener = (kind: string, seconds: number) => void;

// One observer for all collections of this thread, and only while there is one. Not made when this module is loaded: tests load it
// with mocks of Node's modules.
const listeners = new Set<Listener>();
let observer: PerformanceObserver | undefined;

function observe(): PerformanceObserver {
  const kinds: ReadonlyMap<number, string> = new Map([
    [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
    [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
  ]);
  const started = new PerformanceObserver((list) => {
    sweep();
    for (const { detail, duration } of list.getEntries() as GcEntry[]) {
      const kind = kinds.get(detail.kind);
      if (kind !== undefined) for (const listener of listeners) listener(kind, duration / 1e3);
    }
  });
  started.observe({ entryTypes: ['gc'] });
  return started;
}

function listen(listener: Listener): void {
  observer ??= observe();
  listeners.add(listener);
}

function unlisten(listener: Listener): void {
  listeners.delete(listener);
  if (listeners.size > 0) return;
  observer?.disconnect();
  observer = undefined;
}
