import { Counter } from '../metrics/counter';
import { Gauge } from '../metrics/gauge';
import { Histogram } from '../metrics/histogram';
import { Summary } from '../metrics/summary';
import type { LabelValues } from '../model/labels';
import type { RegistryContentType } from '../types/content-types';
import type { DefaultMetricsCollectorConfiguration } from '../types/default-metrics';
import type {
  CounterConfiguration,
  GaugeConfiguration,
  HistogramConfiguration,
  SummaryConfiguration,
} from '../types/metrics';
import type { AnyRegistry } from '../types/registry';
import { type Registered, registrationOf, stopWhenRemoved, unregister } from './lifetime';

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

  /** Returns a function that tells whether any of the metrics is still registered. It does not hold the metrics. */
  registration(): () => boolean {
    return registrationOf(this.#metrics);
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
