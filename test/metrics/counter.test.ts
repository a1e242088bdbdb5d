import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Counter } from '../../src/index';
import { currentStore } from '../../src/store/current';
import type { SeriesRef } from '../../src/store/store';

const unlabelled = (): Counter => new Counter({ name: 'c', help: 'h', registers: [] });
const numberOf = async (counter: Counter): Promise<number | undefined> =>
  (await counter.get()).values[0]?.value;

test('without labels it is 0 from the beginning', async () => {
  expect(await unlabelled().get()).toEqual({
    name: 'c',
    help: 'h',
    type: 'counter',
    aggregator: 'sum',
    values: [{ value: 0, labels: {} }],
  });
});

test('with labels it is nothing until the first increment', async () => {
  const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a'], registers: [] });

  expect((await counter.get()).values).toEqual([]);
});

test.each<[string, unknown[], number]>([
  ['nothing', [], 1],
  ['a number', [2.5], 2.5],
  ['0', [0], 0],
  ['null', [null], 1],
  ['undefined and a number', [undefined, 5], 1],
  ['no labels and a number', [{}, 3], 3],
  ['no labels and 0', [{}, 0], 0],
  ['no labels and null', [{}, null], 1],
  ['no labels', [{}], 1],
  ['an empty string', [''], 0],
  ['false', [false], 0],
])('%s adds what prom-client adds, or nothing', async (_, args, expected) => {
  const counter = unlabelled();

  expect(Reflect.apply(counter.inc, counter, args)).toBeUndefined();
  expect(await numberOf(counter)).toBe(expected);
});

test('NaN is accepted, and stays', async () => {
  const counter = unlabelled();
  counter.inc(Number.NaN);
  counter.inc();

  expect(await numberOf(counter)).toBeNaN();
});

test.each<[unknown, string]>([
  [Number.POSITIVE_INFINITY, 'Value is not a valid number: Infinity'],
  ['3ms', 'Value is not a valid number: 3ms'],
  [true, 'Value is not a valid number: true'],
  [5n, 'Value is not a valid number: 5n'],
])('%s is refused', (value, message) => {
  const refusal = expect.objectContaining({ name: 'TypeError', code: 'ERR_NOT_A_NUMBER', message });

  expect(() => unlabelled().inc(value as number)).toThrow(refusal);
  expect(() => unlabelled().inc({}, value as number)).toThrow(refusal);
  expect(() =>
    unlabelled()
      .labels()
      .inc(value as number),
  ).toThrow(refusal);
});

test('it never goes down', () => {
  const refusal = expect.objectContaining({ name: 'Error', code: 'ERR_COUNTER_DECREASE' });

  expect(() => unlabelled().inc(-1)).toThrow(refusal);
  expect(() => unlabelled().inc({}, -5e-324)).toThrow(refusal);
});

test('reset sets the only series to 0, and removes those with labels', async () => {
  const counter = unlabelled();
  counter.inc(3);
  counter.reset();
  expect(await numberOf(counter)).toBe(0);

  const labelled = new Counter({ name: 'c', help: 'h', labelNames: ['a'], registers: [] });
  labelled.inc({ a: 'x' });
  labelled.inc();
  labelled.reset();
  expect((await labelled.get()).values).toEqual([]);
});

test('remove takes the only series away, until the next increment or reset', async () => {
  const counter = unlabelled();
  counter.inc(3);
  counter.remove();
  expect(await numberOf(counter)).toBeUndefined();

  counter.inc();
  expect(await numberOf(counter)).toBe(1);

  counter.remove({});
  counter.reset();
  expect(await numberOf(counter)).toBe(0);
});

test('without labels it has the sum, however the increments come', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('one' as const) },
    fc.constantFrom('child', 'no labels', 'remove', 'reset', 'unknown label'),
    fc.constantFrom(2, 0.5, 0, 2 ** 31 - 3, 2 ** 53),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const counter = unlabelled();
      const unknown = counter.labels({ zz: 'x' } as object);
      let sum: number | undefined = 0;
      for (const next of steps) {
        if (next === 'one') counter.inc();
        else if (next === 'child') counter.labels().inc();
        else if (next === 'no labels') counter.inc({});
        else if (next === 'remove') counter.remove();
        else if (next === 'unknown label') expect(() => unknown.inc()).toThrow('not included');
        else if (next === 'reset') counter.reset();
        else counter.inc(next);
        if (next === 'unknown label') continue;
        if (next === 'remove') sum = undefined;
        else if (next === 'reset') sum = 0;
        else sum = (sum ?? 0) + (typeof next === 'number' ? next : 1);
      }
      expect(await numberOf(counter)).toBe(sum);
    }),
  );
});

test('increments by code that runs when labels are read are counted', async () => {
  const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a'], registers: [] });
  let increments = 0;
  const inc = (): void => {
    increments++;
    counter.inc();
  };
  const counting = {
    get a() {
      inc();
      inc();
      return undefined;
    },
  };
  inc();
  counter.inc(counting as object);
  inc();
  counter.labels(counting as object).inc();
  inc();

  expect(await numberOf(counter)).toBe(increments + 2);
});

test('it goes on with the number in its cell when the store has moved that', async () => {
  const added = vi.spyOn(currentStore(), 'addFamily');
  const counter = unlabelled();
  const [cells] = added.mock.calls.flatMap(([, live]): SeriesRef[] => [...live]);
  counter.inc(5);
  counter.inc();
  // As a rewrite of the segment does it: with the number, and without.
  Object.assign(cells ?? {}, { values: new Float64Array([0, 0, 6]), index: 2 });
  counter.inc();
  counter.inc();
  expect(await numberOf(counter)).toBe(8);

  Object.assign(cells ?? {}, { values: new Float64Array(1), index: 0 });
  counter.inc();
  counter.inc();
  expect(await numberOf(counter)).toBe(2);
  added.mockRestore();
});

test('its methods can be spied on', () => {
  const counter = unlabelled();
  const inc = vi.spyOn(counter, 'inc');
  counter.inc(2);

  expect(inc).toHaveBeenCalledWith(2);
});
