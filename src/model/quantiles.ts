import { bucketMiddle } from './exponential-buckets';

/** The observations of a window, by exponential buckets. Bucket counts are by key, at one schema. */
export interface Sketch {
  readonly schema: number;
  /** Observations in all. */
  readonly n: number;
  /** Observations that are exactly zero. */
  readonly zero: number;
  /** The smallest and the largest observation, exact. */
  readonly min: number;
  readonly max: number;
  /** Observations above zero by the key of their bucket, and those below zero by that of their absolute value. */
  readonly positive: ReadonlyMap<number, number>;
  readonly negative: ReadonlyMap<number, number>;
}

/**
 * The values at `quantiles` (0 to 1), in their order; 0 for each of an empty sketch. A value is within 1.083 % of the
 * observation of rank ceil(q * n) at schema 5; the first and the last rank are exact.
 */
export function quantileValues(sketch: Sketch, quantiles: readonly number[]): number[] {
  if (sketch.n === 0) return quantiles.map(() => 0);
  const steps = ascending(sketch);
  return quantiles.map((quantile) => {
    const rank = Math.max(1, Math.ceil(quantile * sketch.n));
    if (!(rank > 1)) return sketch.min;
    if (rank >= sketch.n) return sketch.max;
    const value = steps.find((step) => step.upTo >= rank)?.value ?? sketch.max;
    return Math.min(Math.max(value, sketch.min), sketch.max);
  });
}

/** The buckets from the lowest to the highest, each with its value and the number of observations up to it. */
function ascending(sketch: Sketch): { value: number; upTo: number }[] {
  const byKey = (a: [number, number], b: [number, number]): number => a[0] - b[0];
  const counted: [value: number, count: number][] = [
    ...[...sketch.negative]
      .sort(byKey)
      .reverse()
      .map(([key, count]): [number, number] => [-bucketMiddle(key, sketch.schema), count]),
    [0, sketch.zero],
    ...[...sketch.positive]
      .sort(byKey)
      .map(([key, count]): [number, number] => [bucketMiddle(key, sketch.schema), count]),
  ];
  let upTo = 0;
  return counted.map(([value, count]) => {
    upTo += count;
    return { value, upTo };
  });
}
