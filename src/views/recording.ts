import type { NativeHistogram } from '../model/family';
import { nativeChange, nativeQuantile } from './native-quantile';
import { bucketQuantile } from './quantile';

/** How many intervals are kept for lines over time. */
const historyLength = 60;

/** A family, and all of its series in the order of the exposition. */
export interface RecordedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** Upper bounds of a histogram, quantiles of a summary. */
  readonly bounds: readonly number[];
  readonly series: RecordedSeries[];
  /** The same series by the JSON text of their labels. */
  readonly byLabels: Map<string, RecordedSeries>;
  /** The rates of all series, or the values of a gauge, added up, by the number of their frame, modulo the length. */
  readonly history: Map<number, number>;
}

/** A series with its numbers of the last frame and the changes of the frames before. */
export class RecordedSeries {
  readonly family: RecordedFamily;
  /** Names and values in turn. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** A counter or gauge: its value. A histogram: sum, then cumulative buckets. A summary: quantiles, sum, count. */
  values: readonly number[];
  /** Those of the frame before the last change. */
  before: readonly number[];
  /** Of a native histogram: its exponential buckets, and those before the last change. */
  native: NativeHistogram | undefined;
  #nativeBefore: NativeHistogram | undefined;
  /** The frame of the last change, and the seconds that passed since the frame before it. */
  changedAt: number;
  seconds = 1;
  /** Of a gauge, since the recording began. */
  least: number;
  greatest: number;
  /** The frame in which a count fell: its owners have begun anew. */
  resetAt = -1;
  /** Rates by the number of their frame, modulo the length. */
  readonly #history = new Map<number, number>();

  constructor(
    family: RecordedFamily,
    labels: readonly (readonly [string, string])[],
    { values, native }: Numbers,
    frame: number,
  ) {
    this.family = family;
    this.labels = labels;
    this.values = values;
    this.native = native;
    this.before = values;
    this.changedAt = frame;
    this.least = values[0] ?? 0;
    this.greatest = values[0] ?? 0;
  }

  /** The number of events: that of a counter, or of the observations. */
  static countOf({ type, bounds }: RecordedFamily, values: readonly number[]): number {
    if (type === 'histogram') return values.at(-1) ?? 0;
    return (type === 'summary' ? values[bounds.length + 1] : values[0]) ?? 0;
  }

  change({ values, native }: Numbers, frame: number, seconds: number): void {
    const { family } = this;
    this.before = this.values;
    this.values = values;
    this.#nativeBefore = this.native;
    this.native = native;
    this.seconds = seconds;
    this.changedAt = frame;
    if (family.type === 'gauge') {
      const value = values[0] ?? 0;
      this.least = Math.min(this.least, value);
      this.greatest = Math.max(this.greatest, value);
      this.#note(frame, value);
      return;
    }
    const change = RecordedSeries.countOf(family, values) - RecordedSeries.countOf(family, this.before);
    if (change < 0) {
      this.resetAt = frame;
      this.before = values.map(() => 0);
      this.#nativeBefore = undefined;
    }
    this.#note(frame, this.rateAt(frame));
  }

  /** Events a second in the interval that ends with the frame; never negative. */
  rateAt(frame: number): number {
    if (this.changedAt !== frame || this.family.type === 'gauge') return 0;
    const { family } = this;
    return (
      (RecordedSeries.countOf(family, this.values) - RecordedSeries.countOf(family, this.before)) /
      this.seconds
    );
  }

  /** Of the observations of the interval; undefined without any, and Infinity in the last bucket. */
  quantileAt(frame: number, quantile: number): number | undefined {
    const { type, bounds } = this.family;
    if (type === 'summary') return this.values[bounds.indexOf(quantile)];
    if (type !== 'histogram' || this.changedAt !== frame) return undefined;
    const native = this.nativeAt(frame);
    if (native !== undefined) return nativeQuantile(native, quantile);
    return bucketQuantile(bounds, this.bucketsAt(frame), quantile);
  }

  /** The exponential buckets of the interval, if there are any. */
  nativeAt(frame: number): NativeHistogram | undefined {
    if (this.native === undefined || this.changedAt !== frame) return undefined;
    return nativeChange(this.#nativeBefore, this.native);
  }

  /** Cumulative counts of the interval, by bucket. */
  bucketsAt(frame: number): number[] {
    if (this.changedAt !== frame) return this.values.slice(1).map(() => 0);
    return this.values.slice(1).map((count, i) => count - (this.before[i + 1] ?? 0));
  }

  /** The observed seconds or bytes, added up, for each second of the interval. */
  sumRateAt(frame: number): number {
    if (this.changedAt !== frame) return 0;
    const at = this.family.type === 'histogram' ? 0 : this.family.bounds.length;
    return ((this.values[at] ?? 0) - (this.before[at] ?? 0)) / this.seconds;
  }

  /** The rates, or the values of a gauge, of the last frames, the oldest first. */
  history(frame: number, length: number): number[] {
    const isGauge = this.family.type === 'gauge';
    let last = isGauge ? (this.values[0] ?? 0) : 0;
    const numbers: number[] = [];
    for (let at = frame; at > frame - length && at >= 0; at--) {
      const noted = this.#history.get(at);
      numbers.unshift(noted ?? last);
      if (isGauge && noted !== undefined) last = noted;
    }
    return numbers;
  }

  #note(frame: number, value: number): void {
    note(this.#history, frame, value);
  }
}

function note(history: Map<number, number>, frame: number, value: number): void {
  history.set(frame, value);
  for (const old of history.keys()) {
    if (old > frame - historyLength) break;
    history.delete(old);
  }
}

interface Line {
  readonly text: string;
  readonly family: RecordedFamily;
  /** Of a series. */
  readonly series: RecordedSeries | undefined;
}

/**
 * The numbers of a group over time. A frame is compared with the one before line by line, and only lines that have changed are parsed: in
 * a large group most series rest.
 */
export class Recording {
  readonly families: Map<string, RecordedFamily> = new Map();
  /** Of the last frame, counted from 0; -1 before the first. */
  frame = -1;
  #lines: readonly Line[] = [];
  #atMs = 0;

