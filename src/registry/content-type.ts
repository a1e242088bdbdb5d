export type Charset = 'utf-8';

export type PrometheusMIME = 'text/plain';
export type PrometheusMetricsVersion = '0.0.4';

export type OpenMetricsMIME = 'application/openmetrics-text';
export type OpenMetricsVersion = '1.0.0';

export type PrometheusContentType =
  `${PrometheusMIME}; version=${PrometheusMetricsVersion}; charset=${Charset}`;
export type OpenMetricsContentType = `${OpenMetricsMIME}; version=${OpenMetricsVersion}; charset=${Charset}`;
export type RegistryContentType = PrometheusContentType | OpenMetricsContentType;

/** Content type of the Prometheus text format, for HTTP responses. */
export const prometheusContentType: PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Content type of OpenMetrics, for HTTP responses. */
export const openMetricsContentType: OpenMetricsContentType =
  'application/openmetrics-text; version=1.0.0; charset=utf-8';

export function isContentType(value: unknown): value is RegistryContentType {
  return value === prometheusContentType || value === openMetricsContentType;
}
