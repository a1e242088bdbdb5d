// The types of metrics, as users see them. They refer to no class: a class with private members is compatible with nothing else,
// but a metric of prom-client or of its successor can be passed for one of ours, and the other way round. So these have no
// members that prom-client's have not. test/types shows both.
import type { Aggregator, MultiprocessMode } from '../model/family';
import type { LabelValues } from '../model/labels';
import type { NameValidation } from '../model/names';
import type { AnyRegistry } from './registry';

/** Runs at each scrape and each `get()`, with `this` as the metric. A returned Promise is awaited. */
export type CollectFunction<T> = (this: T) => void | Promise<void>;

export type Collector = () => void;

/** The default label name of a metric in the types of @prometheus-io/client, where it stands for no labels at all. */
export type NoLabelNameType = never;

export type MetricValue<T extends string> = {
  value: number;
  labels: LabelValues<T>;
};

export type MetricValueWithName<T extends string> = MetricValue<T> & {
  metricName?: string;
};

/** The properties of all metrics. */
export interface MetricObject {
  name: string;
  help: string;
  /**
   * One of `'counter'`, `'gauge'`, `'histogram'` and `'summary'`. prom-client's types say an enum, which its JavaScript does not
   * have, and those of its successor say these texts: no other type can be passed for both.
   */
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  type: any;
  aggregator: Aggregator;
  // biome-ignore lint/suspicious/noExplicitAny: as in prom-client; every metric must be assignable to it.
  collect: CollectFunction<any>;
}

/** A metric with its numbers, as `get()` and `getMetricsAsJSON()` return it. */
export interface MetricObjectWithValues<T extends MetricValue<string>> extends MetricObject {
  values: T[];
}

/** A sample of `get()`. Of a metric without label names it can be passed for one of the successor, which has no labels there. */
// biome-ignore lint/suspicious/noExplicitAny: only `any` is compatible with both.
type Sample<T extends string> = string extends T ? any : MetricValue<T>;
// biome-ignore lint/suspicious/noExplicitAny: as above.
type SampleWithName<T extends string> = string extends T ? any : MetricValueWithName<T>;

/** The function that `startTimer()` returns. A method's type, whose parameters are compared in both directions. */
type EndTimer<T extends string> = { end(labels?: LabelValues<T>): number }['end'];

/** What all metrics are made from. Undefined means the default; every property is copied onto the metric. */
// biome-ignore lint/suspicious/noExplicitAny: a configuration for metrics of any type, as in prom-client's types.
export interface MetricConfiguration<T extends string, M = any> {
  name: string;
  help: string;
  labelNames?: T[] | readonly T[] | undefined;
  /**
   * Such as `'seconds'`, for OpenMetrics and Protobuf. Ignored unless the name ends with it: `latency_seconds`,
   * `cpu_seconds_total`. Default: none.
   */
  unit?: string | undefined;
  /** Which names the metric and its labels may have; see `configure()`. Default: the `nameValidation` of `configure()`. */
  nameValidation?: NameValidation | undefined;
  /** Where to register. Default: the global registry. */
  registers?: AnyRegistry[] | undefined;
  /** How the values of several processes become one. Default: `'sum'`. */
  aggregator?: Aggregator | undefined;
  /** Called before each reading of the metric, to bring it up to date. */
  collect?: CollectFunction<M> | undefined;
  enableExemplars?: boolean | undefined;
  /**
   * After so many seconds without a change of its numbers, and up to half as many later, a series with labels is removed in the
   * process that has it. To set a gauge to the value that it has is no change, unless its mode is one of the most recent value.
   * The counts of processes that have exited stay. Default: series stay for ever.
   */
  ttlSeconds?: number | undefined;
}

