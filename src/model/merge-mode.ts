import { badAggregator, badMultiprocessMode } from '../errors';
import type { Aggregator, MergeMode, MetricType, MultiprocessMode } from './family';

const MULTIPROCESS_MODES: readonly MultiprocessMode[] = [
  'all',
  'liveall',
  'min',
  'livemin',
  'max',
  'livemax',
  'sum',
  'livesum',
  'mostrecent',
  'livemostrecent',
];

/** prom-client's aggregators look at living processes only; sums of counts must outlive them. */
const OF_AGGREGATOR: Readonly<Record<Aggregator, MergeMode>> = {
  sum: 'livesum',
  min: 'livemin',
  max: 'livemax',
  first: 'first',
  average: 'average',
  omit: 'omit',
};

/** How the series of a metric merge across processes when its `aggregator` says so; none means 'sum'. */
export function mergeModeOf(type: MetricType, aggregator: unknown): MergeMode {
  const name = aggregator ?? 'sum';
  if (!Object.hasOwn(OF_AGGREGATOR, name as PropertyKey)) throw badAggregator(name);
  return name === 'sum' && type !== 'gauge' ? 'sum' : OF_AGGREGATOR[name as Aggregator];
}

/** `mode`, if it is one of Python's ten; throws for the gauge called `gauge` otherwise. */
export function checkMultiprocessMode(gauge: string, mode: unknown): MultiprocessMode {
  if (MULTIPROCESS_MODES.includes(mode as MultiprocessMode)) return mode as MultiprocessMode;
  throw badMultiprocessMode(gauge, mode, MULTIPROCESS_MODES);
}

/** Whether a series is its newest value with the time it was set, not one number. */
export function isMostRecent(mode: MergeMode): boolean {
  return mode === 'mostrecent' || mode === 'livemostrecent';
}
