import { isMainThread } from 'node:worker_threads';
import type { PrometheusContentType, RegistryContentType } from '../types/content-types';
import type { RegistryOptions } from '../types/registry';
import { choose, chosenMetrics } from './chosen-registries';
import { type OwnRegistry, Registry } from './registry';

/**
 * prom-client's way to the metrics of a whole cluster. Here every registry shows them; this class exists for code that calls
 * `clusterMetrics()`, and shows the registries that were chosen with `setRegistries()`. It sends messages to workers only where
 * metrics are not shared.
 */
export class ClusterRegistry<T extends RegistryContentType = PrometheusContentType> extends Registry<T> {
  /**
   * The merged exposition of the chosen registries, from any process of the group; '' while there is nothing in them.
   * Rejects with the error of a `collect` function of this process.
   */
  clusterMetrics(): Promise<string> {
    return chosenMetrics('cluster', this.contentType);
  }

  /** Resolves at once: the counts of a process are in the group before it ends. */
  shutdown(_timeout?: number): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Chooses registries for `clusterMetrics()`, which shows in all processes of the group the registries that any process has
   * chosen, dead ones included. Without any choice it shows the global registry. Of a merged registry it shows the metrics of
   * processes that have chosen it.
   *
   * @throws a TypeError with code `ERR_REGISTRY` for objects that are no registries of this library.
   */
  static setRegistries(regs: readonly OwnRegistry[] | OwnRegistry): void {
    choose('cluster', regs);
  }
}

/** The same for worker threads, as @prometheus-io/client has it; threads of cluster workers included. */
export class WorkerRegistry<T extends RegistryContentType = PrometheusContentType> extends Registry<T> {
  /** The argument of the constructor. It makes no difference: every thread shows the group. */
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

  /** See `ClusterRegistry.setRegistries()`; this choice is for `workerMetrics()`. */
  static setRegistries(regs: readonly OwnRegistry[] | OwnRegistry): void {
    choose('worker', regs);
  }
}