/** The members that all metrics have. `Child` has the functions of one series. */
interface LabelledMetric<T extends string, Child, Value extends MetricValue<string>> {
  /** The numbers of this thread, after `collect` has run. Rejects with the error that `collect` throws. */
  get(): Promise<MetricObjectWithValues<Value>>;
  /** The functions of one series, which need no labels any more. The series is made when one of them first writes. */
  labels(...values: string[]): Child;
  labels(labels: LabelValues<T>): Child;
  /** Sets the numbers of this thread back to those of a new metric. */
  reset(): void;
  /** Removes the series of these label values; it is no error if there is none. */
  remove(...values: string[]): void;
  remove(labels: LabelValues<T>): void;
}

/** The argument of `inc()` of a counter with `enableExemplars`. */
export interface IncreaseDataWithExemplar<T extends string> {
  /** Default: 1. */
  value?: number | undefined;
  labels?: LabelValues<T> | undefined;
  /**
   * The new exemplar of the series, such as the id of a trace that caused the increment. At most 128 characters, names and
   * values together. Without it the series keeps its exemplar.
   */
  exemplarLabels?: LabelValues<string> | undefined;
}

/** The argument of `observe()` of a histogram with `enableExemplars`. */
export interface ObserveDataWithExemplar<T extends string> {
  value: number;
  labels?: LabelValues<T> | undefined;
  /**
   * The new exemplar of the bucket, such as the id of a trace that was observed. At most 128 characters, names and values
   * together. Without it, or if it is empty, the bucket keeps its exemplar.
   */
  exemplarLabels?: LabelValues<string> | undefined;
}

export interface CounterConfiguration<T extends string> extends MetricConfiguration<T, Counter<T>> {}

/** A number that only ever goes up, such as of requests served. */
export interface Counter<T extends string = string> extends LabelledMetric<T, CounterChild, Sample<T>> {
  /**
   * Adds `value`, or 1, to the series of `labels`. Throws for a label that the metric does not have, a TypeError for
   * a value that is no finite number, and an Error for a negative one. Returns nothing, as prom-client's trunk; 15.1.3 returns
   * its internal key.
   */
  inc(labels: LabelValues<T>, value?: number): void;
  /** Adds `value`, or 1, to the series without labels. */
  inc(value?: number): void;
  /**
   * Only with `enableExemplars`, in addition to the other forms. A RangeError for exemplar labels that are too long comes
   * after the increment, which stays.
   */
  inc(increase: IncreaseDataWithExemplar<T>): void;
  /** Removes all series, or sets the only one to 0 if the counter has no labels. */
  reset(): void;
}

export interface CounterConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: Counter<any>;
  /** Throws the errors of a bad configuration. */
  new <T extends string = string>(config: CounterConfiguration<T>): Counter<T>;
  /**
   * The counter of that name in the registry of `config` (the first, if it names several), made if there is none. Throws
   * an Error with code `ERR_METRIC_DIFFERS` if it has other label names or is no counter. An existing counter ignores the
   * rest of `config`.
   */
  getOrCreate<T extends string = string>(config: CounterConfiguration<T>): Counter<T>;
}

export declare const Counter: CounterConstructor;
export declare namespace Counter {
  /** The functions of one series of a counter, to be stored and called as often as needed. */
  export interface Internal {
    /** Adds `value`, or 1. The object is for counters with `enableExemplars`; its labels are added to the child's. */
    inc(value?: number | IncreaseDataWithExemplar<string>): void;
  }
}
export type CounterChild = Counter.Internal;

export interface GaugeConfiguration<T extends string> extends MetricConfiguration<T, Gauge<T>> {
  /**
   * `'leader'`: `collect` runs in one process of the group only, for values that exist once per application, such as the
   * length of a queue in a database. When that process ends, another one takes over at the next scrape. Without a
   * `multiprocessMode` or an `aggregator`, the most recent value of a living process is shown. Default: every process
   * collects its own.
   */
  collectBy?: 'each' | 'leader' | undefined;
  /** How the values of several processes become one, in the words of Python's client, in place of `aggregator`. */
  multiprocessMode?: MultiprocessMode | undefined;
}

