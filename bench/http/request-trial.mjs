// One trial of the cost of a request: nanoseconds between the two messages of Node's channels, with a counter, a histogram and a gauge.
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';

const { counted } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);
const { instrumentHttp, setRoute } = require('prom-client-mmap/http');
const { register } = require('prom-client-mmap');

const [started, finished] = ['request.start', 'response.finish'].map((name) =>
  channel(`http.server.${name}`),
);
const routes = ['/', '/users/:id', '/users/:id/posts', '/health'];
const requests = 200_000;
const socket = Object.assign(new EventEmitter(), { destroyed: false });
const server = new EventEmitter();

if (counted) instrumentHttp();
run(10);
await turn(); // the library stops looking for the first request
const times = [];
for (let round = 0; round < 7; round++) {
  const start = performance.now();
  run(requests);
  times.push(((performance.now() - start) * 1e6) / requests);
  await turn();
}
if (counted) {
  const { values } = await register.getSingleMetric('http_requests_total').get();
  const found = values.reduce((sum, { value }) => sum + value, 0);
  if (found !== 7 * requests + 10) throw new Error(`${found} requests are counted`);
}
process.send({ nanoseconds: Math.min(...times) }, () => process.disconnect());

function run(count) {
  for (let i = 0; i < count; i++) {
    const request = { httpVersionMajor: 1, httpVersionMinor: 1, method: 'GET', url: '/' };
    const response = { statusCode: 200, headersSent: true };
    setRoute(response, routes[i & 3]);
    const message = { request, response, socket, server };
    started.publish(message);
    finished.publish(message);
  }
}
