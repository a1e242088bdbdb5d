import type { LabelSet } from '../model/labels';
import { chooseOffsets, hashOf, type Sampling } from './label-hash';
import { emptySlots, enterRow, fewestSlots, type Rows } from './lookup';

/** With fewer series, long searches are no reason for another hash. */
const fewSeries = 32;
/** A search over more slots means that the hash does not tell the series apart. */
export const longestSearch = 128;
/** Different values of one label that are looked at when offsets are chosen. */
const manyValues = 512;

/** Rows that a rebuild takes over for each series that is added: it is finished long before the present slots are full. */
export const rowsPerSeries = 16;

/** The series of a table by row: none in row 0, nor in that of a removed series. */
export interface SeriesRows<S> {
  readonly rows: Rows;
  readonly series: (S | undefined)[];
  readonly hashes: number[];
  /** See `SeriesKey.asWritten`. */
  readonly asWritten: (LabelSet | undefined)[];
}

/** Removes a series from its row. */
export function emptyRow<S>({ rows, series, asWritten }: SeriesRows<S>, row: number, labels: number): void {
  series[row] = undefined;
  rows.texts.fill(null, row * labels, (row + 1) * labels);
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
  readonly #newRows: number[] | undefined;
  /** Of the offsets of the next label. */
  #choice: ReturnType<typeof chooseOffsets> | undefined;
  #row = 1;
  /** Slots that were not free, in all searches and in the longest one. */
  #steps = 0;
  #longest = 0;

  /** With fewer labels than `labels` in `sampling`, those of the others are chosen by the present values. */
  constructor(present: SeriesRows<S>, live: number, labels: number, sampling: Sampling) {
    const { rows, series, hashes, asWritten } = present;
    const isCompacting = live < series.length - 1;
    // As many slots are free when it is finished: more series come meanwhile.
    const most = live + (2 * series.length) / rowsPerSeries;
    let count = fewestSlots;
    while (count < Math.max(3 * live, 2 * most)) count *= 2;
    const { slots, shift } = emptySlots(count);
    const texts = isCompacting ? new Array<null>(labels).fill(null) : rows.texts;
    this.#present = present;
    this.#labels = labels;
    this.#newRows = isCompacting ? [0] : undefined;
    this.next = {
      rows: { slots, shift, texts, sampling },
      series: isCompacting ? [undefined] : series,
      hashes: !isCompacting && sampling === rows.sampling ? hashes : [0],
      asWritten: isCompacting ? [] : asWritten,
    };
  }

  get isRenumbering(): boolean {
    return this.#newRows !== undefined;
  }

  /** Chooses one offset of a label, or takes over some rows. Returns whether some are left. */
  continue(rows: number): boolean {
    if (this.#chooseOffset()) return true;
    const { series } = this.#present;
    const end = Math.min(series.length, this.#row + rows);
    for (; this.#row < end; this.#row++) this.#takeOver(this.#row);
    return end < series.length;
  }

  /** To be called for each series that is removed from the present rows. */
  delete(row: number): void {
    const newRow = this.#newRows?.[row] ?? 0;
    if (newRow > 0) emptyRow(this.next, newRow, this.#labels);
  }

  /** Whether searches among `live` series are short, as far as they can be. */
  hasShortSearches(live: number): boolean {
    if (this.next.rows.sampling === undefined || live < fewSeries) return true;
    return this.#steps <= live / 2 && this.#longest <= longestSearch;
  }

  /** Returns false when the offsets of all labels are chosen. */
  #chooseOffset(): boolean {
    const { rows } = this.next;
    if (rows.sampling === undefined || rows.sampling.length >= this.#labels) return false;
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
    const one = series[row];
    if (one === undefined) {
      this.#newRows?.push(0);
      return;
    }
    const first = row * this.#labels;
    let newRow = row;
    if (this.#newRows !== undefined) {
      newRow = next.series.push(one) - 1;
      this.#newRows.push(newRow);
      for (let i = first; i < first + this.#labels; i++) next.rows.texts.push(rows.texts[i]);
      if (asWritten[row] !== undefined) next.asWritten[newRow] = asWritten[row];
    }
    const { sampling } = next.rows;
    const isSameHash = sampling === rows.sampling;
    const hash = isSameHash ? (hashes[row] as number) : hashOf(rows.texts, first, this.#labels, sampling);
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
      const text = rows.texts[row * this.#labels + label];
      if (typeof text === 'string') values.add(text);
    }
    return [...values];
  }
}
