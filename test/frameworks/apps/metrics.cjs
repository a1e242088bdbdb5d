// Serves /metrics by a snippet of docs/formats.md. The argument is JSON: the framework, and the snippet. Prints its port.
const http = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Counter } = require('prom-client-mmap');
const { metricsHandler } = require('prom-client-mmap/http');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
process.once('disconnect', () => process.exit());
const { framework, snippet } = JSON.parse(process.argv[2]);
new Counter({ name: 'served_total', help: 'h' }).inc();

/** Runs the snippet with the names that it has in the documents. */
function run(app) {
  return new Function('app', 'http', 'metricsHandler', 'handler', `return ${snippet}`)(
    app,
    http,
    metricsHandler,
    metricsHandler(),
  );
}

/** Servers that listen. */
const servers = {
  'node:http': () => run().listen(0, '127.0.0.1'),
  express() {
    const app = require('express-5')();
    run(app);
    return app.listen(0, '127.0.0.1');
  },
  async fastify() {
    const app = require('fastify')();
    run(app);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  koa() {
    const app = new (require('koa'))();
    run(app);
    return app.listen(0, '127.0.0.1');
  },
  async hono() {
    const { Hono } = await import('hono');
    const { serve } = await import('@hono/node-server');
    const app = new Hono();
    run(app);
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  },
  async nest() {
    const requireOf = createRequire(join(__dirname, '..', 'nest-12', 'package.json'));
    requireOf('reflect-metadata');
    class Application {}
    requireOf('@nestjs/common').Module({})(Application);
    const app = await requireOf('@nestjs/core').NestFactory.create(Application, { logger: false });
    run(app);
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer();
  },
};

async function start() {
  const server = await servers[framework]();
  const tell = () => process.send(server.address().port);
  if (server.listening) tell();
  else server.once('listening', tell);
}
void start();
