import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type GroupRegistry,
  Histogram,
  type HistogramConfiguration,
  prometheusContentType,
  Registry,
  register,
} from '../../src/index';
import { coarserKey } from '../../src/model/exponential-buckets';
import type { NativeHistogram } from '../../src/model/family';
import go from './data/native-histogram-cases.json';

afterEach(() => register.clear());

type Kind = [kind: string, make: () => GroupRegistry];

/** A shared histogram is read from its segment by the addon, a private one in JavaScript. */
const kinds: readonly Kind[] = [
  ['shared', () => register],
  ['private', () => new Registry(prometheusContentType, { shared: false })],
];

async function nativeOf(registry: GroupRegistry, name = 'h'): Promise<NativeHistogram> {
  const families = await registry.getGroupMetricsAsJSON();
  const samples = families.find((family) => family.name === name)?.values as { native?: NativeHistogram }[];
  return samples.find(({ native }) => native !== undefined)?.native as NativeHistogram;
}

/** Version 1.14 rounded negative keys of schemas below 0 towards zero; later versions have these buckets. */
const corrected: Readonly<Record<string, string[]>> = {
  'powers of two and their neighbours, factor 4': ['-1:3', '0:5', '1:6', '2:1', '3:3'],
};

function nativeHistogram(
  registry: GroupRegistry,
  options: Partial<HistogramConfiguration<string>> = {},
): Histogram {
  const config = { name: 'h', help: 'h', buckets: [], nativeHistogramBucketFactor: 1.1 };
  return new Histogram({ ...config, registers: [registry], ...options });
}

function countOf({ zeroCount, positive, negative }: NativeHistogram): number {
  return [...positive, ...negative].reduce((total, [, count]) => total + count, zeroCount);
}

describe.each(kinds)('a %s native histogram', (_, make) => {
  test.each(go.cases.map((one) => [one.name, one] as const))(
    'is as the Go client makes it: %s',
    async (_name, one) => {
      const registry = make();
      const histogram = nativeHistogram(registry, {
        buckets: 'classic' in one ? one.classic : [],
        nativeHistogramBucketFactor: one.factor,
        nativeHistogramMaxBucketNumber: 0,
        ...('zeroThreshold' in one ? { nativeHistogramZeroThreshold: one.zeroThreshold } : {}),
      });
      const values = one.observations.map((text) => Number(text.replace('Inf', 'Infinity')));
      // As in prom-client, these are refused.
      const finite = values.filter((value) => Number.isFinite(value));
      for (const value of finite) histogram.observe(value);

      const { schema, zeroCount, zeroThreshold, positive, negative } = await nativeOf(registry);
      const texts = (buckets: typeof positive): string[] | null =>
        buckets.length > 0 ? buckets.map(([key, count]) => `${key}:${count}`) : null;
      const { answer } = one;
      const isOfInfinity = (text: string): boolean =>
        finite.length < values.length && text.startsWith('8193:');
      const expected = (all: string[] | null): string[] | null => {
        const rest = all?.filter((text) => !isOfInfinity(text)) ?? [];
        return rest.length > 0 ? rest : null;
      };
      expect({ schema, zeroCount, zeroThreshold: `${zeroThreshold}` }).toEqual({
        schema: answer.schema,
        zeroCount: answer.zeroCount,
        zeroThreshold: answer.zeroThreshold,
      });
      expect(texts(positive)).toEqual(corrected[one.name] ?? expected(answer.positive));
      expect(texts(negative)).toEqual(expected(answer.negative));
      if ('classicCumulative' in answer) {
        const text = await registry.metrics();
        for (const bucket of answer.classicCumulative as string[]) {
          const [bound, count] = bucket.split(':');
          expect(text).toContain(`h_bucket{le="${bound}"} ${count}\n`);
        }
      }
    },
  );

  test('halves its resolution beyond its number of buckets, and loses no observation', async () => {
    const registry = make();
    const histogram = nativeHistogram(registry, { nativeHistogramMaxBucketNumber: 10 });
    for (let i = 1; i <= 10; i++) histogram.observe(2 ** ((i - 0.5) / 8));
    expect((await nativeOf(registry)).schema).toBe(3);
    histogram.observe(2 ** (10.5 / 8));

    expect(await nativeOf(registry)).toMatchObject({
      schema: 2,
      positive: [
        [1, 2],
        [2, 2],
        [3, 2],
        [4, 2],
        [5, 2],
        [6, 1],
      ],
    });
  });

  test('has at most 160 buckets by default, whatever comes, and the classic count', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 600 }),
        async (values) => {
          const registry = make();
          const histogram = nativeHistogram(registry, { nativeHistogramBucketFactor: 1.003 });
          for (const value of values) histogram.observe(value);
          const native = await nativeOf(registry);
          registry.clear();

          expect(countOf(native)).toBe(values.length);
          // At the coarsest schema there are no more than so many buckets in all.
          expect(native.positive.length + native.negative.length).toBeLessThanOrEqual(270);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('begins anew after reset() and zero()', async () => {
    const registry = make();
    const histogram = nativeHistogram(registry, { labelNames: ['l'], nativeHistogramMaxBucketNumber: 1 });
    for (const value of [0, 1, 3]) histogram.observe({ l: 'a' }, value);
    expect(await nativeOf(registry)).toMatchObject({ schema: 2, zeroCount: 1 });
    histogram.zero({ l: 'a' });
    expect(await nativeOf(registry)).toMatchObject({ schema: 3, zeroCount: 0, positive: [] });
    histogram.observe({ l: 'a' }, 1);
    expect(await nativeOf(registry)).toMatchObject({ positive: [[0, 1]] });
    histogram.reset();
    expect(await nativeOf(registry)).toBeUndefined();
  });

  test('has the text of a classic one', async () => {
    const registry = make();
    nativeHistogram(registry).observe(3);

    expect(await registry.metrics()).toBe(
      '# HELP h h\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 3\nh_count 1\n',
    );
  });
});

