import type { AnyRegistry } from '../registry/registry';

/** The part of a metric that tells where it is registered. */
export interface Registered {
  readonly name: string;
  readonly registers: readonly AnyRegistry[];
}

interface Lifetime {
  readonly metrics: readonly WeakRef<Registered>[];
  readonly stop: () => void;
}

// Registries do not say when they are cleared or dropped, so whatever runs is looked through now and then.
const lifetimes = new Set<Lifetime>();

/**
 * Has `stop` called once: by the function returned, or by the first `sweep()` that finds none of `metrics` in a registry
 * of its own. The metrics are not kept alive.
 */
export function stopWhenRemoved(metrics: readonly Registered[], stop: () => void): () => void {
  const lifetime = { metrics: metrics.map((metric) => new WeakRef(metric)), stop };
  lifetimes.add(lifetime);
  return () => end(lifetime);
}

/** Stops what runs for metrics that are gone. Cheap enough to be called from all that runs. */
export function sweep(): void {
  for (const lifetime of lifetimes) if (!lifetime.metrics.some(isAlive)) end(lifetime);
}

/** Whether `register` has this metric, and not another one, under `name`. */
export function isRegistered(metric: Registered, name: string, register: AnyRegistry): boolean {
  try {
    return (register.getSingleMetric(name) as unknown) === metric;
  } catch {
    return false; // a Proxy that has been revoked
  }
}

function isAlive(reference: WeakRef<Registered>): boolean {
  const metric = reference.deref();
  return metric?.registers.some((register) => isRegistered(metric, metric.name, register)) ?? false;
}

function end(lifetime: Lifetime): void {
  if (lifetimes.delete(lifetime)) lifetime.stop();
}
