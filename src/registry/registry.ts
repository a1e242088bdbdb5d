import { badContentType, mergeContentType, mergeEmpty, metricExists, unknownMetric } from '../errors';
import { documentText, familyText, type TextFamily, type TextFormat } from '../exposition/text';
import type { Aggregator, MetricFamily } from '../model/family';
import type { LabelSet } from '../model/labels';
import { currentStore } from '../store/current';
import type { GroupStore, Store, View } from '../store/store';
import { aggregateInto } from './aggregate';
import {
  isContentType,
  type OpenMetricsContentType,
  openMetricsContentType,
  type PrometheusContentType,
  prometheusContentType,
  type RegistryContentType,
} from './content-type';
import {
  type GroupAnswer,
  groupListener,
  labelTexts,
  listen,
  removeFromOthers,
  removeHere,
} from './group-listener';
import { familyTexts, inOrderOf, leFirst } from './group-text';
import type { Metric, MetricObject, MetricObjectWithValues, MetricValue } from './metric-types';
import { FAMILY, isShared, onlyCollects, type Registrable, settle } from './registrable';
import { GLOBAL_SCOPE, nextScope, scopeOfName } from './scopes';

export interface RegistryOptions {
  /**
   * What this registry is called in all processes of the group. Without it, registries are matched by the order in
   * which they got their first metric.
   */
  readonly name?: string | undefined;
}

/** What an exposition is to show, beside the usual. */
export interface MetricsOptions {
  /** Each process's numbers apart, with its pid in the label `pid`. */
  readonly perProcess?: boolean;
}

/** A registry of any content type. */
export type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/**
 * A set of metrics that is exposed as one. `metrics()`, `getMetricsAsJSON()` and `getSingleMetricAsString()` answer
 * for the whole group of processes, and include what only others have defined; without the addon they answer for this
 * process. The list of metrics is always this process's own.
 *
 * Fields are private for TypeScript only: some packages wrap registries in a Proxy, which no `#private` field survives.
 */
export class Registry<BoundRegistryContentType extends RegistryContentType = PrometheusContentType> {
  static get PROMETHEUS_CONTENT_TYPE(): PrometheusContentType {
    return prometheusContentType;
  }

  static get OPENMETRICS_CONTENT_TYPE(): OpenMetricsContentType {
    return openMetricsContentType;
  }

  /** The registry of all metrics that name no other. */
  static readonly globalRegistry: Registry = Registry.inScope(GLOBAL_SCOPE);

  private readonly byName = new Map<string, Registrable>();
  private type: RegistryContentType;
  private defaultLabels: LabelSet = {};
  /** Where this registry's own metrics are; none before there is one, unless the registry has a name. */
  private scope: string | undefined;
  /** The scopes of the registries that this one was merged from, and what has been removed here of their metrics. */
  private merged: readonly string[] = [];
  private readonly hidden = new Set<string>();

  /** Throws a TypeError for a content type that is neither of the two. */
  constructor(contentType?: BoundRegistryContentType, options: RegistryOptions = {}) {
    const type: RegistryContentType = contentType === undefined ? prometheusContentType : contentType;
    if (!isContentType(type)) throw badContentType(type, TypeError);
    this.type = type;
    if (options.name !== undefined) this.scope = scopeOfName(options.name);
  }

  /**
   * A registry that shows what the given ones show, without their default labels. It follows the group's metrics in
   * their scopes; of metrics of this process alone it has those that are registered now. Throws if the content types
   * differ, if two metrics have the same name, and a TypeError for an empty list.
   */
  static merge<T extends RegistryContentType = PrometheusContentType>(
    registers: readonly Registry<T>[],
  ): Registry<T> {
    const first = registers[0];
    if (first === undefined) throw mergeEmpty();
    if (registers.some((register) => register.contentType !== first.contentType)) throw mergeContentType();
    const merged = new Registry<T>(first.contentType);
    merged.merged = [...new Set(registers.flatMap((register) => register.scopes?.() ?? []))];
    for (const register of registers) {
      // Own metrics of own registries are seen through the scopes; all others have to be registered here.
      const isSeen = (metric: Registrable): boolean => 'scopes' in register && metric[FAMILY] !== undefined;
      for (const metric of register.getMetricsAsArray() as unknown as Registrable[]) {
        if (merged.list(metric) && !isSeen(metric)) merged.announce(metric);
      }
    }
    return merged;
  }

