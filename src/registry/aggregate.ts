import { badAggregator } from '../errors';
import { aggregators } from '../model/aggregators';
import type { MetricFamily } from '../model/family';
import type { RegistryContentType } from '../types/content-types';
import { prometheusContentType } from './content-type';

/** A family that can be registered like a metric. */
export interface AggregatedMetric extends MetricFamily {
  get(): MetricFamily;
}

/** The part of a registry that this module needs. */
interface Target {
  setContentType(contentType: RegistryContentType): void;
  registerMetric(metric: AggregatedMetric): void;
}

/**
 * Fills a new registry with the merge of `lists`, see `aggregateFamilies()`. The `get()` of its metrics is synchronous.
 *
 * @throws an Error with code `ERR_AGGREGATOR` or `ERR_CONTENT_TYPE` for an aggregator or content type that does not exist.
 */
export function aggregateInto<R extends Target>(
  registry: R,
  lists: readonly object[],
  contentType: RegistryContentType = prometheusContentType,
): R {
  registry.setContentType(contentType);
  for (const metric of aggregateFamilies(lists as readonly MetricFamily[][])) registry.registerMetric(metric);
  return registry;
}

/**
 * Makes one list of several, each as `getMetricsAsJSON()` returns it: families of the same name become one by the `aggregator`
 * of the first, by default a sum. Names are in the order of their first family.
 *
 * @throws an Error with code `ERR_AGGREGATOR` for an aggregator that does not exist.
 */
export function aggregateFamilies(lists: readonly (readonly MetricFamily[])[]): AggregatedMetric[] {
  const byName = new Map<string, [MetricFamily, ...MetricFamily[]]>();
  for (const family of lists.flat()) {
    const known = byName.get(family.name);
    if (known === undefined) byName.set(family.name, [family]);
    else known.push(family);
  }
  const aggregated: AggregatedMetric[] = [];
  for (const families of byName.values()) {
    const family = aggregatorOf(families[0])(families);
    if (family) aggregated.push({ get: () => family, ...family });
  }
  return aggregated;
}

function aggregatorOf(family: { readonly aggregator?: string | null }): (typeof aggregators)['sum'] {
  const name = family.aggregator ?? 'sum';
  const found = Object.hasOwn(aggregators, name) ? aggregators[name] : undefined;
  if (typeof found !== 'function') throw badAggregator(name);
  return found;
}
