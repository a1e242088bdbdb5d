// The types of registries, as users see them; see metrics.ts for their purpose.
import type { ContentEncoding, HeaderValue } from '../model/http';
import type { LabelValues } from '../model/labels';
import type {
  OpenMetricsContentType,
  PrometheusContentType,
  ProtobufContentType,
  RegistryContentType,
} from './content-types';
import type { Metric, MetricObject, MetricObjectWithValues, MetricValue } from './metrics';

/** The owners whose numbers an exposition shows. */
export type ViewKind = 'group' | 'process' | 'thread';

/** A registry of any content type. */
export type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/**
 * The members that all registries have: ours, those of prom-client and those of its successor. Each can be passed for this type;
 * `new Registry()` and `register` are a `GroupRegistry`, which has more.
 */
// biome-ignore lint/suspicious/noExplicitAny: in prom-client's types the default is another than in its successor's; the name is prom-client's.
export interface Registry<BoundRegistryContentType extends RegistryContentType = any> {
  readonly contentType: BoundRegistryContentType;
  /** Throws an Error for a content type that is neither of the two. */
  setContentType(contentType: BoundRegistryContentType): void;
  /** The exposition. Rejects with the error of a `collect` function. */
  metrics(): Promise<string>;
  /**
   * The metrics that are registered here, with the numbers of this thread alone, as `get()` of each returns them: a program that adds
   * up the lists of several threads or processes counts each update once. With an argument, only families of that aggregator.
   */
  getMetricsAsJSON(aggregator?: string): Promise<MetricObjectWithValues<MetricValue<string>>[]>;
  /** The metrics that are registered in this thread, in order of registration; with an argument, only those of that aggregator. */
  getMetricsAsArray(aggregator?: string): MetricObject[];
  /** One family of the exposition, without a newline at its end. Rejects with a TypeError if there is none. */
  getSingleMetricAsString(name: string): Promise<string>;
  /** The object that was registered in this thread under `name`, if any. */
  getSingleMetric<T extends string>(name: string): Metric<T> | undefined;
  getSingleMetric(name: string): Metric | undefined;
  /** Adds a metric. Throws if another one has its name. */
  registerMetric<T extends string>(metric: Metric<T>): void;
  registerMetric(metric: Metric): void;
  removeSingleMetric(name: string): void;
  /** Resets all metrics that are registered in this thread. */
  resetMetrics(): void;
  /** Sets the labels that are added to every sample, where it does not have them itself. They are copied. */
  setDefaultLabels(labels: object): void;
  /** Removes all metrics and the default labels. */
  clear(): void;
}

/** Anything that a registry can show: it counts in this thread only. */
export interface ForeignMetric {
  readonly name?: string;
  /**
   * The family in the shape of `getMetricsAsJSON()`. Beside that a sample may have `created`, the start time of its series in ms since
   * 1970, for formats that show it.
   */
  get(): object | Promise<object>;
  /** The same for the text, if there is a difference. */
  readonly getForPromString?: (() => object | Promise<object>) | undefined;
  readonly collect?: ((this: never) => unknown) | undefined;
  readonly reset?: (() => void) | undefined;
  readonly remove?: ((labels: LabelValues<string>) => void) | undefined;
}

/** Node's `Buffer`, where its types are installed. */
type NodeBuffer = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer B } }
  ? B
  : Uint8Array;

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
  readonly perProcess?: boolean | undefined;
  /**
   * Whose numbers are shown: those of the group, of this process with all its threads, or of this thread alone. Default: the
   * `view` of `configure()`.
   */
  readonly view?: ViewKind | undefined;
  /**
   * Shows only the numbers of the living process of this pid, with all its threads, in place of `view`. Without such a process in the
   * group the call rejects with `ERR_PROCESS_UNKNOWN`.
   */
  readonly pid?: number | undefined;
}

