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

/** The operations of the schema of the GraphQL applications. */
const GRAPHQL = [
  { operationName: 'hello', n: often, success: 'true', returnType: 'String!' },
  { operationName: 'fails', n: seldom, success: 'false', returnType: 'String' },
];

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
      const durations = GRAPHQL.map(({ operationName, n }) => {
        const labels = { operationName, operationType: 'query', method: 'POST', statusCode: '200' };
        return histogram('graphql_yoga_http_duration', labels, n);
      });
      return Object.assign(envelop(), ...durations);
    },
  },

  '@envelop/prometheus': {
    app: 'envelop.mjs',
    requests: [graphql('hello'), graphql('fails')],
    families: /^graphql_/,
    samples: envelop,
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
      const samples = GRAPHQL.map(({ operationName, n, success, returnType }) => {
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

  'swagger-stats': {
    app: 'swagger-stats.cjs',
    requests: [['/hello'], ['/fails'], ['/missing']],
    metrics: ['/swagger-stats/metrics'],
    families: /^api_/,
    samples: () => {
      const counts: [path: string, code: string, n: number][] = [
        ['/hello', '200', often],
        ['/fails', '503', seldom],
        ['/missing', '404', seldom],
      ];
      const samples = counts.map(([path, code, n]) => {
        const labels = { method: 'GET', path, code };
        return {
          ...single('api_request_total', labels, n),
          ...histogram('api_request_duration_milliseconds', labels, n),
          ...histogram('api_request_size_bytes', labels, n),
          ...histogram('api_response_size_bytes', labels, n),
        };
      });
      return Object.assign(
        {},
        ...samples,
        single('api_all_request_total', {}, often + 2 * seldom),
        single('api_all_success_total', {}, often),
        single('api_all_errors_total', {}, 2 * seldom),
        single('api_all_client_error_total', {}, seldom),
        single('api_all_server_error_total', {}, seldom),
        single('api_all_request_in_processing_total', {}, 0),
      );
    },
  },

  '@promster/express': {
    app: 'promster-express.cjs',
    requests: [['/users/5'], ['/fails']],
    families: /^(http_|nodejs_up$)/,
    samples: () => {
      const users = { method: 'get', path: '/users/#val', status_code: '200' };
      const fails = { method: 'get', path: '/fails', status_code: '503' };
      return {
        ...single('http_requests_total', users, often),
        ...single('http_requests_total', fails, seldom),
        ...single('http_request_duration_per_percentile_seconds_count', users, often),
        ...single('http_request_duration_per_percentile_seconds_count', fails, seldom),
        ...histogram('http_request_duration_seconds', users, often),
        ...histogram('http_request_duration_seconds', fails, seldom),
        ...single('nodejs_up', {}, workers),
      };
    },
  },

  'express-prometheus-middleware': {
    app: 'express-prometheus-middleware.cjs',
    requests: [['/items/5'], ['/items', '{}'], ['/missing']],
    families: /^demo_http_/,
    samples: () => {
      const item = { route: '/items/#val', method: 'GET', status: '2XX' };
      const made = { route: '/items', method: 'POST', status: '2XX' };
      const missing = { route: '/missing', method: 'GET', status: '4XX' };
      return {
        ...single('demo_http_requests_total', item, often),
        ...single('demo_http_requests_total', made, seldom),
        ...single('demo_http_requests_total', missing, seldom),
        ...histogram('demo_http_request_duration_seconds', item, often),
        ...histogram('demo_http_request_duration_seconds', made, seldom),
        ...histogram('demo_http_request_duration_seconds', missing, seldom),
        // Requests without a body have no length.
        ...histogram('demo_http_request_length_bytes', made, seldom),
        ...histogram('demo_http_response_length_bytes', item, often),
        ...histogram('demo_http_response_length_bytes', made, seldom),
        ...histogram('demo_http_response_length_bytes', missing, seldom),
      };
    },
  },

  'socket.io-prometheus': {
    app: 'socket.io-prometheus.cjs',
    requests: [['/greet']],
    families: /^socket_io_/,
    samples: () => {
      // One client of each worker stays.
      const clients = often + workers;
      return {
        ...single('socket_io_connected', {}, workers),
        ...single('socket_io_connect_total', {}, clients),
        ...single('socket_io_disconnect_total', {}, often),
        ...single('socket_io_events_received_total', { event: 'greet' }, clients),
        ...single('socket_io_events_sent_total', { event: 'greeting' }, clients),
        ...single('socket_io_recieve_bytes', { event: 'greet' }, 'world'.length * clients),
        ...single('socket_io_transmit_bytes', { event: 'greeting' }, 'hello world'.length * clients),
      };
    },
  },

  'nice-grpc-prometheus': {
    app: 'nice-grpc-prometheus.cjs',
    requests: [['/greet'], ['/fails'], ['/count']],
    families: /^grpc_/,
    samples: () => {
      const labels = (type: string, method: string) => ({
        grpc_type: type,
        grpc_service: 'demo.Greeter',
        grpc_method: method,
        grpc_path: `/demo.Greeter/${method}`,
      });
      const greet = labels('unary', 'Greet');
      const count = labels('server_stream', 'Count');
      const handled: [labels: Record<string, string>, n: number][] = [
        [{ ...greet, grpc_code: 'OK' }, often],
        [{ ...greet, grpc_code: 'INVALID_ARGUMENT' }, seldom],
        [{ ...count, grpc_code: 'OK' }, seldom],
      ];
      const sides = ['client', 'server'].map((side) => ({
        ...single(`grpc_${side}_started_total`, greet, often + seldom),
        ...single(`grpc_${side}_started_total`, count, seldom),
        ...Object.assign(
          {},
          ...handled.map(([labels, n]) => ({
            ...single(`grpc_${side}_handled_total`, labels, n),
            ...histogram(`grpc_${side}_handling_seconds`, labels, n),
          })),
        ),
      }));
      return Object.assign(
        {},
        ...sides,
        // Three messages in each stream.
        single('grpc_server_msg_sent_total', count, 3 * seldom),
        single('grpc_client_msg_received_total', count, 3 * seldom),
      );
    },
  },

  'elysia-prometheus': {
    app: 'elysia-prometheus.mjs',
    requests: [['/users/5'], ['/fails']],
    families: /^http_/,
    samples: () => {
      const users = { method: 'GET', path: '/users/:id', status: '200', service: 'demo' };
      const fails = { method: 'GET', path: '/fails', status: '503', service: 'demo' };
      return {
        ...single('http_requests_total', users, often),
        ...single('http_requests_total', fails, seldom),
        ...histogram('http_request_duration_seconds', users, often),
        ...histogram('http_request_duration_seconds', fails, seldom),
      };
    },
  },

  'pm2-prom-module-client': {
    app: 'pm2-prom-module-client.cjs',
    requests: [['/work']],
    families: /^job/,
    samples: () => ({
      ...single('jobs_total', { queue: 'mail' }, often),
      ...histogram('job_seconds', {}, often),
      ...single('job_workers', {}, workers),
    }),
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

/** Of the plugin of envelop, which that of GraphQL Yoga uses. */
function envelop(): Samples {
  const phases = ['phase_parse', 'phase_validate', 'phase_context', 'phase_execute', 'request_duration'];
  const samples = GRAPHQL.map(({ operationName, n, returnType }) => {
    const labels = { operationName, operationType: 'query' };
    const field = { fieldName: operationName, typeName: 'Query', returnType };
    return {
      ...Object.assign({}, ...phases.map((phase) => histogram(`graphql_envelop_${phase}`, labels, n))),
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
