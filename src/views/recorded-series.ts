import type { NativeHistogram } from '../model/family';
import type { Frame } from './frame';
import { nativeChange, nativeQuantile } from './native-quantile';
import { bucketQuantile } from './quantile';

type Label = readonly [name: string, value: string];

/** A family, and all of its series in the order of the exposition. */
export interface RecordedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** Upper bounds of a histogram, quantiles of a summary. */
  readonly bounds: readonly number[];
  readonly series: readonly RecordedSeries[];
  /** The rates of all series, or the values of a gauge, added up, of each of the last frames, the oldest first. */
  readonly history: readonly number[];
}

/** The numbers of all series in the last two frames of a recording. */
export interface RecordedNumbers {
  /** The length of the last interval. */
  readonly seconds: number;
  /** Those of the last frame, and of the frame before at the same indexes. */
  readonly values: Float64Array;
  readonly before: Float64Array;
  readonly native: Frame['native'];
  readonly nativeBefore: Frame['native'];
  /** The rates by slot of the last frames, the newest first. */
  lastRates(length: number): Iterable<Float64Array>;
}

/** A series: where its numbers are in the last two frames of its recording. */
export class RecordedSeries {
  readonly family: RecordedFamily;
  readonly labels: readonly Label[];
  /** The labels in an order of their own: the identity of the series in its family. */
  readonly key: string;
  /** Of its rates in the arrays of the history. */
  readonly slot: number;
  /** Among all series of the last frame, and of the frame before; -1: it counts from zero. */
  position = -1;
  positionBefore = -1;
  /** The index of its first value. */
  at = 0;
  /** Of a gauge, since the recording began. */
  least: number = Infinity;
  greatest: number = -Infinity;
  /** Its count fell in the last interval: its owners have begun anew. */
  isReset = false;
  readonly #recording: RecordedNumbers;
  #text: string | undefined;

  constructor(
    recording: RecordedNumbers,
    family: RecordedFamily,
    labels: readonly Label[],
    key: string,
    slot: number,
  ) {
    this.#recording = recording;
    this.family = family;
    this.labels = labels;
    this.key = key;
    this.slot = slot;
  }

  /** Its labels as `a=1,b=2`. */
  get text(): string {
    this.#text ??= this.labels.map(([name, value]) => `${name}=${value}`).join(',');
    return this.#text;
  }

  /** Of a counter or gauge its value, else the count of its observations. */
  get value(): number {
    return this.#recording.values[this.at + countAt(this.family)] ?? 0;
  }

  /** Events a second in the last interval; never negative. Of a gauge 0. */
  get rate(): number {
    return this.family.type === 'gauge' ? 0 : this.#change(countAt(this.family)) / this.#recording.seconds;
  }

  /** The observed seconds or bytes, added up, for each second of the interval. */
  get sumRate(): number {
    const { type, bounds } = this.family;
    return this.#change(type === 'histogram' ? 0 : bounds.length) / this.#recording.seconds;
  }

  /** Of the observations of the interval; undefined without any, and Infinity in the last bucket. */
  quantile(quantile: number): number | undefined {
    const { type, bounds } = this.family;
    if (type === 'summary') return this.#recording.values[this.at + bounds.indexOf(quantile)];
    if (type !== 'histogram' || this.rate === 0) return undefined;
    const { native } = this;
    return native === undefined
      ? bucketQuantile(bounds, this.buckets, quantile)
      : nativeQuantile(native, quantile);
  }

  /** The exponential buckets of the interval; undefined without observations, and for another series. */
  get native(): NativeHistogram | undefined {
    if (this.rate === 0) return undefined;
    const { native, nativeBefore } = this.#recording;
    const now = native(this.position);
    return now && nativeChange(nativeBefore(this.positionBefore), now);
  }

  /** Cumulative counts of the interval, by bucket. */
  get buckets(): number[] {
    return Array.from({ length: this.family.bounds.length + 1 }, (_, i) => this.#change(i + 1));
  }

  /** Adds them up with those of other series. */
  addBuckets(to: number[]): void {
    for (let i = 0; i < to.length; i++) to[i] = (to[i] ?? 0) + this.#change(i + 1);
  }

  /** The rates, or the values of a gauge, of the last frames, the oldest first. */
  history(length: number): number[] {
    let last = this.family.type === 'gauge' ? this.value : 0;
    const numbers: number[] = [];
    for (const rates of this.#recording.lastRates(length)) {
      const noted = rates[this.slot] ?? NaN;
      if (!Number.isNaN(noted)) last = noted;
      else if (this.family.type !== 'gauge') last = 0;
      numbers.unshift(last);
    }
    return numbers;
  }

  #change(index: number): number {
    const { values, before } = this.#recording;
    return (values[this.at + index] ?? 0) - (before[this.at + index] ?? 0);
  }
}

function isDistribution({ type }: RecordedFamily): boolean {
  return type === 'histogram' || type === 'summary';
}

export function countAt(family: RecordedFamily): number {
  return isDistribution(family) ? family.bounds.length + 1 : 0;
}

/** How many numbers each of its series has. */
export function widthOf(family: RecordedFamily): number {
  return countAt(family) + 1;
}
