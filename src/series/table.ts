import type { LabelSet, LabelTexts } from '../model/labels';
import { type Effort, factorsOf, firstPlaces, golden, placesFor } from './label-sampling';
import {
  hashOf,
  isEmpty,
  type Lookup,
  LoopingLookup,
  type Miss,
  ownLookup,
  type Rows,
  rowOf,
} from './lookup';
import { canBeTried, emptySlots, enter, enterAll, spread } from './slots';

const fewestSlots = 8;
/** In a smaller table any characters will do. */
const fewSeries = 32;
/** A search that takes more steps means that other characters should be looked at. */
const manySteps = 32;
/** Different values of one label that are looked at when places are chosen. */
const manyValues = 64;
/** A metric that is found less often does without code of its own: to make it takes as long as that. */
const manyFinds = 1000;
/** The series of a metric by their labels, in the order of their first use. A known one is found without allocation. */
export class SeriesTable<S> implements Iterable<S> {
  readonly miss: Readonly<Miss>;
  readonly #names: readonly string[];
  readonly #finds: number;
  readonly #rows: Rows<S>;
  /** By row: labels that cannot be told from the texts, because of their types or their order. */
  #given: (LabelSet | undefined)[] = [];
  #live = 0;
  /** Beyond the first slot of each row, since they were entered all at once. */
  #steps = 0;
  #arrangement = 0;
  #effort: Effort = 0;
  /** How many series there were when the places were chosen. */
  #placesAt = 0;
  #looping: LoopingLookup;
  /** Apart, so that V8 sees calls of one function only where it calls them. */
  #own: Lookup | undefined;

