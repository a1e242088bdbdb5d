import { expect, test } from 'vitest';
import type { HistogramConfiguration } from '../../src/index';
import { Histogram } from '../../src/metrics/histogram';

const make = (config: Partial<HistogramConfiguration<string>> = {}): Histogram =>
  new Histogram({ name: 'h', help: 'h', registers: [], ...config });

async function numbers(histogram: Histogram): Promise<Record<string, number>> {
  const { values } = await histogram.get();
  return Object.fromEntries(
    values.map(({ labels, metricName, value }) => [`${labels['le'] ?? metricName}`, value]),
  );
}

test('without labels all of it is 0 from the beginning', async () => {
  expect(await numbers(make({ buckets: [1, 2] }))).toEqual({ 1: 0, 2: 0, '+Inf': 0, h_sum: 0, h_count: 0 });
});

test('a value counts in its bucket and in all that are larger', async () => {
  const histogram = make({ buckets: [1, 2, 5] });
  for (const value of [1, 1.5, 2, 7, -3]) histogram.observe(value);

  expect(await numbers(histogram)).toEqual({ 1: 2, 2: 4, 5: 4, '+Inf': 5, h_sum: 8.5, h_count: 5 });
});

test('its lines are those of prom-client, with their order', async () => {
  const histogram = make({ buckets: [1], labelNames: ['a'] });
  histogram.observe({ a: 'x' }, 0.5);

  expect((await histogram.get()).values).toStrictEqual([
    { labels: { le: 1, a: 'x' }, value: 1, metricName: 'h_bucket', exemplar: null },
    { labels: { le: '+Inf', a: 'x' }, value: 1, metricName: 'h_bucket', exemplar: null },
    { labels: { a: 'x' }, value: 0.5, metricName: 'h_sum', exemplar: undefined },
    { labels: { a: 'x' }, value: 1, metricName: 'h_count', exemplar: undefined },
  ]);
});

test.each<[string, number[], Record<string, number>]>([
  ['no', [], { '+Inf': 3, h_sum: 6, h_count: 3 }],
  ['unsorted', [5, 1], { 5: 3, 1: 3, '+Inf': 3, h_sum: 6, h_count: 3 }],
  ['repeated', [2, 2], { 2: 2, '+Inf': 3, h_sum: 6, h_count: 3 }],
  ['infinite', [1, Number.POSITIVE_INFINITY], { 1: 1, Infinity: 3, '+Inf': 3, h_sum: 6, h_count: 3 }],
  ['negative', [-1], { '-1': 0, '+Inf': 3, h_sum: 6, h_count: 3 }],
])('%s bounds are taken as they are', async (_, buckets, expected) => {
  const histogram = make({ buckets });
  for (const value of [1, 2, 3]) histogram.observe(value);

  expect(await numbers(histogram)).toEqual(expected);
});

test("the caller's buckets are frozen, the default ones are a fresh copy", () => {
  const buckets = [1, 2];
  expect(make({ buckets }).buckets).toBe(buckets);
  expect(Object.isFrozen(buckets)).toBe(true);
  expect(make().upperBounds).toEqual([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
  expect(make().upperBounds).not.toBe(make().upperBounds);
});

test.each<[unknown[], number]>([
  [[0], 0],
  [[undefined, 5], 5],
  [[null, 5], 5],
  [['', 5], 5],
  [[{}, 5], 5],
  [[3, 5], 3],
])('observe(%j) counts %d', async (args, expected) => {
  const histogram = make();
  Reflect.apply(histogram.observe, histogram, args);

  expect((await numbers(histogram))['h_sum']).toBe(expected);
});

test.each<[unknown[], string]>([
  [['5'], '5'],
  [[Number.NaN], 'undefined'],
  [[Number.POSITIVE_INFINITY], 'Infinity'],
  [[{}, '5'], '5'],
  [[], 'undefined'],
])('observe(%j) is refused', (args, shown) => {
  const histogram = make();

  expect(() => Reflect.apply(histogram.observe, histogram, args)).toThrow(
    expect.objectContaining({ code: 'ERR_NOT_A_NUMBER', message: `Value is not a valid number: ${shown}` }),
  );
});

test('zero makes a series, or sets it back; reset removes all, the one without labels too', async () => {
  const labelled = make({ labelNames: ['a'], buckets: [1] });
  labelled.zero({ a: 'x' });
  labelled.observe({ a: 'y' }, 0.5);
  labelled.zero({ a: 'y' });
  expect((await labelled.get()).values.map(({ value }) => value)).toEqual(new Array(8).fill(0));

  const histogram = make({ buckets: [1] });
  histogram.observe(3);
  histogram.reset();
  expect((await histogram.get()).values).toEqual([]);
  histogram.observe(2);
  expect((await numbers(histogram))['h_count']).toBe(1);
});

test('a label called le is refused, after the name is taken', () => {
  expect(() => make({ labelNames: ['le'] })).toThrow(
    expect.objectContaining({ code: 'ERR_LABEL_RESERVED', message: 'le is a reserved label keyword' }),
  );
});
