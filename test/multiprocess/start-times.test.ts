import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory, segmentsIn } from './support/directories';
import { type Member, spawn } from './support/member';

const version1 = 'application/openmetrics-text;version=1.0.0';
const version2 = 'application/openmetrics-text;version=2.0.0';

/** Makes a counter, a histogram and a summary, and counts once in each. */
function count(member: Member): Promise<void> {
  return member.run(({ Counter, Histogram, Summary, Gauge }) => {
    Counter.getOrCreate({ name: 'jobs_total', help: 'h', labelNames: ['l'] }).inc({ l: 'x' });
    Histogram.getOrCreate({ name: 'h', help: 'h', buckets: [1], nativeHistogramBucketFactor: 2 }).observe(1);
    Summary.getOrCreate({ name: 's', help: 'h', percentiles: [0.5] }).observe(1);
    new Gauge({ name: 'g', help: 'h', aggregator: 'max' }).set(1);
  });
}

function bodyOf(member: Member, accept: string, createdSamples = true): Promise<string> {
  return member.run(
    async ({ register }, options: { accept: string; createdSamples: boolean }) =>
      (await register.exposition({ ...options, openMetrics: true })).body.toString(),
    { accept, createdSamples },
  );
}

/** The start times in both versions of OpenMetrics, which must be the same, by the names of the metrics. */
async function startsOf(member: Member): Promise<Record<string, number>> {
  const one = [...(await bodyOf(member, version1)).matchAll(/^(\w+)_created(?:\{.*\})? (\S+)$/gm)];
  const two = [
    ...(await bodyOf(member, version2)).matchAll(/^(\w+?)(?:_total)?(?:\{l.*?\})? .* ?st@(\S+)$/gm),
  ];
  const starts = Object.fromEntries(one.map(([, name, time]) => [name, Number(time)]));
  expect(Object.fromEntries(two.map(([, name, time]) => [name, Number(time)]))).toEqual(starts);
  return starts;
}

test('start times are those of the first process, kept when it is killed, compacted and started again', async () => {
  const directory = newDirectory();
  const observer = await spawn({ directory });
  // As an owner it keeps the session.
  await observer.run(({ Gauge }) => new Gauge({ name: 'observers', help: 'h' }).set(1));
  const before = Date.now() / 1000;
  const first = await spawn({ directory });
  await count(first);
  const after = Date.now() / 1000;
  const starts = await startsOf(observer);
  expect(Object.keys(starts)).toEqual(['jobs', 'h', 's']);
  for (const time of Object.values(starts)) {
    expect(time).toBeGreaterThanOrEqual(Math.floor(before * 1000) / 1000);
    expect(time).toBeLessThanOrEqual(after);
  }

  const second = await spawn({ directory });
  await count(second);
  expect(await startsOf(observer)).toEqual(starts);
  expect(await startsOf(second)).toEqual(starts);

  await first.kill();
  expect(await startsOf(observer)).toEqual(starts);
  await second.leave();
  await expect
    .poll(async () => {
      await observer.scrape();
      return segmentsIn(directory);
    })
    .toHaveLength(1);
  expect(await startsOf(observer)).toEqual(starts);

  const again = await spawn({ directory });
  await count(again);
  expect(await startsOf(observer)).toEqual(starts);
  expect(await bodyOf(observer, version1)).toMatch(/^jobs_total\{l="x"\} 3$/m);
});

test('a segment that is rewritten keeps start times', async () => {
  const directory = newDirectory();
  const member = await spawn({ directory });
  await count(member);
  const starts = await startsOf(member);
  const file = (): string => {
    const { ino, birthtimeNs } = statSync(join(directory, segmentsIn(directory)[0] as string), {
      bigint: true,
    });
    return `${ino} ${birthtimeNs}`; // the third file may get the number of the first one
  };
  const before = file();
  await member.run(async ({ Counter, register }) => {
    const counter = new Counter({ name: 'garbage_total', help: 'h', labelNames: ['l'] });
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 1000; i++) counter.inc({ l: `${'x'.repeat(50)}${round}-${i}` });
      counter.reset();
      await register.metrics();
    }
    register.removeSingleMetric('garbage_total');
  });
  await expect.poll(file).not.toBe(before);
  expect(await startsOf(member)).toEqual(starts);
});

test('OpenMetrics 1.0 has no samples for start times unless they are asked for', async () => {
  const member = await spawn({ directory: newDirectory() });
  await count(member);
  expect(await bodyOf(member, version1, false)).not.toContain('_created');
});

test.each([
  ['one process alone, in plain memory', { PROM_CLIENT_MMAP_SHARED: '0' }],
  ['a process of a group', {}],
])('start times are there for %s', async (_, env) => {
  const member = await spawn({ directory: newDirectory(), env });
  const before = Math.floor(Date.now()) / 1000;
  await count(member);
  const starts = await startsOf(member);
  expect(Object.keys(starts)).toEqual(['jobs', 'h', 's']);
  for (const time of Object.values(starts)) {
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now() / 1000);
  }
  await member.run(({ register, Counter }) => {
    (register.getSingleMetric('jobs_total') as InstanceType<typeof Counter>).remove({ l: 'x' });
  });
  await expect.poll(() => Date.now() / 1000).toBeGreaterThan((starts['jobs'] as number) + 0.002);
  await member.run(({ register, Counter }) => {
    (register.getSingleMetric('jobs_total') as InstanceType<typeof Counter>).inc({ l: 'x' });
  });
  const { jobs, ...others } = await startsOf(member);
  expect(jobs).toBeGreaterThan(starts['jobs'] as number);
  expect(others).toEqual({ h: starts['h'], s: starts['s'] });
});
