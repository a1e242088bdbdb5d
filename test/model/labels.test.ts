import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LabelSet, labelsOfArguments, labelText, seriesKey } from '../../src/model/labels';

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

describe('the key of a series', () => {
  const names = ['a', 'b', 'c'];

  test('has the texts, and nothing else for strings in the order of the names', () => {
    expect(seriesKey({ a: 'x', b: '', c: 'z' }, names)).toEqual({
      texts: ['x', '', 'z'],
      asWritten: undefined,
    });
    expect(seriesKey({ a: 'x', c: 'z' }, names)).toEqual({
      texts: ['x', undefined, 'z'],
      asWritten: undefined,
    });
    expect(seriesKey({}, names)).toEqual({ texts: [undefined, undefined, undefined], asWritten: undefined });
    expect(seriesKey({}, [])).toEqual({ texts: [], asWritten: undefined });
  });

  test.each<[string, LabelSet]>([
    ['numbers', { a: 'x', b: 1 }],
    ['another order', { c: 'z', a: 'x' }],
    ['a value that is undefined', { a: 'x', b: undefined }],
    ['a negative zero', { a: -0 }],
    ['null, true and objects', { a: null, b: true, c: ['x'] }],
  ])('has the labels as they were written if they have %s', (_, labels) => {
    const { texts, asWritten } = seriesKey(labels, names);

    expect(texts).toEqual(names.map((name) => labelText(labels[name])));
    expect(Object.entries(asWritten as LabelSet)).toEqual(Object.entries(labels));
    expect(asWritten).not.toBe(labels);
  });

  test('has own enumerable labels as written, and the texts of all', () => {
    const inherited = Object.create(
      { b: 'inherited', c: 'hidden' },
      { a: { value: 'own', enumerable: true } },
    );
    Object.defineProperty(inherited, 'c', { value: 'not enumerable' });

    expect(seriesKey(inherited, names)).toEqual({
      texts: ['own', 'inherited', 'not enumerable'],
      asWritten: { a: 'own' },
    });
    expect(seriesKey(Object.create({ a: 'x', b: 'y', c: 'z' }), names)).toEqual({
      texts: ['x', 'y', 'z'],
      asWritten: {},
    });
  });

  test('is consistent for values that change, and converts each of them once', () => {
    let [reads, conversions] = [0, 0];
    const labels = {
      get a() {
        return ++reads;
      },
      b: { toString: () => `${++conversions}` },
    };
    const { texts, asWritten } = seriesKey(labels, names);

    expect(texts).toEqual([`${asWritten?.['a']}`, '1', undefined]);
    expect(conversions).toBe(1);
  });

  test('is refused for a label that is none of the names, inherited or undefined', () => {
    const refusal = expect.objectContaining({ code: 'ERR_LABEL_UNKNOWN' });
    for (const labels of [{ z: 'x' }, { a: 'x', b: 'y', c: 'z', d: undefined }, Object.create({ z: 'x' })]) {
      expect(() => seriesKey(labels, names)).toThrow(refusal);
    }
  });
});
