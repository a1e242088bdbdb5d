import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Summary, type SummaryConfiguration } from '../../src/index';

const make = (config: Partial<SummaryConfiguration<string>> = {}): Summary =>
  new Summary({ name: 's', help: 'h', registers: [], ...config });

async function numbers(summary: Summary): Promise<Record<string, number>> {
  const { values } = await summary.get();
  return Object.fromEntries(
    values.map(({ labels, metricName, value }) => [`${metricName ?? labels['quantile']}`, value]),
  );
}

/** The worst error of any quantile, relative to the exact order statistic. */
async function worstError(values: readonly number[]): Promise<number> {
  const percentiles = Array.from({ length: 101 }, (_, i) => i / 100);
  const summary = make({ percentiles });
  for (const value of values) summary.observe(value);
  const found = await numbers(summary);
  const sorted = Float64Array.from(values).sort();
  return Math.max(
    ...percentiles.map((quantile) => {
      const exact = sorted[Math.max(1, Math.ceil(quantile * values.length)) - 1] as number;
      return exact === 0
        ? Math.abs(found[`${quantile}`] as number)
        : Math.abs(((found[`${quantile}`] as number) - exact) / exact);
    }),
  );
}

const BOUND = 0.010831;

test('without labels all of it is 0 from the beginning', async () => {
  expect(await numbers(make({ percentiles: [0.5, 1] }))).toEqual({ 0.5: 0, 1: 0, s_sum: 0, s_count: 0 });
});

test('its lines are those of prom-client, with their order', async () => {
  const summary = make({ percentiles: [0.5], labelNames: ['a'] });
  summary.observe({ a: 'x' }, 2);

  expect((await summary.get()).values).toStrictEqual([
    { labels: { quantile: 0.5, a: 'x' }, value: 2 },
    { metricName: 's_sum', labels: { a: 'x' }, value: 2 },
    { metricName: 's_count', labels: { a: 'x' }, value: 1 },
  ]);
});

describe('every quantile is within 1.083 %', () => {
  let state = 1;
  /** Numbers in (0, 1) that are the same in every run. */
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

  test.each<[string, () => number]>([
    ['uniform', () => random() * 100],
    ['exponential', () => -Math.log(random())],
    ['log-normal', () => 0.012 * Math.exp(0.6 * normal())],
    ['Pareto', () => random() ** -1],
    ['bimodal', () => (random() < 0.9 ? 0.01 : 10) * (1 + random())],
    ['whole', () => Math.floor(random() * 20)],
    ['normal around zero', () => normal()],
    ['negative', () => -Math.exp(3 * normal())],
    ['constant', () => 42.5],
    ['tiny', () => random() * 1e-300],
    ['huge', () => random() * Number.MAX_VALUE],
  ])('of %s values', async (_, draw) => {
    const values = Array.from({ length: 5000 }, draw);

    expect(await worstError(values)).toBeLessThan(BOUND);
  });

  test('of any values within 16 octaves of either sign, and zero', async () => {
    const value = fc.oneof(
      fc.constant(0),
      fc.double({ min: 1, max: 65_535, noNaN: true }),
      fc.double({ min: -65_535, max: -1, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 200 }), async (values) => {
        expect(await worstError(values)).toBeLessThan(BOUND);
      }),
    );
  });
});

test('values too far apart for one resolution halve it, and only double the error each time', async () => {
  const octaves = Array.from({ length: 40 }, (_, i) => 1.3 * 2 ** i);
  expect(await worstError(octaves)).toBeLessThan(2 * BOUND);

  const all = fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e300, max: 1e300 });
  await fc.assert(
    fc.asyncProperty(fc.array(all, { minLength: 1, maxLength: 300 }), async (values) => {
      const summary = make();
      for (const value of values) summary.observe(value);
      const found = await numbers(summary);
      expect(found['s_count']).toBe(values.length);
      // The coarsest resolution is a factor of 2^16: more than that no value can be off.
      const sorted = Float64Array.from(values).sort();
      const median = sorted[Math.max(1, Math.ceil(values.length / 2)) - 1] as number;
      // Which 0 it is does not matter.
      expect(Math.sign(found['0.5'] as number) + 0).toBe(Math.sign(median) + 0);
      if (median !== 0)
        expect(Math.abs(Math.log2((found['0.5'] as number) / median))).toBeLessThanOrEqual(16);
    }),
  );
});

