import { coarserKey } from './exponential-buckets';
import type { NativeBucket, NativeHistogram } from './family';

/**
 * The sum of native histograms, as native/merge/native_sum.cc makes it: the lowest schema counts, and the widest zero bucket, which
 * takes the buckets that begin below its threshold. Undefined for an empty list.
 */
export function mergedNative(all: readonly NativeHistogram[]): NativeHistogram | undefined {
  if (all.length === 0) return undefined;
  const schema = Math.min(...all.map((one) => one.schema));
  const thresholds = new Set(all.map(({ zeroThreshold }) => zeroThreshold));
  let zeroThreshold = Math.max(...thresholds);
  let zeroCount = all.reduce((total, one) => total + one.zeroCount, 0);
  const boundOf = (key: number): number => 2 ** (key * 2 ** -schema);
  const [positive = [], negative = []] = (['positive', 'negative'] as const).map((sign) => {
    const counts = new Map<number, number>();
    for (const one of all) {
      for (const [key, count] of one[sign]) {
        const merged = coarserKey(key, one.schema - schema);
        counts.set(merged, (counts.get(merged) ?? 0) + count);
      }
    }
    return [...counts]
      .sort(([a], [b]) => a - b)
      .filter(([key, count]) => {
        if (thresholds.size === 1 || boundOf(key - 1) >= zeroThreshold) return true;
        zeroCount += count;
        zeroThreshold = Math.max(zeroThreshold, boundOf(key));
        return false;
      }) satisfies NativeBucket[];
  });
  return { schema, zeroThreshold, zeroCount, positive, negative };
}
