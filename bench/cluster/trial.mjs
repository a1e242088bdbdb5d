// One trial of scraping a cluster: four workers count the same label sets, and one process answers for all of them.
// This is the primary. The parent gets the times of each scrape.
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copyTime } from '../copy-time.mjs';
import { LoopWatch } from '../loop-watch.mjs';
import { load, rivalOf } from '../rivals.mjs';
import { Scrape } from './scrape.mjs';

const trial = JSON.parse(process.argv[2]);
const rival = rivalOf(trial.rival);

// The parent does not wait for the figures any more.
process.once('disconnect', () => process.exit(1));
cluster.on('exit', (worker, code, signal) => {
  throw new Error(`worker ${worker.id} of ${trial.rival} ended with ${signal ?? code}`);
});
cluster.setupPrimary({
  exec: fileURLToPath(new URL('worker.mjs', import.meta.url)),
  args: [process.argv[2]],
});

const metrics = rival.scraper(await load(trial.rival));
const loop = new LoopWatch();
const scrape = new Scrape();
const workers = Array.from({ length: 4 }, () => cluster.fork());
await Promise.all(workers.map((worker) => answer(worker, 'start')));

const scrapes = await repeated(1);
const together = trial.atOnce === undefined ? [] : await repeated(trial.atOnce);
const idle = await watched(() => sleep(100));
const facts = trial.server === 'worker' ? await ask(workers[0], 'facts') : scrape.facts();
cluster.removeAllListeners('exit');
/** Each label set of each worker has a counter and a histogram with 11 buckets. */
const cells = workers.length * trial.sets * 15;
const copy = copyTime(facts.bytes + cells * 8);
process.send({ idle, scrapes, together, copy, ...facts }, () => process.exit());

/** The scrapes of this trial, or so many at once each time; the numbers change before each. */
async function repeated(atOnce) {
  const done = [];
  while (done.length < trial.scrapes) {
    await askAll('count');
    done.push(await watched(() => serve(atOnce)));
  }
  return done;
}

async function serve(atOnce) {
  if (trial.server === 'worker') return ask(workers[0], 'scrape', { atOnce });
  if (rival.givesUpAfter === undefined) return { milliseconds: await scrape.run(metrics, atOnce) };
  return patiently(() => scrape.run(metrics, atOnce));
}

/** Keeps a rival from giving up its workers; `isTooLate` tells whether it would have. */
async function patiently(run) {
  const { setTimeout } = globalThis;
  let isTooLate = false;
  const giveUp = () => {
    isTooLate = true;
  };
  globalThis.setTimeout = (_callback, milliseconds) => setTimeout(giveUp, milliseconds);
  const running = run();
  globalThis.setTimeout = setTimeout;
  return { milliseconds: await running, isTooLate };
}

/** The result of `action`, and the longest stops of the answering process and of the others meanwhile. */
async function watched(action) {
  await askAll('watch');
  loop.start();
  await sleep(5);
  const result = await action();
  await sleep(5);
  const own = loop.stop();
  const stops = (await askAll('report')).map(({ stop }) => stop);
  // While this process waits for its workers it is one of the others.
  const [serving, ...others] = trial.server === 'worker' ? [...stops, own] : [own, ...stops];
  return { ...result, stop: serving, otherStop: Math.max(...others) };
}

function askAll(task) {
  return Promise.all(workers.map((worker) => ask(worker, task)));
}

function ask(worker, task, request) {
  const answered = answer(worker, task);
  worker.send({ task, ...request });
  return answered;
}

function answer(worker, task) {
  return new Promise((resolve) => {
    const listen = ({ answered, ...rest }) => {
      if (answered !== task) return;
      worker.off('message', listen);
      resolve(rest);
    };
    worker.on('message', listen);
  });
}
