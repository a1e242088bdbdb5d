import { type ExposedSeries, exposedSeries } from '../exposition/exposed-series';
import type { TextFamily } from '../exposition/text';
import { coarserKey } from '../model/exponential-buckets';
import type { NativeBucket, NativeHistogram } from '../model/family';
import type { InstrumentType } from './api';

// The types of @opentelemetry/sdk-metrics that a MetricProducer hands out, by structure.

/** Seconds since 1970, and nanoseconds. */
export type HrTime = [seconds: number, nanoseconds: number];

export type AttributeTexts = Record<string, string>;

export interface DataPoint<V> {
  /** Since when the value counts. */
  readonly startTime: HrTime;
  /** When it was read. */
  readonly endTime: HrTime;
  readonly attributes: AttributeTexts;
  readonly value: V;
}

export interface HistogramValue {
  buckets: { boundaries: number[]; counts: number[] };
  sum?: number;
  count: number;
}

/** Buckets are counted from `offset`; bucket `i` of scale `s` is (2^(i * 2^-s), 2^((i+1) * 2^-s)]. */
interface ExponentialBuckets {
  offset: number;
  bucketCounts: number[];
}

export interface ExponentialValue {
  count: number;
  sum?: number;
  scale: number;
  zeroCount: number;
  positive: ExponentialBuckets;
  negative: ExponentialBuckets;
}

interface Described {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    /** 1: any number. */
    readonly valueType: 1;
  };
  /** 1: cumulative. */
  readonly aggregationTemporality: 1;
}

export type MetricData = Described &
  (
    | { readonly dataPointType: 0; readonly dataPoints: DataPoint<HistogramValue>[] }
    | { readonly dataPointType: 1; readonly dataPoints: DataPoint<ExponentialValue>[] }
    | { readonly dataPointType: 2; readonly dataPoints: DataPoint<number>[] }
    | { readonly dataPointType: 3; readonly dataPoints: DataPoint<number>[]; readonly isMonotonic: boolean }
  );

/** The instrument of a family, where this process has made it. */
export interface Origin {
  readonly name: string;
  readonly unit: string;
  readonly type: InstrumentType;
}

/** How a family is named in OpenTelemetry. */
export interface Naming {
  readonly origin: Origin | undefined;
  /** The attribute key of a label, if it is known. */
  key(label: string): string | undefined;
}

export interface Times {
  /** Of series whose beginning is not known. */
  readonly start: HrTime;
  readonly now: HrTime;
}

/** A series of a family, without the labels of its scope. */
export interface ScopeSeries {
  readonly attributes: AttributeTexts;
  readonly series: ExposedSeries;
}

const histogram = 0;
const exponential = 1;
const gauge = 2;
const sum = 3;

/** The metrics of a family, for series of one scope. A summary, which OpenTelemetry cannot push, becomes gauges and sums. */
export function metricsOf(
  family: TextFamily,
  all: readonly ScopeSeries[],
  { origin }: Naming,
  times: Times,
): MetricData[] {
  const { type, help, unit = '' } = family;
  const isTotal = type === 'counter' && origin === undefined;
  const name = origin?.name ?? (isTotal ? family.name.replace(/_total$/, '') : family.name);
  const described = (suffix = ''): Described => ({
    descriptor: { name: name + suffix, description: help, unit: origin?.unit ?? unit, valueType: 1 },
    aggregationTemporality: 1,
  });
  const points = <V>(read: (series: ExposedSeries) => V | undefined): DataPoint<V>[] =>
    all.flatMap(({ attributes, series }) => {
      const value = read(series);
      return value === undefined ? [] : [pointOf(series, attributes, value, times)];
    });
  switch (type) {
    case 'counter':
      return [
        {
          ...described(),
          dataPointType: sum,
          dataPoints: points(({ value }) => value),
          isMonotonic: true,
        },
      ];
    case 'histogram': {
      const natives = points(exponentialOf);
      const explicit = points((series) => (series.native === undefined ? explicitOf(series) : undefined));
      const data: MetricData[] = [];
      if (natives.length > 0) data.push({ ...described(), dataPointType: exponential, dataPoints: natives });
      if (explicit.length > 0) data.push({ ...described(), dataPointType: histogram, dataPoints: explicit });
      return data;
    }
    case 'summary':
      return [
        { ...described(), dataPointType: gauge, dataPoints: all.flatMap((one) => quantilesOf(one, times)) },
        ...(['sum', 'count'] as const).map(
          (part): MetricData => ({
            ...described(`_${part}`),
            dataPointType: sum,
            dataPoints: points((series) => series[part]),
            isMonotonic: part === 'count',
          }),
        ),
      ];
    default: {
      const dataPoints = points(({ value }) => value);
      const isSum = origin?.type.endsWith('UP_DOWN_COUNTER');
      return isSum
        ? [{ ...described(), dataPointType: sum, dataPoints, isMonotonic: false }]
        : [{ ...described(), dataPointType: gauge, dataPoints }];
    }
  }
}

