import {
  badContentType,
  labelsMissing,
  mergeContentType,
  mergeEmpty,
  metricExists,
  unknownMetric,
} from '../errors';
import { inOrderOf, withDefaultLabels } from '../exposition/families';
import { documentText, familyText, type TextFamily, type TextFormat } from '../exposition/text';
import type { Aggregator } from '../model/family';
import { type LabelSet, labelText } from '../model/labels';
import { currentStore } from '../store/current';
import { aggregateInto } from './aggregate';
import {
  isContentType,
  type OpenMetricsContentType,
  openMetricsContentType,
  type PrometheusContentType,
  prometheusContentType,
  type RegistryContentType,
} from './content-type';
import { type GroupAnswer, type Removal, removeHere } from './group-requests';
import { GroupView } from './group-view';
import type { Metric, MetricObject, MetricObjectWithValues, MetricValue } from './metric-types';
import { isExposed, onlyCollects, type Registrable, refresh } from './registrable';
import { GLOBAL_SCOPE, scopeOfName } from './registry-identity';
import { RegistryScope } from './registry-scope';

export interface RegistryOptions {
  /**
   * The name of this registry in all processes of the group. Registries without a name are the same where each process makes one
   * of them when it starts, at the same place in the code; all others show this thread only.
   */
  readonly name?: string | undefined;
  /** `false`: the registry shows and counts for this thread only, wherever it is made. A name has no meaning then. */
  readonly shared?: boolean | undefined;
}

export interface MetricsOptions {
  /** Shows the numbers of each process apart, with its pid in the label `pid`. */
  readonly perProcess?: boolean;
}

/** Those of the global registry, which has the one scope that no name stands for. */
const globalOptions: RegistryOptions = {};

const noScopes: readonly string[] = [];

