import type { NativeBucket, NativeHistogram } from '../model/family';

/** The numbers of a group at one time. */
export interface Frame {
  /** The number of this order of series, by which a reader says that it knows them; 0: none. */
  readonly layout: number;
  /**
   * A line of JSON for each family and, after it, for each of its series, with labels and defaults. Undefined: the series are those of the
   * frame before, in the same order.
   */
  readonly lines: readonly string[] | undefined;
  /** Of all series in turn. A counter or gauge: its value. A histogram: sum, cumulative buckets. A summary: quantiles, sum, count. */
  readonly values: Float64Array;
  /** The exponential buckets of the series at a position among all. */
  readonly native: (position: number) => NativeHistogram | undefined;
}

/** A frame of `GroupStore.numbers()`. */
export function frameOf(bytes: Uint8Array, knownLayout: number): Frame {
  const headBytes = 3 * numberBytes;
  const [layout = 0, valueCount = 0, nativeCount = 0] = numbersIn(bytes, 0, 3);
  const textAt = headBytes + (valueCount + nativeCount) * numberBytes;
  const natives = numbersIn(bytes, headBytes + valueCount * numberBytes, nativeCount);
  const lines =
    layout === knownLayout ? undefined : decoder.decode(bytes.subarray(textAt)).split(',\n').slice(0, -1);
  return { layout, lines, values: numbersIn(bytes, headBytes, valueCount), native: nativesIn(natives) };
}

const decoder = new TextDecoder();
const numberBytes = Float64Array.BYTES_PER_ELEMENT;

/** A copy: the bytes may begin anywhere. */
function numbersIn({ buffer, byteOffset }: Uint8Array, at: number, count: number): Float64Array {
  const start = byteOffset + at;
  return new Float64Array(buffer.slice(start, start + count * numberBytes));
}

/** Only the histograms that are asked for become objects. */
function nativesIn(numbers: Float64Array): Frame['native'] {
  const offsets = new Map<number, number>();
  for (let at = 0; at < numbers.length; ) {
    offsets.set(numbers[at] ?? 0, at + 1);
    const positiveAt = at + 4;
    const negativeAt = positiveAt + 1 + 2 * (numbers[positiveAt] ?? 0);
    at = negativeAt + 1 + 2 * (numbers[negativeAt] ?? 0);
  }
  const bucketsAt = (at: number): NativeBucket[] =>
    Array.from({ length: numbers[at] ?? 0 }, (_, i) => [
      numbers[at + 1 + 2 * i] ?? 0,
      numbers[at + 2 + 2 * i] ?? 0,
    ]);
  return (position) => {
    const at = offsets.get(position);
    if (at === undefined) return undefined;
    const [schema = 0, zeroThreshold = 0, zeroCount = 0, positiveCount = 0] = numbers.subarray(at, at + 4);
    return {
      ...{ schema, zeroThreshold, zeroCount },
      positive: bucketsAt(at + 3),
      negative: bucketsAt(at + 4 + 2 * positiveCount),
    };
  };
}
