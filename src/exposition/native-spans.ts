import type { NativeBucket, NativeHistogram } from '../model/family';

/** Neighbouring buckets. The offset is the key of the first one, or the number of keys since the last span. */
export interface BucketSpan {
  readonly offset: number;
  length: number;
}

/**
 * Exponential buckets as scrapers get them: their counts in a row, and spans that tell their keys. Gaps of up to `cheapGap` empty
 * buckets are cheaper than another span.
 */
export function spansOf(
  buckets: readonly NativeBucket[],
  cheapGap: number,
): { readonly spans: readonly BucketSpan[]; readonly counts: readonly number[] } {
  const spans: BucketSpan[] = [];
  const counts: number[] = [];
  const append = (count: number): void => {
    (spans.at(-1) as BucketSpan).length++;
    counts.push(count);
  };
  let next = 0;
  for (const [key, count] of buckets) {
    const gap = key - next;
    if (spans.length === 0 || gap > cheapGap) spans.push({ offset: gap, length: 0 });
    else for (let i = 0; i < gap; i++) append(0);
    append(count);
    next = key + 1;
  }
  return { spans, counts };
}

/** That of all observations: readers refuse a histogram with another count than the sum of its buckets. */
export function nativeCount({ zeroCount, positive, negative }: NativeHistogram): number {
  return [...positive, ...negative].reduce((total, [, count]) => total + count, zeroCount);
}
