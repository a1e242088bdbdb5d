// One trial of scraping a cluster: four workers count the same label sets, and one process answers for all of them.
// This is the primary. What each scrape took goes to the parent.
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copyTime } from '../copy-time.mjs';
import { load, rivals } from '../rivals.mjs';
import { LoopWatch } from './loop-watch.mjs';
import { Scrape } from './scrape.mjs';

const trial = JSON.parse(process.argv[2]);
const rival = rivals.find(({ name }) => name === trial.rival);

// A warning says that something is not as in production, such as counting in memory that is not shared.
process.on('warning', (warning) => {
  throw warning;
});
// Nobody waits for the figures any more.
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
/** Of each label set in each worker those of a counter and of a histogram with 11 buckets. */
const cells = workers.length * trial.sets * 15;
const copy = copyTime(facts.bytes + cells * 8);
process.send({ idle, scrapes, together, copy, ...facts }, () => process.exit());

/** Scrapes, or so many of them at once, each with other numbers than the one before. */
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

/** Lets a rival wait for its workers longer than it would, and says whether it needed that. */
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

/** What `action` gives, and for how long the event loops of the serving process and of the others were stopped. */
async function watched(action) {
  await askAll('watch');
  loop.start();
  await sleep(5);
  const result = await action();
  await sleep(5);
  const own = loop.stop();
  const stops = (await askAll('report')).map(({ stop }) => stop);
  // As long as this process waits for its workers it is one of the others.
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
