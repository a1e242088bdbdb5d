import { type LabelSet, type LabelTexts, labelText, type SeriesKey } from '../model/labels';
import { inSlices } from '../slices';
import { type Column, firstRows } from './column';
import { hashOf, type Sampling } from './label-hash';
import {
  compiledLookup,
  emptySlots,
  enterRow,
  fewestSlots,
  type Lookup,
  type Rows,
  rowOf,
  rowOfLabels,
  unlabelledLookup,
} from './lookup';
import {
  emptyRow,
  emptyTexts,
  longestSearch,
  noSeries,
  rowsPerSeries,
  type SeriesRows,
  TableRebuild,
} from './rebuild';

/** Samplings that are chosen for a table of one size. Then the values are of a kind that no sampling tells apart for long. */
const mostChoices = 3;
/** After so many finds a compiled lookup is made. To make it takes as long. */
const manyFinds = 1000;
/** Rows that a rebuild takes over at a time, when the event loop has nothing else to do. */
const rowsPerStep = 64;
/** With fewer rows, a rebuild is done at once. */
const fewRows = 256;

/** The series of a metric by their labels, in the order of their creation. */
export class SeriesTable<S> implements Iterable<S> {
  readonly #names: readonly string[];
  readonly #finds: number;
  readonly #rows: Rows;
  /** By row: none in row 0, nor in that of a removed series. */
  #series: Column<S | undefined> = noSeries();
  #hashes: Int32Array;
  /** By row: see `SeriesKey.asWritten`. */
  #asWritten: (LabelSet | undefined)[] = [];
  #live = 0;
  #numbering = 0;
  /** Undefined for a table that is new or seldom used, or where code may not be made from text. */
  #compiled: Lookup | undefined;
  #findsLeft: number;
  /** How often a sampling was chosen since the table got its size. */
  #choices = 0;
  #rebuild: TableRebuild<S> | undefined;
  #isRebuilding = false;

  constructor(names: readonly string[], finds: number = manyFinds) {
    this.#names = names;
    this.#finds = finds;
    this.#findsLeft = finds;
    if (names.length === 0) {
      this.#rows = unlabelledRows;
      this.#hashes = noHashes;
      this.#compiled = unlabelledLookup;
      return;
    }
    this.#rows = newRows(
      names.length,
      names.map(() => lastTwo),
    );
    this.#hashes = new Int32Array(fewestSlots);
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

  /** Rows are numbered from 1 to this, with those of removed series. */
  get lastRow(): number {
    return this.#series.length - 1;
  }

  at(row: number): S | undefined {
    return this.#series.at(row);
  }

  find(labels: LabelSet): S | undefined {
    const row = this.rowOf(labels);
    return row < firstRows ? this.#series.first[row] : this.#series.at(row);
  }

  /** Runs no code of the caller. */
  get(texts: LabelTexts): S | undefined {
    return this.#series.at(this.#rowOfTexts(texts));
  }

