// One trial of a format: four workers count the same label sets, and this process answers. The parent gets the times of each scrape.
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LoopWatch } from '../loop-watch.mjs';
import { load, own } from '../rivals.mjs';

const { accept, gzip, sets, scrapes: wanted } = JSON.parse(process.argv[2]);

// The parent does not wait for the figures any more.
process.once('disconnect', () => process.exit(1));
cluster.on('exit', (worker, code, signal) => {
  throw new Error(`worker ${worker.id} ended with ${signal ?? code}`);
});
cluster.setupPrimary({
  exec: fileURLToPath(new URL('../cluster/worker.mjs', import.meta.url)),
  args: [JSON.stringify({ rival: own, sets })],
});
const { register } = await load(own);
const workers = Array.from({ length: 4 }, () => cluster.fork());
await Promise.all(workers.map((worker) => answered(worker)));
const loop = new LoopWatch();
const scrapes = [];
let bytes = 0;
while (scrapes.length < wanted) {
  await Promise.all(
    workers.map((worker) => {
      worker.send({ task: 'count' });
      return answered(worker);
    }),
  );
  loop.start();
  await sleep(5);
  const start = performance.now();
  const { body } = await register.exposition({
    accept,
    openMetrics: true,
    ...(gzip && { acceptEncoding: 'gzip' }),
  });
  const milliseconds = performance.now() - start;
  await sleep(5);
  scrapes.push({ milliseconds, stop: loop.stop() });
  bytes = body.length;
}
cluster.removeAllListeners('exit');
process.send({ scrapes, bytes }, () => process.exit());

function answered(worker) {
  return new Promise((resolve) => worker.once('message', resolve));
}
