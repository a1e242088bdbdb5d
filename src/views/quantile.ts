/**
 * A quantile of counts in buckets, linear within a bucket as histogram_quantile() of Prometheus. `cumulative` has one more number than
 * `bounds`: that of +Inf. Undefined without observations; Infinity where it lies above the last bound.
 */
export function bucketQuantile(
  bounds: readonly number[],
  cumulative: readonly number[],
  quantile: number,
): number | undefined {
  const count = cumulative.at(-1) ?? 0;
  if (!(count > 0)) return undefined;
  const rank = quantile * count;
  const bucket = cumulative.findIndex((upTo) => upTo >= rank);
  if (bucket >= bounds.length) return Infinity;
  const upper = bounds[bucket] ?? 0;
  const lower = bucket === 0 ? Math.min(0, upper) : (bounds[bucket - 1] ?? 0);
  const below = bucket === 0 ? 0 : (cumulative[bucket - 1] ?? 0);
  const within = (cumulative[bucket] ?? 0) - below;
  return within > 0 ? lower + ((upper - lower) * (rank - below)) / within : upper;
}
