import { badBucketCount, badBucketFactor, badBucketStart } from '../errors';

/** prom-client's default upper bounds, made for latencies in seconds. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `count` upper bounds, `width` apart, of which the first is `start`. */
export function linearBuckets(start: number, width: number, count: number): number[] {
  if (count < 1) throw badBucketCount('Linear');
  const bounds = new Array<number>(count);
  for (let i = 0; i < count; i++) bounds[i] = start + i * width;
  return bounds;
}

/** `count` upper bounds, each `factor` times the one before, of which the first is `start`. */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  if (start <= 0) throw badBucketStart();
  if (count < 1) throw badBucketCount('Exponential');
  if (factor <= 1) throw badBucketFactor();
  const bounds = new Array<number>(count);
  // Multiplied step by step, not by powers: users have these very doubles in their `le` labels.
  for (let i = 0, bound = start; i < count; i++, bound *= factor) bounds[i] = bound;
  return bounds;
}

/**
 * The place of `value` among the upper bounds in the order given: the first that is not less than it, or
 * `bounds.length`, which means `+Inf`.
 */
export function bucketOf(value: number, bounds: Float64Array): number {
  let i = 0;
  while (i < bounds.length && !(value <= (bounds[i] as number))) i++;
  return i;
}
