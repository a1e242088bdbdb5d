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

/** Upper bounds as `bucketOf()` wants them: ascending, and filled up with Infinity to a multiple of `stride`. */
export type SearchedBounds = Float64Array;

const stride = 16;

/**
 * `bounds` for `bucketOf()`. The bucket of a value is the first in the order given whose bound is not less, so a bound that
 * is less than an earlier one, or NaN, is never met: the earlier one may stand in its place.
 */
export function searchedBounds(bounds: readonly number[]): SearchedBounds {
  const searched = new Float64Array(stride * Math.ceil((bounds.length + 1) / stride)).fill(Infinity);
  let greatest = -Infinity;
  for (const [i, bound] of bounds.entries()) {
    if (bound > greatest) greatest = bound;
    searched[i] = greatest;
  }
  return searched;
}

/**
 * The bucket of a finite value: how many bounds are less than it. The processor cannot predict it, so the last four steps take no
 * branches: one that the processor guessed wrong takes longer than all of them.
 */
export function bucketOf(value: number, bounds: SearchedBounds): number {
  let i = 0;
  while (value > (bounds[i + 15] as number)) i += stride;
  i += Number(value > (bounds[i + 7] as number)) << 3;
  i += Number(value > (bounds[i + 3] as number)) << 2;
  i += Number(value > (bounds[i + 1] as number)) << 1;
  return i + Number(value > (bounds[i] as number));
}
