import { DEFAULT_BUCKETS } from '../model/buckets';

/** A fact about a request and its response that can be a label. */
export type HttpDimension =
  | 'method'
  | 'route'
  | 'status_code'
  | 'status_class'
  | 'scheme'
  | 'error_type'
  | 'protocol_version';

export type HttpPreset = 'default' | 'otel' | 'express-prom-bundle' | 'fastify' | 'signoz';

/** The names that a preset gives to families and labels. A family without a name is not made. */
export interface PresetNames {
  readonly requests?: string;
  readonly duration: string;
  readonly durationSummary?: string;
  readonly inProgress?: string;
  readonly aborted?: string;
  /** A gauge that is 1 as long as a process of the group lives. */
  readonly up?: string;
  readonly requestSize: string;
  readonly responseSize: string;
  /** Upper bounds of the duration, in seconds. */
  readonly buckets: readonly number[];
  /** The labels of all families but the next two, in their order. */
  readonly labels: readonly HttpDimension[];
  /** The labels of the requests in progress. */
  readonly inProgressLabels: readonly ('method' | 'scheme')[];
  /** The label names that differ from the names of the dimensions. */
  readonly labelNames: Readonly<Partial<Record<HttpDimension, string>>>;
  /** The route of a request that no route of the application matched. */
  readonly notFound: string;
  /** Whether a status that was never sent is an empty label: 499 and 500 otherwise. */
  readonly onlySentStatus?: boolean;
}

/** The bounds that OpenTelemetry recommends. */
const otelBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const usual: PresetNames = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  inProgress: 'http_requests_in_progress',
  aborted: 'http_requests_aborted_total',
  requestSize: 'http_request_size_bytes',
  responseSize: 'http_response_size_bytes',
  buckets: otelBuckets,
  labels: ['method', 'route', 'status_code'],
  inProgressLabels: ['method'],
  labelNames: {},
  notFound: '__not_found__',
};

export const presets: Readonly<Record<HttpPreset, PresetNames>> = {
  default: usual,
  // The metrics of the semantic conventions, with the names that the collector gives them in Prometheus.
  otel: {
    duration: 'http_server_request_duration_seconds',
    inProgress: 'http_server_active_requests',
    requestSize: 'http_server_request_body_size_bytes',
    responseSize: 'http_server_response_body_size_bytes',
    buckets: otelBuckets,
    labels: ['method', 'scheme', 'status_code', 'route', 'error_type', 'protocol_version'],
    inProgressLabels: ['method', 'scheme'],
    labelNames: {
      method: 'http_request_method',
      scheme: 'url_scheme',
      status_code: 'http_response_status_code',
      route: 'http_route',
      protocol_version: 'network_protocol_version',
    },
    notFound: '',
    onlySentStatus: true,
  },
  'express-prom-bundle': {
    duration: 'http_request_duration_seconds',
    up: 'up',
    requestSize: 'http_request_size_bytes',
    responseSize: 'http_response_size_bytes',
    buckets: [0.003, 0.03, 0.1, 0.3, 1.5, 10],
    labels: ['status_code', 'method', 'route'],
    inProgressLabels: ['method'],
    labelNames: { route: 'path' },
    notFound: '__not_found__',
  },
  // Those of fastify-metrics.
  fastify: {
    duration: 'http_request_duration_seconds',
    durationSummary: 'http_request_summary_seconds',
    requestSize: 'http_request_size_bytes',
    responseSize: 'http_response_size_bytes',
    buckets: DEFAULT_BUCKETS,
    labels: ['method', 'route', 'status_code'],
    inProgressLabels: ['method'],
    labelNames: {},
    notFound: '__unknown__',
  },
  // Those of SigNoz's sample for Python.
  signoz: {
    ...usual,
    requests: 'request_count',
    duration: 'request_latency_seconds',
    inProgress: 'requests_in_progress',
    aborted: 'requests_aborted_total',
    requestSize: 'request_size_bytes',
    responseSize: 'response_size_bytes',
    labelNames: { route: 'endpoint', status_code: 'status' },
  },
};
