import {
  HISTOGRAM_BUCKETS,
  HISTOGRAM_COUNT,
  HISTOGRAM_SUM,
  SUMMARY_COUNT,
  SUMMARY_SUM,
} from '../../model/cell-layout';
import type { MetricFamily, MetricType, Sample } from '../../model/family';
import type { LabelSet } from '../../model/labels';

/** The absolute values of one series: cell and number, in the order in which they must be written. */
export interface ForeignSeries {
  readonly labels: LabelSet;
  readonly cells: readonly (readonly [cell: number, value: number])[];
}

/** A family of another registry without quantiles, which cannot be merged, and in terms of cells. */
export interface ForeignFamily extends MetricFamily {
  /** All label names of its series, in the order of their first occurrence. */
  readonly labelNames: readonly string[];
  /** Upper bounds of a histogram without `+Inf`. */
  readonly bounds: readonly number[];
  /** By a text that identifies their labels. */
  readonly series: ReadonlyMap<string, ForeignSeries>;
}

/** The samples of one series by the suffix of their names; those of buckets in their order. */
interface Parts {
  readonly labels: LabelSet;
  readonly values: Map<string, number>;
  readonly bounds: number[];
  readonly upTo: number[];
}

/** Converts a family in the shape of prom-client's `getMetricsAsJSON()`. */
export function foreignFamily(family: MetricFamily): ForeignFamily {
  const { type } = family;
  const values = family.values.filter((sample) => type !== 'summary' || sample.metricName !== undefined);
  const parts = new Map<string, Parts>();
  for (const sample of values) addTo(parts, family, sample);
  const series = [...parts].map(
    ([key, part]) => [key, { labels: part.labels, cells: cellsOf(type, part) }] as const,
  );
  return {
    ...family,
    values,
    labelNames: [...new Set([...parts.values()].flatMap(({ labels }) => Object.keys(labels)))],
    bounds: [...parts.values()][0]?.bounds ?? [],
    series: new Map(series),
  };
}

function addTo(parts: Map<string, Parts>, { name, type }: MetricFamily, sample: Sample): void {
  const suffix = (sample.metricName ?? name).slice(name.length);
  const isBucket = type === 'histogram' && suffix === '_bucket';
  const labels = Object.fromEntries(
    Object.entries(sample.labels).filter(
      ([label, value]) => value !== undefined && !(isBucket && label === 'le'),
    ),
  );
  const key = JSON.stringify(
    Object.entries(labels)
      .map(([label, value]) => [label, `${value}`])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
  let part = parts.get(key);
  if (part === undefined) {
    part = { labels, values: new Map(), bounds: [], upTo: [] };
    parts.set(key, part);
  }
  if (!isBucket) {
    part.values.set(suffix, sample.value);
  } else if (sample.labels['le'] !== '+Inf') {
    // The bucket of `+Inf` is computed from the count.
    part.bounds.push(Number(sample.labels['le']));
    part.upTo.push(sample.value);
  }
}

/** Histograms: bucket, sum, count; summaries: sum, count. Readers rely on the order. */
function cellsOf(type: MetricType, { values, upTo }: Parts): ForeignSeries['cells'] {
  const sum = values.get('_sum') ?? 0;
  const count = values.get('_count') ?? 0;
  if (type === 'summary') {
    return [
      [SUMMARY_SUM, sum],
      [SUMMARY_COUNT, count],
    ];
  }
  if (type !== 'histogram') return [[0, values.get('') ?? 0]];
  const buckets = [...upTo, count].map((n, i) => [HISTOGRAM_BUCKETS + i, n - (upTo[i - 1] ?? 0)] as const);
  return [...buckets, [HISTOGRAM_SUM, sum], [HISTOGRAM_COUNT, count]];
}
