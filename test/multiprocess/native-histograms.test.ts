import { expect, test, vi } from 'vitest';
import { bucketKey, coarserKey } from '../../src/model/exponential-buckets';
import type { NativeBucket, NativeHistogram } from '../../src/model/family';
import { judged } from '../judges/openmetrics/index';
import { newDirectory, segmentsIn } from './support/directories';
import { type Member, spawn } from './support/member';

interface Options {
  readonly factor?: number;
  readonly maxBuckets?: number;
  readonly threshold?: number;
}

async function startMember(directory: string, options: Options = {}): Promise<Member> {
  const member = await spawn({ directory });
  await member.run(({ Histogram }, { factor = 1.1, maxBuckets, threshold }: Options) => {
    new Histogram({
      name: 'h',
      help: 'h',
      buckets: [1],
      nativeHistogramBucketFactor: factor,
      nativeHistogramMaxBucketNumber: maxBuckets,
      nativeHistogramZeroThreshold: threshold,
    });
  }, options);
  return member;
}

function observe(member: Member, values: readonly number[]): Promise<void> {
  return member.run(({ register, Histogram }, observed: readonly number[]) => {
    const histogram = register.getSingleMetric('h') as InstanceType<typeof Histogram>;
    for (const value of observed) histogram.observe(value);
  }, values);
}

function nativeOf(member: Member): Promise<NativeHistogram> {
  return member.run(async ({ register }) => {
    const [family] = await register.getGroupMetricsAsJSON();
    const samples = family?.values as { native?: NativeHistogram }[];
    return samples.find(({ native }) => native !== undefined)?.native as NativeHistogram;
  });
}

/** The buckets of these values, counted one by one. */
function expected(values: readonly number[], schema: number, sign: 1 | -1): NativeBucket[] {
  const counts = new Map<number, number>();
  for (const value of values) {
    if (Math.sign(value) !== sign) continue;
    const key = coarserKey(bucketKey(Math.abs(value)), 8 - schema);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

const latencies = (count: number, scale: number): number[] =>
  Array.from({ length: count }, (_, i) => scale * Math.exp(Math.sin(i * 12.9898) * 1.7));

test('the buckets of all processes add up, also of dead ones and in the archive', async () => {
  const directory = newDirectory();
  const members = await Promise.all([1, 2, 3].map(() => startMember(directory)));
  const [observer, other, killed] = members as [Member, Member, Member];
  const values = [latencies(500, 0.01), latencies(300, 1), [...latencies(200, 30), 0, -2, -2]];
  await Promise.all(members.map((member, i) => observe(member, values[i] as number[])));
  const all = values.flat();
  const whole = {
    schema: 3,
    zeroThreshold: 2 ** -128,
    zeroCount: 1,
    positive: expected(all, 3, 1),
    negative: expected(all, 3, -1),
  };

  expect(await nativeOf(observer)).toEqual(whole);
  await killed.kill();
  expect(await nativeOf(other)).toEqual(whole);
  await other.leave();
  await vi.waitFor(
    async () => {
      await observer.scrape();
      expect(segmentsIn(directory)).toHaveLength(1);
    },
    { timeout: 60_000, interval: 50 },
  );
  expect(await nativeOf(observer)).toEqual(whole);
});

test('the lowest schema of all owners counts, and never rises when its owner is gone', async () => {
  const directory = newDirectory();
  const observer = await startMember(directory);
  const coarse = await startMember(directory, { maxBuckets: 4 });
  const fine = latencies(100, 1);
  const wide = [1e-6, 1e-3, 1, 1e3, 1e6];
  await observe(observer, fine);
  await observe(coarse, wide);
  const { schema } = await nativeOf(observer);
  expect(schema).toBe(2);
  expect((await nativeOf(observer)).positive).toEqual(expected([...fine, ...wide], 2, 1));
  await coarse.kill();

  expect((await nativeOf(observer)).schema).toBe(2);
  expect((await nativeOf(observer)).positive).toEqual(expected([...fine, ...wide], 2, 1));
});

test('OpenMetrics 2 has exponential buckets alone while a process counts in classic ones only', async () => {
  const directory = newDirectory();
  const native = await startMember(directory);
  const classic = await spawn({ directory });
  await classic.run(({ Histogram }) => new Histogram({ name: 'h', help: 'h', buckets: [1] }).observe(5));
  await observe(native, [1, 1]);
  const text = await native.run(async ({ register }) => {
    const accept = 'application/openmetrics-text;version=2.0.0';
    return (await register.exposition({ accept, openMetrics: true })).body.toString();
  });

  expect(judged(text, 2)).toMatch(
    /^h \{count:2,sum:7,schema:3,.*,positive_spans:\[0:1\],positive_buckets:\[2\]\} st@/m,
  );
});

test('of several zero thresholds the widest counts, and takes the buckets within', async () => {
  const directory = newDirectory();
  const narrow = await startMember(directory);
  const wide = await startMember(directory, { threshold: 1 });
  await observe(narrow, [0, 0.25, 0.5, 4]);
  await observe(wide, [0.75, 2]);

  expect(await nativeOf(narrow)).toMatchObject({
    zeroThreshold: 1,
    zeroCount: 4,
    positive: [
      [8, 1],
      [16, 1],
    ],
  });
});

test('processes that are killed while they halve resolutions leave whole histograms', async () => {
  const directory = newDirectory();
  const observer = await spawn({ directory });
  // As an owner it keeps the session.
  await observer.run(({ Counter }) => new Counter({ name: 'observers_total', help: 'h' }).inc());
  for (let round = 0; round < 8; round++) {
    const killed = await spawn({ directory });
    await killed.run(({ Histogram }, labelOfRound: string) => {
      const histogram = new Histogram({
        name: 'h',
        help: 'h',
        labelNames: ['l'],
        nativeHistogramBucketFactor: 1.003,
        nativeHistogramMaxBucketNumber: 6,
      });
      let series = 0;
      // Each series halves its resolution again and again.
      const observeSome = (): void => {
        const child = histogram.labels({ l: `${labelOfRound}-${series++}` });
        for (let i = 0; i < 300; i++) child.observe(2 ** (((i * 7919) % 600) - 300));
        setImmediate(observeSome);
      };
      observeSome();
    }, `${round}`);
    await vi.waitFor(async () => expect(await killed.scrape()).toContain(`l="${round}-3"`));
    await killed.kill();
  }
  const all = await observer.run(async ({ register }) => {
    const family = (await register.getGroupMetricsAsJSON()).find(({ name }) => name === 'h');
    const samples = family?.values as { native?: NativeHistogram; value: number }[];
    return samples.filter(({ native }) => native !== undefined) as {
      native: NativeHistogram;
      value: number;
    }[];
  });

  expect(all.length).toBeGreaterThanOrEqual(4 * 8);
  const skews = all.map(
    ({ native: { zeroCount, positive, negative }, value }) =>
      [...positive, ...negative].reduce((total, [, count]) => total + count, zeroCount) - value,
  );
  // One observation in flight for each process.
  expect(skews.every((skew) => skew === 0 || skew === 1)).toBe(true);
  expect(skews.filter((skew) => skew !== 0).length).toBeLessThanOrEqual(8);
});
