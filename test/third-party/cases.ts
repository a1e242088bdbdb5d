import { expect } from 'vitest';
import { keyOf } from '../multiprocess/support/exposition';

/** How often each worker gets the first request of a case, and how often each of the others. */
export const OFTEN: readonly number[] = [5, 7, 11];
export const SELDOM: readonly number[] = [1, 2, 4];
const often = 23;
const seldom = 7;
const workers = 3;

/** The answers of all workers to GET `path`. */
export type Answers = (path: string) => Promise<string[]>;

export type Samples = Readonly<Record<string, number>>;

export interface Case {
  /** A file in apps/. */
  readonly app: string;
  /** The first is sent often, the others are sent seldom. A body is JSON that is posted. */
  readonly requests: readonly [path: string, body?: string][];
  /** Where the workers have their metrics. Default: /metrics. */
  readonly metrics?: readonly string[];
  /** The families that are compared: every series of them is in `samples`, and nothing else. */
  readonly families: RegExp;
  /** What must have been counted. What was measured is not here: sums, quantiles, all buckets but the last. */
  readonly samples: (answers: Answers) => Samples | Promise<Samples>;
}

const graphql = (operation: string): [string, string] => {
  const body = { query: `query ${operation} { ${operation} }`, operationName: operation };
  return ['/graphql', JSON.stringify(body)];
};

