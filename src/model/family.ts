/** The four metric types of the Prometheus exposition formats that this library writes. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** prom-client's `aggregator`: how the values of the live owners of a group become one. */
export type Aggregator = 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';

/** The modes of Python's client for gauges; a `live` mode forgets an owner as soon as it is dead. */
export type MultiprocessMode =
  | 'all'
  | 'liveall'
  | 'min'
  | 'livemin'
  | 'max'
  | 'livemax'
  | 'sum'
  | 'livesum'
  | 'mostrecent'
  | 'livemostrecent';

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

/** The contents of HELP and TYPE, with everything that a reader needs to merge and to render its series. Immutable. */
export interface FamilyDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly mergeMode: MergeMode;
  /** Upper bounds of a histogram without `+Inf`, as the user gave them; empty for other types. */
  readonly buckets: readonly number[];
  /** Quantiles that a summary shows, in the user's order; empty for other types. */
  readonly quantiles: readonly number[];
  /** Present for summaries only. */
  readonly window?: AgeWindow;
}

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
}

/** An immutable family with its samples: the common form of expositions, merges and foreign metrics. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly values: readonly Sample[];
  readonly aggregator: Aggregator;
}
