// The main entry as compilers see it, with none of the classes; package.json names it. index.ts has the values.
//
// Modules of types are exported as a whole: an application adds members to interfaces with `declare module`, and TypeScript accepts
// that for no interface that is exported by its name from another module.
import type { GroupOptions } from './store/options';

export type { CodedError, ErrorCode } from './errors';
export { type MirroredRegistry, type MirrorOptions, mirror } from './integrations/mirror/mirror';
export { type AggregatorFunction, type Aggregators, aggregators } from './model/aggregators';
export { exponentialBuckets, linearBuckets } from './model/buckets';
export { type Aggregator, MetricType, type MultiprocessMode } from './model/family';
export type { ContentEncoding, HeaderValue } from './model/http';
export type { LabelValues } from './model/labels';
export { validateMetricName } from './model/names';
export { openMetricsContentType, prometheusContentType } from './registry/content-type';
export type { GroupOptions } from './store/options';
export * from './types/content-types';
export * from './types/default-metrics';
export * from './types/metrics';
export * from './types/pushgateway';
export * from './types/registry';

/**
 * Chooses how this thread takes part in its group; see `GroupOptions`. Call it before the first metric or scrape.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`, and an Error with code `ERR_CONFIGURED_TOO_LATE`
 * once there is a metric or was a scrape.
 */
export declare const configure: (options: GroupOptions) => void;