  /** Code of its own is made after `finds` finds, and again when other characters are looked at. */
  constructor(names: readonly string[], finds: number = manyFinds) {
    this.#names = names;
    this.#finds = finds;
    const miss: Miss = { texts: undefined, hash: 0, isPlain: false };
    this.miss = miss;
    this.#rows = {
      ...emptySlots(fewestSlots),
      ...noRows(names),
      ...firstHashes(names),
      miss,
    };
    this.#looping = this.#loopingLookup();
  }

  /** The series of `labels`, or undefined if there is none or the metric does not have one of `labels`. */
  find(labels: LabelSet): S | undefined {
    return this.#rows.series[this.rowOf(labels)];
  }

  /** Another number whenever rows get other numbers. */
  get arrangement(): number {
    return this.#arrangement;
  }

  /** The row of the series of `labels`, or 0. It has that for as long as it is here and `arrangement` is the same. */
  rowOf(labels: LabelSet): number {
    const own = this.#own;
    return own === undefined ? this.#looping.byLabels(labels) : own.byLabels(labels);
  }

  /** The same for a value for each name. */
  rowOfValues(values: readonly unknown[]): number {
    const own = this.#own;
    return own === undefined ? this.#looping.byValues(values) : own.byValues(values);
  }

  /** The series in a row; undefined in row 0. */
  at(row: number): S | undefined {
    return this.#rows.series[row];
  }

  findByTexts(texts: LabelTexts): S | undefined {
    return this.#rows.series[rowOf(this.#rows, texts)];
  }

  /** The text of each label; runs the caller's code if it must be converted. */
  textsOf(labels: LabelSet): LabelTexts {
    return (this.#own ?? this.#looping).textsOf(labels);
  }

  /** Adds what is not there yet. `given` are the labels to tell of it, if they are others than `texts` say. */
  add(texts: LabelTexts, given: LabelSet | undefined, series: S): void {
    const rows = this.#rows;
    if (rows.series.length > rows.slots.length / 2) this.#rebuild();
    const hash = rows.miss.texts === texts && !isEmpty(rows) ? rows.miss.hash : hashOf(rows, texts, 0);
    const row = rows.series.push(series) - 1;
    for (let i = 0; i < texts.length; i++) rows.texts.push(texts[i]);
    rows.hashes[row] = hash;
    if (given !== undefined) this.#given[row] = given;
    this.#live++;
    rows.miss.texts = undefined;
    const steps = enter(rows, row);
    this.#steps += steps;
    if (steps > manySteps && row > 1.25 * this.#placesAt) this.#choosePlaces();
  }

  /** Takes the series of `texts` out, and returns it. */
  delete(texts: LabelTexts): S | undefined {
    const deleted = this.#delete(rowOf(this.#rows, texts));
    this.#shrink();
    return deleted;
  }

  /** Takes those out of which `condition` is true, and returns them. */
  deleteIf(condition: (series: S) => boolean): S[] {
    const deleted: S[] = [];
    this.#rows.series.forEach((series, row) => {
      if (series === undefined || !condition(series)) return;
      deleted.push(series);
      this.#delete(row);
    });
    this.#shrink();
    return deleted;
  }

  clear(): void {
    this.#arrangement++;
    this.#live = 0;
    this.#given = [];
    Object.assign(this.#rows, emptySlots(fewestSlots), noRows(this.#names));
  }

  *[Symbol.iterator](): Iterator<S> {
    for (const series of this.#rows.series) if (series !== undefined) yield series;
  }

  /** Each series with a copy of its labels, as the first caller gave them: they are printed so. */
  *entries(): IterableIterator<[series: S, labels: Record<string, unknown>]> {
    const { series } = this.#rows;
    for (let row = 1; row < series.length; row++) {
      const one = series[row];
      if (one !== undefined) yield [one, { ...(this.#given[row] ?? this.#labelsOf(row)) }];
    }
  }

  #delete(row: number): S | undefined {
    const { series, texts } = this.#rows;
    const deleted = series[row];
    if (deleted === undefined) return undefined;
    series[row] = undefined;
    texts.fill(null, row * this.#names.length, (row + 1) * this.#names.length);
    delete this.#given[row];
    this.#live--;
    if (this.#live === 0) this.clear();
    return deleted;
  }

  #shrink(): void {
    if (this.#live < this.#rows.series.length / 8 - 1) this.#rebuild();
  }

  #labelsOf(row: number): LabelSet {
    const labels: Record<string, unknown> = {};
    this.#names.forEach((name, i) => {
      const text = this.#rows.texts[row * this.#names.length + i];
      if (text !== undefined) labels[name] = text;
    });
    return labels;
  }

  /** Makes room for half as many again at least. */
  #rebuild(): void {
    if (this.#live < this.#rows.series.length - 1) this.#compact();
    let size = fewestSlots;
    while (size < 3 * this.#live) size *= 2;
    const { hashes } = this.#rows;
    Object.assign(this.#rows, emptySlots(size));
    this.#rows.hashes.set(hashes.subarray(0, this.#rows.series.length));
    this.#steps = enterAll(this.#rows);
    if (this.#steps > this.#live / 2 && this.#live >= fewSeries) this.#choosePlaces();
  }

  /** Gives the rows of what was removed to those that come after them. */
  #compact(): void {
    this.#arrangement++;
    const { series, texts, hashes } = this.#rows;
    const width = this.#names.length;
    const given: (LabelSet | undefined)[] = [];
    let to = 1;
    for (let row = 1; row < series.length; row++) {
      if (series[row] === undefined) continue;
      series[to] = series[row];
      hashes[to] = hashes[row] as number;
      for (let i = 0; i < width; i++) texts[to * width + i] = texts[row * width + i] as string;
      if (this.#given[row] !== undefined) given[to] = this.#given[row];
      to++;
    }
    series.length = to;
    texts.length = to * width;
    this.#given = given;
  }

  /** Until the rows are spread, or with all effort. */
  #choosePlaces(): void {
    const values = this.#names.map((_, i) => this.#someValues(i));
    for (;;) {
      this.#rows.places = values.map((texts) => placesFor(texts, this.#effort));
      const enough = this.#live / 2;
      this.#steps = spread(this.#rows, this.#live, enough);
      if (this.#steps <= enough || this.#effort === 2) break;
      this.#effort++;
    }
    this.#placesAt = this.#live;
    this.#looping = this.#loopingLookup();
    this.#own = undefined;
  }

  /** Gives way to a lookup of the table's own, where there can be one, when it has been of use often. */
  #loopingLookup(): LoopingLookup {
    return new LoopingLookup(this.#names, this.#rows, this.#finds, () => this.#settle());
  }

  /** If characters chosen when there were fewer series do badly now, others are chosen first. */
  #settle(): void {
    if (canBeTried(this.#live)) this.#steps = spread(this.#rows, this.#live, 0);
    if (this.#steps > this.#live / 4 && this.#live > this.#placesAt) this.#choosePlaces();
    else this.#own = ownLookup(this.#names, this.#rows);
  }

  /** Different texts of the label with that number, from all over the table. */
  #someValues(label: number): string[] {
    const { series, texts } = this.#rows;
    const values = new Set<string>();
    const looks = Math.min(8 * manyValues, series.length);
    for (let look = 0; look < looks && values.size < manyValues; look++) {
      const row = (Math.imul(look, golden) >>> 0) % series.length;
      const text = texts[row * this.#names.length + label];
      if (typeof text === 'string') values.add(text);
    }
    return [...values];
  }
}

/** Row 0 is nobody's. */
function noRows(names: readonly string[]): Pick<Rows<never>, 'texts' | 'series'> {
  return { texts: names.map(() => null), series: [undefined] };
}

function firstHashes(names: readonly string[]): Pick<Rows<never>, 'places' | 'factors'> {
  return { places: names.map(() => firstPlaces), factors: factorsOf(names.length, 0) };
}