test('Registry.aggregate() adds up native histograms of several lists', async () => {
  const lists = await Promise.all(
    [
      { values: [0, 1, 1.05, 4], options: {} },
      { values: [1, -2, 4], options: { nativeHistogramBucketFactor: 2 } },
    ].map(async ({ values, options }) => {
      const registry = new Registry(prometheusContentType, { shared: false });
      const histogram = nativeHistogram(registry, options);
      for (const value of values) histogram.observe(value);
      return await registry.getMetricsAsJSON();
    }),
  );
  const [family] = await Registry.aggregate(lists).getMetricsAsJSON();

  expect(family?.values.find((sample) => 'native' in sample)).toMatchObject({
    value: 7,
    native: {
      schema: 0,
      zeroCount: 1,
      positive: [
        [0, 2],
        [1, 1],
        [2, 2],
      ],
      negative: [[1, 1]],
    },
  });
});

test('merging down is the same as observing at the lower schema', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -2000, max: 2000 }),
      fc.nat({ max: 4 }),
      fc.nat({ max: 4 }),
      (key, a, b) => {
        expect(coarserKey(coarserKey(key, a), b)).toBe(coarserKey(key, a + b));
      },
    ),
  );
});

describe('options of native histograms', () => {
  test.each([
    [{ nativeHistogramBucketFactor: 1 }, /nativeHistogramBucketFactor .* a number above 1, but got 1/],
    [{ nativeHistogramBucketFactor: '2' }, /a number above 1, but got '2'/],
    [{ nativeHistogramMaxBucketNumber: -1 }, /a whole number, 0 for no limit, but got -1/],
    [{ nativeHistogramZeroThreshold: NaN }, /a finite number, but got NaN/],
  ])('%o is refused', (options, text) => {
    expect(() => nativeHistogram(register, options as object)).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_NATIVE_HISTOGRAM',
        message: expect.stringMatching(text),
      }),
    );
  });

  test('0 is no native histogram, and a zero threshold below 0 is 0', async () => {
    nativeHistogram(register, { nativeHistogramBucketFactor: 0 }).observe(1);
    expect(await nativeOf(register)).toBeUndefined();
    nativeHistogram(register, { name: 'n', nativeHistogramZeroThreshold: -1 }).observe(0);
    expect(await nativeOf(register, 'n')).toMatchObject({ zeroThreshold: 0, zeroCount: 1 });
  });
});
