import type { AnyRegistry } from '../types/registry';
import { attempt } from './attempt';

/** The name of a metric and its registries. */
export interface Registered {
  readonly name: string;
  readonly registers: readonly AnyRegistry[];
}

interface Lifetime {
  readonly isRegistered: () => boolean;
  readonly stop: () => void;
}

// Registries emit no event when they are cleared or garbage collected, so timers and observers call `sweep()` now and then.
const lifetimes = new Set<Lifetime>();

/**
 * `stop` is called once: by the returned function, or by the first `sweep()` that finds none of `metrics` in a registry of its
 * own. The metrics are not kept alive.
 */
export function stopWhenRemoved(metrics: readonly Registered[], stop: () => void): () => void {
  const lifetime = { isRegistered: registrationOf(metrics), stop };
  lifetimes.add(lifetime);
  return () => end(lifetime);
}

/** Stops timers and observers of metrics that are in no registry any more. Cheap enough for every timer. */
export function sweep(): void {
  for (const lifetime of lifetimes) if (!lifetime.isRegistered()) end(lifetime);
}

/** Returns a function that tells whether any of the metrics is in a registry of its own. The metrics are not kept alive. */
export function registrationOf(metrics: readonly Registered[]): () => boolean {
  const references = metrics.map((metric) => new WeakRef(metric));
  return () => references.some(isAlive);
}

/** Removes this metric from its registries. Other metrics of the same name stay. */
export function unregister(metric: Registered): void {
  for (const register of metric.registers) {
    if (isRegistered(metric, register)) register.removeSingleMetric(metric.name);
  }
}

/** Whether `register` has this metric, and not another one, under its name. */
function isRegistered(metric: Registered, register: AnyRegistry): boolean {
  // A Proxy that has been revoked throws.
  return attempt(() => register.getSingleMetric(metric.name) as unknown) === metric;
}

function isAlive(reference: WeakRef<Registered>): boolean {
  const metric = reference.deref();
  return metric?.registers.some((register) => isRegistered(metric, register)) ?? false;
}

function end(lifetime: Lifetime): void {
  if (lifetimes.delete(lifetime)) lifetime.stop();
}
