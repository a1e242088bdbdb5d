import { isMainThread } from 'node:worker_threads';
import { choose, chosenMetrics } from './chosen-registries';
import type { PrometheusContentType, RegistryContentType } from './content-type';
import { type AnyRegistry, Registry, type RegistryOptions } from './registry';

/**
 * prom-client's way to the metrics of a whole cluster. Here every registry shows them; this one shows those that were
 * chosen with `setRegistries()`, under the name that existing code calls. It needs nothing from the workers: none is
 * asked, so none can be late or missing.
 */
export class ClusterRegistry<T extends RegistryContentType = PrometheusContentType> extends Registry<T> {
  /**
   * The merged exposition of the chosen registries, from any process of the group; '' while there is nothing in them.
   * Rejects with what a `collect` function of this process throws.
   */
  clusterMetrics(): Promise<string> {
    return chosenMetrics('cluster', this.contentType);
  }

  /** Resolves: there is nothing to hand over before a process ends, its counts are in the group already. */
  shutdown(_timeout?: number): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Chooses what `clusterMetrics()` shows, in all processes of the group: everything that anybody has chosen. While
   * nobody has, it is the global registry.
   *
   * @throws a TypeError with code `ERR_REGISTRY` for what is not a registry of this library.
   */
  static setRegistries(regs: readonly AnyRegistry[] | AnyRegistry): void {
    choose('cluster', regs);
  }
}

/** The same for worker threads, as @prometheus-io/client has it; threads of cluster workers included. */
export class WorkerRegistry<T extends RegistryContentType = PrometheusContentType> extends Registry<T> {
  /** As it was given; it makes no difference, for every thread can answer. */
  readonly primary: boolean;

  constructor(contentType?: T, primary: boolean = isMainThread, options: RegistryOptions = {}) {
    super(contentType, options);
    this.primary = primary;
  }

  /** See `ClusterRegistry.clusterMetrics()`. */
  workerMetrics(): Promise<string> {
    return chosenMetrics('worker', this.contentType);
  }

  /** See `ClusterRegistry.shutdown()`. */
  shutdown(_timeout?: number): Promise<void> {
    return Promise.resolve();
  }

  /** See `ClusterRegistry.setRegistries()`; what is chosen here, `workerMetrics()` shows. */
  static setRegistries(regs: readonly AnyRegistry[] | AnyRegistry): void {
    choose('worker', regs);
  }
}
