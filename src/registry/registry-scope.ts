import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import type { LabelSet } from '../model/labels';
import { clockMs } from '../process';
import { currentStore } from '../store/current';
import { unnamedRegistry, warn } from '../store/warnings';
import { handleRequestsFor, requestHandler } from './group-requests';
import { collects, FAMILY, type Registrable } from './registrable';
import { aloneScope, type Functions, haveGoneOn, type Origin, originOf } from './registry-identity';

/** A registry that is scraped again after so long was not made for one request. */
const stayingMs = 1000;

/** At most one warning in a thread. */
let hasWarned = false;

/**
 * How a registry takes part in its group: in which scope its metrics are registered, and whether it shows that scope. A private
 * registry shows its own metrics. They are in no scope, unless `setRegistries()` chose the registry.
 */
export class RegistryScope {
  readonly #metrics: ReadonlyMap<string, Registrable>;
  #defaultLabels: LabelSet = noLabels;
  /** Undefined: no metric is registered in the group. */
  #scope: string | undefined;
  #isShown: boolean;
  /** Whether a metric has been registered in the scope, which needs the default labels from then on. */
  #isInUse = false;
  /** Of a registry without a name. */
  readonly #origin: Origin | undefined;
  /** Of a shared registry that no scrape has shown yet: the functions that made it, where these may run again. */
  #makers: Functions | undefined;
  /** Whether a private registry becomes shared if the group has its scope. */
  #isCandidate = false;
  #hasAsked = false;
  /** Of a private registry: when it was made, and how often it was scraped since, up to 2. */
  #madeAtMs = 0;
  #scrapes = 0;
  /** Called when a registry that `setRegistries()` chose gets another scope. */
  #choosers: Set<() => void> | undefined;

