import { expect, test } from 'vitest';
import { quantileValues, type Sketch } from '../../src/model/quantiles';

const sketch: Sketch = {
  schema: 5,
  n: 7,
  zero: 2,
  min: -4,
  max: 8,
  positive: new Map([
    [96, 1],
    [32, 1],
    [0, 1],
  ]),
  negative: new Map([
    [64, 1],
    [0, 1],
  ]),
};

test('ranks go from the lowest negative value over the zeros to the highest', () => {
  const values = quantileValues(sketch, [1 / 7, 2 / 7, 3 / 7, 4 / 7, 5 / 7, 6 / 7, 1]);

  expect(values.map((value) => Number(value.toPrecision(2)))).toEqual([-4, -0.99, 0, 0, 0.99, 2, 8]);
});

test('the first and the last rank are exact, and the answer to any quantile beyond them', () => {
  expect(quantileValues(sketch, [0, -1, 1, 2, Number.NaN])).toEqual([-4, -4, 8, 8, -4]);
});

test('nothing is beyond the extremes', () => {
  const same = { ...sketch, n: 3, zero: 0, min: 1, max: 1, positive: new Map([[0, 3]]), negative: new Map() };

  expect(quantileValues(same, [0.5])).toEqual([1]);
});

test('the quantiles of nothing are 0', () => {
  const empty = { ...sketch, n: 0, zero: 0, positive: new Map(), negative: new Map() };

  expect(quantileValues(empty, [0.5, 1])).toEqual([0, 0]);
});