export const CASES: Readonly<Record<string, Case>> = {
  'express-prom-bundle': {
    app: 'express-prom-bundle.cjs',
    requests: [['/hello'], ['/missing']],
    metrics: ['/metrics', '/cluster'],
    families: /^(http_request_duration_seconds|up)$/,
    samples: () => {
      const labels = { method: 'GET', project: 'demo' };
      return {
        ...histogram(
          'http_request_duration_seconds',
          { ...labels, path: '/hello', status_code: '200' },
          often,
        ),
        ...histogram(
          'http_request_duration_seconds',
          { ...labels, path: '/missing', status_code: '404' },
          seldom,
        ),
        ...single('up', {}, workers),
      };
    },
  },

  'express-prom-bundle with summaries': {
    app: 'express-prom-bundle-summary.cjs',
    requests: [['/user/5'], ['/missing']],
    families: /^(http_request_duration_seconds|app_up)$/,
    samples: () => ({
      ...single('http_request_duration_seconds_count', { path: '/user/#id', status_code: '200' }, often),
      ...single('http_request_duration_seconds_count', { path: '/missing', status_code: '404' }, seldom),
      ...single('app_up', {}, workers),
    }),
  },

  'prometheus-gc-stats': {
    app: 'prometheus-gc-stats.cjs',
    requests: [['/collect']],
    families: /^nodejs_gc_runs_total$/,
    samples: async (answers) => {
      const runs: Record<string, number> = {};
      for (const answer of await answers('/seen')) {
        for (const [type, n] of Object.entries<number>(JSON.parse(answer)))
          runs[type] = (runs[type] ?? 0) + n;
      }
      expect(runs['MarkSweepCompact']).toBeGreaterThanOrEqual(often);
      return Object.assign(
        {},
        ...Object.entries(runs).map(([gctype, n]) => single('nodejs_gc_runs_total', { gctype }, n)),
      );
    },
  },

  'prometheus-api-metrics': {
    app: 'prometheus-api-metrics.cjs',
    requests: [['/items/5'], ['/items', '{}'], ['/missing']],
    families: /^(http_|app_version$)/,
    samples: () => {
      const durations = (name: string): Samples => ({
        ...histogram(name, { method: 'GET', route: '/items/:id', code: '200' }, often),
        ...histogram(name, { method: 'POST', route: '/items', code: '201' }, seldom),
        ...histogram(name, { method: 'GET', route: 'N/A', code: '404' }, seldom),
      });
      return {
        ...durations('http_request_duration_seconds'),
        ...durations('http_request_size_bytes'),
        ...durations('http_response_size_bytes'),
        ...single('app_version', { version: '1.2.3', major: '1', minor: '2', patch: '3' }, workers),
      };
    },
  },

  '@hono/prometheus': {
    app: 'hono-prometheus.mjs',
    requests: [['/users/5'], ['/fails'], ['/missing']],
    families: /^http_/,
    samples: () => {
      const users = { method: 'GET', route: '/users/:id', status: '200', ok: 'true' };
      const fails = { method: 'GET', route: '/fails', status: '500', ok: 'false' };
      const missing = { method: 'GET', route: '/*', status: '404', ok: 'false' };
      return {
        ...histogram('http_request_duration_seconds', users, often),
        ...histogram('http_request_duration_seconds', fails, seldom),
        ...histogram('http_request_duration_seconds', missing, seldom),
        ...single('http_requests_total', users, often),
        ...single('http_requests_total', fails, seldom),
        ...single('http_requests_total', missing, seldom),
      };
    },
  },

  'opossum-prometheus': {
    app: 'opossum-prometheus.cjs',
    requests: [['/works'], ['/fails']],
    families: /^circuit/,
    samples: () => ({
      ...single('circuit', { name: 'shop', event: 'fire' }, often + seldom),
      ...single('circuit', { name: 'shop', event: 'success' }, often),
      ...single('circuit', { name: 'shop', event: 'failure' }, seldom),
      ...single('circuit_perf_count', { name: 'shop', event: 'success' }, often),
      ...single('circuit_perf_count', { name: 'shop', event: 'failure' }, seldom),
    }),
  },

  'fastify-metrics 13': fastify('fastify-metrics-13.cjs'),
  'fastify-metrics 14': fastify('fastify-metrics-14.cjs'),

  '@graphql-yoga/plugin-prometheus': {
    app: 'graphql-yoga.mjs',
    requests: [graphql('hello'), graphql('fails')],
    families: /^graphql_/,
    samples: () => {
      const phases = ['phase_parse', 'phase_validate', 'phase_context', 'phase_execute', 'request_duration'];
      const counts = [
        ['hello', often, 'String!'],
        ['fails', seldom, 'String'],
      ] as const;
      const samples = counts.map(([operationName, n, returnType]) => {
        const labels = { operationName, operationType: 'query' };
        const field = { fieldName: operationName, typeName: 'Query', returnType };
        return {
          ...Object.assign({}, ...phases.map((phase) => histogram(`graphql_envelop_${phase}`, labels, n))),
          ...histogram('graphql_yoga_http_duration', { ...labels, method: 'POST', statusCode: '200' }, n),
          ...histogram('graphql_envelop_execute_resolver', { ...labels, ...field }, n),
          ...single('graphql_envelop_request', labels, n),
          ...single('graphql_envelop_request_time_summary_count', labels, n),
        };
      });
      const failed = { operationName: 'fails', operationType: 'query', phase: 'execute', path: 'fails' };
      return Object.assign(
        {},
        ...samples,
        single('graphql_envelop_error_result', failed, seldom),
        single('graphql_envelop_schema_change', {}, workers),
      );
    },
  },

  '@willsoto/nestjs-prometheus': {
    app: 'nestjs-prometheus.cjs',
    requests: [['/hello'], ['/missing']],
    families: /^greeting/,
    samples: () => ({
      ...single('greetings_total', { language: 'en', app: 'demo' }, often),
      ...histogram('greeting_bytes', { app: 'demo' }, often),
    }),
  },

  '@bmatei/apollo-prometheus-exporter': {
    app: 'apollo-prometheus-exporter.cjs',
    requests: [graphql('hello'), graphql('fails')],
    families: /^apollo_query_/,
    samples: () => {
      const counts = [
        ['hello', often, 'true', 'String!'],
        ['fails', seldom, 'false', 'String'],
      ] as const;
      const samples = counts.map(([operationName, n, success, returnType]) => {
        const received = { app: 'demo', operationName };
        const labels = { ...received, operation: 'query' };
        const field = { fieldName: operationName, parentType: 'Query', pathLength: '1', returnType };
        return {
          ...single('apollo_query_started', received, n),
          // What each worker has seen before comes from its cache of documents.
          ...single('apollo_query_parse_started', received, workers),
          ...single('apollo_query_validation_started', received, workers),
          ...single('apollo_query_resolved', labels, n),
          ...single('apollo_query_execution_started', labels, n),
          ...histogram('apollo_query_duration', { ...labels, success }, n),
          ...histogram('apollo_query_field_resolution_duration', { ...labels, ...field }, n),
        };
      });
      const failed = { app: 'demo', operationName: 'fails', operation: 'query' };
      return Object.assign({}, ...samples, single('apollo_query_failed', failed, seldom));
    },
  },
};

function fastify(app: string): Case {
  const users = { method: 'GET', route: '/users/:id', status_code: '200' };
  const fails = { method: 'GET', route: '/fails', status_code: '503' };
  return {
    app,
    requests: [['/users/5'], ['/fails'], ['/missing']],
    families: /^http_/,
    samples: () => ({
      ...histogram('http_request_duration_seconds', users, often),
      ...histogram('http_request_duration_seconds', fails, seldom),
      ...single('http_request_summary_seconds_count', users, often),
      ...single('http_request_summary_seconds_count', fails, seldom),
    }),
  };
}

function single(name: string, labels: Readonly<Record<string, string>>, value: number): Samples {
  return { [keyOf({ name, labels })]: value };
}

function histogram(name: string, labels: Readonly<Record<string, string>>, count: number): Samples {
  return {
    ...single(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    ...single(`${name}_count`, labels, count),
  };
}
