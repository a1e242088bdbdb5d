import type { RegistryContentType } from './content-types';
import type { Registry } from './registry';

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
  /**
   * `process_start_time_seconds` of several processes: `'oldest'` is the start of the application, as long as its first process lives;
   * `'newest'` changes with the start of each process, so that its changes are the restarts. Default: `'omit'`, as in prom-client.
   */
  startTime?: 'omit' | 'oldest' | 'newest' | undefined;
  /** Adds the active span of OpenTelemetry as exemplar to the CPU counters; the registry must be of OpenMetrics. */
  enableExemplars?: boolean | undefined;
}

/** Ends a collection of default metrics; a second call does nothing. */
export type StopDefaultMetrics = () => void;

export interface DefaultMetricsCollector {
  /**
   * Registers metrics of the process and of Node, which are read at each scrape. The returned function stops their timers and
   * removes them from the registry; they may then be collected anew. After a `clear()` of the registry, the timers end by
   * themselves.
   *
   * Of several processes, gauges are the sum of the living (event loop lag: average, least or greatest; start time:
   * none, unless `startTime` says which; version: the oldest process's), and counters and distributions keep the dead. Metrics that a process has in common
   * with its worker threads are reported by the thread that began to collect first, if the others were started after it.
   *
   * Throws a TypeError if `config` is no object, the errors of the metrics' constructors for a bad option, and an Error
   * if a name is taken; metrics that were registered until then stay. Costs a timer of 100 ms and one of
   * `eventLoopMonitoringPrecision`, neither of which keeps the process alive.
   */
  <T extends RegistryContentType>(
    config?: DefaultMetricsCollectorConfiguration<T> | null,
  ): StopDefaultMetrics;
  /** The names of the sources of default metrics. */
  metricsList: string[];
}

export declare const collectDefaultMetrics: DefaultMetricsCollector;
