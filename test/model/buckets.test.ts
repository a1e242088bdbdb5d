import fc from 'fast-check';
import * as judge from 'prom-client';
import { expect, test } from 'vitest';
import { bucketOf, exponentialBuckets, linearBuckets, searchedBounds } from '../../src/model/buckets';

const outcome = (run: () => number[]): unknown => {
  try {
    return run();
  } catch (error) {
    return { type: (error as Error).constructor, message: (error as Error).message };
  }
};

test('the generators make the doubles of prom-client, and refuse what it refuses', () => {
  const number = fc.oneof(fc.double({ min: -3, max: 20 }), fc.constantFrom(0, 1, 2, -1));
  fc.assert(
    fc.property(number, number, fc.integer({ min: -1, max: 30 }), (start, step, count) => {
      expect(outcome(() => linearBuckets(start, step, count))).toEqual(
        outcome(() => judge.linearBuckets(start, step, count)),
      );
      expect(outcome(() => exponentialBuckets(start, step, count))).toEqual(
        outcome(() => judge.exponentialBuckets(start, step, count)),
      );
    }),
  );
});

test.each([
  ['ERR_BUCKET_COUNT', () => linearBuckets(1, 1, 0)],
  ['ERR_BUCKET_COUNT', () => exponentialBuckets(1, 2, 0)],
  ['ERR_BUCKET_START', () => exponentialBuckets(0, 2, 1)],
  ['ERR_BUCKET_FACTOR', () => exponentialBuckets(1, 1, 1)],
])('bad arguments have the code %s', (code, run) => {
  expect(run).toThrow(expect.objectContaining({ code }));
});

test('a value belongs to the first bound, as they are given, that is not less', () => {
  const bounds = searchedBounds([5, 1, 10]);

  expect([0, 1, 5, 5.1, 10, 10.1].map((value) => bucketOf(value, bounds))).toEqual([0, 0, 0, 2, 2, 3]);
  expect(bucketOf(1, searchedBounds([]))).toBe(0);
});

test('a value belongs to the same bucket whether it is searched for or looked for', () => {
  const few = fc.integer({ min: -3, max: 50 });
  const bound = fc.oneof(few, fc.double());
  fc.assert(
    fc.property(fc.array(bound, { maxLength: 70 }), fc.boolean(), fc.array(few), (given, sorts, values) => {
      const bounds = sorts ? [...given].sort((a, b) => a - b) : given;
      const searched = searchedBounds(bounds);
      for (const value of [...values, ...bounds.filter(Number.isFinite)]) {
        const found = bounds.findIndex((bound) => value <= bound);
        expect(bucketOf(value, searched)).toBe(found < 0 ? bounds.length : found);
      }
    }),
  );
});
