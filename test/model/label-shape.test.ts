import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { givenOf, noShape, shapeOf } from '../../src/model/label-shape';
import { type LabelSet, labelText } from '../../src/model/labels';

const names = Array.from({ length: 12 }, (_, i) => `label${i}`);

function textsOf(labels: LabelSet, of: readonly string[] = names): (string | undefined)[] {
  return of.map((name) => labelText(labels[name]));
}

test('a shape and the texts tell the labels as they were given, order and types included', () => {
  const value = fc.oneof(
    fc.string(),
    fc.double().filter((number) => !Object.is(number, -0)),
    fc.boolean(),
    fc.constantFrom(null, undefined),
  );
  const labels = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), value), {
    maxLength: 8,
    selector: ([name]) => name,
  });
  fc.assert(
    fc.property(labels, (entries) => {
      const given: LabelSet = Object.fromEntries(entries);
      const texts = textsOf(given);
      const shape = shapeOf(texts, given, names);

      expect(shape).not.toBe(noShape);
      expect(Number.isSafeInteger(shape)).toBe(true);
      const isPlain =
        entries.every(([, one]) => typeof one === 'string') &&
        Object.keys(given).join() === names.filter((name) => name in given).join();
      expect(shape === 0).toBe(isPlain);
      if (!isPlain) expect(Object.entries(givenOf(shape, texts, names) ?? {})).toEqual(entries);
    }),
  );
});

describe('no shape tells', () => {
  const few = ['a', 'b'];
  const none: [string, LabelSet, (readonly string[])?][] = [
    ['a value that is no primitive', { a: ['x'] }],
    ['a negative zero, whose text is that of zero', { a: -0 }],
    ['a big integer', { a: 1n }],
    ['what is inherited', Object.create({ a: 'x' }, { b: { value: 'y', enumerable: true } })],
    ['what is not enumerable', Object.defineProperty({ b: 'y' }, 'a', { value: 'x' })],
    [
      'more labels than there are digits',
      { ...Object.fromEntries(names.slice(0, 9).map((name) => [name, 1])) },
      names,
    ],
    ['names beyond the range of a digit', { label12: 1 }, [...names, 'label12']],
  ];
  test.each(none)('%s', (_, labels, of = few) => {
    expect(shapeOf(textsOf(labels, of), labels, of)).toBe(noShape);
  });

  test('a value that is another one each time', () => {
    let reads = 0;
    const labels = {
      get a() {
        return reads++;
      },
    };
    expect(shapeOf(['0', undefined], labels, few)).not.toBe(noShape);
    expect(shapeOf(['0', undefined], labels, few)).toBe(noShape);
  });
});

test('any number of labels is plain if they are strings in the order of the names', () => {
  const many = Array.from({ length: 40 }, (_, i) => `label${i}`);
  const labels = Object.fromEntries(many.map((name) => [name, 'x']));
  expect(shapeOf(textsOf(labels, many), labels, many)).toBe(0);
});
