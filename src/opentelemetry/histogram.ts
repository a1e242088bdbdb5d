import type { TextSample } from '../exposition/text';
import { defaultZeroThreshold } from '../metrics/native-definition';
import { bucketOf, type SearchedBounds } from '../model/buckets';
import { HISTOGRAM_BUCKETS, HISTOGRAM_COUNT, HISTOGRAM_SUM } from '../model/cell-layout';
import { FINEST_SCHEMA } from '../model/exponential-buckets';
import type { NativeDefinition } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { Series } from '../series/series';

/** The boundaries of a histogram without advice or view, as the specification gives them: for milliseconds. */
export const defaultBoundaries: readonly number[] = [
  ...[0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000],
];

/** The kinds of buckets of a histogram. */
export const histogramBuckets = ['explicit', 'exponential', 'both'] as const;
export type HistogramBuckets = (typeof histogramBuckets)[number];

/** The kind that the environment names for exporters by OTLP. */
export function environmentBuckets(env: NodeJS.ProcessEnv): HistogramBuckets {
  const wanted = env['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'];
  return wanted?.toLowerCase() === 'base2_exponential_bucket_histogram' ? 'exponential' : 'explicit';
}

/** Exponential buckets begin with the finest resolution that scrapers know. The SDK begins with finer ones, which they do not. */
export function exponentialDefinition(maxBuckets = 160): NativeDefinition {
  return { schema: FINEST_SCHEMA, zeroThreshold: defaultZeroThreshold, maxBuckets };
}

/** Finite boundaries in ascending order, each once. */
export function sortedBoundaries(boundaries: readonly number[]): number[] {
  return [...new Set(boundaries.filter((bound) => Number.isFinite(bound)))].sort((a, b) => a - b);
}

/** As `observe()`, with exponential buckets, which take finite values only. */
export function observeExponential(series: Series, value: number, bounds: SearchedBounds): number {
  series.countNative(value); // first: a new page may move all cells
  return observe(series, value, bounds);
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
  const { native } = series;
  return [
    ...buckets,
    { ...rest, value: series.get(HISTOGRAM_SUM), metricName: `${name}_sum` },
    { ...rest, value: count, metricName: `${name}_count`, ...(native && { native }) },
  ];
}
