import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseOffsets, hashOf, hashOfText, hashSource } from '../../src/series/label-hash';

const names = ['a', 'b', 'c'];
const offset = fc.integer({ min: -12, max: 11 });
const offsets = fc.array(offset, { maxLength: 6 });
const text = fc.option(fc.string({ unit: 'binary', maxLength: 20 }), { nil: undefined });

test('the source text of a hash has the value of the hash', () => {
  const sampling = fc.option(fc.tuple(offsets, offsets, offsets), { nil: undefined });
  fc.assert(
    fc.property(fc.tuple(text, text, text), sampling, (texts, chosen) => {
      const source = `${hashSource(names, chosen)} return hash;`;
      const evaluate = new Function(...names, 'hashOfText', source);
      expect(evaluate(...texts, hashOfText)).toBe(hashOf(['x', ...texts], 1, 3, chosen));
    }),
  );
});

test('no more characters are sampled than tell the values apart', () => {
  expect(chosenOffsets(['GET', 'PUT', 'POST', 'PATCH', 'DELETE'])).toHaveLength(1);
  expect(chosenOffsets(['a', 'bb', 'ccc'])).toEqual([]);
  expect(chosenOffsets(['only one'])).toEqual([]);
  const routes = Array.from({ length: 100 }, (_, i) => `/api/v1/items-${100 + i}/:id`);
  const chosen = chosenOffsets(routes);
  expect(chosen).toHaveLength(2);
  expect(new Set(routes.map((route) => hashOf([route], 0, 1, [chosen]))).size).toBe(100);
});

test('nothing is sampled of values that differ far from their ends only', () => {
  const values = Array.from({ length: 50 }, (_, i) => `${'x'.repeat(70)}${10 + i}${'y'.repeat(70)}`);
  expect(chosenOffsets(values)).toEqual([]);
  expect(new Set(values.map((value) => hashOf([value], 0, 1, undefined))).size).toBe(50);
});

function chosenOffsets(texts: readonly string[]): readonly number[] {
  const choice = chooseOffsets(texts);
  for (;;) {
    const { done, value } = choice.next();
    if (done) return value;
  }
}