  /** Takes the lines of `GroupStore.lines()`, read at a time in milliseconds. */
  add(json: string, atMs: number): void {
    const seconds = Math.max((atMs - this.#atMs) / 1000, 0.001);
    this.#atMs = atMs;
    this.frame++;
    const texts = json.split(',\n');
    texts.pop();
    const lines: Line[] = [];
    let family: RecordedFamily | undefined;
    let isMoved = false;
    for (const [i, text] of texts.entries()) {
      const old = this.#lines[i];
      if (old !== undefined && old.text === text) {
        family = old.family;
        lines.push(old);
        continue;
      }
      const line = this.#changed(text, old, family, seconds);
      isMoved ||= line.series !== old?.series;
      family = line.family;
      lines.push(line);
    }
    if (isMoved || lines.length < this.#lines.length) this.#forget(lines);
    this.#lines = lines;
    for (const one of this.families.values()) note(one.history, this.frame, totalAt(one, this.frame));
  }

  #changed(text: string, old: Line | undefined, family: RecordedFamily | undefined, seconds: number): Line {
    if (text.startsWith('{"name":')) return this.#familyLine(text);
    const of = family ?? noFamily;
    // Most changed lines are of the same series as before: then their labels need not be read.
    const valuesAt = text.indexOf(valuesStart);
    if (
      old?.series !== undefined &&
      old.family === of &&
      old.text.startsWith(text.slice(0, valuesAt + valuesStart.length))
    ) {
      const line = JSON.parse(`{${text.slice(valuesAt + 1)}`) as ValuesLine;
      old.series.change(numbersOf(line), this.frame, seconds);
      return { text, family: of, series: old.series };
    }
    const { labels, defaults, ...line } = JSON.parse(text) as SeriesLine;
    const numbers = numbersOf(line);
    const all = [...labels, ...defaults].map(([name, , value]) => [name, value] as const);
    const key = JSON.stringify(all);
    const known = of.byLabels.get(key);
    if (known === undefined) {
      const series = new RecordedSeries(of, all, numbers, this.frame === 0 ? -1 : this.frame);
      // It was not there in the frame before: all that it has counted is of this interval.
      if (this.frame > 0 && of.type !== 'gauge') {
        series.values = numbers.values.map(() => 0);
        series.native = undefined;
        series.change(numbers, this.frame, seconds);
      }
      of.series.push(series);
      of.byLabels.set(key, series);
      return { text, family: of, series };
    }
    known.change(numbers, this.frame, seconds);
    return { text, family: of, series: known };
  }

  #familyLine(text: string): Line {
    const { name, help, type, bounds } = JSON.parse(text) as RecordedFamily;
    const known = this.families.get(name);
    const isSame = known?.type === type && known.bounds.length === bounds.length;
    const family = isSame
      ? known
      : { name, help, type, bounds: bounds.map(Number), series: [], byLabels: new Map(), history: new Map() };
    this.families.set(name, family);
    return { text, family, series: undefined };
  }

  /** Series and families that are gone. */
  #forget(lines: readonly Line[]): void {
    const present = new Set(lines.flatMap(({ series }) => (series === undefined ? [] : [series])));
    const families = new Set(lines.map(({ family }) => family));
    for (const [name, family] of this.families) {
      if (!families.has(family)) this.families.delete(name);
      let left = 0;
      for (const series of family.series) {
        if (present.has(series)) family.series[left++] = series;
        else family.byLabels.delete(JSON.stringify(series.labels));
      }
      family.series.length = left;
    }
  }
}

const noFamily: RecordedFamily = {
  name: '',
  help: '',
  type: 'gauge',
  bounds: [],
  series: [],
  byLabels: new Map(),
  history: new Map(),
};

/** Behind the labels of a series. */
const valuesStart = ',"values":[';

interface ValuesLine {
  readonly values: readonly (number | string)[];
  readonly native?: NativeHistogram;
}

/** The numbers of a series at one time. */
interface Numbers {
  readonly values: readonly number[];
  readonly native: NativeHistogram | undefined;
}

function numbersOf({ values, native }: ValuesLine): Numbers {
  return { values: values.map(Number), native };
}

interface SeriesLine extends ValuesLine {
  readonly labels: readonly (readonly [string, string, string])[];
  readonly defaults: readonly (readonly [string, string, string])[];
}

function totalAt({ type, series }: RecordedFamily, frame: number): number {
  let total = 0;
  for (const one of series) total += type === 'gauge' ? (one.values[0] ?? 0) : one.rateAt(frame);
  return total;
}