  /** A registry of the merge of several lists that `getMetricsAsJSON()` made; see `aggregateInto()`. */
  static aggregate<T extends RegistryContentType = PrometheusContentType>(
    metricsArr: readonly object[],
    registryType?: T,
  ): Registry<T> {
    return aggregateInto(new Registry<T>(), metricsArr, registryType);
  }

  private static inScope(scope: string): Registry {
    const registry = new Registry();
    registry.scope = scope;
    return registry;
  }

  /** The names of the scopes whose metrics are exposed here; see `RegistryOptions.name`. */
  scopes(): readonly string[] {
    return this.scope === undefined ? this.merged : [...this.merged, this.scope];
  }

  get contentType(): BoundRegistryContentType {
    return this.type as BoundRegistryContentType;
  }

  /** Throws an Error for a content type that is neither of the two. */
  setContentType(contentType: RegistryContentType): void {
    if (!isContentType(contentType)) throw badContentType(contentType, Error);
    this.type = contentType;
  }

  /** Adds a metric, or anything with a `get()` like a metric's. Throws if another one has its name. */
  registerMetric<T extends string>(metric: Metric<T> | Registrable): void {
    if (this.list(metric as Registrable)) this.announce(metric as Registrable);
  }

  /** The metrics that are registered in this process, in order of registration; only those of `aggregator` if given. */
  getMetricsAsArray(aggregator?: Aggregator): MetricObject[] {
    const metrics = [...this.byName.values()] as unknown as MetricObject[];
    return metrics.filter((metric) => isOf(aggregator, metric));
  }

