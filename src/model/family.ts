/** The four metric types of the Prometheus exposition formats that this library writes. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';
/** By the names of an enum in prom-client's types, which its JavaScript does not have. */
// biome-ignore lint/suspicious/noExplicitAny: no other type can be passed for a member of that enum.
export const MetricType: Readonly<Record<'Counter' | 'Gauge' | 'Histogram' | 'Summary', any>> = Object.freeze(
  {
    Counter: 'counter',
    Gauge: 'gauge',
    Histogram: 'histogram',
    Summary: 'summary',
  },
);

/** prom-client's `aggregator`: how the values of the live owners of a group become one. */
export type Aggregator = 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';

type ModeOfAll = 'all' | 'min' | 'max' | 'sum' | 'mostrecent';

/** The modes of Python's client for gauges; a `live` mode forgets an owner as soon as it is dead. */
export type MultiprocessMode = ModeOfAll | `live${ModeOfAll}`;

/**
 * How the same series of several owners becomes one: Python's modes, and those of prom-client's aggregators that
 * Python has no word for. `first` (the oldest owner's), `average` and `omit` look at live owners only.
 */
export type MergeMode = MultiprocessMode | 'first' | 'average' | 'omit';

/**
 * The age window of a summary: quantiles cover the last `ageBuckets` slots of `slotMs` milliseconds each. One slot of
 * `Infinity` means that nothing ages.
 */
export interface AgeWindow {
  readonly ageBuckets: number;
  readonly slotMs: number;
}

/**
 * The contents of HELP and TYPE, with everything that a reader needs to merge and to render its series. Immutable. Only a summary has
 * a window; of other types its numbers are 0.
 */
export interface FamilyDefinition extends AgeWindow {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Undefined for none. */
  readonly unit?: string | undefined;
  readonly mergeMode: MergeMode;
  /** Upper bounds of a histogram without `+Inf`, or quantiles of a summary, as the user wrote them; empty for other types. */
  readonly bounds: readonly number[];
  /** Of a histogram that has exponential buckets, too. */
  readonly native?: NativeDefinition | undefined;
}

/** How a native histogram begins. */
export interface NativeDefinition {
  /** Of the exponential buckets, as long as there are few enough. */
  readonly schema: number;
  /** Observations up to it, of either sign, are in the zero bucket. */
  readonly zeroThreshold: number;
  /** With more buckets than these, both signs together, the resolution is halved. */
  readonly maxBuckets: number;
}

/** The exponential buckets of a native histogram: their keys, as Prometheus counts them, and the observations in each. */
export interface NativeHistogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** Ascending by key, without empty ones. */
  readonly positive: readonly NativeBucket[];
  readonly negative: readonly NativeBucket[];
}

export type NativeBucket = readonly [key: number, count: number];

/** A label value as JavaScript code gave it. Its text, `${value}`, identifies a series. */
export type LabelValue = unknown;

/** An observation that stands for the others in its counter or bucket, such as the trace of a slow request. */
export interface Exemplar {
  readonly labelSet: Readonly<Record<string, unknown>>;
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

/** One line of an exposition, in the shape of prom-client's `getMetricsAsJSON()`. */
export interface Sample {
  labels: Record<string, LabelValue>;
  value: number;
  /** The sample's own name where it is not the family's: `_bucket`, `_sum`, `_count`. */
  metricName?: string;
  exemplar?: Exemplar | null | undefined;
  /** At the `_count` of a native histogram. */
  native?: NativeHistogram;
  /** When the series was made, in ms since 1970: at any sample of it, where an exposition is to show it. */
  created?: number | undefined;
}

/** An immutable family with its samples: the common form of expositions, merges and foreign metrics. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  /** Where the metric has one. */
  readonly unit?: string;
  readonly values: readonly Sample[];
  readonly aggregator: Aggregator;
}
