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

test('definitions and labels that fit into no segment are warned about once, and hide no other metric', async () => {
  const directory = newDirectory();
  const [owner, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await owner.run(({ Counter, Summary }) => {
    const jobs = new Counter({ name: 'jobs_total', help: 'J'.repeat(2 ** 21), labelNames: ['queue'] });
    jobs.inc({ queue: 'x'.repeat(2 ** 21) });
    jobs.inc({ queue: 'mail' }, 2);
    new Summary({ name: 'fine', help: 'Fine.', maxAgeSeconds: 600, ageBuckets: 100_000 }).observe(1);
    new Counter({ name: 'mails_total', help: 'Mails.' }).inc(4);
  });

  for (const member of [observer, owner]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{queue="mail"}')).toBe(2);
    expect(values.get('mails_total{}')).toBe(4);
  }
  const code = expect.stringMatching(/^(E2BIG|EINVAL)$/);
  expect(await owner.warnings()).toEqual([
    { name: 'PromClientMmapWarning', code, message: expect.stringContaining('not counted') },
  ]);
});
