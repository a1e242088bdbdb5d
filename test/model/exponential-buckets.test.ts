import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bucketKey,
  bucketMiddle,
  COARSEST_SCHEMA,
  coarserKey,
  FINEST_SCHEMA,
  schemaOf,
} from '../../src/model/exponential-buckets';
import goBounds from '../metrics/data/native-histogram-bounds.json';

const positive = fc.double({ min: Number.MIN_VALUE, noDefaultInfinity: true, noNaN: true });

const bits = new BigUint64Array(1);
const double = new Float64Array(bits.buffer);

function step(value: number, by: bigint): number {
  double[0] = value;
  bits[0] = (bits[0] as bigint) + by;
  return double[0] as number;
}

/** The largest double in a bucket, found by halving: what `bucketKey` itself says about every double between two. */
function upperBound(key: number): number {
  double[0] = 2 ** Math.floor((key - 1) / 256);
  let low = bits[0] as bigint;
  double[0] = 2 ** (Math.floor((key - 1) / 256) + 1);
  let high = bits[0] as bigint;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    bits[0] = middle;
    if (bucketKey(double[0] as number) <= key) low = middle;
    else high = middle - 1n;
  }
  bits[0] = low;
  return double[0] as number;
}

test('every bound of schema 8 is the power it stands for, to the last few bits', () => {
  for (let key = 0; key < 256; key++) {
    const exact = 2 ** (key / 256);
    expect(Math.abs(upperBound(key) - exact) / exact).toBeLessThan(4 * Number.EPSILON);
  }
});

test('the bounds are those of the Go client, bit for bit', () => {
  expect(goBounds.bounds.map((_, key) => upperBound(key))).toEqual(goBounds.bounds.map((bound) => 2 * bound));
});

test.each([
  [65536, -4],
  [1e300, -4],
  [16, -2],
  [2, 0],
  [1.5, 1],
  [1.1, 3],
  [1.01, 7],
  [1.003, 8],
  [1 + Number.EPSILON, 8],
])('a growth of at most %d is schema %d', (factor, schema) => {
  expect(schemaOf(factor)).toBe(schema);
});

test('a power of two is the last value of its bucket, and the next double is in the next', () => {
  for (let exponent = -1074; exponent <= 1023; exponent++) {
    const power = 2 ** exponent;
    expect(bucketKey(power)).toBe(256 * exponent);
    if (exponent >= -1022) expect(bucketKey(step(power, 1n))).toBe(256 * exponent + 1);
  }
  expect(bucketKey(Number.MAX_VALUE)).toBe(256 * 1024);
});

test('a greater value is never in a lower bucket', () => {
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      expect(bucketKey(Math.min(a, b))).toBeLessThanOrEqual(bucketKey(Math.max(a, b)));
    }),
  );
});

test('a bucket repeats at twice the value, subnormal values included', () => {
  fc.assert(
    fc.property(fc.double({ min: Number.MIN_VALUE, max: 1e300, noNaN: true }), (value) => {
      expect(bucketKey(value * 2)).toBe(bucketKey(value) + 256);
    }),
  );
});

test('a schema lower, two buckets are one', () => {
  expect([-3, -2, -1, 0, 1, 2, 3].map((key) => coarserKey(key, 1))).toEqual([-1, -1, 0, 0, 1, 1, 2]);
  fc.assert(
    fc.property(
      fc.integer({ min: -300_000, max: 300_000 }),
      fc.integer({ min: 0, max: 12 }),
      (key, steps) => {
        expect(coarserKey(key, steps)).toBe(Math.ceil(key / 2 ** steps) + 0);
      },
    ),
  );
});

test('the middle of a bucket is within the bound of everything in it, at every schema', () => {
  fc.assert(
    fc.property(positive, fc.integer({ min: COARSEST_SCHEMA, max: FINEST_SCHEMA }), (value, schema) => {
      const growth = 2 ** (2 ** -schema);
      const bound = (growth - 1) / (growth + 1);
      const middle = bucketMiddle(coarserKey(bucketKey(value), FINEST_SCHEMA - schema), schema);
      // Down where doubles are few, one of them is as near as one can get.
      expect(Math.abs(middle - value)).toBeLessThanOrEqual(value * bound * (1 + 1e-12) + Number.MIN_VALUE);
    }),
    { numRuns: 5000 },
  );
});
