import { type LabelSet, type LabelTexts, labelText, type SeriesKey } from '../model/labels';
import { inSlices } from '../slices';
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

/** Rows that a rebuild takes over for each series that is added: it is finished long before the present slots are full. */
const rowsPerSeries = 16;
/** Rows that it takes over at a time, when the event loop has nothing else to do. */
const rowsPerStep = 256;

/**
 * Another hash table for the same series, with more slots, other hashes or without the rows of removed series. It takes over the
 * rows one by one; searches use the present one until it has them all.
 */
interface Rebuild<S> {
  readonly slots: Int32Array;
  readonly shift: number;
  /** One for each label: fewer as long as they are being chosen. */
  sampling: Sampling;
  /** Undefined when rows keep their numbers. Else the number of each row that was taken over, 0 for those of removed series. */
  readonly newRows: number[] | undefined;
  readonly texts: Rows['texts'];
  readonly series: (S | undefined)[];
  readonly hashes: number[];
  readonly asWritten: (LabelSet | undefined)[];
  /** The next row to take over. */
  row: number;
  /** Slots that were not free, in all searches and in the longest one. */
  steps: number;
  longest: number;
}

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
  #rebuild: Rebuild<S> | undefined;

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

  /** Rows are numbered from 1 to this, with those of removed series. */
  get lastRow(): number {
    return this.#series.length - 1;
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
    const isFull = this.#series.length > this.#rows.slots.length / 2;
    if (isFull && this.#rebuild === undefined) this.#beginRebuild(this.#rows.sampling);
    const row = this.#series.push(series) - 1;
    for (let i = 0; i < texts.length; i++) this.#rows.texts.push(texts[i]);
    if (asWritten !== undefined) this.#asWritten[row] = asWritten;
    this.#live++;
    if (texts.length === 0) return;
    this.#hashes[row] = this.#hashOf(row, this.#rows.sampling);
    const steps = enter(row, this.#hashes[row] as number, this.#rows);
    if (steps > longestSearch && this.#rebuild === undefined) this.#improveHash();
    this.#continueRebuild(rowsPerSeries);
  }

  delete(texts: LabelTexts): S | undefined {
    return this.deleteAt(this.#rowOfTexts(texts));
  }

  deleteAt(row: number): S | undefined {
    const deleted = this.#delete(row);
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
    this.#rebuild = undefined;
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
    const asWritten = this.#asWritten;
    const { texts } = this.#rows;
    for (let row = 1; row < series.length; row++) {
      const one = series[row];
      if (one !== undefined) yield [one, { ...(asWritten[row] ?? this.#labelsOf(row, texts)) }];
    }
  }

  /** Each series with its key. Series may come and go meanwhile: it may yield removed ones. */
  *keys(): IterableIterator<[series: S, key: SeriesKey]> {
    const series = this.#series;
    const asWritten = this.#asWritten;
    const { texts } = this.#rows;
    const width = this.#names.length;
    for (let row = 1; row < series.length; row++) {
      const one = series[row];
      if (one === undefined) continue;
      const key = texts.slice(row * width, (row + 1) * width) as (string | undefined)[];
      yield [one, { texts: key, asWritten: asWritten[row] }];
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
    this.#empty(row, this.#series, this.#rows.texts, this.#asWritten);
    const { newRows, series, texts, asWritten } = this.#rebuild ?? {};
    const newRow = newRows?.[row] ?? 0;
    if (series && texts && asWritten && newRow > 0) this.#empty(newRow, series, texts, asWritten);
    this.#live--;
    if (this.#live === 0) this.clear();
    return deleted;
  }

  #empty(
    row: number,
    series: (S | undefined)[],
    texts: Rows['texts'],
    asWritten: (LabelSet | undefined)[],
  ): void {
    const width = this.#names.length;
    series[row] = undefined;
    texts.fill(null, row * width, (row + 1) * width);
    delete asWritten[row];
  }

  #labelsOf(row: number, texts: Rows['texts']): LabelSet {
    const labels: Record<string, unknown> = {};
    this.#names.forEach((name, i) => {
      const text = texts[row * this.#names.length + i];
      if (text !== undefined) labels[name] = text;
    });
    return labels;
  }

  #hashOf(row: number, sampling: Sampling): number {
    const width = this.#names.length;
    return hashOf(this.#rows.texts, row * width, width, sampling);
  }

  #shrink(): void {
    const isSparse = this.#live < this.#series.length / 8 - 1;
    if (isSparse && this.#rebuild === undefined) this.#beginRebuild(this.#rows.sampling);
  }

  /** Samples other characters, chosen by the present values; or hashes whole texts if that does not help, or not for long. */
  #improveHash(): void {
    if (this.#rows.sampling === undefined) return;
    this.#beginRebuild(++this.#choices <= mostChoices ? [] : undefined);
  }

  /** With fewer labels than there are in `sampling`, those of the others are to be chosen. */
  #beginRebuild(sampling: Sampling): void {
    // As many slots are free when it is finished: more series come meanwhile.
    const most = this.#live + (2 * this.#series.length) / rowsPerSeries;
    let count = fewestSlots;
    while (count < Math.max(3 * this.#live, 2 * most)) count *= 2;
    const isCompacting = this.#live < this.#series.length - 1;
    const present = { texts: this.#rows.texts, series: this.#series, asWritten: this.#asWritten };
    const none = { texts: this.#names.map(() => null), series: [undefined], asWritten: [] };
    const keepsHashes = !isCompacting && sampling === this.#rows.sampling;
    this.#rebuild = {
      ...emptySlots(count),
      sampling,
      newRows: isCompacting ? [0] : undefined,
      ...(isCompacting ? none : present),
      hashes: keepsHashes ? this.#hashes : [0],
      row: 1,
      steps: 0,
      longest: 0,
    };
    const isSmall = this.#series.length <= rowsPerStep;
    while (isSmall && this.#continueRebuild(rowsPerStep));
    if (!isSmall) inSlices(() => this.#continueRebuild(rowsPerStep));
  }

  /** Takes over some rows. Returns whether some are left. */
  #continueRebuild(rows: number): boolean {
    const next = this.#rebuild;
    if (next === undefined) return false;
    const { sampling } = next;
    if (sampling !== undefined && sampling.length < this.#names.length) {
      next.sampling = [...sampling, chooseOffsets(this.#someValues(sampling.length))];
      return true;
    }
    const end = Math.min(this.#series.length, next.row + rows);
    while (next.row < end) this.#takeOver(next, next.row++);
    if (end === this.#series.length) this.#finish(next);
    return this.#rebuild !== undefined;
  }

  #takeOver(next: Rebuild<S>, row: number): void {
    const one = this.#series[row];
    if (one === undefined) {
      next.newRows?.push(0);
      return;
    }
    let newRow = row;
    if (next.newRows !== undefined) {
      newRow = next.series.push(one) - 1;
      next.newRows.push(newRow);
      const width = this.#names.length;
      for (let i = row * width; i < (row + 1) * width; i++) next.texts.push(this.#rows.texts[i]);
      const asWritten = this.#asWritten[row];
      if (asWritten !== undefined) next.asWritten[newRow] = asWritten;
    }
    const isSameHash = next.sampling === this.#rows.sampling;
    const hash = isSameHash ? (this.#hashes[row] as number) : this.#hashOf(row, next.sampling);
    next.hashes[newRow] = hash;
    const steps = enter(newRow, hash, next);
    next.steps += steps;
    next.longest = Math.max(next.longest, steps);
  }

  /** Searches use the next table from now on, unless they would be long: then another one is made with other hashes. */
  #finish({
    slots,
    shift,
    texts,
    sampling,
    series,
    hashes,
    asWritten,
    newRows,
    steps,
    longest,
  }: Rebuild<S>): void {
    const isShort = this.#live < fewSeries || (steps <= this.#live / 2 && longest <= longestSearch);
    if (!isShort && sampling !== undefined) {
      this.#improveHash();
      return;
    }
    this.#rebuild = undefined;
    if (slots.length !== this.#rows.slots.length) this.#choices = 0;
    if (sampling !== this.#rows.sampling) {
      this.#compiled = undefined;
      this.#findsLeft = this.#finds;
    }
    Object.assign(this.#rows, { slots, shift, texts, sampling });
    if (newRows !== undefined) this.#numbering++;
    this.#series = series;
    this.#hashes = hashes;
    this.#asWritten = asWritten;
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

/** Enters a row in the first free slot for its hash. Returns how many slots were not free. */
function enter(row: number, hash: number, { slots, shift }: Pick<Rows, 'slots' | 'shift'>): number {
  const mask = slots.length - 1;
  let at = hash >>> shift;
  let steps = 0;
  for (; slots[at] !== 0; at = (at + 1) & mask) steps++;
  slots[at] = row;
  return steps;
}

/** A hash table with `count` free slots, a power of two. */
function emptySlots(count: number): Pick<Rows, 'slots' | 'shift'> {
  return { slots: new Int32Array(count), shift: Math.clz32(count) + 1 };
}

/** Those of every table without label names: row 1 is that of its only series, if it has one. */
const unlabelledRows: Rows = newRows([], []);
