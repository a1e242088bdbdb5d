// A shop without a line about metrics: `node --import prom-client-mmap/auto` counts its requests, by the routes of the environment
// variable PROM_CLIENT_MMAP_HTTP_NORMALIZE_PATH, which a framework would not need. Alone it is a cluster, under PM2 one of its workers.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const pages = {
  '/cart': () => [200, 'your cart'],
  '/search': async () => {
    await sleep(20 + 60 * Math.random());
    return [200, 'found'];
  },
  '/pay': () => {
    throw new Error('the bank does not answer');
  },
};

async function answer(request, response) {
  const path = request.url.split('?', 1)[0];
  const page = pages[path.replace(/^\/item\/\d+$/, '/cart')] ?? (() => [404, 'no such page']);
  try {
    const [status, text] = await page();
    response.writeHead(status).end(`${text}\n`);
  } catch (error) {
    response.writeHead(500).end(`${error.message}\n`);
  }
}

function serve() {
  const server = createServer(answer).listen(Number(process.env.PORT ?? 8000), process.env.HOST);
  // Answers that are under way are sent; the group has every count until then.
  process.once('SIGTERM', () => {
    server.close(() => process.exit());
    server.closeIdleConnections();
  });
}

function runPrimary(size) {
  let stopping = false;
  process.once('SIGTERM', () => {
    stopping = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  });
  cluster.on('exit', () => {
    if (!stopping) cluster.fork();
  });
  for (let i = 0; i < size; i++) cluster.fork();
}

if (cluster.isPrimary) runPrimary(Number(process.env.WORKERS ?? availableParallelism()));
else serve();
