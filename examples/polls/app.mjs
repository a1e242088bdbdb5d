// The service: three pages, /metrics, and a middleware that measures every response.
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Histogram, register } from 'prom-client-mmap';

const labelNames = ['service', 'method', 'endpoint', 'status'];

const requestCount = new Counter({ name: 'request_count', help: 'Requests answered.', labelNames });

const requestLatency = new Histogram({
  name: 'request_latency_seconds',
  help: 'Time from the request to its answer, in seconds.',
  labelNames,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2.5],
});

// For the demo only: its table shows the counts of the killed worker.
const workerRequests = new Counter({
  name: 'worker_requests_total',
  help: 'Answers handed to the socket, by cluster worker.',
  labelNames: ['worker'],
});
const worker = String(cluster.worker?.id ?? 0);

const pages = {
  '/polls/2xx_success/': async (_request, response) => {
    await sleep(normal(800, 200));
    response.end('voted\n');
  },
  '/polls/4xx_not_found/': (_request, response) => {
    response.statusCode = 404;
    response.end('no such poll\n');
  },
  '/polls/5xx_exception/': () => {
    throw new Error('this page always fails');
  },
};

/** The route, never the raw URL: a client that chooses a label value can create series without limit. */
function endpointOf(request) {
  const path = request.url.split('?', 1)[0];
  return Object.hasOwn(pages, path) ? path : 'other';
}

function polls(request, response) {
  const page = pages[endpointOf(request)];
  if (page) return page(request, response);
  response.statusCode = 404;
  response.end('not found\n');
}

/**
 * Rate, errors and duration of a node:http handler. The handler counts in the same tick as the
 * response and before it, so every response that a client has is counted, even if the worker is killed right after. A
 * SIGKILL between the two leaves one count without a response; the worker's own counter, which comes last, is then one behind.
 */
function measured(service, handler) {
  return async (request, response) => {
    const start = performance.now();
    const end = response.end.bind(response);
    response.end = (...body) => {
      const { method } = request;
      const labels = { service, method, endpoint: endpointOf(request), status: response.statusCode };
      requestCount.inc(labels);
      requestLatency.observe(labels, (performance.now() - start) / 1000);
      end(...body);
      workerRequests.inc({ worker });
      return response;
    };
    try {
      await handler(request, response);
    } catch {
      response.statusCode = 500;
      response.end('internal error\n');
    }
  };
}

/** The worker that gets the connection answers for all of them. */
async function metrics(response) {
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

const measuredPolls = measured('polls', polls);

export function app(request, response) {
  return request.url === '/metrics' ? metrics(response) : measuredPolls(request, response);
}
