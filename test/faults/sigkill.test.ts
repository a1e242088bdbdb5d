import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';
import { scale, timeout } from './support/scale';
import { Watcher } from './support/watcher';

const deaths = 100 * scale;
const atOnce = 4;
const longestLifeMs = 60;

test('counts of processes that are killed at any moment stay, and no scrape ever sees one go back', {
  timeout,
}, async () => {
  const directory = newDirectory();
  const logs = newDirectory();
  const watcher = new Watcher(await spawn({ directory }));
  let started = 0;
  const killOneAfterTheOther = async (): Promise<void> => {
    while (started < deaths) {
      const log = join(logs, `${started++}`);
      writeFileSync(log, '');
      const member = await spawn({ directory });
      await member.run(countForEver, log);
      await setTimeout(Math.random() * longestLifeMs);
      await member.kill();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, killOneAfterTheOther));
  const values = await watcher.stop();

  expect(watcher.steps).toEqual([]);
  expect(watcher.scrapes).toBeGreaterThan(deaths / 2);

  // Each process has said after each increment that it has returned; at most one more was under way.
  const returned = sumOf(deaths, (i) => statSync(join(logs, `${i}`)).size);
  expect(returned).toBeGreaterThan(deaths);
  expectWithin(values.get('jobs_total{}'), returned, deaths);
  const inSeries = [...values].filter(([key]) => key.startsWith('queued_total{'));
  expect(inSeries.length).toBeGreaterThan(100);
  expectWithin(
    sumOf(inSeries.length, (i) => inSeries[i]?.[1] ?? 0),
    returned,
    deaths,
  );

  // What one process stores first is never behind what it stores next, and at most one ahead.
  const second = values.get('second_total{}') ?? 0;
  expect(second).toBeGreaterThan(deaths);
  expectWithin(values.get('first_total{}'), second, deaths);
  for (const labels of ['size="small"', 'size="large"']) {
    const count = values.get(`ones_count{${labels}}`) ?? 0;
    expect(values.get(`ones_bucket{le="+Inf",${labels}}`)).toBe(count);
    expect(values.get(`ones_bucket{le="1",${labels}}`)).toBe(count);
    expect(values.get(`ones_bucket{le="0.5",${labels}}`)).toBe(0);
    // The value of an observation is 1, so the sum is the count, but for the one that was under way.
    expectWithin(count, values.get(`ones_sum{${labels}}`) ?? 0, deaths);
  }
});

function expectWithin(value: number | undefined, least: number, more: number): void {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(least + more);
}

function sumOf(count: number, at: (i: number) => number): number {
  return Array.from({ length: count }, (_, i) => at(i)).reduce((sum, value) => sum + value, 0);
}

/** Runs in each process: now with an acknowledgement of each increment, now as fast as it goes. */
function countForEver({ Counter, Histogram }: typeof import('../../src/index'), path: string): void {
  const { openSync, writeSync } = process.getBuiltinModule('node:fs');
  const help = 'What the processes of the test count.';
  const jobs = new Counter({ name: 'jobs_total', help });
  const queued = new Counter({ name: 'queued_total', help, labelNames: ['queue'] });
  const first = new Counter({ name: 'first_total', help });
  const second = new Counter({ name: 'second_total', help });
  const ones = new Histogram({ name: 'ones', help, buckets: [0.5, 1, 2], labelNames: ['size'] });
  const log = openSync(path, 'a');
  let done = 0;
  const step = (): void => {
    for (let i = 0; i < 100; i++) {
      jobs.inc();
      // New series for ever so long, so that records are appended and the file grows.
      queued.inc({ queue: `queue-${done++ % 1500}` });
      writeSync(log, '.');
    }
    for (let i = 0; i < 10_000; i++) {
      first.inc();
      ones.observe({ size: 'small' }, 1);
      ones.observe({ size: 'large' }, 1);
      second.inc();
    }
    setImmediate(step);
  };
  step();
}
