import {
  badContentType,
  labelsMissing,
  mergeContentType,
  mergeEmpty,
  metricExists,
  unknownMetric,
  unknownProcess,
} from '../errors';
import { encoded, encodingsOf } from '../exposition/compression';
import { documentText, type ExpositionFormat, textIn } from '../exposition/document';
import { familyObjects } from '../exposition/families';
import { negotiatedFormat } from '../exposition/negotiation';
import type { ClientFormat, TextFamily } from '../exposition/text';
import { aggregateFamilies, isOf } from '../model/aggregators';
import type { Aggregator } from '../model/family';
import type { LabelSet } from '../model/labels';
import { privateView } from '../model/private-view';
import { realProcess } from '../process';
import { currentStatus, currentStore } from '../store/current';
import type {
  OpenMetricsContentType,
  PrometheusContentType,
  ProtobufContentType,
  RegistryContentType,
} from '../types/content-types';
import type { Metric, MetricObject, MetricObjectWithValues, MetricValue } from '../types/metrics';
import type {
  Exposition,
  ExpositionOptions,
  GroupAnswer,
  GroupRegistry,
  GroupStatus,
  MetricsOptions,
  RegistryOptions,
} from '../types/registry';
import {
  isContentType,
  openMetricsContentType,
  prometheusContentType,
  protobufContentType,
} from './content-type';
import { collectedBeside, labelTexts, removeInGroup } from './group-requests';
import { type GroupView, groupViewOf, type ScrapeOptions } from './group-view';
import { listOf, optionsFor } from './listed-metrics';
import { MetricsByName } from './metrics-by-name';
import { FAMILY, isExposed, type Registrable, readAll, refresh, refreshAll, type Shape } from './registrable';
import { GLOBAL_SCOPE, globalOptions, scopeOf } from './registry-identity';
import { RegistryScope } from './registry-scope';
import { Shown } from './shown';
import { yieldsName } from './yielding';

/** Of all new registries: many are made for one scrape. */
const noLabels: LabelSet = {};
const noSources: readonly [] = [];
const noNames: ReadonlySet<string> = new Set();

type Objects = MetricObjectWithValues<MetricValue<string>>[];
/** A registry of this class with any content type. */
export type OwnRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/**
 * A set of metrics that is exposed as one. `metrics()`, `getMetricsAsBuffer()` and `getSingleMetricAsString()` show the whole group
 * of processes, including metrics that only other processes have defined; without the addon they show this process. The list of
 * metrics is always that of this thread.
 *
 * Private members are so for TypeScript only: some packages wrap registries in a Proxy, which no `#private` field survives. Their names begin
 * with `$`, so that a subclass of the application may have members of its own.
 */
