// A counting process or one of its threads. What it is comes as JSON in its argument or as its workerData:
//   life       its name, and that of its ledger; threads of it are `<life>.<n>`
//   directory  the group's
//   ledgers    the directory of the ledgers
//   threads    how many worker threads it keeps, which it ends and starts anew
//   steady     counts a family of its own
//   keepsAll   has a gauge in the mode `all`, of which one series stays for each of its lives
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import library from '../../index.js';
import { buckets, Ledger, methods, queues, sizes, statuses, stepAt } from './ledger.mjs';

const { configure, Counter, Gauge, Histogram, register, Summary } = library;
const self = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const { life, directory, ledgers, threads = 0, steady = false, keepsAll = false } = self;
const stepsPerTurn = 40;
const turnMs = 5;
const sessionsPerRound = 400;
const turnsPerRound = 100;

configure({ dir: directory, selfMetrics: 'all' });
const tell = isMainThread
  ? (message) => process.send?.(message)
  : (message) => parentPort.postMessage(message);
if (isMainThread) {
  process.on(
    'warning',
    ({ name, message }) => name === 'PromClientMmapWarning' && tell({ warning: message }),
  );
  process.on('disconnect', () => process.exit());
}

const ledger = new Ledger(join(ledgers, life));
const step = steady ? steadyStep() : ordinaryStep();
const gauges = makeGauges();
let isOver = false;
(isMainThread ? process : parentPort).on('message', obey);
const keepers = Array.from({ length: threads }, (_, i) => keepThread(i));
tell({ ready: true });
await work();

async function work() {
  let steps = 0;
  for (let turn = 0; !isOver; turn++) {
    for (let i = 0; i < stepsPerTurn; i++) {
      step(steps++);
      ledger.write(steps);
    }
    gauges.most?.set(steps);
    gauges.seen.set(Date.now());
    gauges.all?.set({ life }, steps);
    if (turn % turnsPerRound === 0) renewSessions(turn);
    await sleep(turnMs);
  }
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  ledger.close();
  if (!isMainThread) return parentPort.close();
  process.removeAllListeners('disconnect');
  process.disconnect();
}

function ordinaryStep() {
  const jobs = new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] });
  const visits = new Counter({ name: 'visits_total', help: 'Visits.', labelNames: ['method', 'status'] });
  const wait = new Histogram({ name: 'wait_seconds', help: 'Waits.', labelNames: ['size'], buckets });
  const parts = new Summary({ name: 'parts', help: 'Parts.', percentiles: [0.5, 0.99] });
  for (const queue of queues) jobs.inc({ queue }, 0);
  for (const method of methods) for (const status of statuses) visits.inc({ method, status }, 0);
  for (const size of sizes) wait.zero({ size });
  return (n) => {
    const { queue, method, status, size, wait: seconds } = stepAt(n);
    jobs.inc({ queue });
    visits.inc({ method, status });
    wait.observe({ size }, seconds);
    parts.observe(1);
  };
}

function steadyStep() {
  const counter = new Counter({ name: 'steady_total', help: 'Steps of the member that never dies.' });
  return () => counter.inc();
}

function makeGauges() {
  const help = 'A gauge.';
  new Gauge({ name: 'alive', help, labelNames: ['life'], multiprocessMode: 'livesum' }).set({ life }, 1);
  new Gauge({
    name: 'collected',
    help,
    collect() {
      this.set(1);
    },
  });
  new Gauge({
    name: 'collected_once',
    help,
    collectBy: 'leader',
    collect() {
      this.set(1);
    },
  });
  return {
    // Not of the steady one: while its file is deleted, only who knew it shows its values.
    most: steady ? undefined : new Gauge({ name: 'most_steps', help, multiprocessMode: 'max' }),
    seen: new Gauge({ name: 'last_seen', help, multiprocessMode: 'mostrecent' }),
    sessions: new Gauge({ name: 'session', help, labelNames: ['id'], multiprocessMode: 'livesum' }),
    all: keepsAll
      ? new Gauge({ name: 'steps_of_life', help, labelNames: ['life'], multiprocessMode: 'all' })
      : undefined,
  };
}

/** Series that come and go in masses: most of the records become waste, and the segment moves to a new file. */
function renewSessions(turn) {
  gauges.sessions.reset();
  for (let i = 0; i < sessionsPerRound; i++) gauges.sessions.set({ id: `${life}/${turn}/${i}` }, 1);
}

function obey({ ask, die, stop }) {
  if (ask !== undefined) void answer(ask);
  if (stop) isOver = true;
  if (die === 'exit') process.exit(3);
  if (die === 'throw') {
    setImmediate(() => {
      throw new Error('a death of the soak test');
    });
  }
}

async function answer(id) {
  try {
    tell({ id, text: await register.metrics() });
  } catch (error) {
    tell({ id, error: `${error}` });
  }
}

/** Has a thread at all times but the last, and ends each after a random time, in one way or another. */
function keepThread(index) {
  let isWanted = true;
  let worker;
  const run = async () => {
    for (let n = 0; isWanted; n++) {
      const threadLife = `${life}.${index}-${n}`;
      worker = new Worker(new URL(import.meta.url), {
        workerData: { life: threadLife, directory, ledgers },
        stderr: true,
      });
      worker.on('error', () => undefined); // its uncaught exception
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      const how = ['terminate', 'throw', 'exit'][Math.floor(Math.random() * 3)];
      const timer = setTimeout(
        () => (how === 'terminate' ? worker.terminate() : worker.postMessage({ die: how })),
        300 + Math.random() * 2700,
      );
      await ended;
      clearTimeout(timer);
      tell({ ended: threadLife, how });
    }
  };
  const running = run();
  return {
    stop() {
      isWanted = false;
      worker.postMessage({ stop: true });
      return running;
    },
  };
}
