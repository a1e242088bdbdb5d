// How Prometheus estimates a quantile of a histogram (its function histogram_quantile).

/** `buckets` are [upper bound, cumulative count]. In a bucket observations are taken for evenly spread. */
export function classicQuantile(buckets, q) {
  const rank = q * buckets.at(-1)[1];
  const at = buckets.findIndex(([, count]) => count >= rank);
  const [bound, count] = buckets[at];
  const [lower, below] = at === 0 ? [0, 0] : buckets[at - 1];
  if (bound === Infinity) return lower;
  return lower + ((bound - lower) * (rank - below)) / (count - below);
}

/** `native` is as in getGroupMetricsAsJSON(), of positive observations. In a bucket their logarithms are. */
export function nativeQuantile({ schema, positive }, q) {
  const total = positive.reduce((sum, [, count]) => sum + count, 0);
  let rank = q * total;
  for (const [key, count] of positive) {
    if (rank <= count) return 2 ** ((key - 1 + rank / count) * 2 ** -schema);
    rank -= count;
  }
  return Infinity;
}
