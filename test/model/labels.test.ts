import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelsOfArguments, labelText } from '../../src/model/labels';

test('the text of a label value is that of a template literal, and undefined is absent', () => {
  expect([1, 1e21, true, null, 5n, 'x', ['a', 'b'], Number.NaN].map(labelText)).toEqual([
    '1',
    '1e+21',
    'true',
    'null',
    '5',
    'x',
    'a,b',
    'NaN',
  ]);
  expect(labelText(undefined)).toBeUndefined();
});

test('the text of every primitive is that of a template literal', () => {
  const primitive = fc.oneof(fc.double(), fc.integer(), fc.nat(1000), fc.bigInt(), fc.boolean());
  fc.assert(
    fc.property(primitive, (value) => {
      expect(labelText(value)).toBe(`${value}`);
    }),
  );
  expect([0, -0, 999, 1000, 0.5, -1].map(labelText)).toEqual(['0', '0', '999', '1000', '0.5', '-1']);
});

test('arguments are one object, or one value for each name', () => {
  const labels = { b: 1 };

  expect(labelsOfArguments([labels], ['a', 'b'])).toBe(labels);
  expect(labelsOfArguments(['x', 2], ['a', 'b'])).toEqual({ a: 'x', b: 2 });
  expect(labelsOfArguments([], [])).toEqual({});
  expect(labelsOfArguments([null], ['a'])).toEqual({});
});
