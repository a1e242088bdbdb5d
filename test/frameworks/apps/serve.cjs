// Starts a server with the metrics of its requests: prints its port, and answers GET /counted on a second port with the counts.
const http = require('node:http');
const { register } = require('prom-client-mmap');
const { instrumentHttp } = require('prom-client-mmap/http');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
instrumentHttp();
process.once('disconnect', () => process.exit());

/** The counts of all requests, by method, route and status. */
async function counted() {
  const metric = register.getSingleMetric('http_requests_total');
  const { values } = await metric.get();
  return values.map(({ labels: { method, route, status_code }, value }) => [
    `${method} ${route} ${status_code}`,
    value,
  ]);
}

/** `handler` is a listener of requests, or a server that listens. */
exports.serve = async (handler) => {
  const server = typeof handler === 'function' ? http.createServer(handler).listen(0, '127.0.0.1') : handler;
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  process.on('message', async () => process.send(await counted()));
  process.send(server.address().port);
};