export interface ExpositionOptions extends MetricsOptions {
  /** The `Accept` header of the request. Without it the format is the Prometheus text format 0.0.4. */
  readonly accept?: HeaderValue;
  /** The `Accept-Encoding` header of the request. Without it the body is not compressed. */
  readonly acceptEncoding?: HeaderValue;
  /** Shows only the families of these names, those of the metrics. Unknown names show nothing. */
  readonly names?: readonly string[] | undefined;
  /**
   * Whether OpenMetrics is offered. It writes `le="1"` as `le="1.0"`, which is another series for Prometheus 2. Default: only by
   * registries whose content type is OpenMetrics.
   */
  readonly openMetrics?: boolean | undefined;
  /**
   * Whether OpenMetrics 1.0 has the start times of counters, histograms and summaries, in samples `_created`. Prometheus stores them as
   * series. Default: `false`.
   */
  readonly createdSamples?: boolean | undefined;
  /** The compressions that are offered, `false` for none. Default: all that Node has. */
  readonly compress?: boolean | readonly ContentEncoding[] | undefined;
  /**
   * Takes the error of a `collect` function or a foreign metric of this process; all other families are shown. Without it such an
   * error rejects the exposition.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The answer to a scrape. */
export interface Exposition {
  readonly contentType: string;
  /** Undefined: the body is not compressed. */
  readonly contentEncoding: ContentEncoding | undefined;
  /** Must not be written to: requests at the same time share the bytes, and a later scrape reuses their memory. */
  readonly body: NodeBuffer;
}

/** How this thread counts. */
export interface GroupStatus {
  /** Whether its metrics are in a segment that all processes of the group read. */
  readonly shared: boolean;
  /** The code of the warning that says why they are not; undefined where they are, and where that is intended. */
  readonly code: string | undefined;
  /** Why they are not, as the warning says it. */
  readonly reason: string | undefined;
  /** That of the group. */
  readonly directory: string | undefined;
  /**
   * The pids and, of Linux, thread ids of those that have a segment in the directory: this thread and others. That of a dead
   * one stays there until its counts are in the archive, usually for some seconds.
   */
  readonly owners: readonly { readonly pid: number; readonly tid: number }[];
  /** The native addon in use: its file, and the version of the package that it was compiled from. */
  readonly addon: { readonly path: string; readonly version: string } | undefined;
}

/** The result of a request to all processes of the group. */
export interface GroupAnswer {
  /** Living processes that had not carried it out by the deadline; they do it as soon as they can. */
  readonly late: number;
}

/**
 * A set of metrics that is exposed as one. `metrics()`, `getMetricsAsBuffer()` and `getSingleMetricAsString()` show the whole group
 * of processes, including metrics that only other processes have defined; without the addon they show this process. The list of
 * metrics is always that of this thread.
 */
export interface GroupRegistry<T extends RegistryContentType = PrometheusContentType> extends Registry<T> {
  setContentType(contentType: RegistryContentType | ProtobufContentType): void;
  metrics(options?: MetricsOptions): Promise<string>;
  /**
   * The exposition in UTF-8, the cheapest response to a request: as long as all metrics are this library's, no string is made
   * of it. The bytes must not be written to: calls at the same time share them, and a later scrape reuses their memory.
   */
  getMetricsAsBuffer(options?: MetricsOptions): Promise<NodeBuffer>;
  /**
   * The answer to a scrape: the exposition in the best format and encoding that the headers of the request ask for. Compresses off
   * the event loop. Rejects as `metrics()`.
   */
  exposition(options?: ExpositionOptions): Promise<Exposition>;
  /** The exposition of one metric, registered or not, as this thread alone has counted it. */
  getMetricsAsString<T extends string>(metric: Metric<T>): Promise<string>;
  getMetricsAsString(metric: ForeignMetric): Promise<string>;
  /** The numbers of the group as objects; with an argument, only families of that aggregator. */
  getGroupMetricsAsJSON(aggregator?: string): Promise<MetricObjectWithValues<MetricValue<string>>[]>;
  /** Adds a metric, or anything with a `get()` like a metric's. Throws if another one has its name. */
  registerMetric<T extends string>(metric: Metric<T>): void;
  registerMetric(metric: ForeignMetric): void;
  /**
   * Resets the metrics of this registry, or the one of that name, in all processes of the group, dead ones included. Living
   * processes that do not answer in time (`collectDeadlineMs`) do so later; the Promise resolves to their number.
   */
  resetGroup(name?: string): Promise<GroupAnswer>;
  /**
   * Removes the series of exactly these labels, `{}` for the one without labels, in all processes of the group, dead ones
   * included; it is no error if there is none. Labels are compared by their text. A late process also removes its counts until
   * then.
   *
   * @throws a TypeError with code `ERR_LABELS_MISSING` without labels: `resetGroup(name)` is for all series of a metric.
   */
  removeFromGroup(name: string, labels: LabelValues<string>): Promise<GroupAnswer>;
  /** How this thread counts, which is the same for all its registries; see `GroupStatus`. Costs a listing of the directory. */
  status(): GroupStatus;
  /** The names of the scopes whose metrics are exposed here, none for a registry that shows its own metrics; see `RegistryOptions`. */
  scopes(): readonly string[];
}

/** The type of `new Registry(Registry.PROMETHEUS_PROTOBUF_CONTENT_TYPE)`, for a cast: a subclass of a class with several types is none. */
// biome-ignore lint/suspicious/noExplicitAny: it can be passed for a registry of any content type.
export type ProtobufRegistry = Omit<GroupRegistry<any>, 'contentType' | 'metrics'> & {
  readonly contentType: ProtobufContentType;
  metrics(options?: MetricsOptions): Promise<NodeBuffer>;
};

export interface RegistryConstructor {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: GroupRegistry<any>;
  /** Throws a TypeError for a content type that does not exist. */
  new <T extends RegistryContentType = PrometheusContentType>(
    contentType?: T | ProtobufContentType,
    options?: RegistryOptions,
  ): GroupRegistry<T>;
  readonly PROMETHEUS_CONTENT_TYPE: PrometheusContentType;
  readonly OPENMETRICS_CONTENT_TYPE: OpenMetricsContentType;
  readonly PROMETHEUS_PROTOBUF_CONTENT_TYPE: ProtobufContentType;
  /** The registry of all metrics that name no other. */
  readonly globalRegistry: GroupRegistry;
  /**
   * A registry with the metrics of all of `registers`, without their default labels. It shows metrics that other processes
   * register later, but of this process those that are registered now. Throws if the content types differ, if two metrics have
   * the same name, and a TypeError for an empty list.
   */
  merge<T extends RegistryContentType = PrometheusContentType>(
    registers: readonly (Registry & { readonly contentType: T })[],
  ): GroupRegistry<T>;
  /** A registry of the merge of several lists that `getMetricsAsJSON()` made. */
  aggregate<T extends RegistryContentType = PrometheusContentType>(
    metricsArr: readonly object[],
    registryType?: T,
  ): GroupRegistry<T>;
}

export declare const Registry: RegistryConstructor;
/** The registry of all metrics that name no other. */
export declare const register: GroupRegistry;
/** The content type of the global registry. It can be assigned; an `import` by name has the value at the time of the import. */
export declare const contentType: RegistryContentType;

/**
 * prom-client's way to the metrics of a whole cluster. Here every registry shows them; this class exists for code that calls
 * `clusterMetrics()`, and shows the registries that were chosen with `setRegistries()`. It sends messages to workers only where
 * metrics are not shared.
 */
export interface AggregatorRegistry<T extends RegistryContentType = PrometheusContentType>
  extends GroupRegistry<T> {
  /**
   * The merged exposition of the chosen registries, from any process of the group; '' while there is nothing in them.
   * Rejects with the error of a `collect` function of this process.
   */
  clusterMetrics(): Promise<string>;
  /** Resolves at once: the counts of a process are in the group before it ends. */
  shutdown(timeout?: number): Promise<void>;
}

interface Chooser extends Pick<RegistryConstructor, keyof RegistryConstructor> {
  /**
   * Chooses registries for `clusterMetrics()` or `workerMetrics()`, which shows in all processes of the group the registries that
   * any process has chosen, dead ones included. Without any choice it shows the global registry. Of a merged registry it shows the
   * metrics of processes that have chosen it.
   *
   * @throws a TypeError with code `ERR_REGISTRY` for objects that are no registries of this library.
   */
  setRegistries(regs: readonly AnyRegistry[] | AnyRegistry): void;
}

export interface AggregatorRegistryConstructor extends Chooser {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: AggregatorRegistry<any>;
  new <T extends RegistryContentType = PrometheusContentType>(
    contentType?: T,
    options?: RegistryOptions,
  ): AggregatorRegistry<T>;
}

export declare const AggregatorRegistry: AggregatorRegistryConstructor;
/** The name of `AggregatorRegistry` in prom-client's successor. */
export type ClusterRegistry<T extends RegistryContentType = PrometheusContentType> = AggregatorRegistry<T>;
export declare const ClusterRegistry: AggregatorRegistryConstructor;

/** The same for worker threads, as @prometheus-io/client has it; threads of cluster workers included. */
export interface WorkerRegistry<T extends RegistryContentType = PrometheusContentType>
  extends GroupRegistry<T> {
  /** The argument of the constructor. It makes no difference: every thread shows the group. */
  readonly primary: boolean;
  /** See `ClusterRegistry.clusterMetrics()`. */
  workerMetrics(): Promise<string>;
  /** See `ClusterRegistry.shutdown()`. */
  shutdown(timeout?: number): Promise<void>;
}

export interface WorkerRegistryConstructor extends Chooser {
  // biome-ignore lint/suspicious/noExplicitAny: as of a class.
  readonly prototype: WorkerRegistry<any>;
  new <T extends RegistryContentType = PrometheusContentType>(
    contentType?: T,
    primary?: boolean,
    options?: RegistryOptions,
  ): WorkerRegistry<T>;
}

export declare const WorkerRegistry: WorkerRegistryConstructor;
