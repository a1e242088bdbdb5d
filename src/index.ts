import { collectDefaultMetrics as collect } from './collectors/default-metrics';
import type * as declared from './declarations';
import { Pushgateway as PushgatewayClass } from './integrations/pushgateway';
import { Counter as CounterClass } from './metrics/counter';
import { Gauge as GaugeClass } from './metrics/gauge';
import { Histogram as HistogramClass } from './metrics/histogram';
import { Summary as SummaryClass } from './metrics/summary';
import * as registries from './registry/cluster-registry';
import { globalRegistry, Registry as RegistryClass } from './registry/registry';
import { configure as configureThread } from './store/current';

// The values of the main entry, with the types of declarations.ts.
// A value that is exported here hides the type of its name in `export type *`, so some types come again.

export type Counter<T extends string = string> = declared.Counter<T>;
export const Counter: typeof declared.Counter = CounterClass;
export type Gauge<T extends string = string> = declared.Gauge<T>;
export const Gauge: typeof declared.Gauge = GaugeClass;
export type Histogram<T extends string = string> = declared.Histogram<T>;
export const Histogram: typeof declared.Histogram = HistogramClass;
export type Summary<T extends string = string> = declared.Summary<T>;
export const Summary: typeof declared.Summary = SummaryClass;
// biome-ignore lint/suspicious/noExplicitAny: see the interface.
export type Registry<T extends declared.RegistryContentType = any> = declared.Registry<T>;
export const Registry: typeof declared.Registry = RegistryClass;
export const register: typeof declared.register = globalRegistry;
export const ClusterRegistry: typeof declared.ClusterRegistry = registries.ClusterRegistry;
export const AggregatorRegistry: typeof declared.AggregatorRegistry = registries.ClusterRegistry;
export const WorkerRegistry: typeof declared.WorkerRegistry = registries.WorkerRegistry;
export const Pushgateway: typeof declared.Pushgateway = PushgatewayClass;
export const collectDefaultMetrics: typeof declared.collectDefaultMetrics = collect;
export const configure: typeof declared.configure = configureThread;

export type * from './declarations';
export { mirror } from './integrations/mirror/mirror';
export { aggregators } from './model/aggregators';
export { exponentialBuckets, linearBuckets } from './model/buckets';
export { MetricType } from './model/family';
export { validateMetricName } from './model/names';
export { openMetricsContentType, prometheusContentType } from './registry/content-type';
