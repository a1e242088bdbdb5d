import { badNativeHistogram } from '../errors';
import { schemaOf } from '../model/exponential-buckets';
import type { NativeDefinition } from '../model/family';
import { isFiniteNumber } from '../model/numbers';

/** That of the Go client. Prometheus 2.42 takes a histogram without observations for a native one only if it is above 0. */
export const defaultZeroThreshold: number = 2 ** -128;
const defaultMaxBuckets = 160;

interface NativeOptions {
  readonly name: string;
  readonly nativeHistogramBucketFactor?: number | undefined;
  readonly nativeHistogramMaxBucketNumber?: number | undefined;
  readonly nativeHistogramZeroThreshold?: number | undefined;
}

/** The exponential buckets that the options of a histogram ask for; undefined for none. Throws a RangeError for a bad option. */
export function nativeDefinition({
  name,
  nativeHistogramBucketFactor: factor,
  nativeHistogramMaxBucketNumber: maxBuckets,
  nativeHistogramZeroThreshold: threshold,
}: NativeOptions): NativeDefinition | undefined {
  if (!factor) return undefined; // 0, as in Go
  const check = (option: string, value: unknown, isValid: boolean, expected: string): void => {
    if (!isValid) throw badNativeHistogram(name, `nativeHistogram${option}`, expected, value);
  };
  check('BucketFactor', factor, isFiniteNumber(factor) && factor > 1, 'a number above 1');
  const isWhole = maxBuckets == null || (Number.isInteger(maxBuckets) && maxBuckets >= 0);
  check('MaxBucketNumber', maxBuckets, isWhole, 'a whole number, 0 for no limit');
  check('ZeroThreshold', threshold, threshold == null || isFiniteNumber(threshold), 'a finite number');
  return {
    schema: schemaOf(factor),
    // As in Go, 0 stands for the default, and a negative number for a zero bucket of zeros alone.
    zeroThreshold: Math.max(threshold || defaultZeroThreshold, 0),
    maxBuckets: maxBuckets === 0 ? Infinity : (maxBuckets ?? defaultMaxBuckets),
  };
}