  /** The very object that was registered in this process under `name`, if any. */
  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.byName.get(name) as Metric<T> | undefined;
  }

  removeSingleMetric(name: string): void {
    const metric = this.byName.get(name);
    this.byName.delete(name);
    if (this.merged.length > 0) this.hidden.add(name);
    if (metric !== undefined) this.retract(metric);
  }

  /** Removes all metrics and the default labels. */
  clear(): void {
    for (const metric of this.byName.values()) this.retract(metric);
    this.byName.clear();
    this.merged = [];
    this.hidden.clear();
    this.setDefaultLabels({});
  }

  /** Resets all metrics that are registered in this process. */
  resetMetrics(): void {
    for (const metric of this.byName.values()) metric.reset?.();
  }

  /**
   * Resets this registry's metrics in all processes of the group, dead ones included. Living ones that do not answer in
   * time (`collectDeadlineMs`) do so later; the Promise says how many.
   */
  resetGroup(): Promise<GroupAnswer> {
    this.resetMetrics();
    return removeFromOthers(currentStore(), this.scopes(), {});
  }

  /**
   * Removes the series of these labels in all processes of the group, dead ones included; it is no error if there is
   * none. Labels are compared by their text. What late processes count meanwhile goes too, what they count later is new.
   */
  removeFromGroup(name: string, labels: LabelSet = {}): Promise<GroupAnswer> {
    const request = { family: name, labels: labelTexts(labels) };
    removeHere(this.byName.values(), request);
    return removeFromOthers(currentStore(), this.scopes(), request);
  }

  /** Sets the labels that are added to every sample, where it does not have them itself. They are copied. */
  setDefaultLabels(labels: object): void {
    const before = this.defaultLabels;
    this.defaultLabels = { ...labels };
    if (!isEmpty(before) || !isEmpty(labels)) this.announceDefaultLabels();
  }

  /** The exposition. Rejects with what a `collect` function throws. */
  async metrics(options: MetricsOptions = {}): Promise<string> {
    const store = currentStore();
    const texts = await this.ownTexts(store);
    return this.isWhole(store, texts)
      ? store.text(this.viewOf(options), this.format)
      : this.composed(store, texts, options);
  }

  /**
   * The exposition in UTF-8, the cheapest answer to a request: as long as all metrics are this library's, no string is made
   * of it. Not to be written to: calls at the same time share it.
   */
  async getMetricsAsBuffer(options: MetricsOptions = {}): Promise<Buffer> {
    const store = currentStore();
    const texts = await this.ownTexts(store);
    return this.isWhole(store, texts)
      ? store.bytes(this.viewOf(options), this.format)
      : Buffer.from(await this.composed(store, texts, options));
  }

  /** The same numbers as objects; only families of `aggregator` if given. */
  async getMetricsAsJSON(aggregator?: Aggregator): Promise<MetricObjectWithValues<MetricValue<string>>[]> {
    const store = currentStore();
    const [shared, foreign] = this.start(store, async (metric) => this.withDefaultLabels(await metric.get()));
    const [families] = await Promise.all([Promise.all(foreign), ...shared]);
    const group =
      !store.shared || this.scopes().length === 0
        ? []
        : this.isPlain
          ? await store.families(this.view())
          : (await this.groupFamilies(store)).map((family) => this.withDefaultLabels(family));
    const all: readonly TextFamily[] =
      families.length === 0 ? group : inOrderOf(this.byName.keys(), [...group, ...families]);
    return all.filter((family) => isOf(aggregator, family)) as MetricObjectWithValues<MetricValue<string>>[];
  }

  /** One family of the exposition, without a newline at its end. Rejects with a TypeError if there is none. */
  async getSingleMetricAsString(name: string): Promise<string> {
    const store = currentStore();
    const metric = this.byName.get(name);
    if (!store.shared || (metric !== undefined && !isShared(metric, store))) {
      if (metric === undefined) throw unknownMetric();
      return this.getMetricsAsString(metric);
    }
    if (metric !== undefined) await settle(metric);
    const text = this.isPlain
      ? await store.text(this.view(name), this.format)
      : (await this.groupFamilies(store, name)).map((family) => this.groupText(family)).join('\n');
    if (text === '') throw unknownMetric();
    return text;
  }

  /** The exposition of one metric, registered or not, as this process alone has counted it. */
  async getMetricsAsString(metric: Registrable): Promise<string> {
    const family = await (typeof metric.getForPromString === 'function'
      ? metric.getForPromString()
      : metric.get());
    return familyText(family, this.defaultLabels, this.format);
  }

  private get format(): TextFormat {
    return this.type === openMetricsContentType ? 'openmetrics' : 'prometheus';
  }

  /** Whether the store's own output is this registry's: it knows nothing of what a merge has of its own. */
  private get isPlain(): boolean {
    return this.merged.length === 0 || (this.hidden.size === 0 && isEmpty(this.defaultLabels));
  }

  private view(name?: string): View {
    const view = { scopes: this.scopes(), defaultLabels: this.merged.length === 0 };
    return name === undefined ? view : { ...view, name };
  }

  private viewOf({ perProcess = false }: MetricsOptions): View {
    return { ...this.view(), perOwner: perProcess };
  }

  /** The group's families without default labels. */
  private async groupFamilies(store: GroupStore, name?: string): Promise<MetricFamily[]> {
    const families = await store.families({ ...this.view(name), defaultLabels: false });
    return this.merged.length === 0 ? families : families.filter((family) => !this.hidden.has(family.name));
  }

  private groupText(family: MetricFamily): string {
    return familyText(
      family.type === 'histogram' ? leFirst(family) : family,
      this.defaultLabels,
      this.format,
    );
  }

  /** Runs all `collect` functions; the texts of the metrics that the store does not answer for. */
  private async ownTexts(store: Store): Promise<readonly string[]> {
    const [shared, foreign] = this.start(store, (metric) => this.getMetricsAsString(metric));
    const [texts] = await Promise.all([Promise.all(foreign), ...shared]);
    return texts;
  }

  /** Whether the store's own exposition is all there is to show. */
  private isWhole(store: Store, texts: readonly string[]): store is GroupStore {
    return store.shared && texts.length === 0 && this.scopes().length > 0 && this.isPlain;
  }

  /** The exposition of what the store has and of `texts`, in the order of registration. */
  private async composed(store: Store, texts: readonly string[], options: MetricsOptions): Promise<string> {
    if (!store.shared || this.scopes().length === 0) return documentText(texts, this.format);
    const group = this.isPlain
      ? familyTexts(await store.text(this.viewOf(options), this.format))
      : (await this.groupFamilies(store)).map((family) => this.groupText(family));
    return documentText(inOrderOf(this.byName.keys(), [...group, ...texts]), this.format);
  }

  /**
   * Starts everything that a scrape must wait for, in order of registration and before anything is read, because the
   * `collect` function of one metric may set others. `read` is for the metrics that the store does not answer for.
   */
  private start<R>(
    store: Store,
    read: (metric: Registrable) => Promise<R>,
  ): [shared: Promise<void>[], foreign: Promise<R>[]] {
    const shared: Promise<void>[] = [];
    const foreign: Promise<R>[] = [];
    for (const metric of this.byName.values()) {
      if (isShared(metric, store) || onlyCollects(metric)) shared.push(settle(metric));
      else foreign.push(read(metric));
    }
    return [shared, foreign];
  }

  private withDefaultLabels(family: TextFamily): TextFamily {
    if (isEmpty(this.defaultLabels) || family.values === undefined) return family;
    const values = family.values.map((sample) => {
      const labels: Record<string, unknown> = { ...sample.labels };
      // A falsy value gives way here, unlike in the text: so it is in prom-client.
      for (const [name, value] of Object.entries(this.defaultLabels)) labels[name] = labels[name] || value;
      return { ...sample, labels };
    });
    return { ...family, values };
  }

  /** Whether the metric is new here. Throws if its name is taken by another. */
  private list(metric: Registrable): boolean {
    const name = `${metric.name}`;
    const present = this.byName.get(name);
    if (present === metric) return false;
    if (present !== undefined) throw metricExists(name);
    this.byName.set(name, metric);
    this.hidden.delete(name);
    return true;
  }

  private announce(metric: Registrable): void {
    if (metric[FAMILY] === undefined) return;
    if (this.scope === undefined) {
      this.scope = nextScope();
      if (!isEmpty(this.defaultLabels)) this.announceDefaultLabels();
    }
    const store = currentStore();
    if (!store.shared || !isShared(metric, store)) return;
    if (metric[FAMILY].family !== undefined) store.register(this.scope, metric[FAMILY].family);
    listen(this);
    store.handleRequests(groupListener);
    if (metric.collect) store.hasCollectors();
  }

  private retract(metric: Registrable): void {
    const store = currentStore();
    if (this.scope === undefined || !store.shared || !isShared(metric, store)) return;
    if (metric[FAMILY].family !== undefined) store.unregister(this.scope, metric[FAMILY].family);
  }

  private announceDefaultLabels(): void {
    const store = currentStore();
    if (this.scope !== undefined && store.shared) store.setDefaultLabels(this.scope, this.defaultLabels);
  }
}

/** The registry of all metrics that name no other. */
export const globalRegistry: Registry = Registry.globalRegistry;

/** No aggregator means a sum. */
function isOf(aggregator: Aggregator | undefined, family: object): boolean {
  const own = (family as { readonly aggregator?: Aggregator }).aggregator;
  return aggregator === undefined || aggregator === (own ?? 'sum');
}

function isEmpty(labels: object): boolean {
  return Object.keys(labels).length === 0;
}