export class Registry<BoundRegistryContentType extends RegistryContentType = PrometheusContentType>
  implements GroupRegistry<BoundRegistryContentType>
{
  static get PROMETHEUS_CONTENT_TYPE(): PrometheusContentType {
    return prometheusContentType;
  }

  static get OPENMETRICS_CONTENT_TYPE(): OpenMetricsContentType {
    return openMetricsContentType;
  }

  static get PROMETHEUS_PROTOBUF_CONTENT_TYPE(): ProtobufContentType {
    return protobufContentType;
  }

  /** The registry of all metrics that name no other. */
  static readonly globalRegistry: Registry = new Registry<PrometheusContentType>(undefined, globalOptions);

  private readonly $byName = new MetricsByName();
  private $type: RegistryContentType | ProtobufContentType;
  private $defaultLabels: LabelSet = noLabels;
  /** The scope of the metrics that are registered here. */
  private readonly $scope: RegistryScope;
  /** The registries that this one was merged from. */
  private $sources: readonly { scopes?(): readonly string[] }[] = noSources;
  /** Names of metrics of `sources` that have been removed from this registry. */
  private $hidden: ReadonlySet<string> = noNames;

  /** Throws a TypeError for a content type that does not exist. */
  constructor(contentType?: BoundRegistryContentType | ProtobufContentType, options: RegistryOptions = {}) {
    const type: unknown = contentType === undefined ? prometheusContentType : contentType;
    if (!isContentType(type)) throw badContentType(type, TypeError);
    this.$type = type;
    this.$scope = new RegistryScope(this.$byName, scopeOf(options));
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
    merged.$sources = [...registers];
    for (const register of registers) {
      for (const metric of register.getMetricsAsArray() as unknown as Registrable[]) merged.$list(metric);
    }
    return merged;
  }

  /**
   * A registry of the merge of several lists that `getMetricsAsJSON()` made. The `get()` of its metrics is synchronous. Throws an
   * Error with code `ERR_AGGREGATOR` or `ERR_CONTENT_TYPE` for an aggregator or content type that does not exist.
   */
  static aggregate<T extends RegistryContentType = PrometheusContentType>(
    metricsArr: readonly object[],
    registryType?: T,
  ): Registry<T> {
    const registry = new Registry<T>(undefined, { shared: false });
    if (registryType !== undefined) registry.setContentType(registryType);
    for (const metric of aggregateFamilies(metricsArr)) registry.registerMetric(metric);
    return registry;
  }

  /** The names of the scopes whose metrics are exposed here, none for a registry that shows its own metrics; see `RegistryOptions`. */
  scopes(): readonly string[] {
    const { shown, isInUse } = this.$scope;
    if (this.$sources.length === 0) return shown;
    const merged = this.$sources.flatMap((source) => source.scopes?.() ?? []);
    return [...new Set(isInUse ? [...merged, ...shown] : merged)];
  }

  get contentType(): BoundRegistryContentType {
    return this.$type as BoundRegistryContentType;
  }

  /** Throws an Error for a content type that does not exist. */
  setContentType(contentType: RegistryContentType | ProtobufContentType): void {
    if (!isContentType(contentType)) throw badContentType(contentType, Error);
    this.$type = contentType;
  }

  /** Adds a metric, or anything with a `get()` like a metric's. Throws if another one has its name. */
  registerMetric<T extends string>(metric: Metric<T> | Registrable): void {
    this.$scope.requireStack();
    if (this.$list(metric as Registrable)) this.$scope.add(metric as Registrable);
  }

  /** The metrics that are registered in this process, in order of registration; with an argument, only those of that aggregator. */
  getMetricsAsArray(aggregator?: Aggregator): MetricObject[] {
    const metrics = [...this.$byName.values()] as unknown as MetricObject[];
    return metrics.filter((metric) => isOf(aggregator, metric));
  }

  /** The object that was registered in this process under `name`, if any. */
  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.$byName.get(name) as Metric<T> | undefined;
  }

  /** A copy of prom-client's private map of the metrics by their names. To delete from it removes the metric. */
  get _metrics(): Readonly<Record<string, Registrable>> {
    return privateView(Object.fromEntries(this.$byName), (name) => this.removeSingleMetric(name));
  }

  /** A copy of prom-client's private default labels. */
  get _defaultLabels(): Readonly<LabelSet> {
    return Object.freeze({ ...this.$defaultLabels });
  }

  removeSingleMetric(name: string): void {
    this.$scope.requireStack();
    const metric = this.$byName.get(name);
    this.$byName.delete(name);
    if (this.$sources.length > 0) this.$hidden = new Set([...this.$hidden, name]);
    if (metric !== undefined) this.$scope.remove(metric);
  }

  /** Removes all metrics and the default labels. */
  clear(): void {
    this.$scope.requireStack();
    for (const metric of this.$byName.values()) this.$scope.remove(metric);
    this.$byName.clear();
    this.$sources = noSources;
    this.$hidden = noNames;
    this.setDefaultLabels({});
  }

  /** Resets all metrics that are registered in this process. */
  resetMetrics(): void {
    for (const metric of this.$byName.values()) metric.reset?.();
  }

  /**
   * Resets the metrics of this registry, or the one of that name, in all processes of the group, dead ones included. Living
   * processes that do not answer in time (`collectDeadlineMs`) do so later; the Promise resolves to their number.
   */
  resetGroup(name?: string): Promise<GroupAnswer> {
    return removeInGroup(this.$byName.values(), this.scopes(), { family: name });
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
    return removeInGroup(this.$byName.values(), this.scopes(), { family: name, labels: labelTexts(labels) });
  }

  /** Sets the labels that are added to every sample, where it does not have them itself. They are copied. */
  setDefaultLabels(labels: object): void {
    this.$scope.requireStack();
    this.$defaultLabels = { ...labels };
    this.$scope.setDefaultLabels(this.$defaultLabels);
  }

  /** The exposition; a Buffer in a registry whose content type is Protobuf. Rejects with the error of a `collect` function. */
  metrics(options: MetricsOptions = {}): Promise<string> {
    if (this.$type === protobufContentType) return this.$bytes(options, 'protobuf') as Promise<never>;
    if (this.getMetricsAsString !== ownText) return this.$replacedText();
    return this.$exposed(options, (shown) => shown.text(this.$format));
  }

  /**
   * The exposition in UTF-8, the cheapest response to a request: as long as all metrics are this library's, no string is made
   * of it. The bytes must not be written to: calls at the same time share them, and a later scrape reuses their memory.
   */
  getMetricsAsBuffer(options: MetricsOptions = {}): Promise<Buffer> {
    return this.$bytes(options, this.$type === protobufContentType ? 'protobuf' : this.$format);
  }

  /**
   * The answer to a scrape: the exposition in the best format and encoding that the headers of the request ask for. Compresses off
   * the event loop. Rejects as `metrics()`.
   */
  async exposition(options: ExpositionOptions = {}): Promise<Exposition> {
    const openMetrics = options.openMetrics ?? this.$type === openMetricsContentType;
    const { format, contentType, escaping } = negotiatedFormat(options.accept, { ...options, openMetrics });
    const bytes = await this.$bytes({ ...options, escaping }, format);
    return { contentType, ...(await encoded(bytes, options.acceptEncoding, encodingsOf(options.compress))) };
  }

  /**
   * The metrics that are registered here, with the numbers of this thread alone, as `get()` of each returns them: a program that adds
   * up the lists of several threads or processes counts each update once. With an argument, only families of that aggregator.
   */
  async getMetricsAsJSON(aggregator?: Aggregator): Promise<Objects> {
    const metrics = this.getMetricsAsArray(aggregator) as unknown as Registrable[];
    const families = await readAll(metrics, 'objects');
    return (await familyObjects(families, this.$defaultLabels)) as object[] as Objects;
  }

  /** The numbers of the group as objects; with an argument, only families of that aggregator. */
  async getGroupMetricsAsJSON(aggregator?: Aggregator): Promise<Objects> {
    const families = await (await this.$shown({ view: 'group' }, 'objects')).objects();
    return families.filter((family) => isOf(aggregator, family)) as Objects;
  }

  /** One family of the exposition, without a newline at its end. Rejects with a TypeError if there is none. */
  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.$byName.get(name);
    await this.$scope.beforeScrape(this.$sources as object[]);
    if (metric && this.getMetricsAsString !== ownText) return this.getMetricsAsString(metric);
    const isAlone = metric && (!isExposed(metric, this.scopes()) || currentStore().view === 'thread');
    if (isAlone) return this.getMetricsAsString(metric);
    const returned = metric && (await refresh(metric));
    if (returned) return textIn(this.$format, returned, this.$defaultLabels, new Set());
    const view = this.$groupView({ names: [metric?.[FAMILY]?.familyName ?? name] });
    const [text] = (await view?.texts(this.$format)) ?? [];
    if (text === undefined) throw unknownMetric();
    return text;
  }

  /** The exposition of one metric, registered or not, as this thread alone has counted it. */
  async getMetricsAsString(metric: Registrable): Promise<string> {
    const [family] = await readAll([metric], 'text');
    return family === undefined ? '' : textIn(this.$format, family, this.$defaultLabels, new Set());
  }

  /** How this thread counts, which is the same for all its registries; see `GroupStatus`. Costs a listing of the directory. */
  status(): GroupStatus {
    return currentStatus();
  }

  /** The metrics of a function that an application has put in place of `getMetricsAsArray()`, such as to leave some out. */
  private get $listed(): ReadonlyMap<string, Registrable> | undefined {
    if (this.getMetricsAsArray === ownList) return undefined;
    return new Map(listOf(this).map((metric) => [`${metric.name}`, metric]));
  }

  /** The exposition by a function in place of `getMetricsAsString()`, which has numbers of this thread. */
  private async $replacedText(): Promise<string> {
    const texts = listOf(this).map((metric) => this.getMetricsAsString(metric));
    return documentText(await Promise.all(texts), this.$format);
  }

  private get $format(): ClientFormat {
    return this.$type === openMetricsContentType ? 'openmetrics' : 'prometheus';
  }

  /** Runs all `collect` functions. */
  private async $shown(options: ScrapeOptions, shape: Shape = 'text'): Promise<Shown> {
    const { names, onError, pid, escaping } = options;
    const { $listed: listed, $defaultLabels: defaultLabels } = this;
    const metrics = listed ?? this.$byName;
    const scopes = this.scopes();
    const store = currentStore();
    const isElsewhere = pid !== undefined && pid !== realProcess.pid;
    if (isElsewhere && !store.shared) throw unknownProcess(pid);
    const isAlone = scopes.length === 0 || (pid === undefined && (options.view ?? store.view) === 'thread');
    let others: TextFamily[] = [];
    if (!isElsewhere) {
      others = isAlone
        ? await readAll(metrics.values(), shape, onError)
        : await refreshAll(
            [...metrics.values(), ...(listed ? [] : collectedBeside(this.$scope, scopes))],
            scopes,
            shape,
            onError,
          );
    }
    if (names !== undefined) others = others.filter(({ name }) => names.includes(name));
    const group = isAlone || listed?.size === 0 ? undefined : this.$groupView(optionsFor(options, listed));
    const isGlobal = scopes.includes(GLOBAL_SCOPE);
    return new Shown({
      group,
      others,
      metrics,
      isListed: listed !== undefined,
      defaultLabels,
      isGlobal,
      escaping,
    });
  }

  private $groupView(options: ScrapeOptions): GroupView | undefined {
    const { $hidden: hidden, $defaultLabels: defaultLabels } = this;
    return groupViewOf(
      this.scopes(),
      this.$sources.length > 0 ? { hidden, defaultLabels } : undefined,
      options,
    );
  }

  /** The exposition that `render` makes; made anew if the registry became private or shared meanwhile. */
  private async $exposed<R>(
    options: ScrapeOptions | null,
    render: (shown: Shown) => R | Promise<R>,
  ): Promise<R> {
    const settled = this.$scope.beforeScrape(this.$sources as object[]);
    if (settled !== undefined) await settled;
    const before = this.scopes().join();
    // Null: some callers of `metrics()` pass on an argument of theirs.
    const exposition = await render(await this.$shown(options ?? {}));
    return this.scopes().join() === before ? exposition : this.$exposed(options, render);
  }

  private $bytes(options: ScrapeOptions, format: ExpositionFormat): Promise<Buffer> {
    return this.$exposed(options, (shown) => shown.bytes(format));
  }

  /** Whether the metric is new here. Throws if its name is taken by another. */
  private $list(metric: Registrable): boolean {
    const name = `${metric.name}`;
    const present = this.$byName.get(name);
    if (present === metric) return false;
    if (present !== undefined) {
      if (!yieldsName(present)) throw metricExists(name);
      this.removeSingleMetric(name);
    }
    this.$byName.set(name, metric);
    if (this.$hidden.has(name)) this.$hidden = new Set([...this.$hidden].filter((other) => other !== name));
    return true;
  }
}

const { getMetricsAsArray: ownList, getMetricsAsString: ownText } = Registry.prototype;

/** The registry of all metrics that name no other. */
export const globalRegistry: Registry = Registry.globalRegistry;
