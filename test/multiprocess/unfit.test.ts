import { expect, test } from 'vitest';
import { newDirectory } from './support/directories';
import { valuesOf } from './support/exposition';
import { spawn } from './support/member';

test('a summary with 1,440 age buckets and a histogram with 70,000 buckets are shown by all, beside other metrics', async () => {
  const directory = newDirectory();
  const [owner, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await owner.run(({ Counter, Histogram, Summary }) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(3);
    new Summary({ name: 'day', help: 'Of a day.', maxAgeSeconds: 86_400, ageBuckets: 1440 }).observe(2);
    const buckets = Array.from({ length: 70_000 }, (_, i) => i + 1);
    new Histogram({ name: 'fine', help: 'Fine.', buckets }).observe(69_999.5);
  });

  for (const member of [owner, observer]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.get('day_count{}')).toBe(1);
    expect(values.get('day{quantile="0.5"}')).toBe(2);
    expect(values.get('fine_bucket{le="69999"}')).toBe(0);
    expect(values.get('fine_bucket{le="70000"}')).toBe(1);
    expect([...values.keys()].filter((key) => key.startsWith('prom_client_mmap_'))).toEqual([]);
  }
  expect(await owner.warnings()).toEqual([]);
});

test.each([
  [86_400, 2_000_000_000],
  [1e-300, 5],
  [1e308, 3],
])(
  'a summary of the last %d seconds in %d age buckets counts like any other',
  async (maxAgeSeconds, ageBuckets) => {
    const directory = newDirectory();
    const [owner, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await owner.run(
      ({ Summary }, window) => new Summary({ name: 'size', help: 'Sizes.', ...window }).observe(2),
      { maxAgeSeconds, ageBuckets },
    );

    for (const member of [owner, observer]) {
      const values = valuesOf(await member.scrape());
      expect([values.get('size_count{}'), values.get('size_sum{}')]).toEqual([1, 2]);
    }
    expect(await owner.warnings()).toEqual([]);
  },
);

test('definitions and labels that are too large for a file count in their process, with one warning, and hide no other metric', async () => {
  const directory = newDirectory();
  const [owner, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await owner.run(({ Counter, Registry, register }) => {
    const jobs = new Counter({ name: 'jobs_total', help: 'J'.repeat(2 ** 21), labelNames: ['queue'] });
    jobs.inc({ queue: 'x'.repeat(2 ** 21) });
    jobs.inc({ queue: 'y'.repeat(2 ** 21) }, 3);
    jobs.inc({ queue: 'mail' }, 2);
    new Counter({ name: 'wide_total', help: 'Wide.', labelNames: ['w'.repeat(2 ** 20)] }).inc(5);
    new Counter({ name: 'mails_total', help: 'Mails.' }).inc(4);
    const zone = new Registry(undefined, { name: 'zone' });
    zone.setDefaultLabels({ zone: 'z'.repeat(2 ** 20) });
    new Counter({ name: 'zoned_total', help: 'Zoned.', registers: [zone, register] }).inc(6);
  });

  const ownValues = valuesOf(await owner.scrape());
  const others = valuesOf(await observer.scrape());
  for (const values of [ownValues, others]) {
    expect(values.get('jobs_total{queue="mail"}')).toBe(2);
    expect(values.get('mails_total{}')).toBe(4);
    expect(values.get('zoned_total{}')).toBe(6);
  }
  const private_ = [
    `jobs_total{queue="${'x'.repeat(2 ** 21)}"}`,
    `jobs_total{queue="${'y'.repeat(2 ** 21)}"}`,
  ];
  expect(private_.map((key) => ownValues.get(key))).toEqual([1, 3]);
  expect(private_.map((key) => others.has(key))).toEqual([false, false]);
  const message = expect.stringContaining('counted in this process only');
  expect(await owner.warnings()).toEqual([{ name: 'PromClientMmapWarning', code: 'E2BIG', message }]);
});

test('a definition that fits into no segment is not counted, with one warning, and hides no other metric', async () => {
  const directory = newDirectory();
  const [owner, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await owner.run(({ Counter, Histogram }) => {
    const buckets = Array.from({ length: 140_000 }, (_, i) => i);
    new Histogram({ name: 'fine', help: 'Fine.', buckets }).observe(1);
    new Counter({ name: 'mails_total', help: 'Mails.' }).inc(4);
  });

  for (const member of [observer, owner])
    expect(valuesOf(await member.scrape())).toEqual(new Map([['mails_total{}', 4]]));
  const message = expect.stringContaining('not counted');
  expect(await owner.warnings()).toEqual([{ name: 'PromClientMmapWarning', code: 'EINVAL', message }]);
});
