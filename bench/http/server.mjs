// A server of one route, counted or not. Tells its port to the parent; a message asks for the requests that it has counted, and for
// the microseconds of CPU time that it has used.
import { createRequire } from 'node:module';
import { requirePackage } from './packages.mjs';

const require = createRequire(import.meta.url);
const { framework, counted } = JSON.parse(process.argv[2]);

/** Makes the counting of requests begin; returns how the counts are read, and the middleware if there is one. */
const counters = {
  'prom-client-mmap': () => {
    require('prom-client-mmap/http').instrumentHttp();
    return { read: () => readFrom(require('prom-client-mmap').register) };
  },
  'express-prom-bundle': () => {
    const middleware = requirePackage('express-prom-bundle')({ includeMethod: true, includePath: true });
    return { middleware, read: () => readFrom(requirePackage('prom-client').register) };
  },
  'fastify-metrics': () => {
    const plugin = requirePackage('fastify-metrics').default;
    return { plugin, read: () => readFrom(requirePackage('prom-client').register) };
  },
  '@opentelemetry/instrumentation-http': () => {
    const { MeterProvider } = requirePackage('@opentelemetry/sdk-metrics');
    const { PrometheusExporter } = requirePackage('@opentelemetry/exporter-prometheus');
    const { HttpInstrumentation } = requirePackage('@opentelemetry/instrumentation-http');
    process.env.OTEL_SEMCONV_STABILITY_OPT_IN = 'http';
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const instrumentation = new HttpInstrumentation();
    instrumentation.setMeterProvider(new MeterProvider({ readers: [exporter] }));
    instrumentation.enable();
    return {
      async read() {
        const { resourceMetrics } = await exporter.collect();
        const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
        const points = metrics.filter(({ descriptor }) => descriptor.name === 'http.server.request.duration');
        return points
          .flatMap(({ dataPoints }) => dataPoints)
          .reduce((sum, { value }) => sum + value.count, 0);
      },
    };
  },
};

async function readFrom(register) {
  const metrics = await register.getMetricsAsJSON();
  const durations = metrics.find(({ name }) => name === 'http_request_duration_seconds');
  const counts = durations.values.filter(({ metricName }) => metricName.endsWith('_count'));
  return counts.reduce((sum, { value }) => sum + value, 0);
}

const { middleware, plugin, read = () => undefined } = counters[counted]?.() ?? {};

const listeners = {
  'node:http': () => require('node:http').createServer((_request, response) => response.end('hello')),
  express: () => {
    const app = requirePackage('express')();
    if (middleware) app.use(middleware);
    app.get('/users/:id', (_request, response) => response.send('hello'));
    return require('node:http').createServer(app);
  },
  fastify: () => {
    const app = requirePackage('fastify')();
    if (plugin) app.register(plugin);
    app.after(() => app.get('/users/:id', (_request, reply) => reply.send('hello')));
    return app;
  },
};

const server = listeners[framework]();
process.once('disconnect', () => process.exit());
process.on('message', async () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system, counted: await read() });
});
const tell = () => process.send({ port: (server.server ?? server).address().port });
if (server.server) server.listen({ port: 0, host: '127.0.0.1' }).then(tell);
else server.listen(0, '127.0.0.1', tell);
