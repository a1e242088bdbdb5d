// One application with a package that counts its requests, and with instrumentHttp() beside it: the same requests for both. Prints
// the port; a message asks for the counts of both. The argument names the package.
const http = require('node:http');
const express = require('express');
const client = require('prom-client');
const { instrumentHttp } = require('prom-client-mmap/http');
const own = require('prom-client-mmap');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
instrumentHttp();

const wrappers = {
  'express-prom-bundle': () => require('express-prom-bundle')({ includeMethod: true, includePath: true }),
  'prometheus-api-metrics': () => require('prometheus-api-metrics')(),
  '@promster/express': (app) => require('@promster/express').createMiddleware({ app }),
};

const answer = (_request, response) => response.send('ok');
const app = (() => {
  const name = process.argv[2];
  if (name === 'fastify-metrics') return fastifyApplication();
  const application = express();
  application.use(wrappers[name](application));
  const items = express.Router({ mergeParams: true });
  items.get('/items/:item', answer);
  items.get('/boom/:item', () => {
    throw new Error('failed on purpose');
  });
  items.get('/boom/:item', answer);
  application.use('/api/:tenant', items);
  application.get('/stream', stream);
  application.get('/never', () => undefined);
  application.use((_error, _request, response, _next) => response.status(500).send('failed'));
  return http.createServer(application);
})();

function stream(_request, response) {
  const raw = response.raw ?? response;
  raw.write('first');
  setTimeout(() => raw.end('last'), 200);
}

function fastifyApplication() {
  const instance = require('fastify')();
  instance.register(require('fastify-metrics-13').default, { routeMetrics: { registeredRoutesOnly: false } });
  instance.after(() => {
    instance.register(
      (scope, _options, done) => {
        scope.get('/items/:item', (_request, reply) => reply.send('ok'));
        scope.get('/boom/:item', () => {
          throw new Error('failed on purpose');
        });
        done();
      },
      { prefix: '/api/:tenant' },
    );
    instance.get('/stream', (request, reply) => {
      reply.hijack();
      stream(request, reply);
    });
    instance.get('/never', () => new Promise(() => undefined));
  });
  return instance;
}

/** The label sets of the durations with their counts and sums. */
async function series(register) {
  const metrics = await register.getMetricsAsJSON();
  const durations = metrics.find(({ name }) => /^http_request_duration_(seconds|per_percentile)/.test(name));
  const of = (suffix) => (durations?.values ?? []).filter(({ metricName }) => metricName?.endsWith(suffix));
  return of('_count').map(({ labels, value }) => {
    const sum = of('_sum').find((one) => JSON.stringify(one.labels) === JSON.stringify(labels))?.value;
    const { path, route, status_code, code } = labels;
    return { route: String(path ?? route), status: String(status_code ?? code), count: value, sum };
  });
}

process.once('disconnect', () => process.exit());
process.on('message', async () => {
  process.send({ theirs: await series(client.register), ours: await series(own.register) });
});
const listening = () => process.send((app.server ?? app).address().port);
if (app.server) app.listen({ port: 0, host: '127.0.0.1' }).then(listening);
else app.listen(0, '127.0.0.1', listening);
