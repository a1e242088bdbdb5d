import type { Frame } from './frame';
import {
  countAt,
  type RecordedFamily,
  type RecordedNumbers,
  RecordedSeries,
  widthOf,
} from './recorded-series';

/** How many intervals are kept for lines over time. */
const historyLength = 60;

interface Known {
  readonly family: RecordedFamily;
  readonly series: RecordedSeries[];
  readonly history: number[];
  readonly byKey: Map<string, RecordedSeries>;
  /** Of the last lines, and of those before: a known line is not parsed again. */
  readonly byLine: Map<string, RecordedSeries>;
  readonly byLineBefore: ReadonlyMap<string, RecordedSeries>;
}

/**
 * The numbers of a group over time. All numbers of two frames lie in two arrays, which are subtracted where a number is shown; names and
 * labels are parsed when a series is new.
 */
export class Recording implements RecordedNumbers {
  readonly families: Map<string, RecordedFamily> = new Map();
  /** Of the last frame, counted from 0; -1 before the first. */
  frame = -1;
  /** See `Frame`. */
  layout = 0;
  seconds = 1;
  values: Float64Array = new Float64Array(0);
  before: Float64Array = new Float64Array(0);
  native: Frame['native'] = () => undefined;
  nativeBefore: Frame['native'] = () => undefined;
  #known: Known[] = [];
  #hasMoved = false;
  /** Arrays of rates by slot, by the number of their frame modulo their number. */
  readonly #rates: Float64Array[] = [];
  #slots = 0;
  readonly #freeSlots: number[] = [];
  #atMs = 0;

  /** Takes the frame that was read at a time in milliseconds. */
  add({ layout, lines, values, native }: Frame, atMs: number): void {
    this.seconds = Math.max((atMs - this.#atMs) / 1000, 0.001);
    this.#atMs = atMs;
    this.frame++;
    this.layout = layout;
    this.before = this.values;
    this.nativeBefore = this.native;
    this.values = values;
    this.native = native;
    if (this.#hasMoved) for (const one of this.#all()) one.positionBefore = one.position;
    this.#hasMoved = lines !== undefined;
    if (lines !== undefined) this.#arrange(lines);
    this.#note();
  }

  *lastRates(length: number): Generator<Float64Array> {
    for (let at = this.frame; at >= 0 && at > this.frame - Math.min(length, historyLength); at--) {
      yield this.#rates[at % historyLength] ?? this.values;
    }
  }

  *#all(): Generator<RecordedSeries> {
    for (const { series } of this.#known) yield* series;
  }

  /** Finds or makes the series of each line, and moves the numbers of the frame before to their places. */
  #arrange(lines: readonly string[]): void {
    const from = this.before;
    const to = this.frame === 0 ? this.values : new Float64Array(this.values.length);
    const gone = new Set(this.#all());
    const present: Known[] = [];
    let of: Known | undefined;
    let position = 0;
    let at = 0;
    for (const line of lines) {
      if (line.startsWith('{"name":')) {
        of = this.#familyOf(line);
        present.push(of);
        continue;
      }
      if (of === undefined) continue;
      const series = this.#seriesOf(of, line);
      const width = widthOf(of.family);
      if (series.position >= 0) for (let i = 0; i < width; i++) to[at + i] = from[series.at + i] ?? 0;
      gone.delete(series);
      of.series.push(series);
      series.position = position++;
      series.at = at;
      at += width;
    }
    this.before = to;
    for (const { slot, family, key } of gone) {
      this.#known.find((known) => known.family === family)?.byKey.delete(key);
      for (const rates of this.#rates) rates[slot] = NaN;
      this.#freeSlots.push(slot);
    }
    this.#known = present;
    this.families.clear();
    for (const { family } of present) this.families.set(family.name, family);
  }

  #familyOf(line: string): Known {
    const { name, help, type, bounds } = JSON.parse(line) as RecordedFamily;
    const old = this.#known.find(({ family }) => family.name === name);
    if (old?.family.type === type && old.family.bounds.length === bounds.length) {
      old.series.length = 0;
      return { ...old, byLine: new Map(), byLineBefore: old.byLine };
    }
    const series: RecordedSeries[] = [];
    const history = new Array<number>(Math.min(this.frame, historyLength)).fill(0);
    const family = { name, help, type, bounds: bounds.map(Number), series, history };
    return { family, series, history, byKey: new Map(), byLine: new Map(), byLineBefore: new Map() };
  }

  #seriesOf({ family, byKey, byLine, byLineBefore }: Known, line: string): RecordedSeries {
    let series = byLineBefore.get(line);
    if (series === undefined) {
      const { labels, defaults } = JSON.parse(line) as SeriesLine;
      const all = [...labels, ...defaults].map(([name, , value]) => [name, value] as const);
      const key = JSON.stringify([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
      series =
        byKey.get(key) ?? new RecordedSeries(this, family, all, key, this.#freeSlots.pop() ?? this.#slots++);
      byKey.set(key, series);
    }
    byLine.set(line, series);
    return series;
  }

  /** Looks at each series once: its rate or value, and whether it began anew. */
  #note(): void {
    const rates = this.#ratesOf(this.frame);
    const { values, before, seconds } = this;
    for (const { family, series, history } of this.#known) {
      const index = countAt(family);
      let total = 0;
      for (const one of series) {
        const value = values[one.at + index] ?? 0;
        let noted = value;
        if (family.type === 'gauge') {
          one.least = Math.min(one.least, value);
          one.greatest = Math.max(one.greatest, value);
        } else {
          one.isReset = value < (before[one.at + index] ?? 0);
          if (one.isReset) this.#countFromZero(one);
          noted = (value - (before[one.at + index] ?? 0)) / seconds;
        }
        rates[one.slot] = noted;
        total += noted;
      }
      history.push(total);
      if (history.length > historyLength) history.shift();
    }
  }

  #countFromZero(series: RecordedSeries): void {
    this.before.fill(0, series.at, series.at + widthOf(series.family));
    series.positionBefore = -1;
    this.#hasMoved = true;
  }

  /** The array of the frame, which is that of the frame that is the oldest. */
  #ratesOf(frame: number): Float64Array {
    const at = frame % historyLength;
    const old = this.#rates[at];
    if (old !== undefined && old.length >= this.#slots) return old;
    const made = new Float64Array(Math.ceil(this.#slots * 1.25)).fill(NaN);
    this.#rates[at] = made;
    return made;
  }
}

interface SeriesLine {
  readonly labels: readonly (readonly [string, string, string])[];
  readonly defaults: readonly (readonly [string, string, string])[];
}
