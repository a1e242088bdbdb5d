import type { LabelSet } from '../model/labels';
import { Column, startOf } from './column';
import { chooseOffsets, hashOf, type Sampling } from './label-hash';
import { emptySlots, enterRow, fewestSlots, type Rows } from './lookup';

/** With fewer series, long searches are no reason for another hash. */
const fewSeries = 32;
/** A search over more slots means that the hash does not tell the series apart. */
export const longestSearch = 128;
/** Different values of one label that are looked at when offsets are chosen. */
const manyValues = 512;

/** When so many series were added since a rebuild began, it also takes over some rows for each further one. */
const urgentGrowth = 9 / 8;
export const rowsPerSeries = 16;
/** The next slots have room for so many more, until another rebuild begins. */
const plannedGrowth = 5 / 4;
/** When so many of the present or the next slots are in use, it is finished at once: a search ends at a free slot. */
const highestLoad = 7 / 8;
/** To choose an offset takes half a millisecond, as long as to take over so many rows. */
const rowsPerChoice = 1024;

/** The series of a table by row: none in row 0, nor in that of a removed series. */
export interface SeriesRows<S> {
  readonly rows: Rows;
  readonly series: Column<S | undefined>;
  /** With room for as many rows as there are slots. */
  readonly hashes: Int32Array;
  /** See `SeriesKey.asWritten`. */
  readonly asWritten: (LabelSet | undefined)[];
}

/** No series, but row 0, which has none. */
export function noSeries<S>(): Column<S | undefined> {
  return new Column<S | undefined>([undefined]);
}

/** The texts of no series. */
export function emptyTexts(labels: number): Rows['texts'] {
  return new Column<string | undefined | null>(new Array<null>(labels).fill(null));
}

/** Removes a series from its row. The texts go first: while they are there, searches find the row. */
export function emptyRow<S>({ rows, series, asWritten }: SeriesRows<S>, row: number): void {
  rows.texts.fill(row, null);
  series.fill(row, undefined);
  delete asWritten[row];
}

/**
 * Another hash table for the series of a table, with more slots, other hashes or without the rows of removed series. It takes over
 * the rows one by one, while searches use the present one. Series may be added and removed meanwhile.
 */
export class TableRebuild<S> {
  /** What takes the place of the present rows in the end. */
  readonly next: SeriesRows<S>;
  readonly #present: SeriesRows<S>;
  readonly #labels: number;
  /** Undefined when rows keep their numbers. Else the number of each row that was taken over, 0 for those of removed series. */
  readonly #newRows: Int32Array | undefined;
  /** Rows that might have been taken over since the last choice. */
  #waited = 0;
  /** Of the offsets of the next label. */
  #choice: ReturnType<typeof chooseOffsets> | undefined;
  #row = 1;
  /** The number of rows from which on it is urgent, and overdue. */
  readonly #urgentRows: number;
  readonly #mostRows: number;
  /** Slots that were not free, in all searches and in the longest one. */
  #steps = 0;
  #longest = 0;

  /** With fewer labels than `labels` in `sampling`, those of the others are chosen by the present values. */
  constructor(present: SeriesRows<S>, live: number, labels: number, sampling: Sampling) {
    const { rows, series, asWritten } = present;
    const isCompacting = live < series.length - 1;
    // As many slots are free when it is finished: more series come meanwhile.
    const most = live + series.length * (plannedGrowth - 1);
    let count = fewestSlots;
    while (count < Math.max(3 * live, 2 * most)) count *= 2;
    const { slots, shift } = emptySlots(count);
    this.#urgentRows = urgentGrowth * series.length;
    this.#mostRows = Math.min(highestLoad * rows.slots.length, series.length - live + highestLoad * count);
    this.#present = present;
    this.#labels = labels;
    this.#newRows = isCompacting ? new Int32Array(rows.slots.length) : undefined;
    this.next = {
      rows: { slots, shift, texts: isCompacting ? emptyTexts(labels) : rows.texts, sampling },
      series: isCompacting ? noSeries() : series,
      hashes: new Int32Array(count),
      asWritten: isCompacting ? [] : asWritten,
    };
  }

  get isRenumbering(): boolean {
    return this.#newRows !== undefined;
  }

  /** Chooses one offset of a label, or takes over some rows. Returns whether some are left. */
  continue(rows: number): boolean {
    if (this.#chooseOffset(rows)) return true;
    const { series } = this.#present;
    const end = Math.min(series.length, this.#row + rows);
    for (; this.#row < end; this.#row++) this.#takeOver(this.#row);
    return end < series.length;
  }

  /** Whether the present searches are long, or soon will be: the event loop may not turn before that. */
  get isUrgent(): boolean {
    const { rows, series } = this.#present;
    return this.next.rows.sampling !== rows.sampling || series.length > this.#urgentRows;
  }

  get isOverdue(): boolean {
    return this.#present.series.length > this.#mostRows;
  }

  /** To be called for each series that is removed from the present rows. */
  delete(row: number): void {
    const newRow = this.#newRows?.[row] ?? 0;
    if (newRow > 0) emptyRow(this.next, newRow);
  }

  /** Whether searches among `live` series are short, as far as they can be. */
  hasShortSearches(live: number): boolean {
    if (this.next.rows.sampling === undefined || live < fewSeries) return true;
    return this.#steps <= live / 2 && this.#longest <= longestSearch;
  }

  /** Chooses one in the time of so many rows. Returns false when the offsets of all labels are chosen. */
  #chooseOffset(time: number): boolean {
    const { rows } = this.next;
    if (rows.sampling === undefined || rows.sampling.length >= this.#labels) return false;
    this.#waited += time;
    if (this.#waited < rowsPerChoice) return true;
    this.#waited = 0;
    this.#choice ??= chooseOffsets(this.#someValues(rows.sampling.length));
    const { done, value: offsets } = this.#choice.next();
    if (done) {
      rows.sampling = [...rows.sampling, offsets];
      this.#choice = undefined;
    }
    return true;
  }

  #takeOver(row: number): void {
    const { rows, series, hashes, asWritten } = this.#present;
    const { next } = this;
    const one = series.at(row);
    if (one === undefined) return;
    const block = rows.texts.block(row);
    const start = startOf(row, this.#labels);
    let newRow = row;
    if (this.#newRows !== undefined) {
      newRow = next.series.push([one]);
      this.#newRows[row] = newRow;
      next.rows.texts.push(block, start);
      if (asWritten[row] !== undefined) next.asWritten[newRow] = asWritten[row];
    }
    const { sampling } = next.rows;
    const isSameHash = sampling === rows.sampling;
    const hash = isSameHash ? (hashes[row] as number) : hashOf(block, start, this.#labels, sampling);
    next.hashes[newRow] = hash;
    const steps = enterRow(next.rows, newRow, hash);
    this.#steps += steps;
    this.#longest = Math.max(this.#longest, steps);
  }

  /** Different texts of one label, from all over the table. */
  #someValues(label: number): string[] {
    const { rows, series } = this.#present;
    const values = new Set<string>();
    const looks = Math.min(2 * manyValues, series.length);
    for (let look = 0; look < looks && values.size < manyValues; look++) {
      const row = Math.floor(Math.random() * series.length);
      const text = rows.texts.at(row, label);
      if (typeof text === 'string') values.add(text);
    }
    return [...values];
  }
}
