// The service: three pages and /metrics. One call measures every response.
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, register } from 'prom-client-mmap';
import { instrumentHttp, leaveOut, setRoute } from 'prom-client-mmap/http';

register.setDefaultLabels({ service: 'polls' });
instrumentHttp({
  preset: 'signoz',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2.5],
});

// For the demo only: its table shows the counts of the killed worker.
const workerRequests = new Counter({
  name: 'worker_requests_total',
  help: 'Answers that are about to be handed to the socket, by cluster worker.',
  labelNames: ['worker'],
});
const worker = String(cluster.worker?.id ?? 0);

const pages = {
  '/polls/2xx_success/': async (response) => {
    await sleep(normal(800, 200));
    answer(response, 200, 'voted\n');
  },
  '/polls/4xx_not_found/': (response) => answer(response, 404, 'no such poll\n'),
  '/polls/5xx_exception/': () => {
    throw new Error('this page always fails');
  },
};

function answer(response, status, text) {
  workerRequests.inc({ worker });
  response.writeHead(status).end(text);
}

/** The route, never the raw URL: a client that chooses a label value can create series without limit. */
function endpointOf({ url }) {
  const path = url.split('?', 1)[0];
  return Object.hasOwn(pages, path) ? path : 'other';
}

async function polls(request, response) {
  const endpoint = endpointOf(request);
  setRoute(response, endpoint);
  try {
    if (endpoint === 'other') answer(response, 404, 'not found\n');
    else await pages[endpoint](response);
  } catch {
    answer(response, 500, 'internal error\n');
  }
}

/** The worker that gets the connection answers for all of them. */
async function metrics(response) {
  leaveOut(response);
  try {
    const text = await register.metrics();
    response.writeHead(200, { 'content-type': register.contentType, 'x-pid': process.pid }).end(text);
  } catch (error) {
    response.writeHead(500).end(`${error.stack}\n`);
  }
}

/** A normally distributed number (Box-Muller), cut at 0: a sleep can't be negative. */
function normal(mean, deviation) {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
  return Math.max(0, mean + deviation * radius * Math.cos(2 * Math.PI * Math.random()));
}

export function app(request, response) {
  return request.url === '/metrics' ? metrics(response) : polls(request, response);
}