/** A number that goes up and down, such as of open connections. */
export interface Gauge<T extends string = string> extends LabelledMetric<T, GaugeChild<T>, Sample<T>> {
  /**
   * Sets the series of `labels`. Throws a TypeError for a value that is no number (NaN and the infinities are numbers), and an
   * Error for a label that the metric does not have.
   */
  set(labels: LabelValues<T>, value: number): void;
  /** Sets the series without labels. */
  set(value: number): void;
  /** Adds `value`, or 1. Throws as `set()` does, and if the mode is one of the most recent value. */
  inc(labels: LabelValues<T>, value?: number): void;
  inc(value?: number): void;
  /** Subtracts `value`, or 1. Throws as `inc()` does. */
  dec(labels: LabelValues<T>, value?: number): void;
  dec(value?: number): void;
  /** Sets the Unix time in seconds. */
  setToCurrentTime(labels?: LabelValues<T>): void;
  /** Starts a stop-watch; the function returned sets the seconds since, and returns them. */
  startTimer(labels?: LabelValues<T>): EndTimer<T>;
  /** Removes all series, or sets the only one back if the gauge has no labels. */
  reset(): void;
}

export interface GaugeConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: Gauge<any>;
  /**
   * Throws the errors of a bad configuration, and a TypeError for an unknown `multiprocessMode` or `collectBy` or for a
   * `multiprocessMode` beside an `aggregator`.
   */
  new <T extends string = string>(config: GaugeConfiguration<T>): Gauge<T>;
  /** The gauge of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  getOrCreate<T extends string = string>(config: GaugeConfiguration<T>): Gauge<T>;
}

export declare const Gauge: GaugeConstructor;
export declare namespace Gauge {
  /** The functions of one series of a gauge, to be stored and called as often as needed. */
  export interface Internal<T extends string> {
    /** Adds `value`, or 1. */
    inc(value?: number): void;
    /** Subtracts `value`, or 1. */
    dec(value?: number): void;
    set(value: number): void;
    /** Sets the Unix time in seconds. */
    setToCurrentTime(): void;
    /** Starts a stop-watch; the function returned sets the seconds since, and returns them. */
    startTimer(): EndTimer<T>;
  }
}
export type GaugeChild<T extends string> = Gauge.Internal<T>;

export interface HistogramConfiguration<T extends string> extends MetricConfiguration<T, Histogram<T>> {
  /** Upper bounds, ascending, without `+Inf`. The array is frozen. Of a native histogram `[]`: exponential buckets only. */
  buckets?: number[] | undefined;
  /**
   * Above 1: also a native histogram, with exponential buckets that grow by at most this factor, such as 1.1. Scrapers see them in
   * Protobuf, and the classic `buckets` in all formats. Default: none.
   */
  nativeHistogramBucketFactor?: number | undefined;
  /** With more exponential buckets than these a series halves its resolution. 0: no limit. Default: 160. */
  nativeHistogramMaxBucketNumber?: number | undefined;
  /** Observations up to it, of either sign, count as 0. A negative number: only 0 itself. Default, and 0: 2^-128. */
  nativeHistogramZeroThreshold?: number | undefined;
}

/** Counts observations by size, such as of request durations, so that servers can be compared and added up. */
export interface Histogram<T extends string = string>
  extends LabelledMetric<T, HistogramChild<T>, SampleWithName<T>> {
  /**
   * Counts `value` in the series of `labels`. Throws for a label that the metric does not have, and a TypeError for
   * a value that is no finite number. Values may be negative.
   */
  observe(labels: LabelValues<T>, value: number): void;
  /** Counts `value` in the series without labels. */
  observe(value: number): void;
  /**
   * Only with `enableExemplars`, in addition to the other forms. A RangeError for exemplar labels that are too long comes
   * after the observation, which stays.
   */
  observe(observation: ObserveDataWithExemplar<T>): void;
  /**
   * Starts a stop-watch; the function returned observes the seconds since, and returns them. The exemplar labels of both are
   * used with `enableExemplars` only.
   */
  startTimer(
    labels?: LabelValues<T>,
    exemplarLabels?: LabelValues<string>,
  ): { end(labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>): number }['end'];
  /** Sets the series of `labels` to 0, and makes it if need be. Throws for a label that the metric does not have. */
  zero(labels: LabelValues<T>): void;
  /** Removes all series, the one without labels too: it comes back with the next observation. */
  reset(): void;
}

