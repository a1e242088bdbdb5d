import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

const dropped = 'prom_client_mmap_dropped_updates_total{}';

describe('more series than there may be', () => {
  test('are dropped, counted and warned about, and take neither memory nor room', async () => {
    const directory = newDirectory();
    const [observer, member] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await member.run(({ configure }) => configure({ maxSeries: 1000 }));
    await countInto(member, 0, 1000);
    const before = await memoryOf(member);
    await countInto(member, 1000, 1_000_000);

    const values = valuesOf(await observer.scrape());
    expect(values.get(dropped)).toBe(999_000);
    expect([...values.keys()].filter((key) => key.startsWith('jobs_total'))).toHaveLength(1000);
    expect((await memoryOf(member)) - before).toBeLessThan(64 * 2 ** 20);
    expect(sizeOf(directory)).toBeLessThanOrEqual(2 ** 18);
    expect(await member.warnings()).toEqual([
      {
        name: 'PromClientMmapWarning',
        code: 'ERR_SERIES_LIMIT',
        message: expect.stringMatching(/^Expected at most 1000 series.*unbounded values/),
      },
    ]);
  });

  test('are dropped for every type of metric, and a bound child counts when there is room again', async () => {
    const member = await spawn({ directory: newDirectory() });
    await member.run(({ configure, Counter, Gauge, Histogram, Summary }) => {
      configure({ maxSeries: 1 });
      const options = { help: 'Something.', labelNames: ['queue'] };
      const jobs = new Counter({ name: 'jobs_total', ...options });
      jobs.inc({ queue: 'first' });
      const kept = jobs.labels('kept');
      kept.inc();
      new Gauge({ name: 'busy', ...options, multiprocessMode: 'mostrecent' }).set({ queue: 'a' }, 3);
      new Histogram({ name: 'seconds', ...options }).observe({ queue: 'a' }, 3);
      const sizes = new Summary({ name: 'bytes', ...options, maxAgeSeconds: 60, ageBuckets: 2 });
      for (const size of [1, 1000, -5]) sizes.labels('a').observe(size);
      jobs.remove('first');
      kept.inc(2);
    });

    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{queue="kept"}')).toBe(2);
    expect(values.get(dropped)).toBe(6);
    expect(values.size).toBe(2);
  });
});

test('a series that was used once before there were too many is counted on', async () => {
  const member = await spawn({ directory: newDirectory() });
  await member.run(({ configure, Counter }) => {
    configure({ maxSeries: 3 });
    const jobs = new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] });
    for (const queue of ['a', 'b', 'c', 'd', 'a', 'd', 'b']) jobs.inc({ queue });
    jobs.remove('c');
    jobs.inc({ queue: 'e' });
    jobs.inc({ queue: 'd' });
  });

  expect(valuesOf(await member.scrape())).toEqual(
    new Map([
      ['jobs_total{queue="a"}', 2],
      ['jobs_total{queue="b"}', 2],
      ['jobs_total{queue="e"}', 1],
      [dropped, 3],
    ]),
  );
});

test('a group that has all the bytes it may have grows no more, and loses nothing', async () => {
  const directory = newDirectory();
  const [observer, one, other] = await Promise.all([
    spawn({ directory }),
    spawn({ directory }),
    spawn({ directory }),
  ]);
  const maxGroupBytes = 512 * 1024;
  for (const member of [one, other]) {
    await member.run(({ configure }, options) => configure(options), { maxGroupBytes });
    await countInto(member, 0, 5000);
  }

  // Each process gets the first 64 KiB.
  expect(sizeOf(directory)).toBeLessThanOrEqual(maxGroupBytes + 64 * 1024);
  expect(totalOf(await observer.scrape())).toBeLessThan(10_000);
  // The rest is in the overflow of its process, which the view of the process shows.
  expect(totalOf(await other.run(({ register }) => register.metrics({ view: 'process' })))).toBe(5000);
  expect(totalOf(await other.scrape())).toBe(totalOf(await observer.scrape()));
  expect(await other.warnings()).toMatchObject([{ code: 'EDQUOT' }]);
});

async function countInto(member: Member, from: number, to: number): Promise<void> {
  await member.run(
    ({ Counter, register }, range) => {
      const found = register.getSingleMetric('jobs_total') as InstanceType<typeof Counter> | undefined;
      const jobs = found ?? new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
      for (let i = range.from; i < range.to; i++) jobs.inc({ queue: `${i}` });
    },
    { from, to },
  );
}

function memoryOf(member: Member): Promise<number> {
  return member.run(() => process.memoryUsage().rss);
}

function sizeOf(directory: string): number {
  return segmentsIn(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

function totalOf(text: string): number {
  let total = 0;
  for (const [key, value] of valuesOf(text)) if (key.startsWith('jobs_total')) total += value;
  return total;
}
