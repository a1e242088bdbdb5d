import { badAggregator, badMultiprocessMode } from '../errors';
import type { Aggregator, MergeMode, MetricType, MultiprocessMode } from './family';

const MULTIPROCESS_MODES: readonly MultiprocessMode[] = (
  ['all', 'min', 'max', 'sum', 'mostrecent'] as const
).flatMap((mode) => [mode, `live${mode}` as const]);

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

/** prom-client's word for a mode. Gauges in the other modes of Python have the default aggregator. */
export function aggregatorOf(mode: string): Aggregator {
  const plain = mode.replace(/^live/, '');
  return Object.hasOwn(OF_AGGREGATOR, plain) ? (plain as Aggregator) : 'sum';
}

export function isMultiprocessMode(mode: unknown): mode is MultiprocessMode {
  return MULTIPROCESS_MODES.includes(mode as MultiprocessMode);
}

/** `mode`, if it is one of Python's ten; throws for the gauge called `gauge` otherwise. */
export function checkMultiprocessMode(gauge: string, mode: unknown): MultiprocessMode {
  if (isMultiprocessMode(mode)) return mode;
  throw badMultiprocessMode(gauge, mode, MULTIPROCESS_MODES);
}

/** Whether a series is its newest value with the time it was set, not one number. */
export function isMostRecent(mode: MergeMode): boolean {
  return mode === 'mostrecent' || mode === 'livemostrecent';
}