export interface HistogramConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: Histogram<any>;
  /** Throws the errors of a bad configuration, and an Error for a label called `le`. */
  new <T extends string = string>(config: HistogramConfiguration<T>): Histogram<T>;
  /** The histogram of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  getOrCreate<T extends string = string>(config: HistogramConfiguration<T>): Histogram<T>;
}

export declare const Histogram: HistogramConstructor;
export declare namespace Histogram {
  /** The functions of one series of a histogram, to be stored and called as often as needed. */
  export interface Internal<T extends string> {
    /** The object is for histograms with `enableExemplars`; its labels are added to the child's. */
    observe(value: number | ObserveDataWithExemplar<string>): void;
    /**
     * Starts a stop-watch; the function returned observes the seconds since, and returns them. It takes exemplar labels if
     * the histogram has `enableExemplars`.
     */
    // biome-ignore lint/suspicious/noExplicitAny: prom-client's types say that it returns nothing.
    startTimer(): { end(labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>): any }['end'];
  }

  export interface Config {
    buckets?: number[];
  }
}
export type HistogramChild<T extends string> = Histogram.Internal<T>;

export interface SummaryConfiguration<T extends string> extends MetricConfiguration<T, Summary<T>> {
  /** The quantiles to show, from 0 to 1. */
  percentiles?: number[] | undefined;
  /** How long an observation counts for the quantiles; for ever if this or `ageBuckets` is missing. */
  maxAgeSeconds?: number | undefined;
  /** In how many steps old observations go. */
  ageBuckets?: number | undefined;
  /** Removes, at each reading, the series without observations in the whole window. */
  pruneAgedBuckets?: boolean | undefined;
  /** Accepted because prom-client has it; there is nothing to compress here. */
  compressCount?: number | undefined;
}

/**
 * Quantiles of observations, over a sliding window or since the start. Each is within 1.083 % of the exact order
 * statistic, also when the observations of several processes are merged; the smallest and largest are exact.
 */
export interface Summary<T extends string = string>
  extends LabelledMetric<T, SummaryChild<T>, SampleWithName<T>> {
  /**
   * Counts `value` in the series of `labels`. Throws for a label that the metric does not have, and a TypeError for
   * a value that is no finite number. Values may be negative.
   */
  observe(labels: LabelValues<T>, value: number): void;
  /** Counts `value` in the series without labels. */
  observe(value: number): void;
  /** Starts a stop-watch; the function returned observes the seconds since, and returns them. */
  startTimer(labels?: LabelValues<T>): EndTimer<T>;
  /** Sets all series to 0; none is removed. */
  reset(): void;
}

export interface SummaryConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: Summary<any>;
  /** Throws the errors of a bad configuration, an Error for a label called `quantile`, and a RangeError for a bad window. */
  new <T extends string = string>(config: SummaryConfiguration<T>): Summary<T>;
  /** The summary of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  getOrCreate<T extends string = string>(config: SummaryConfiguration<T>): Summary<T>;
}

export declare const Summary: SummaryConstructor;
export declare namespace Summary {
  /** The functions of one series of a summary, to be stored and called as often as needed. */
  export interface Internal<T extends string> {
    observe(value: number): void;
    /** Starts a stop-watch; the function returned observes the seconds since, and returns them. */
    startTimer(): EndTimer<T>;
  }

  export interface Config {
    percentiles?: number[];
  }
}
export type SummaryChild<T extends string> = Summary.Internal<T>;

/** A metric of any type. */
export type Metric<T extends string = string> = Counter<T> | Gauge<T> | Summary<T> | Histogram<T>;
