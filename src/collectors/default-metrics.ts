import { badDefaultMetricsConfig } from '../errors';
import type { RegistryContentType } from '../types/content-types';
import type {
  DefaultMetricsCollector,
  DefaultMetricsCollectorConfiguration,
  StopDefaultMetrics,
} from '../types/default-metrics';
import { handles, requests, resources } from './active-objects';
import { Collection, type Options } from './collection';
import { cpu } from './cpu';
import { maxDescriptors, openDescriptors } from './descriptors';
import { eventLoopLag } from './event-loop-lag';
import { eventLoopUtilization } from './event-loop-utilization';
import { gc } from './gc';
import { heap, heapSpaces } from './heap';
import { sweep } from './lifetime';
import { memory } from './memory';
import { claim, isCollectedByOther } from './other-copies';
import { startTime, version } from './process-facts';

/** By prom-client's names, in the order of the exposition. */
const sources: Readonly<Record<string, (collection: Collection) => void>> = {
  processCpuTotal: cpu,
  processStartTime: startTime,
  osMemoryHeap: memory,
  processOpenFileDescriptors: openDescriptors,
  processMaxFileDescriptors: maxDescriptors,
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

export const collectDefaultMetrics: DefaultMetricsCollector = Object.assign(collect, {
  metricsList: Object.keys(sources),
});

function collect<T extends RegistryContentType>(
  config?: DefaultMetricsCollectorConfiguration<T> | null,
): StopDefaultMetrics {
  if (config !== null && config !== undefined && typeof config !== 'object') throw badDefaultMetricsConfig();
  sweep();
  const collection = newCollection(config as Options | null);
  if (isCollectedByOther(collection.options)) return () => undefined;
  for (const source of Object.values(sources)) source(collection);
  claim(collection.options, collection.registration());
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
