// The service: three pages and /metrics. One call measures every response.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, register } from 'prom-client-mmap';
import { instrumentHttp, metricsHandler, setRoute, startMetricsServer } from 'prom-client-mmap/http';

register.setDefaultLabels({ service: 'polls' });
instrumentHttp({
  preset: 'signoz',
  native: true,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2.5],
});

// One of the processes serves the live page and a target for each process, beside /metrics of the service itself.
void startMetricsServer({ port: Number(process.env.METRICS_PORT ?? 9464), page: true });

// For the demo only: its table shows the counts of the killed worker.
const workerRequests = new Counter({
  name: 'worker_requests_total',
  help: 'Answers that are about to be handed to the socket, by cluster worker.',
  labelNames: ['worker'],
});
const worker = String(cluster.worker?.id ?? 0);

/** Each page's status and text. */
export const pages = {
  '/polls/2xx_success/': async () => {
    await sleep(normal(800, 200));
    return [200, 'voted\n'];
  },
  '/polls/4xx_not_found/': () => [404, 'no such poll\n'],
  '/polls/5xx_exception/': () => {
    throw new Error('this page always fails');
  },
};

/** To be called just before a response is handed over. */
export const countAnswer = () => workerRequests.inc({ worker });

async function polls(request, response) {
  const path = request.url.split('?', 1)[0];
  // The route, never the raw URL: a client that chooses a label value can create series without limit.
  const endpoint = Object.hasOwn(pages, path) ? path : 'other';
  setRoute(response, endpoint);
  const [status, text] = await answerOf(endpoint);
  countAnswer();
  response.writeHead(status).end(text);
}

async function answerOf(endpoint) {
  try {
    return endpoint === 'other' ? [404, 'not found\n'] : await pages[endpoint]();
  } catch {
    return [500, 'internal error\n'];
  }
}

const answerScrape = metricsHandler();

/** The worker that gets the connection answers for all of them. */
export function metrics(request, response) {
  response.setHeader('x-pid', process.pid);
  return answerScrape(request, response);
}

/** A normally distributed number (Box-Muller), cut at 0: a sleep can't be negative. */
function normal(mean, deviation) {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
  return Math.max(0, mean + deviation * radius * Math.cos(2 * Math.PI * Math.random()));
}

export function listen(port, host) {
  createServer((request, response) => {
    return request.url === '/metrics' ? metrics(request, response) : polls(request, response);
  }).listen(port, host);
}
