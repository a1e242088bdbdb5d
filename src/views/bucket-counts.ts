import { mergedNative } from '../model/native-histogram';
import type { RecordedFamily, RecordedSeries } from './recorded-series';

/** The observations of an interval between two bounds. */
export interface BucketCount {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * The buckets of some series of a family in the last interval, without empty ones, in ascending order: exponential buckets where the
 * histogram has them, else classic ones, of which the last has no upper bound.
 */
export function bucketCounts({ bounds }: RecordedFamily, series: readonly RecordedSeries[]): BucketCount[] {
  const native = mergedNative(series.flatMap(({ native }) => (native === undefined ? [] : [native])));
  if (native !== undefined) {
    const boundOf = (key: number): number => 2 ** (key * 2 ** -native.schema);
    return [
      { from: 0, to: native.zeroThreshold, count: native.zeroCount },
      ...native.positive.map(([key, count]) => ({ from: boundOf(key - 1), to: boundOf(key), count })),
    ].filter(({ count }) => count > 0);
  }
  const cumulative = new Array<number>(bounds.length + 1).fill(0);
  for (const one of series) one.addBuckets(cumulative);
  return cumulative
    .map((count, i) => ({
      from: bounds[i - 1] ?? 0,
      to: bounds[i] ?? Infinity,
      count: count - (cumulative[i - 1] ?? 0),
    }))
    .filter(({ count }) => count > 0);
}