/** Milliseconds since 1970. */
export function timeOf(milliseconds: number): HrTime {
  const seconds = Math.trunc(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}

/** The series of a family by the scope that their labels name. */
export function seriesByScope(family: TextFamily, { key }: Naming): Map<string, ScopeSeries[]> {
  const scopes = new Map<string, ScopeSeries[]>();
  for (const series of exposedSeries(family, {})) {
    const labels = new Map(series.labels);
    const scope = scopeLabels.map((label) => labels.get(label) ?? '');
    for (const label of scopeLabels) labels.delete(label);
    const attributes = Object.fromEntries(Array.from(labels, ([label, text]) => [key(label) ?? label, text]));
    const name = JSON.stringify(scope);
    const known = scopes.get(name);
    if (known === undefined) scopes.set(name, [{ attributes, series }]);
    else known.push({ attributes, series });
  }
  return scopes;
}

/** Name, version and schema URL, in this order. */
const scopeLabels = ['otel_scope_name', 'otel_scope_version', 'otel_scope_schema_url'] as const;

function pointOf<V>(
  { created }: ExposedSeries,
  attributes: AttributeTexts,
  value: V,
  { start, now }: Times,
): DataPoint<V> {
  const startTime = created !== undefined && created > 0 ? timeOf(created) : start;
  return { startTime, endTime: now, attributes, value };
}

function quantilesOf({ attributes, series }: ScopeSeries, times: Times): DataPoint<number>[] {
  return series.quantiles.map(({ quantile, value }) =>
    pointOf(series, { ...attributes, quantile: `${quantile}` }, value, times),
  );
}

function explicitOf({ buckets, sum: total, count }: ExposedSeries): HistogramValue {
  const cumulative = buckets.map((bucket) => bucket.count);
  return {
    buckets: {
      boundaries: buckets.map(({ bound }) => bound).filter(Number.isFinite),
      counts: cumulative.map((upTo, i) => upTo - (cumulative[i - 1] ?? 0)),
    },
    ...(total === undefined ? {} : { sum: total }),
    count: count ?? cumulative.at(-1) ?? 0,
  };
}

/** The buckets from the first to the last have a number each, empty ones too: so many at most, as in the SDK. */
const mostBuckets = 160;

function exponentialOf({ native, sum: total, count = 0 }: ExposedSeries): ExponentialValue | undefined {
  if (native === undefined) return undefined;
  const { schema, zeroCount, positive, negative } = native;
  let steps = 0;
  while (Math.max(spanOf(positive, steps), spanOf(negative, steps)) > mostBuckets) steps++;
  return {
    count,
    ...(total === undefined ? {} : { sum: total }),
    scale: schema - steps,
    zeroCount,
    positive: denseBuckets(positive, steps),
    negative: denseBuckets(negative, steps),
  };
}

type Buckets = NativeHistogram['positive'];

function spanOf(buckets: Buckets, steps: number): number {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return coarserKey(last[0], steps) - coarserKey(first[0], steps) + 1;
}

/** Prometheus counts a bucket by its upper bound, OpenTelemetry by its lower one. */
function denseBuckets(buckets: readonly NativeBucket[], steps: number): ExponentialBuckets {
  const [first] = buckets;
  if (first === undefined) return { offset: 0, bucketCounts: [] };
  const lowest = coarserKey(first[0], steps);
  const bucketCounts = new Array<number>(spanOf(buckets, steps)).fill(0);
  for (const [key, count] of buckets) {
    const at = coarserKey(key, steps) - lowest;
    bucketCounts[at] = (bucketCounts[at] as number) + count;
  }
  return { offset: lowest - 1, bucketCounts };
}
