import type { RegistryContentType } from './registry/content-type';

export type { DefaultMetricsCollectorConfiguration } from './collectors/collection';
export {
  collectDefaultMetrics,
  type DefaultMetricsCollector,
  type StopDefaultMetrics,
} from './collectors/default-metrics';
export type { CodedError, ErrorCode } from './errors';
export {
  Pushgateway,
  type PushgatewayOptions,
  type PushParameters,
  type PushResult,
} from './integrations/pushgateway';
export type { MetricConfiguration } from './metrics/configuration';
export { Counter, type CounterChild, type CounterConfiguration } from './metrics/counter';
export type { IncreaseDataWithExemplar, ObserveDataWithExemplar } from './metrics/exemplar-data';
export { Gauge, type GaugeChild, type GaugeConfiguration } from './metrics/gauge';
export { Histogram, type HistogramChild, type HistogramConfiguration } from './metrics/histogram';
export { type MirroredRegistry, type MirrorOptions, mirror } from './metrics/mirror';
export { Summary, type SummaryChild, type SummaryConfiguration } from './metrics/summary';
export { type AggregatorFunction, type Aggregators, aggregators } from './model/aggregators';
export { exponentialBuckets, linearBuckets } from './model/buckets';
export type { Aggregator, MetricType, MultiprocessMode } from './model/family';
export type { LabelValues } from './model/labels';
export { validateMetricName } from './model/names';
export {
  ClusterRegistry as AggregatorRegistry,
  ClusterRegistry,
  WorkerRegistry,
} from './registry/cluster-registry';
export {
  type Charset,
  type OpenMetricsContentType,
  type OpenMetricsMIME,
  type OpenMetricsVersion,
  openMetricsContentType,
  type PrometheusContentType,
  type PrometheusMetricsVersion,
  type PrometheusMIME,
  prometheusContentType,
  type RegistryContentType,
} from './registry/content-type';
export type { GroupAnswer } from './registry/group-requests';
export type {
  CollectFunction,
  Collector,
  Metric,
  MetricObject,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
} from './registry/metric-types';
export {
  globalRegistry as register,
  type MetricsOptions,
  Registry,
  type RegistryOptions,
} from './registry/registry';
export { configure } from './store/current';
export type { GroupOptions } from './store/options';

/** The content type of the global registry. It can be assigned; an `import` by name has the value at the time of the import. */
export declare const contentType: RegistryContentType;
