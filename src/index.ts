export type { CodedError, ErrorCode } from './errors';
export type { MetricConfiguration } from './metrics/configuration';
export { Counter, type CounterChild, type CounterConfiguration } from './metrics/counter';
export { Gauge, type GaugeChild, type GaugeConfiguration } from './metrics/gauge';
export { Histogram, type HistogramChild, type HistogramConfiguration } from './metrics/histogram';
export { Summary, type SummaryChild, type SummaryConfiguration } from './metrics/summary';
export { exponentialBuckets, linearBuckets } from './model/buckets';
export type { Aggregator, MetricType, MultiprocessMode } from './model/family';
export type { LabelValues } from './model/labels';
export { validateMetricName } from './model/names';
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
export type {
  CollectFunction,
  Collector,
  Metric,
  MetricObject,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
} from './registry/metric-types';
export { globalRegistry as register, Registry, type RegistryOptions } from './registry/registry';
export { configure, type GroupOptions } from './store/current';
