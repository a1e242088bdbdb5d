// A cluster whose workers count each HTTP request. The parent gets {url, metricsUrl} when they listen, and then an array with
// the answer of each worker to
//   {task: 'watch'}    they start to watch their event loops
//   {task: 'stop'}     {stop}: milliseconds of the longest stop since then
//   {task: 'served'}   {served}: requests answered
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { labelNames, labelSet } from '../label-sets.mjs';
import { LoopWatch } from '../loop-watch.mjs';
import { load, rivalOf } from '../rivals.mjs';

const { rival: name, sets, workers: size } = JSON.parse(process.argv[2]);
const rival = rivalOf(name);
const client = rival && (await load(name));
const metrics = rival?.scraper(client);

process.once('disconnect', () => process.exit());
if (cluster.isPrimary) await startPrimary();
else await startWorker();

async function startPrimary() {
  cluster.on('exit', (worker, code, signal) => {
    throw new Error(`worker ${worker.id} of ${name} ended with ${signal ?? code}`);
  });
  const workers = Array.from({ length: size }, () => cluster.fork());
  const [url] = await Promise.all(workers.map(answer));
  // Where workers cannot answer a scrape, the primary does.
  const metricsUrl = rival?.servers[0] === 'primary' ? await listen(answerScrape) : url;
  process.on('message', async (request) => {
    const answers = Promise.all(workers.map(answer));
    for (const worker of workers) worker.send(request);
    process.send(await answers);
  });
  process.send({ url, metricsUrl });
}

/** Rivals send messages of their own. */
function answer(worker) {
  return new Promise((resolve) => {
    const receive = ({ answered }) => {
      if (answered === undefined) return;
      worker.off('message', receive);
      resolve(answered);
    };
    worker.on('message', receive);
  });
}

async function startWorker() {
  const count = client === undefined ? () => {} : counter();
  const loop = new LoopWatch();
  let served = 0;
  const tasks = {
    watch: () => loop.start(),
    stop: () => ({ stop: loop.stop() }),
    served: () => ({ served }),
  };
  process.on('message', ({ task }) => {
    if (task !== undefined) process.send({ answered: tasks[task]() ?? {} });
  });
  const url = await listen((request, response) => {
    if (request.url === '/metrics') return answerScrape(request, response);
    const start = performance.now();
    response.end('hello\n');
    count(labelSet((served++ * 7919) % sets), start);
  });
  process.send({ answered: url });
}

/** Counts requests. All series exist before the first one. */
function counter() {
  const requests = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
  const latency = new client.Histogram({
    name: 'latency_seconds',
    help: 'How long.',
    labelNames: ['method'],
  });
  for (let index = 0; index < sets; index++) requests.inc(labelSet(index));
  return (labels, start) => {
    requests.inc(labels);
    latency.observe({ method: labels.method }, (performance.now() - start) / 1000);
  };
}

async function answerScrape(_request, response) {
  try {
    response.end(await metrics());
  } catch (error) {
    response.writeHead(500).end(`${error}\n`);
  }
}

/** Workers that listen to port 0 share one port. */
function listen(handler) {
  return new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}
