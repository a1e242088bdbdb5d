import type { TextSample } from '../exposition/text';
import { bucketOf, type SearchedBounds } from '../model/buckets';
import { HISTOGRAM_BUCKETS, HISTOGRAM_COUNT, HISTOGRAM_SUM } from '../model/cell-layout';
import type { LabelSet } from '../model/labels';
import type { Series } from '../series/series';

/** The boundaries of a histogram without advice or view, as the specification gives them: for milliseconds. */
export const defaultBoundaries: readonly number[] = [
  ...[0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000],
];

/** Finite boundaries in ascending order, each once. */
export function sortedBoundaries(boundaries: readonly number[]): number[] {
  return [...new Set(boundaries.filter((bound) => Number.isFinite(bound)))].sort((a, b) => a - b);
}

/** Counts a value, which is not NaN, and returns its bucket. The order of the stores is the one that readers rely on. */
export function observe(series: Series, value: number, bounds: SearchedBounds): number {
  const bucket = bucketOf(value, bounds);
  series.add(HISTOGRAM_BUCKETS + bucket, 1);
  series.add(HISTOGRAM_SUM, value);
  series.add(HISTOGRAM_COUNT, 1);
  return bucket;
}

/** The lines of a series. The count is the sum of the buckets, so that it always equals the bucket of `+Inf`. */
export function histogramLines(
  { name, bounds }: { readonly name: string; readonly bounds: readonly number[] },
  series: Series,
  sharedLabels: LabelSet,
): TextSample[] {
  let count = 0;
  const buckets = [...bounds, '+Inf'].map((le, i): TextSample => {
    count += series.get(HISTOGRAM_BUCKETS + i);
    const exemplar = series.exemplar(i) ?? null;
    return { labels: { le }, sharedLabels, value: count, metricName: `${name}_bucket`, exemplar };
  });
  const rest = { labels: {}, sharedLabels };
  return [
    ...buckets,
    { ...rest, value: series.get(HISTOGRAM_SUM), metricName: `${name}_sum` },
    { ...rest, value: count, metricName: `${name}_count` },
  ];
}
