import type { Aggregator } from '../model/family';
import type { CollectFunction } from '../registry/metric-types';
import type { AnyRegistry } from '../registry/registry';

/** The options of all metrics. Undefined means the default; every property is copied onto the metric. */
// biome-ignore lint/suspicious/noExplicitAny: a configuration for metrics of any type, as in prom-client's types.
export interface MetricConfiguration<T extends string, M = any> {
  name: string;
  help: string;
  labelNames?: T[] | readonly T[] | undefined;
  /** Where to register. Default: the global registry. */
  registers?: AnyRegistry[] | null | undefined;
  /** How the values of several processes become one. Default: 'sum'. */
  aggregator?: Aggregator | null | undefined;
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
