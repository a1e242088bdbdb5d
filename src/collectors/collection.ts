import { Counter, type CounterConfiguration } from '../metrics/counter';
import { Gauge, type GaugeConfiguration } from '../metrics/gauge';
import { Histogram, type HistogramConfiguration } from '../metrics/histogram';
import { Summary, type SummaryConfiguration } from '../metrics/summary';
import type { LabelValues } from '../model/labels';
import type { RegistryContentType } from '../registry/content-type';
import type { AnyRegistry, Registry } from '../registry/registry';
import { type Registered, stopWhenRemoved, unregister } from './lifetime';

export interface DefaultMetricsCollectorConfiguration<T extends RegistryContentType> {
  /** Default: the global registry. */
  register?: Registry<T> | null | undefined;
  /** A prefix of each name, such as `my_app_`. */
  prefix?: string | null | undefined;
  /** Added to each sample. */
  labels?: object | null | undefined;
  /** Upper bounds of `nodejs_gc_duration_seconds`, in seconds. */
  gcDurationBuckets?: number[] | null | undefined;
  /** How often the delay of the event loop is sampled, in milliseconds. Default 10. */
  eventLoopMonitoringPrecision?: number | undefined;
  /** How often the utilization of the event loop is observed, in milliseconds. Default 100. */
  eventLoopUtilizationTimeout?: number | null | undefined;
  /** Upper bounds of the histogram of the utilization, which is from 0 to 1. */
  eventLoopUtilizationBuckets?: number[] | null | undefined;
  /** Quantiles of the summary of the utilization. */
  eventLoopUtilizationPercentiles?: number[] | null | undefined;
  /** In how many steps the summary of the utilization forgets. Default 5. */
  eventLoopUtilizationAgeBuckets?: number | null | undefined;
  /** How far back the summary of the utilization looks, in seconds. Default 60. */
  eventLoopUtilizationMaxAgeSeconds?: number | null | undefined;
  /** Adds the active span of OpenTelemetry as exemplar to the CPU counters; the registry must be of OpenMetrics. */
  enableExemplars?: boolean | undefined;
}

export type Options = DefaultMetricsCollectorConfiguration<RegistryContentType>;

/** The part of a metric's configuration that its source decides; the collection adds prefix, registry and common labels. */
type Own<C> = Omit<C, 'name' | 'help' | 'registers'>;

/**
 * The metrics of one call of `collectDefaultMetrics()`, with their timers and observers. These hold no reference to the
 * collection, so that it can be garbage collected with its registry.
 */
export class Collection {
  readonly options: Options;
  /** The labels of all samples. */
  readonly labels: LabelValues<string>;
  readonly #metrics: Registered[] = [];
  readonly #stops: (() => void)[] = [];

  constructor(options: Options) {
    this.options = options;
    this.labels = { ...options.labels };
  }

  counter(name: string, help: string, own: Own<CounterConfiguration<string>> = {}): Counter {
    return this.#made(new Counter(this.#complete(name, help, own)));
  }

  gauge(name: string, help: string, own: Own<GaugeConfiguration<string>> = {}): Gauge {
    return this.#made(new Gauge(this.#complete(name, help, own)));
  }

  histogram(name: string, help: string, own: Own<HistogramConfiguration<string>> = {}): Histogram {
    return this.#made(new Histogram(this.#complete(name, help, own)));
  }

  summary(name: string, help: string, own: Own<SummaryConfiguration<string>> = {}): Summary {
    return this.#made(new Summary(this.#complete(name, help, own)));
  }

  /** Calls `stop` when the collection is stopped, or none of `metrics` is in its registry any more. `stop` must not hold the metrics. */
  whileRegistered(metrics: readonly Registered[], stop: () => void): void {
    this.#stops.push(stopWhenRemoved(metrics, stop));
  }

  /** Stops timers and observers, and removes the metrics from their registries. Other metrics of the same names stay. */
  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const metric of this.#metrics.splice(0)) unregister(metric);
  }

  #complete<C extends { labelNames?: readonly string[] | undefined }>(
    name: string,
    help: string,
    own: C,
  ): C & { name: string; help: string; labelNames: string[]; registers: AnyRegistry[] | undefined } {
    const { prefix, register } = this.options;
    return {
      ...own,
      name: (prefix || '') + name,
      help,
      labelNames: [...(own.labelNames ?? []), ...Object.keys(this.labels)],
      registers: register ? [register as AnyRegistry] : undefined,
    };
  }

  #made<M extends Registered>(metric: M): M {
    this.#metrics.push(metric);
    return metric;
  }
}
