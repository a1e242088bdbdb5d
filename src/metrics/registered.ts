import { inspect } from 'node:util';
import { metricDiffers } from '../errors';
import { globalRegistry } from '../registry/registry';
import type { MetricConfiguration } from './configuration';

interface Named {
  readonly labelNames: readonly string[];
}

/**
 * The metric that `config` means, of the first of its registries, or else a new one. Throws if there is one that is no
 * `MetricClass` or has not the same label names in the same order: positional label values would mean something else.
 */
export function registeredOr<M extends Named, C extends MetricConfiguration<string>>(
  MetricClass: new (config: C) => M,
  config: C,
): M {
  // What is wrong with a configuration, the constructor says.
  const register = config?.registers ? config.registers[0] : globalRegistry;
  const present: unknown = register?.getSingleMetric(config?.name);
  if (present === undefined) return new MetricClass(config);
  const { labelNames = [], name } = config;
  const expected = `a ${MetricClass.name} with the labels ${inspect(labelNames)}`;
  if (!(present instanceof MetricClass)) {
    throw metricDiffers(name, expected, `a ${(present as object).constructor.name}`);
  }
  const isSame = present.labelNames.join() === labelNames.join();
  if (!isSame) throw metricDiffers(name, expected, `the labels ${inspect(present.labelNames)}`);
  return present;
}