/** A registry of any content type. */
export type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/**
 * A set of metrics that is exposed as one. `metrics()`, `getMetricsAsJSON()` and `getSingleMetricAsString()` show the whole group
 * of processes, including metrics that only other processes have defined; without the addon they show this process. The list of
 * metrics is always that of this process.
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
  static readonly globalRegistry: Registry = new Registry<PrometheusContentType>(undefined, globalOptions);

  private readonly byName = new Map<string, Registrable>();
  private type: RegistryContentType;
  private defaultLabels: LabelSet = {};
  /** The scope of the metrics that are registered here. */
  private readonly scope: RegistryScope;
  /** The registries that this one was merged from. */
  private sources: readonly { scopes?(): readonly string[] }[] = [];
  /** Names of metrics of `sources` that have been removed from this registry. */
  private readonly hidden = new Set<string>();

  /** Throws a TypeError for a content type that is neither of the two. */
  constructor(contentType?: BoundRegistryContentType, options: RegistryOptions = {}) {
    const type: RegistryContentType = contentType === undefined ? prometheusContentType : contentType;
    if (!isContentType(type)) throw badContentType(type, TypeError);
    this.type = type;
    this.scope = new RegistryScope(this.byName, scopeOf(options));
  }

  /**
   * A registry with the metrics of all of `registers`, without their default labels. It shows metrics that other processes
   * register later, but of this process those that are registered now. Throws if the content types differ, if two metrics have
   * the same name, and a TypeError for an empty list.
   */
  static merge<T extends RegistryContentType = PrometheusContentType>(
    registers: readonly Registry<T>[],
  ): Registry<T> {
    const first = registers[0];
    if (first === undefined) throw mergeEmpty();
    if (registers.some((register) => register.contentType !== first.contentType)) throw mergeContentType();
    const merged = new Registry<T>(first.contentType);
    merged.sources = [...registers];
    for (const register of registers) {
      for (const metric of register.getMetricsAsArray() as unknown as Registrable[]) merged.list(metric);
    }
    return merged;
  }

  /** A registry of the merge of several lists that `getMetricsAsJSON()` made; see `aggregateInto()`. */
  static aggregate<T extends RegistryContentType = PrometheusContentType>(
    metricsArr: readonly object[],
    registryType?: T,
  ): Registry<T> {
    return aggregateInto(new Registry<T>(undefined, { shared: false }), metricsArr, registryType);
  }

  /** The names of the scopes whose metrics are exposed here, none for a registry that shows its own metrics; see `RegistryOptions`. */
  scopes(): readonly string[] {
    const { shown, isInUse } = this.scope;
    if (this.sources.length === 0) return shown === undefined ? noScopes : [shown];
    const merged = this.sources.flatMap((source) => source.scopes?.() ?? []);
    return [...new Set(shown !== undefined && isInUse ? [...merged, shown] : merged)];
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
    if (this.list(metric as Registrable)) this.scope.add(metric as Registrable);
  }

  /** The metrics that are registered in this process, in order of registration; with an argument, only those of that aggregator. */
  getMetricsAsArray(aggregator?: Aggregator): MetricObject[] {
    const metrics = [...this.byName.values()] as unknown as MetricObject[];
    return metrics.filter((metric) => isOf(aggregator, metric));
  }

  /** The object that was registered in this process under `name`, if any. */
  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.byName.get(name) as Metric<T> | undefined;
  }

  removeSingleMetric(name: string): void {
    const metric = this.byName.get(name);
    this.byName.delete(name);
    if (this.sources.length > 0) this.hidden.add(name);
    if (metric !== undefined) this.scope.remove(metric);
  }

  /** Removes all metrics and the default labels. */
  clear(): void {
    for (const metric of this.byName.values()) this.scope.remove(metric);
    this.byName.clear();
    this.sources = [];
    this.hidden.clear();
    this.setDefaultLabels({});
  }

  /** Resets all metrics that are registered in this process. */
  resetMetrics(): void {
    for (const metric of this.byName.values()) metric.reset?.();
  }

  /**
   * Resets the metrics of this registry, or the one of that name, in all processes of the group, dead ones included. Living
   * processes that do not answer in time (`collectDeadlineMs`) do so later; the Promise resolves to their number.
   */
  resetGroup(name?: string): Promise<GroupAnswer> {
    return this.removeEverywhere({ family: name });
  }

  /**
   * Removes the series of exactly these labels, `{}` for the one without labels, in all processes of the group, dead ones
   * included; it is no error if there is none. Labels are compared by their text. A late process also removes its counts until
   * then.
   *
   * @throws a TypeError with code `ERR_LABELS_MISSING` without labels: `resetGroup(name)` is for all series of a metric.
   */
  removeFromGroup(name: string, labels: LabelSet): Promise<GroupAnswer> {
    if (typeof labels !== 'object' || labels === null) throw labelsMissing(name, labels);
    const texts = Object.entries(labels).map(([label, value]) => [label, labelText(value)] as const);
    const present = texts.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.removeEverywhere({ family: name, labels: Object.fromEntries(present) });
  }

  /** Sets the labels that are added to every sample, where it does not have them itself. They are copied. */
  setDefaultLabels(labels: object): void {
    this.defaultLabels = { ...labels };
    this.scope.setDefaultLabels(this.defaultLabels);
  }

  /** The exposition. Rejects with the error of a `collect` function. */
  metrics(options: MetricsOptions = {}): Promise<string> {
    return this.exposition(options, (group, texts) =>
      group && texts.length === 0 ? group.text(this.format) : this.composed(group, texts),
    );
  }

  /**
   * The exposition in UTF-8, the cheapest response to a request: as long as all metrics are this library's, no string is made
   * of it. The bytes must not be written to: calls at the same time share them, and a later scrape reuses their memory.
   */
  getMetricsAsBuffer(options: MetricsOptions = {}): Promise<Buffer> {
    return this.exposition(options, async (group, texts) =>
      group && texts.length === 0 ? group.bytes(this.format) : Buffer.from(await this.composed(group, texts)),
    );
  }

  /** The same numbers as objects; with an argument, only families of that aggregator. */
  async getMetricsAsJSON(aggregator?: Aggregator): Promise<MetricObjectWithValues<MetricValue<string>>[]> {
    const foreign = await this.foreignFamilies();
    const group = (await this.groupView()?.families()) ?? [];
    const families = foreign.length === 0 ? group : inOrderOf(this.byName.keys(), [...group, ...foreign]);
    return families.filter((family) => isOf(aggregator, family)) as MetricObjectWithValues<
      MetricValue<string>
    >[];
  }

  /** One family of the exposition, without a newline at its end. Rejects with a TypeError if there is none. */
  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.byName.get(name);
    if (metric !== undefined && !isExposed(metric, this.scopes())) return this.getMetricsAsString(metric);
    if (metric !== undefined) await refresh(metric);
    const [text] = (await this.groupView({}, name)?.texts(this.format)) ?? [];
    if (text === undefined) throw unknownMetric();
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

  /** The part of the group that this registry shows; undefined while it has no scope. */
  private groupView({ perProcess = false }: MetricsOptions = {}, name?: string): GroupView | undefined {
    const scopes = this.scopes();
    if (scopes.length === 0) return undefined;
    const store = currentStore();
    if (!store.shared) return undefined;
    const { hidden, defaultLabels } = this;
    const isMerged = this.sources.length > 0;
    const isChanged = isMerged && (hidden.size > 0 || !isEmpty(defaultLabels));
    const view = { scopes, defaultLabels: !isMerged, perOwner: perProcess, name };
    return new GroupView(store, view, isChanged ? { hidden, defaultLabels } : undefined);
  }

  /** Brings all metrics up to date and renders them; once more if the registry became private or shared meanwhile. */
  private async exposition<R>(
    options: MetricsOptions,
    render: (group: GroupView | undefined, texts: readonly string[]) => R | Promise<R>,
  ): Promise<R> {
    const settled = this.scope.beforeScrape();
    if (settled !== undefined) await settled;
    const scopes = this.scopes();
    const texts = await this.refreshAll(scopes, (metric) => this.getMetricsAsString(metric));
    const rendered = await render(this.groupView(options), texts);
    return isSame(scopes, this.scopes()) ? rendered : this.exposition(options, render);
  }

  /** The group's families and `texts`, those of foreign metrics, in the order of registration. */
  private composed(group: GroupView | undefined, texts: readonly string[]): string | Promise<string> {
    if (group === undefined) return documentText(texts, this.format);
    return group
      .texts(this.format)
      .then((all) => documentText(inOrderOf(this.byName.keys(), [...all, ...texts]), this.format));
  }

  /** Brings all metrics up to date; the families that the store does not have in `scopes`. */
  private foreignFamilies(scopes: readonly string[] = this.scopes()): Promise<TextFamily[]> {
    return this.refreshAll(scopes, async (metric) =>
      withDefaultLabels(await metric.get(), this.defaultLabels),
    );
  }

  /**
   * Runs all `collect` functions, and `read` for the metrics that the store does not have. All begin in the order of registration
   * and before the group is read, because the `collect` function of one metric may set others.
   */
  private refreshAll<R>(scopes: readonly string[], read: (metric: Registrable) => Promise<R>): Promise<R[]> {
    const shared: Promise<void>[] = [];
    const foreign: Promise<R>[] = [];
    for (const metric of this.byName.values()) {
      if (onlyCollects(metric) || isExposed(metric, scopes)) shared.push(refresh(metric));
      else foreign.push(read(metric));
    }
    if (shared.length === 0) return Promise.all(foreign);
    return Promise.all([Promise.all(foreign), ...shared]).then(([results]) => results);
  }

  private async removeEverywhere(removal: Removal): Promise<GroupAnswer> {
    removeHere(this.byName.values(), removal);
    const store = currentStore();
    if (!store.shared) return { late: 0 };
    const late = this.scopes().map((scope) => store.removeFromOthers({ scope, ...removal }));
    return { late: Math.max(0, ...(await Promise.all(late))) };
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
}

/** The registry of all metrics that name no other. */
export const globalRegistry: Registry = Registry.globalRegistry;

/** No aggregator means a sum. */
function isOf(aggregator: Aggregator | undefined, family: object): boolean {
  const own = (family as { readonly aggregator?: Aggregator }).aggregator;
  return aggregator === undefined || aggregator === (own ?? 'sum');
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return (
    before === after || (before.length === after.length && before.every((scope, i) => scope === after[i]))
  );
}

function isEmpty(labels: object): boolean {
  return Object.keys(labels).length === 0;
}

/** The scope of a registry with these options, as `RegistryScope` takes it. */
function scopeOf(options: RegistryOptions): string | false | undefined {
  if (options === globalOptions) return GLOBAL_SCOPE;
  if (options.shared === false) return false;
  return options.name === undefined ? undefined : scopeOfName(options.name);
}
