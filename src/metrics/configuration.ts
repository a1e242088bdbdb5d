import type { Aggregator } from '../model/family';
import type { CollectFunction } from '../registry/metric-types';
import type { AnyRegistry } from '../registry/registry';

/** The options of all metrics. Undefined means the default; every property is copied onto the metric. */
// biome-ignore lint/suspicious/noExplicitAny: a configuration for metrics of any type, as in prom-client's types.
export interface MetricConfiguration<T extends string, M = any> {
  name: string;
  help: string;
  labelNames?: T[] | readonly T[] | undefined;
  /** Where to register; the global registry if not given. */
  registers?: AnyRegistry[] | null | undefined;
  /** How the values of several processes become one: 'sum' if not given. */
  aggregator?: Aggregator | null | undefined;
  /** Called before each reading of the metric, to bring it up to date. */
  collect?: CollectFunction<M> | undefined;
  enableExemplars?: boolean | undefined;
  /**
   * Removes, in the process that has it, a series with labels whose numbers have not changed for so many seconds, up to
   * half as many later. Setting a gauge to the value that it has is no change, if its mode is not one of the most recent
   * value. The counts of a process that has exited stay. Default: series stay for ever.
   */
  ttlSeconds?: number | undefined;
}
