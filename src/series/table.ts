import { type LabelSet, type LabelTexts, labelText, type SeriesKey } from '../model/labels';
import { chooseOffsets, hashOf, type Sampling } from './label-hash';
import { compiledLookup, type Lookup, type Rows, rowOf, rowOfLabels, unlabelledLookup } from './lookup';

const fewestSlots = 8;
/** With fewer series, long searches are no reason for another hash. */
const fewSeries = 32;
/** A search over more slots means that the hash does not tell the series apart. */
const longestSearch = 128;
/** Samplings that are chosen for a table of one size. Then the values are of a kind that no sampling tells apart for long. */
const mostChoices = 3;
/** Different values of one label that are looked at when offsets are chosen. */
const manyValues = 512;
/** After so many finds a compiled lookup is made. To make it takes as long. */
const manyFinds = 1000;

/** The series of a metric by their labels, in the order of their creation. */
export class SeriesTable<S> implements Iterable<S> {
  readonly #names: readonly string[];
  readonly #finds: number;
  readonly #rows: Rows;
  /** By row: none in row 0, nor in that of a removed series. */
  #series: (S | undefined)[] = [undefined];
  #hashes: number[] = [0];
  /** By row: see `SeriesKey.asWritten`. */
  #asWritten: (LabelSet | undefined)[] = [];
  #live = 0;
  #numbering = 0;
  /** Undefined for a table that is new or seldom used, or where code may not be made from text. */
  #compiled: Lookup | undefined;
  #findsLeft: number;
  /** How often a sampling was chosen since the table got its size. */
  #choices = 0;