describe('a window', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const percentiles = [0, 1];

  test('forgets values for the quantiles but not for sum and count', async () => {
    const summary = make({ percentiles, maxAgeSeconds: 5, ageBuckets: 5 });
    summary.observe(100);
    for (let second = 0; second < 5; second++) {
      expect(await numbers(summary)).toEqual({ 0: 100, 1: 100, s_sum: 100, s_count: 1 });
      vi.advanceTimersByTime(1000);
    }
    expect(await numbers(summary)).toEqual({ 0: 0, 1: 0, s_sum: 100, s_count: 1 });
  });

  test('slides: each value goes when its time is over, and the slots are used again', async () => {
    const summary = make({ percentiles, maxAgeSeconds: 3, ageBuckets: 3 });
    for (let second = 1; second <= 10; second++) {
      summary.observe(second);
      summary.observe(-second);
      expect(await numbers(summary)).toMatchObject({ 0: -second, 1: second, s_count: 2 * second });
      vi.advanceTimersByTime(1000);
    }
    vi.advanceTimersByTime(1000);
    expect(await numbers(summary)).toMatchObject({ 0: -10, 1: 10 });
    vi.advanceTimersByTime(1000);
    expect(await numbers(summary)).toMatchObject({ 0: 0, 1: 0 });
  });

  test('works from the first second of the epoch on', async () => {
    vi.setSystemTime(0);
    const summary = make({ percentiles, maxAgeSeconds: 2, ageBuckets: 2 });
    summary.observe(7);
    expect(await numbers(summary)).toMatchObject({ 0: 7 });
    vi.advanceTimersByTime(2000);
    expect(await numbers(summary)).toMatchObject({ 0: 0 });
  });

  test('comes back to full resolution after values that were too far apart', async () => {
    const summary = make({ percentiles: [0.5], maxAgeSeconds: 2, ageBuckets: 2 });
    for (let octave = 0; octave < 200; octave++) summary.observe(2 ** octave);
    vi.advanceTimersByTime(2000);
    for (let i = 0; i < 3; i++) for (const value of [90, 100, 110]) summary.observe(value);

    expect(Math.abs(((await numbers(summary))['0.5'] as number) / 100 - 1)).toBeLessThan(BOUND);
  });

  test('keeps full resolution while values wander through all sizes, one after another', async () => {
    const summary = make({ percentiles: [0.5], maxAgeSeconds: 1, ageBuckets: 1 });
    for (let octave = -200; octave < 200; octave++) {
      for (const factor of [1.1, 1.2, 1.3]) summary.observe(factor * 2 ** octave);
      const median = (await numbers(summary))['0.5'] as number;
      expect(Math.abs(median / (1.2 * 2 ** octave) - 1)).toBeLessThan(BOUND);
      vi.advanceTimersByTime(1000);
    }
  });

  test('needs both options: with one, nothing ages', async () => {
    for (const config of [
      { maxAgeSeconds: 1 },
      { ageBuckets: 3 },
      { maxAgeSeconds: Infinity, ageBuckets: 2 },
    ]) {
      const summary = make({ percentiles, ...config });
      summary.observe(5);
      vi.advanceTimersByTime(1e9);
      expect(await numbers(summary)).toMatchObject({ 1: 5 });
    }
  });

  test('prunes what it has forgotten, if asked to', async () => {
    const config = { percentiles, labelNames: ['a'], maxAgeSeconds: 2, ageBuckets: 2 };
    const pruned = make({ ...config, pruneAgedBuckets: true });
    const kept = make(config);
    for (const summary of [pruned, kept]) summary.observe({ a: 'old' }, 1);
    vi.advanceTimersByTime(1000);
    for (const summary of [pruned, kept]) summary.observe({ a: 'new' }, 1);
    vi.advanceTimersByTime(1000);

    expect((await kept.get()).values).toHaveLength(8);
    expect((await pruned.get()).values.map(({ labels }) => labels['a'])).toEqual([
      'new',
      'new',
      'new',
      'new',
    ]);
  });
});

test('reset sets every series to 0 and keeps it', async () => {
  const summary = make({ percentiles: [0.5], labelNames: ['a'] });
  summary.observe({ a: 'x' }, 3);
  summary.observe({ a: 'x' }, -3);
  summary.observe({ a: 'y' }, 0);
  summary.reset();
  expect((await summary.get()).values.map(({ value }) => value)).toEqual([0, 0, 0, 0, 0, 0]);

  summary.observe({ a: 'x' }, 8);
  expect((await summary.get()).values.map(({ value }) => value)).toEqual([8, 8, 1, 0, 0, 0]);
});

test.each<[unknown[], number]>([
  [[0], 0],
  [[undefined, 5], 5],
  [[null, 5], 5],
  [[{}, 5], 5],
  [[3, 5], 5],
])('observe(%j) counts %d', async (args, expected) => {
  const summary = make();
  Reflect.apply(summary.observe, summary, args);

  expect((await numbers(summary))['s_sum']).toBe(expected);
});

test.each<[unknown[], string]>([
  [['5'], 'Added label "0" is not included in initial labelset: []'],
  [[], 'Value is not a valid number: {}'],
  [[Number.NaN], 'Value is not a valid number: {}'],
  [[Number.NEGATIVE_INFINITY], 'Value is not a valid number: -Infinity'],
  [[{}, '5'], 'Value is not a valid number: 5'],
])('observe(%j) is refused', (args, message) => {
  const summary = make();

  expect(() => Reflect.apply(summary.observe, summary, args)).toThrow(expect.objectContaining({ message }));
});

test.each<[string, object]>([
  ['maxAgeSeconds', { maxAgeSeconds: -1, ageBuckets: 5 }],
  ['ageBuckets', { maxAgeSeconds: 60, ageBuckets: 2.5 }],
  ['ageBuckets', { maxAgeSeconds: 60, ageBuckets: -5 }],
])('a bad %s is refused', (option, config) => {
  expect(() => make(config)).toThrow(
    expect.objectContaining({
      name: 'RangeError',
      code: 'ERR_SUMMARY_WINDOW',
      message: expect.stringContaining(`Expected ${option} of summary "s"`),
    }),
  );
});

test('a label called quantile is refused', () => {
  expect(() => make({ labelNames: ['quantile'] })).toThrow(
    expect.objectContaining({ code: 'ERR_LABEL_RESERVED', message: 'quantile is a reserved label keyword' }),
  );
});