  /** `scope` is that of a registry with a name; false makes a private registry, and without an argument the origin decides. */
  constructor(metrics: ReadonlyMap<string, Registrable>, scope?: string | false) {
    this.#metrics = metrics;
    if (scope === undefined) this.#origin = originOf(this);
    const { isFirst = false, isAtStart = false } = this.#origin ?? {};
    this.#scope = scope || scope === '' ? scope : isFirst && isAtStart ? this.#origin?.scope : undefined;
    this.#isShown = this.#scope !== undefined;
    this.#isCandidate = isFirst && !isAtStart;
    if (this.#isShown) this.#makers = this.#origin?.makers;
    if (!this.#isShown && this.#origin !== undefined) this.#madeAtMs = clockMs();
  }

  /** The scope that the registry shows; none if it is private. */
  get shown(): readonly string[] {
    return this.#isShown && this.#scope !== undefined ? [this.#scope] : noScopes;
  }

  /** The scope in which its metrics are registered, if they are. */
  get scope(): string | undefined {
    return this.#scope;
  }

  get metrics(): Iterable<Registrable> {
    return this.#metrics.values();
  }

  /** Whether any metric has been registered in the scope. */
  get isInUse(): boolean {
    return this.#isInUse;
  }

  /** Throws a RangeError where the stack is too full for a change of the registry, which might be left half done. */
  requireStack(): void {
    if (this.#scope === undefined) return;
    const store = currentStore();
    if (store.shared) store.requireStack();
  }

  /** Registers a metric of this library in the group, if this registry takes part. Does nothing for one that is registered. */
  add(metric: Registrable): void {
    const handle = metric[FAMILY];
    if (handle === undefined) return;
    if (this.#scope === undefined) {
      this.#ask();
      return;
    }
    const isFirst = !this.#isInUse;
    this.#isInUse = true;
    const store = currentStore();
    if (!store.shared) return;
    handle.moveTo?.(store);
    if (handle.store !== store) return;
    if (isFirst && !isEmpty(this.#defaultLabels)) store.setDefaultLabels(this.#scope, this.#defaultLabels);
    if (handle.family !== undefined) store.register(this.#scope, handle.family);
    handleRequestsFor(this);
    store.handleRequests(requestHandler);
    // Once more after the statement that made the metric, which may be followed by others that replace its functions.
    if (collects(metric)) store.hasCollectors();
    else queueMicrotask(() => collects(metric) && store.hasCollectors());
  }

  remove(metric: Registrable): void {
    if (this.#scope === undefined || !this.#isInUse) return;
    const store = currentStore();
    const handle = metric[FAMILY];
    if (!store.shared || handle?.store !== store || handle.family === undefined) return;
    store.unregister(this.#scope, handle.family);
  }

  setDefaultLabels(labels: LabelSet): void {
    const isChange = !isEmpty(this.#defaultLabels) || !isEmpty(labels);
    this.#defaultLabels = labels;
    if (!isChange || this.#scope === undefined || !this.#isInUse) return;
    const store = currentStore();
    if (store.shared) store.setDefaultLabels(this.#scope, labels);
  }

  /** Registers all metrics for `setRegistries()`, in a scope of their own if there is none. Returns it; `changed` is called for each other one. */
  choose(changed: () => void): string {
    this.#scope ??= aloneScope();
    this.#choosers ??= new Set();
    this.#choosers.add(changed);
    for (const metric of this.metrics) this.add(metric);
    return this.#scope;
  }

  /** Another registry was made at the same place, so that there may be many. */
  becomePrivate(): void {
    this.#isCandidate = false;
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#madeAtMs = clockMs();
    this.#changeScope(this.#choosers !== undefined ? aloneScope() : undefined);
  }

  /** To be called before each scrape, with the sources of a merged registry, and its Promise to be awaited. */
  beforeScrape(sources: readonly { readonly $scope?: RegistryScope }[] = []): Promise<unknown> | undefined {
    const own = this.#settle();
    const pending = sources.flatMap(({ $scope }) => $scope?.beforeScrape() ?? []);
    return pending.length === 0 ? own : Promise.all([own, ...pending]);
  }

  /**
   * Settles which metrics a scrape shows. A registry that is first scraped by a function that made it, as for a job or a probe,
   * becomes private. A private registry that is scraped again after a second was not made for one request: it becomes shared if it is
   * shared elsewhere in the group; or else the user may want to name it.
   */
  #settle(): Promise<void> | undefined {
    if (this.#makers !== undefined && haveGoneOn(this.#makers)) this.becomePrivate();
    this.#makers = undefined;
    if (this.#isShown || this.#origin === undefined || this.#scrapes > 1) return undefined;
    if (this.#scrapes === 1 && clockMs() - this.#madeAtMs < stayingMs) return undefined;
    this.#scrapes++;
    return this.#scrapes > 1 ? this.#joinOrWarn(this.#origin) : undefined;
  }

  async #joinOrWarn(origin: Origin): Promise<void> {
    if (this.#isCandidate) await this.#join(origin);
    this.#isCandidate = false;
    const store = currentStore();
    if (this.#isShown || hasWarned || !store.shared) return;
    const isAmongOthers = cluster.isWorker || !isMainThread || store.hasOthers;
    if (!isAmongOthers || ![...this.metrics].some((metric) => metric[FAMILY] !== undefined)) return;
    hasWarned = true;
    warn(unnamedRegistry(origin.position));
  }

  /** Looks into the group when the first metric comes, once for all registries of one place. */
  #ask(): void {
    if (!this.#isCandidate || this.#hasAsked || this.#origin === undefined) return;
    this.#hasAsked = true;
    void this.#join(this.#origin);
  }

  /** Becomes shared if the group has the scope: another process has made this registry when it started. Never rejects. */
  async #join({ scope }: Origin): Promise<void> {
    const store = currentStore();
    if (!store.shared || !(await store.hasFamilies(scope)) || !this.#isCandidate) return;
    this.#isCandidate = false;
    this.#isShown = true;
    this.#changeScope(scope);
  }

  #changeScope(scope: string | undefined): void {
    for (const metric of this.metrics) this.remove(metric);
    this.#scope = scope;
    this.#isInUse = false;
    for (const metric of this.metrics) this.add(metric);
    for (const changed of this.#choosers ?? []) changed();
  }
}

const noScopes: readonly string[] = [];
const noLabels: LabelSet = {};

function isEmpty(labels: object): boolean {
  return Object.keys(labels).length === 0;
}
