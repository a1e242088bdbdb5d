import { expect, test } from 'vitest';
import { type Member, spawn } from '../multiprocess/support/member';
import { scale, timeout } from './support/scale';
import { Watcher } from './support/watcher';

const workerCount = 16;
const restarts = 16 * scale;
const threadCount = 100 * scale;
const startedAtOnce = 4;

test('a cluster whose workers are all replaced, one after the other, under load, has exact totals', {
  timeout,
}, async () => {
  const primary = await spawn();
  const watcher = new Watcher(primary);
  const workers: Member[] = [];
  let returned = 0;
  let ended = 0;
  const start = async (): Promise<void> => {
    const worker = await primary.startWorker();
    await worker.run(countForEver);
    workers.push(worker);
  };
  await atOnce(startedAtOnce, workerCount, start);
  for (let i = 0; i < restarts; i++) {
    await start();
    const old = workers.shift() as Member;
    returned += await old.run(stopCounting);
    // In turn: killed, or at an end that it chose.
    if (i % 2 === 0) await old.kill();
    else await old.run(() => process.exit()).catch(() => undefined);
    ended++;
  }
  for (const worker of workers) returned += await worker.run(stopCounting);
  const values = await watcher.stop();

  expect(watcher.steps).toEqual([]);
  expect(returned).toBeGreaterThan(1000 * (workerCount + restarts));
  expect(Object.fromEntries(values)).toEqual({
    'jobs_total{}': returned,
    'wait_seconds_bucket{le="1"}': returned,
    'wait_seconds_bucket{le="+Inf"}': returned,
    'wait_seconds_sum{}': returned / 2,
    'wait_seconds_count{}': returned,
    'workers{}': workerCount + restarts - ended,
  });
});

test('a hundred worker threads that are terminated while they count leave exact totals', {
  timeout,
}, async () => {
  const main = await spawn();
  const watcher = new Watcher(main);
  let returned = 0;
  await atOnce(startedAtOnce, threadCount, async () => {
    const thread = await main.startThread();
    await thread.run(countForEver);
    const done = await thread.run(stopCounting);
    returned += done;
    await thread.run(({ register }) => {
      // On and on, until it is terminated in the middle of it.
      setImmediate(() => {
        const other = register.getSingleMetric('jobs_total') as unknown as { inc(by: number): void };
        while (true) other.inc(0);
      });
    });
    await thread.kill();
  });
  const values = await watcher.stop();

  expect(watcher.steps).toEqual([]);
  expect(returned).toBeGreaterThan(1000 * threadCount);
  expect(Object.fromEntries(values)).toEqual({
    'jobs_total{}': returned,
    'wait_seconds_bucket{le="1"}': returned,
    'wait_seconds_bucket{le="+Inf"}': returned,
    'wait_seconds_sum{}': returned / 2,
    'wait_seconds_count{}': returned,
  });
});

/** Runs in each worker. */
function countForEver({ Counter, Gauge, Histogram }: typeof import('../../src/index')): void {
  const help = 'What the workers of the test do.';
  const jobs = new Counter({ name: 'jobs_total', help });
  const wait = new Histogram({ name: 'wait_seconds', help, buckets: [1] });
  new Gauge({ name: 'workers', help }).set(1);
  let done = 0;
  const step = (): void => {
    for (let i = 0; i < 1000; i++) {
      jobs.inc();
      wait.observe(0.5);
      done++;
    }
  };
  step();
  const timer = setInterval(step, 1);
  Reflect.set(globalThis, 'stopCounting', () => {
    clearInterval(timer);
    return done;
  });
}

function stopCounting(): number {
  return Reflect.get(globalThis, 'stopCounting')() as number;
}

async function atOnce(lanes: number, times: number, task: () => Promise<void>): Promise<void> {
  let left = times;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await task();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