  constructor(names: readonly string[], finds: number = manyFinds) {
    this.#names = names;
    this.#finds = finds;
    this.#findsLeft = finds;
    if (names.length === 0) {
      this.#rows = unlabelledRows;
      this.#compiled = unlabelledLookup;
      return;
    }
    this.#rows = newRows(
      names.map(() => null),
      names.map(() => lastTwo),
    );
  }

  /** The number of series. */
  get size(): number {
    return this.#live;
  }

  /** Another number whenever rows get other numbers. */
  get numbering(): number {
    return this.#numbering;
  }

  /** The row of the series of `labels`, from 1. 0 if there is none, and for labels that the metric does not have. */
  rowOf(labels: LabelSet): number {
    const compiled = this.#compiled;
    if (compiled !== undefined) return compiled.byLabels(labels);
    return this.#countFind(rowOfLabels(this.#rows, this.#names, labels));
  }

  /** `values` are as many as there are label names, and in their order. */
  rowOfValues(values: readonly unknown[]): number {
    const compiled = this.#compiled;
    if (compiled !== undefined) return compiled.byValues(values);
    return this.#countFind(rowOf(this.#rows, values.map(labelText)));
  }

  at(row: number): S | undefined {
    return this.#series[row];
  }

  find(labels: LabelSet): S | undefined {
    return this.#series[this.rowOf(labels)];
  }

  /** Runs no code of the caller. */
  get(texts: LabelTexts): S | undefined {
    return this.#series[this.#rowOfTexts(texts)];
  }

  /** Adds a series that is not in the table. Runs no code of the caller. */
  add({ texts, asWritten }: SeriesKey, series: S): void {
    if (this.#series.length > this.#rows.slots.length / 2) this.#rebuild();
    const row = this.#series.push(series) - 1;
    for (let i = 0; i < texts.length; i++) this.#rows.texts.push(texts[i]);
    if (asWritten !== undefined) this.#asWritten[row] = asWritten;
    this.#live++;
    if (texts.length === 0) return;
    this.#hash(row);
    if (this.#enter(row) > longestSearch) this.#improveHash();
  }

  delete(texts: LabelTexts): S | undefined {
    const deleted = this.#delete(this.#rowOfTexts(texts));
    this.#shrink();
    return deleted;
  }

  /** Removes the series for which `condition` is true, and returns them. */
  deleteIf(condition: (series: S) => boolean): S[] {
    const deleted: S[] = [];
    this.#series.forEach((series, row) => {
      if (series === undefined || !condition(series)) return;
      deleted.push(series);
      this.#delete(row);
    });
    this.#shrink();
    return deleted;
  }

  clear(): void {
    this.#numbering++;
    if (this.#names.length > 0) {
      Object.assign(this.#rows, emptySlots(fewestSlots), { texts: this.#names.map(() => null) });
    }
    this.#series = [undefined];
    this.#hashes = [0];
    this.#asWritten = [];
    this.#live = 0;
  }

  *[Symbol.iterator](): Iterator<S> {
    for (const series of this.#series) if (series !== undefined) yield series;
  }

  /** Each series with a copy of its labels as the first caller wrote them. */
  *entries(): IterableIterator<[series: S, labels: Record<string, unknown>]> {
    const series = this.#series;
    for (let row = 1; row < series.length; row++) {
      const one = series[row];
      if (one !== undefined) yield [one, { ...(this.#asWritten[row] ?? this.#labelsOf(row)) }];
    }
  }

  /** Each series with its key. */
  *keys(): IterableIterator<[series: S, key: SeriesKey]> {
    const series = this.#series;
    const width = this.#names.length;
    for (let row = 1; row < series.length; row++) {
      const one = series[row];
      const texts = this.#rows.texts.slice(row * width, (row + 1) * width) as (string | undefined)[];
      if (one !== undefined) yield [one, { texts, asWritten: this.#asWritten[row] }];
    }
  }

  /** A table that is in use gets a compiled lookup. */
  #countFind(row: number): number {
    if (row !== 0 && --this.#findsLeft === 0) this.#compiled = compiledLookup(this.#names, this.#rows);
    return row;
  }

  #rowOfTexts(texts: LabelTexts): number {
    return texts.length === 0 ? 1 : rowOf(this.#rows, texts);
  }

  #delete(row: number): S | undefined {
    const deleted = this.#series[row];
    if (deleted === undefined) return undefined;
    const width = this.#names.length;
    this.#series[row] = undefined;
    this.#rows.texts.fill(null, row * width, (row + 1) * width);
    delete this.#asWritten[row];
    this.#live--;
    if (this.#live === 0) this.clear();
    return deleted;
  }

  #labelsOf(row: number): LabelSet {
    const labels: Record<string, unknown> = {};
    this.#names.forEach((name, i) => {
      const text = this.#rows.texts[row * this.#names.length + i];
      if (text !== undefined) labels[name] = text;
    });
    return labels;
  }

  #hash(row: number): void {
    const { texts, sampling } = this.#rows;
    const width = this.#names.length;
    this.#hashes[row] = hashOf(texts, row * width, width, sampling);
  }

  /** Enters a row in the first free slot for its hash. Returns how many slots were not free. */
  #enter(row: number): number {
    const { slots, shift } = this.#rows;
    const mask = slots.length - 1;
    let at = (this.#hashes[row] as number) >>> shift;
    let steps = 0;
    for (; slots[at] !== 0; at = (at + 1) & mask) steps++;
    slots[at] = row;
    return steps;
  }

  #shrink(): void {
    if (this.#live < this.#series.length / 8 - 1) this.#rebuild();
  }

  #rebuild(): void {
    if (this.#live < this.#series.length - 1) this.#compact();
    this.#choices = 0;
    if (!this.#enterAll()) this.#improveHash();
  }

  /** Removes the rows of removed series. */
  #compact(): void {
    this.#numbering++;
    const series = this.#series;
    const width = this.#names.length;
    const isKept = (row: number): boolean => row === 0 || series[row] !== undefined;
    this.#rows.texts = this.#rows.texts.filter((_, i) => isKept(Math.floor(i / width)));
    this.#asWritten = series.map((_, row) => this.#asWritten[row]).filter((_, row) => isKept(row));
    this.#hashes = this.#hashes.filter((_, row) => isKept(row));
    this.#series = series.filter((_, row) => isKept(row));
  }

  /** Enters all rows into new slots, at least three for each. Returns whether searches for them are short. */
  #enterAll(): boolean {
    let count = fewestSlots;
    while (count < 3 * this.#live) count *= 2;
    Object.assign(this.#rows, emptySlots(count));
    let [all, longest] = [0, 0];
    for (let row = 1; row < this.#series.length; row++) {
      if (this.#series[row] === undefined) continue;
      const steps = this.#enter(row);
      all += steps;
      if (steps > longest) longest = steps;
    }
    return this.#live < fewSeries || (all <= this.#live / 2 && longest <= longestSearch);
  }

  /** Samples other characters, chosen by the present values; or hashes whole texts if that does not help, or not for long. */
  #improveHash(): void {
    if (this.#rows.sampling === undefined) return;
    const isUseful = ++this.#choices <= mostChoices;
    if (isUseful && this.#rehash(this.#names.map((_, i) => chooseOffsets(this.#someValues(i))))) return;
    this.#rehash(undefined);
  }

  /** Returns whether searches are short then. */
  #rehash(sampling: Sampling): boolean {
    this.#rows.sampling = sampling;
    this.#compiled = undefined;
    this.#findsLeft = this.#finds;
    for (let row = 1; row < this.#series.length; row++) this.#hash(row);
    return this.#enterAll();
  }

  /** Different texts of one label, from all over the table. */
  #someValues(label: number): string[] {
    const { texts } = this.#rows;
    const values = new Set<string>();
    const looks = Math.min(2 * manyValues, this.#series.length);
    for (let look = 0; look < looks && values.size < manyValues; look++) {
      const row = Math.floor(Math.random() * this.#series.length);
      const text = texts[row * this.#names.length + label];
      if (typeof text === 'string') values.add(text);
    }
    return [...values];
  }
}

/** The offsets that every table begins with. */
const lastTwo: readonly number[] = [-1, -2];

/** One object literal: V8 makes a hidden class for each object that it makes by spreading a typed array into another. */
function newRows(texts: null[], sampling: Sampling): Rows {
  return { slots: new Int32Array(fewestSlots), shift: Math.clz32(fewestSlots) + 1, texts, sampling };
}

/** A hash table with `count` free slots, a power of two. */
function emptySlots(count: number): Pick<Rows, 'slots' | 'shift'> {
  return { slots: new Int32Array(count), shift: Math.clz32(count) + 1 };
}

/** Those of every table without label names: row 1 is that of its only series, if it has one. */
const unlabelledRows: Rows = newRows([], []);
