// One trial of the longest stop: a process does one kind of work and watches its event loop. The parent gets the milliseconds of
// the longest stop, with and without the garbage collector.
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { makeGroupDirectory } from '../group-directory.mjs';
import { labelNames } from '../label-sets.mjs';
import { load, own, packageOf } from '../rivals.mjs';
import { StopWatch } from './stop-watch.mjs';

const { rival, work, series } = JSON.parse(process.argv[2]);
const perTurn = 100;
const statuses = ['200', '201', '302', '404', '500'];
const routes = Array.from({ length: series / 5 }, (_, i) => `/api/v1/resource-${i}/:id`);
const labelSet = (i) => ({ method: 'GET', route: routes[Math.floor(i / 5)], status: statuses[i % 5] });

if (work === 'room') process.once('warning', () => undefined);
const client = work === 'room' ? await import(packageOf(rival)) : await load(rival);
const dir = rival === own ? makeGroupDirectory() : undefined;
const maxGroupBytes = 2 ** 31;
if (rival === own) client.configure({ dir, maxSeries: 2 * series, maxSegmentBytes: 2 ** 30, maxGroupBytes });
const watch = new StopWatch();
const seconds = work === 'ttl' ? { ttlSeconds: 2 } : {};
const newCounter = () =>
  new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames, ...seconds });

const stop = await {
  burst() {
    const counter = newCounter();
    return watched(async () => {
      await inTurns((i) => counter.inc(labelSet(i)));
      await check(counter, series);
    });
  },
  async churn() {
    const counter = await filled();
    return watched(async () => {
      for (let round = 0; round < 2; round++) {
        await inTurns((i) => {
          counter.remove(labelSet(i));
          counter.inc(labelSet(i));
        });
      }
    });
  },
  async text() {
    await filled();
    return watched(() => client.register.metrics());
  },
  async json() {
    await filled();
    return watched(() => client.register.getMetricsAsJSON());
  },
  async groupJson() {
    await filled();
    return watched(() => client.register.getGroupMetricsAsJSON());
  },
  async ttl() {
    await filled();
    return watched(async () => {
      while ((await client.register.getMetricsAsBuffer()).includes('requests_total{')) await sleep(500);
    });
  },
  async room() {
    const filler = join(dir, 'filler');
    const counter = newCounter();
    counter.inc(labelSet(0));
    const descriptor = openSync(filler, 'w');
    ftruncateSync(descriptor, maxGroupBytes); // has no blocks
    closeSync(descriptor);
    await inTurns((i) => counter.inc(labelSet(i)));
    const segment = () =>
      statSync(
        join(
          dir,
          readdirSync(dir).find((name) => name.startsWith('s.')),
        ),
      ).size;
    rmSync(filler);
    return watched(async () => {
      for (let size = 0; size === 0 || segment() < series * 60 || segment() > size; await sleep(500))
        size = segment();
    });
  },
  async first() {
    await filled();
    const scrape = client.register.metrics();
    return watched(async () => {
      new client.Counter({ name: 'first_total', help: 'First.' }).inc();
      await scrape;
    });
  },
  async terminate() {
    const worker = new Worker(new URL('thread.mjs', import.meta.url), {
      workerData: { rival, series, dir },
    });
    await once(worker, 'message');
    return watched(async () => {
      await sleep(20);
      await worker.terminate();
    });
  },
}[work]();
process.send(stop, () => process.exit());

async function watched(action) {
  await sleep(50);
  watch.start();
  await action();
  return watch.stop();
}

async function filled() {
  const counter = newCounter();
  await inTurns((i) => counter.inc(labelSet(i)));
  if (work !== 'ttl') await check(counter, series);
  return counter;
}

async function inTurns(step) {
  for (let i = 0; i < series; i++) {
    step(i);
    if (i % perTurn === 0) await turn();
  }
}

async function sizeOf(counter) {
  return (await counter.get()).values.length;
}

async function check(counter, expected) {
  const found = await sizeOf(counter);
  if (found !== expected) throw new Error(`expected ${expected} series of ${rival}, but got ${found}`);
}
