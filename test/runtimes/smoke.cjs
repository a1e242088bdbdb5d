// What must work in every runtime: cluster workers, one of which is killed, a worker thread, default metrics, and the views of the
// group from the primary and from a worker. `node smoke.cjs [PACKAGE]` ends with 0 and prints what it has checked. With
// SMOKE_BY_IMPORT each process and thread imports the package, and does not require it.
const assert = require('node:assert/strict');
const cluster = require('node:cluster');
const { once } = require('node:events');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

const name = process.env.SMOKE_PACKAGE || process.argv[2] || 'prom-client-mmap';
process.env.SMOKE_PACKAGE = name;
let client;

process.on('warning', ({ code, message }) => console.error(code, message));

function countOnce(amount) {
  const { Counter, Gauge, Histogram } = client;
  new Counter({ name: 'jobs_total', help: 'h', labelNames: ['kind'] }).inc({ kind: 'smoke' }, amount);
  new Gauge({ name: 'busy', help: 'h' }).set(1);
  new Histogram({ name: 'sizes', help: 'h', buckets: [1, 10] }).observe(amount);
}

function numberOf(text, series) {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const jobs = (text) => numberOf(text, 'jobs_total{kind="smoke"}');

async function until(check) {
  const endMs = Date.now() + 60_000;
  for (;;) {
    if (await check()) return;
    assert(Date.now() < endMs, `expected within 60 s: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function primary() {
  const { collectDefaultMetrics, register } = client;
  const { shared, addon } = register.status();
  const path = addon?.path.split('/').slice(-2).join('/');
  assert(shared, register.status().reason);
  collectDefaultMetrics();
  const workers = [1, 2, 3].map(() => cluster.fork());
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const thread = new Worker(__filename, { workerData: { amount: 100 } });
  await once(thread, 'message');

  const text = await register.metrics();
  assert.equal(jobs(text), 1 + 2 + 3 + 100);
  assert.equal(numberOf(text, 'busy'), 4);
  assert.equal(numberOf(text, 'sizes_count'), 4);
  assert(numberOf(text, 'process_resident_memory_bytes') > 0 || process.platform !== 'linux');

  const answer = once(workers[0], 'message');
  workers[0].send('scrape');
  const [fromWorker] = await answer;
  assert.equal(jobs(fromWorker.text), 106);

  const ended = once(workers[2], 'exit');
  process.kill(workers[2].process.pid, 'SIGKILL');
  await ended;
  await until(async () => numberOf(await register.metrics(), 'busy') === 3);
  assert.equal(jobs(await register.metrics()), 106);

  await thread.terminate();
  for (const worker of workers.slice(0, 2)) worker.kill('SIGKILL');
  console.log(`smoke: ok, version ${process.version} on ${process.platform}-${process.arch}, addon ${path}`);
  process.exit(0);
}

async function start() {
  client = process.env.SMOKE_BY_IMPORT ? await import(name) : require(name);
  if (!isMainThread) {
    countOnce(workerData.amount);
    parentPort.on('message', () => undefined); // it lives until it is terminated
    parentPort.postMessage('counted');
  } else if (cluster.isPrimary) {
    await primary();
  } else {
    countOnce(cluster.worker.id);
    process.on('message', async () => process.send({ text: await client.register.metrics() }));
    process.send('counted');
  }
}

start().catch((error) => {
  console.error(error);
  process.exit(1);
});