  /**
   * Adds a series that is not in the table. Runs no code of the caller. The series comes last: a call that ends in the middle, as by the
   * `timeout` of `vm.runInContext()`, has added no row, and the next one takes its place.
   */
  add({ texts, asWritten }: SeriesKey, series: S): void {
    const isFull = this.#series.length > this.#rows.slots.length / 2;
    if (isFull && this.#rebuild === undefined) this.#beginRebuild(this.#rows.sampling);
    const row = this.#series.length;
    if (row === firstRows) this.#forgetCompiled();
    let steps = 0;
    if (texts.length > 0) {
      this.#rows.texts.put(row, texts);
      const hash = hashOf(texts, 0, texts.length, this.#rows.sampling);
      this.#hashes[row] = hash;
      steps = enterRow(this.#rows, row, hash);
    }
    this.#series.push([series]);
    if (asWritten !== undefined) this.#asWritten[row] = asWritten;
    this.#live++;
    if (steps > longestSearch && this.#rebuild === undefined) this.#improveHash();
    if (this.#rebuild?.isUrgent) this.#continueRebuild(rowsPerSeries);
    while (this.#rebuild?.isOverdue) this.#continueRebuild(fewRows);
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
    for (let row = 1; row <= this.lastRow; row++) {
      const series = this.at(row);
      if (series === undefined || !condition(series)) continue;
      deleted.push(series);
      this.#delete(row);
    }
    this.#shrink();
    return deleted;
  }

  clear(): void {
    this.#numbering++;
    this.#rebuild = undefined;
    if (this.#names.length > 0) {
      Object.assign(this.#rows, emptySlots(fewestSlots), { texts: emptyTexts(this.#names.length) });
      this.#hashes = new Int32Array(fewestSlots);
    }
    this.#series = noSeries();
    this.#asWritten = [];
    this.#live = 0;
  }

  *[Symbol.iterator](): Iterator<S> {
    const series = this.#series;
    for (let row = 1; row < series.length; row++) {
      const one = series.at(row);
      if (one !== undefined) yield one;
    }
  }

  /** Each series with a copy of its labels as the first caller wrote them. */
  *entries(): IterableIterator<[series: S, labels: Record<string, unknown>]> {
    const series = this.#series;
    const asWritten = this.#asWritten;
    const { texts } = this.#rows;
    for (let row = 1; row < series.length; row++) {
      const one = series.at(row);
      if (one !== undefined) yield [one, { ...(asWritten[row] ?? this.#labelsOf(row, texts)) }];
    }
  }

  /** Each series with its key. Series may come and go meanwhile: it may yield removed ones. */
  *keys(): IterableIterator<[series: S, key: SeriesKey]> {
    const series = this.#series;
    const asWritten = this.#asWritten;
    const { texts } = this.#rows;
    for (let row = 1; row < series.length; row++) {
      const one = series.at(row);
      if (one === undefined) continue;
      yield [one, { texts: texts.row(row) as (string | undefined)[], asWritten: asWritten[row] }];
    }
  }

  /** A table that is in use gets a compiled lookup. */
  #countFind(row: number): number {
    if (row !== 0 && --this.#findsLeft === 0) this.#compiled = compiledLookup(this.#names, this.#rows);
    return row;
  }

  #forgetCompiled(): void {
    this.#compiled = undefined;
    this.#findsLeft = this.#finds;
  }

  #rowOfTexts(texts: LabelTexts): number {
    return texts.length === 0 ? 1 : rowOf(this.#rows, texts);
  }

  #delete(row: number): S | undefined {
    const deleted = this.#series.at(row);
    if (deleted === undefined) return undefined;
    emptyRow(this.#present(), row);
    this.#rebuild?.delete(row);
    this.#live--;
    if (this.#live === 0) this.clear();
    return deleted;
  }

  #present(): SeriesRows<S> {
    return { rows: this.#rows, series: this.#series, hashes: this.#hashes, asWritten: this.#asWritten };
  }

  #labelsOf(row: number, texts: Rows['texts']): LabelSet {
    const labels: Record<string, unknown> = {};
    this.#names.forEach((name, i) => {
      const text = texts.at(row, i);
      if (text !== undefined) labels[name] = text;
    });
    return labels;
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

  #beginRebuild(sampling: Sampling): void {
    this.#rebuild = new TableRebuild(this.#present(), this.#live, this.#names.length, sampling);
    const isSmall = this.#series.length <= fewRows;
    while (isSmall && this.#continueRebuild(fewRows));
    if (!isSmall) inSlices(() => this.#continueRebuild(rowsPerStep));
  }

  /** Returns whether there is more to do. */
  #continueRebuild(rows: number): boolean {
    // An error, or the `timeout` of `vm.runInContext()`, may have ended the last call in the middle; after the latter no `finally` runs.
    if (this.#isRebuilding) this.#rebuild = undefined;
    const rebuild = this.#rebuild;
    this.#isRebuilding = rebuild !== undefined;
    if (rebuild === undefined) return false;
    const isLeft = rebuild.continue(rows);
    this.#isRebuilding = false;
    if (!isLeft) this.#finish(rebuild);
    return this.#rebuild !== undefined;
  }

  /** Searches use the next rows from now on, unless they would be long: then others are made with other hashes. */
  #finish(rebuild: TableRebuild<S>): void {
    if (!rebuild.hasShortSearches(this.#live)) {
      this.#improveHash();
      return;
    }
    const { rows, series, hashes, asWritten } = rebuild.next;
    this.#rebuild = undefined;
    if (rows.slots.length !== this.#rows.slots.length) this.#choices = 0;
    if (rows.sampling !== this.#rows.sampling) this.#forgetCompiled();
    Object.assign(this.#rows, rows); // the compiled lookup has that object
    if (rebuild.isRenumbering) this.#numbering++;
    this.#series = series;
    this.#hashes = hashes;
    this.#asWritten = asWritten;
  }
}

/** The offsets that every table begins with. */
const lastTwo: readonly number[] = [-1, -2];

/** One object literal: V8 makes a hidden class for each object that it makes by spreading a typed array into another. */
function newRows(labels: number, sampling: Sampling): Rows {
  const texts = emptyTexts(labels);
  return { slots: new Int32Array(fewestSlots), shift: Math.clz32(fewestSlots) + 1, texts, sampling };
}

/** Those of every table without label names: row 1 is that of its only series, if it has one. */
const unlabelledRows: Rows = newRows(0, []);
const noHashes = new Int32Array(0);
