import type { Aggregator, MetricType } from '../model/family';
import type { LabelValues } from '../model/labels';

/**
 * The metric classes by type, for a label name type `T`. The registry lies below them and names none; each class adds
 * itself here by declaration merging.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the metric classes fill it.
// biome-ignore lint/correctness/noUnusedVariables: they all have this parameter.
export interface MetricClasses<T extends string> {}

/** A metric of any type. */
export type Metric<T extends string = string> = MetricClasses<T>[keyof MetricClasses<T>];

/** Runs at each scrape and each `get()`, with `this` as the metric; it is awaited when it returns a Promise. */
export type CollectFunction<T> = (this: T) => void | Promise<void>;

export type Collector = () => void;

/** The properties of all metrics. */
export interface MetricObject {
  name: string;
  help: string;
  type: MetricType;
  aggregator: Aggregator;
  // biome-ignore lint/suspicious/noExplicitAny: as in prom-client; every metric must be assignable to it.
  collect: CollectFunction<any>;
}

/** A metric with its numbers, as `get()` and `getMetricsAsJSON()` return it. */
export interface MetricObjectWithValues<T extends MetricValue<string>> extends MetricObject {
  values: T[];
}

export type MetricValue<T extends string> = {
  value: number;
  labels: LabelValues<T>;
};

export type MetricValueWithName<T extends string> = MetricValue<T> & {
  metricName?: string;
};
