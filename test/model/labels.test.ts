import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelList, labelsOfArguments, labelText, primitivesOfText } from '../../src/model/labels';

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

test('every primitive is found again by its text', () => {
  const primitive = fc.oneof(fc.double(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(primitive, (value) => {
      const found = new Map(primitivesOfText(`${value}`).map((other) => [other, true]));
      expect(found.get(value)).toBe(true);
    }),
  );
});

test('nothing but primitives of that very text is found', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('01', '1.0', ' 1', '-0', '0x1', '1n', '')), (text) => {
      expect(primitivesOfText(text).filter((value) => `${value}` !== text)).toEqual([]);
    }),
  );
});

test('arguments are one object, or one value for each name', () => {
  const labels = { b: 1 };

  expect(labelsOfArguments([labels], ['a', 'b'])).toBe(labels);
  expect(labelsOfArguments(['x', 2], ['a', 'b'])).toEqual({ a: 'x', b: 2 });
  expect(labelsOfArguments([], [])).toEqual({});
  expect(labelsOfArguments([null], ['a'])).toEqual({});
});

test('a list of labels keeps the order and the types', () => {
  expect(labelList({ b: 1, a: undefined })).toEqual([
    { name: 'b', value: 1 },
    { name: 'a', value: undefined },
  ]);
});
