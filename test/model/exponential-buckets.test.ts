import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BASE_SCHEMA, bucketKey, bucketMiddle, coarserKey } from '../../src/model/exponential-buckets';

/** Here all doubles of one sign fit into a few pages. */
const coarsestSchema = -4;
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
  double[0] = 2 ** Math.floor((key - 1) / 32);
  let low = bits[0] as bigint;
  double[0] = 2 ** (Math.floor((key - 1) / 32) + 1);
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

test('every bound of schema 5 is the power it stands for, to the last few bits', () => {
  for (let key = 0; key < 32; key++) {
    const exact = 2 ** (key / 32);
    expect(Math.abs(upperBound(key) - exact) / exact).toBeLessThan(4 * Number.EPSILON);
  }
});

test('the bounds are those of the Go client where these are not correctly rounded', () => {
  // Twice entries 8 and 128 of its schema 8: 2^(1/32) and 2^(1/2).
  expect(upperBound(1)).toBe(1.0218971486541166);
  expect(upperBound(16)).toBe(1.414213562373095);
});

test('a power of two is the last value of its bucket, and the next double is in the next', () => {
  for (let exponent = -1074; exponent <= 1023; exponent++) {
    const power = 2 ** exponent;
    expect(bucketKey(power)).toBe(32 * exponent);
    if (exponent >= -1022) expect(bucketKey(step(power, 1n))).toBe(32 * exponent + 1);
  }
  expect(bucketKey(Number.MAX_VALUE)).toBe(32 * 1024);
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
      expect(bucketKey(value * 2)).toBe(bucketKey(value) + 32);
    }),
  );
});

test('a schema lower, two buckets are one', () => {
  expect([-3, -2, -1, 0, 1, 2, 3].map((key) => coarserKey(key, 1))).toEqual([-1, -1, 0, 0, 1, 1, 2]);
  fc.assert(
    fc.property(fc.integer({ min: -40_000, max: 40_000 }), fc.integer({ min: 0, max: 9 }), (key, steps) => {
      expect(coarserKey(key, steps)).toBe(Math.ceil(key / 2 ** steps) + 0);
    }),
  );
});

test('the middle of a bucket is within the bound of everything in it, at every schema', () => {
  fc.assert(
    fc.property(positive, fc.integer({ min: coarsestSchema, max: BASE_SCHEMA }), (value, schema) => {
      const growth = 2 ** (2 ** -schema);
      const bound = (growth - 1) / (growth + 1);
      const middle = bucketMiddle(coarserKey(bucketKey(value), BASE_SCHEMA - schema), schema);
      // Down where doubles are few, one of them is as near as one can get.
      expect(Math.abs(middle - value)).toBeLessThanOrEqual(value * bound * (1 + 1e-12) + Number.MIN_VALUE);
    }),
    { numRuns: 5000 },
  );
});
