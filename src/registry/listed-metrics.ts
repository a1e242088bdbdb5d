import type { MetricObject } from '../types/metrics';
import type { ScrapeOptions } from './group-view';
import { FAMILY, type Registrable } from './registrable';

/** The metrics that a registry lists, which an application may have filtered or sorted. */
export function listOf(registry: { getMetricsAsArray(): MetricObject[] }): Registrable[] {
  return registry.getMetricsAsArray() as unknown as Registrable[];
}

/** The options of a scrape that shows of the group only the families of metrics in `listed`. Undefined stands for all. */
export function optionsFor(
  options: ScrapeOptions,
  listed: ReadonlyMap<string, Registrable> | undefined,
): ScrapeOptions {
  if (listed === undefined) return options;
  const names = Array.from(listed, ([name, metric]) => metric[FAMILY]?.familyName ?? name);
  return { ...options, names: names.filter((name) => options.names?.includes(name) ?? true) };
}
