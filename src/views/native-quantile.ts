import { coarserKey } from '../model/exponential-buckets';
import type { NativeBucket, NativeHistogram } from '../model/family';

/** The observations between two readings of a native histogram. Its schema may have fallen in between. */
export function nativeChange(before: NativeHistogram | undefined, now: NativeHistogram): NativeHistogram {
  if (before === undefined) return now;
  const steps = before.schema - now.schema;
  const change = (earlier: readonly NativeBucket[], later: readonly NativeBucket[]): NativeBucket[] => {
    const counts = new Map(later);
    for (const [key, count] of earlier) {
      const merged = coarserKey(key, steps);
      counts.set(merged, (counts.get(merged) ?? 0) - count);
    }
    return [...counts].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  };
  return {
    ...now,
    zeroCount: Math.max(0, now.zeroCount - before.zeroCount),
    positive: change(before.positive, now.positive),
    negative: change(before.negative, now.negative),
  };
}

/**
 * A quantile of exponential buckets, in proportion to the logarithm within a bucket, as histogram_quantile() of Prometheus 3. Undefined
 * without observations.
 */
export function nativeQuantile(
  { schema, zeroThreshold, zeroCount, positive, negative }: NativeHistogram,
  quantile: number,
): number | undefined {
  const bound = (key: number): number => 2 ** (key * 2 ** -schema);
  const buckets = [
    ...negative.map(([key, count]) => ({ from: -bound(key), to: -bound(key - 1), count })).reverse(),
    {
      from: negative.length > 0 ? -zeroThreshold : 0,
      to: positive.length > 0 ? zeroThreshold : 0,
      count: zeroCount,
    },
    ...positive.map(([key, count]) => ({ from: bound(key - 1), to: bound(key), count })),
  ];
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (!(total > 0)) return undefined;
  let left = quantile * total;
  for (const { from, to, count } of buckets) {
    if (count > 0 && left <= count) {
      const share = left / count;
      return from * to > 0 ? from * (to / from) ** share : from + (to - from) * share;
    }
    left -= count;
  }
  return buckets.at(-1)?.to;
}
