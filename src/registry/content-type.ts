import type {
  OpenMetricsContentType,
  PrometheusContentType,
  ProtobufContentType,
  RegistryContentType,
} from '../types/content-types';

/** Content type of the Prometheus text format, for HTTP responses. */
export const prometheusContentType: PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Content type of OpenMetrics, for HTTP responses. */
export const openMetricsContentType: OpenMetricsContentType =
  'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Content type of Protobuf, for HTTP responses. */
export const protobufContentType: ProtobufContentType =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

export function isContentType(value: unknown): value is RegistryContentType | ProtobufContentType {
  return value === prometheusContentType || value === openMetricsContentType || value === protobufContentType;
}
