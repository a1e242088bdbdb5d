import { badDefaultMetricsConfig } from '../errors';
import type { RegistryContentType } from '../registry/content-type';
import { Collection, type DefaultMetricsCollectorConfiguration, type Options } from './collection';
import { cpu } from './cpu';
import { eventLoopLag } from './event-loop-lag';
import { eventLoopUtilization } from './event-loop-utilization';
import { fileDescriptors } from './file-descriptors';
import { gc } from './gc';
import { handles } from './handles';
import { heap } from './heap';
import { heapSpaces } from './heap-spaces';
import { sweep } from './lifetime';
import { maxFds } from './max-fds';
import { memory } from './memory';
import { requests } from './requests';
import { resources } from './resources';
import { startTime } from './start-time';
import { version } from './version';

/** By prom-client's names, in the order of the exposition. */
const sources: Readonly<Record<string, (collection: Collection) => void>> = {
  processCpuTotal: cpu,
  processStartTime: startTime,
  osMemoryHeap: memory,
  processOpenFileDescriptors: fileDescriptors,
  processMaxFileDescriptors: maxFds,
  eventLoopLag,
  eventLoopUtilization,
  processResources: resources,
  processHandles: handles,
  processRequests: requests,
  heapSizeAndUsed: heap,
  heapSpacesSizeAndUsed: heapSpaces,
  version,
  gc,
};

/** Ends a collection of default metrics; a second call does nothing. */
export type StopDefaultMetrics = () => void;

export interface DefaultMetricsCollector {
  /**
   * Registers metrics of the process and of Node, which are read at each scrape. The returned function stops their timers and
   * removes them from the registry; they may then be collected anew. After a `clear()` of the registry, the timers end by
   * themselves.
   *
   * Of several processes, gauges are the sum of the living (event loop lag: average, least or greatest; start time:
   * none; version: the oldest process's), and counters and distributions keep the dead. Metrics that a process has in common
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

export const collectDefaultMetrics: DefaultMetricsCollector = Object.assign(collect, {
  metricsList: Object.keys(sources),
});

function collect<T extends RegistryContentType>(
  config?: DefaultMetricsCollectorConfiguration<T> | null,
): StopDefaultMetrics {
  if (config !== null && config !== undefined && typeof config !== 'object') throw badDefaultMetricsConfig();
  sweep();
  const collection = newCollection(config as Options | null);
  for (const source of Object.values(sources)) source(collection);
  return () => collection.stop();
}

/**
 * Registers the metrics of one source, without a way to stop them.
 *
 * @public for lib/metrics/
 */
export function collectFrom(source: string, config: Options): void {
  sources[source]?.(newCollection(config));
}

function newCollection(config: Options | null): Collection {
  return new Collection({ eventLoopMonitoringPrecision: 10, ...config });
}
