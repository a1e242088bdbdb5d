import { collectDefaultMetrics as collect } from './collectors/default-metrics';
import { Pushgateway as PushgatewayClass } from './integrations/pushgateway';
import { Counter as CounterClass } from './metrics/counter';
import { Gauge as GaugeClass } from './metrics/gauge';
import { Histogram as HistogramClass } from './metrics/histogram';
import { Summary as SummaryClass } from './metrics/summary';
import {
  ClusterRegistry as ClusterRegistryClass,
  WorkerRegistry as WorkerRegistryClass,
} from './registry/cluster-registry';
import { globalRegistry, Registry as RegistryClass } from './registry/registry';
import { configure as configureThread } from './store/current';
import type { GroupOptions } from './store/options';
import type { PrometheusContentType, RegistryContentType } from './types/content-types';
import type { DefaultMetricsCollector } from './types/default-metrics';
import type * as metrics from './types/metrics';
import type * as pushgateway from './types/pushgateway';
import type * as registry from './types/registry';

// Each class has the type of `types/`: the declarations of a user's compiler then lead to none of the classes.

export type Counter<T extends string = string> = metrics.Counter<T>;
export const Counter: metrics.CounterConstructor = CounterClass;
export declare namespace Counter {
  export type Internal = metrics.CounterChild;
}

export type Gauge<T extends string = string> = metrics.Gauge<T>;
export const Gauge: metrics.GaugeConstructor = GaugeClass;
export declare namespace Gauge {
  export type Internal<T extends string> = metrics.GaugeChild<T>;
}

export type Histogram<T extends string = string> = metrics.Histogram<T>;
export const Histogram: metrics.HistogramConstructor = HistogramClass;
export declare namespace Histogram {
  export type Internal<T extends string> = metrics.HistogramChild<T>;
  export interface Config {
    buckets?: number[];
  }
}

export type Summary<T extends string = string> = metrics.Summary<T>;
export const Summary: metrics.SummaryConstructor = SummaryClass;
export declare namespace Summary {
  export type Internal<T extends string> = metrics.SummaryChild<T>;
  export interface Config {
    percentiles?: number[];
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see the interface.
export type Registry<T extends RegistryContentType = any> = registry.Registry<T>;
export const Registry: registry.RegistryConstructor = RegistryClass;

/** The registry of all metrics that name no other. */
export const register: registry.GroupRegistry = globalRegistry;

/** The content type of the global registry. It can be assigned; an `import` by name has the value at the time of the import. */
export declare const contentType: RegistryContentType;

export type ClusterRegistry<T extends RegistryContentType = PrometheusContentType> =
  registry.ClusterRegistry<T>;
export const ClusterRegistry: registry.ClusterRegistryConstructor = ClusterRegistryClass;
/** The name of `ClusterRegistry` in prom-client. */
export type AggregatorRegistry<T extends RegistryContentType = PrometheusContentType> =
  registry.ClusterRegistry<T>;
export const AggregatorRegistry: registry.ClusterRegistryConstructor = ClusterRegistryClass;
export type WorkerRegistry<T extends RegistryContentType = PrometheusContentType> =
  registry.WorkerRegistry<T>;
export const WorkerRegistry: registry.WorkerRegistryConstructor = WorkerRegistryClass;

export type Pushgateway<T extends RegistryContentType = RegistryContentType> = pushgateway.Pushgateway<T>;
export const Pushgateway: pushgateway.PushgatewayConstructor = PushgatewayClass;
export declare namespace Pushgateway {
  export type Parameters = pushgateway.PushParameters;
  export type Options = pushgateway.PushgatewayOptions;
}

export const collectDefaultMetrics: DefaultMetricsCollector = collect;

/**
 * Chooses how this thread takes part in its group; see `GroupOptions`. Call it before the first metric or scrape.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, and an Error with code `ERR_CONFIGURED_TOO_LATE`
 * once there is a metric or was a scrape.
 */
export const configure: (options: GroupOptions) => void = configureThread;

export type { CodedError, ErrorCode } from './errors';
export { type MirroredRegistry, type MirrorOptions, mirror } from './integrations/mirror/mirror';
export { type AggregatorFunction, type Aggregators, aggregators } from './model/aggregators';
export { exponentialBuckets, linearBuckets } from './model/buckets';
export type { Aggregator, MetricType, MultiprocessMode } from './model/family';
export type { ContentEncoding, HeaderValue } from './model/http';
export type { LabelValues } from './model/labels';
export { validateMetricName } from './model/names';
export { openMetricsContentType, prometheusContentType } from './registry/content-type';
export type { GroupOptions } from './store/options';
export type {
  Charset,
  OpenMetricsContentType,
  OpenMetricsMIME,
  OpenMetricsVersion,
  PrometheusContentType,
  PrometheusMetricsVersion,
  PrometheusMIME,
  ProtobufContentType,
  RegistryContentType,
} from './types/content-types';
export type {
  DefaultMetricsCollector,
  DefaultMetricsCollectorConfiguration,
  StopDefaultMetrics,
} from './types/default-metrics';
export type {
  CollectFunction,
  Collector,
  CounterChild,
  CounterConfiguration,
  GaugeChild,
  GaugeConfiguration,
  HistogramChild,
  HistogramConfiguration,
  IncreaseDataWithExemplar,
  Metric,
  MetricConfiguration,
  MetricObject,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
  NoLabelNameType,
  ObserveDataWithExemplar,
  SummaryChild,
  SummaryConfiguration,
} from './types/metrics';
export type { PushgatewayOptions, PushParameters, PushResult } from './types/pushgateway';
export type {
  Exposition,
  ExpositionOptions,
  ForeignMetric,
  GroupAnswer,
  GroupRegistry,
  GroupStatus,
  MetricsOptions,
  ProtobufRegistry,
  RegistryOptions,
  ViewKind,
} from './types/registry';
