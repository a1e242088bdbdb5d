import {
  SLOT_EPOCH,
  SLOT_GENERATION,
  SLOT_MAX,
  SLOT_MIN,
  SLOT_N,
  SLOT_SCHEMA,
  SLOT_ZERO,
  SUMMARY_COUNT,
  SUMMARY_SUM,
  slotAt,
} from '../model/cell-layout';
import type { Cells } from '../series/series';
import type { CellRef, CellStore } from '../store/store';
import { ExponentialPages } from './exponential-pages';

/** That of new summaries: quantiles are off by at most 1.083 %. */
const SUMMARY_SCHEMA = 5;

/** Of both signs together; with more, the slot changes to a coarser schema. */
const MOST_PAGES = 32;

/**
 * The observations of one age slot of a summary: their number, the extremes, and exponential buckets. When there are too many pages,
 * the slot gives back those that have stayed empty since an earlier epoch or, if there are none, halves its resolution.
 */
export class SummarySlot extends ExponentialPages {
  readonly #header: Cells;
  readonly #at: number;

  constructor(header: Cells, store: CellStore, number: number) {
    super(store, number, SUMMARY_SCHEMA, 0);
    this.#header = header;
    this.#at = slotAt(number);
  }

  get parts(): readonly CellRef[] {
    return this.pages;
  }

  /** The number in a cell of the slot. */
  get(cell: number): number {
    return this.#header.get(this.#at + cell);
  }

  /** Prepares new cells, which are all zero. */
  begin(epoch: number): void {
    this.#set(SLOT_SCHEMA, SUMMARY_SCHEMA);
    this.#set(SLOT_EPOCH, epoch);
  }

  /**
   * Counts a finite value. The slot's n is stored after its bucket and the count of the series last: readers take a
   * pair of equal reads in which the buckets add up to n.
   */
  observe(value: number): void {
    this.count(value);
    // After the page: to allocate one may move the header.
    const { values, index } = this.#header;
    const at = index + this.#at;
    const n = values[at + SLOT_N] as number;
    if (n === 0 || value < (values[at + SLOT_MIN] as number)) values[at + SLOT_MIN] = value;
    if (n === 0 || value > (values[at + SLOT_MAX] as number)) values[at + SLOT_MAX] = value;
    values[index + SUMMARY_SUM] = (values[index + SUMMARY_SUM] as number) + value;
    values[at + SLOT_N] = n + 1;
    values[index + SUMMARY_COUNT] = (values[index + SUMMARY_COUNT] as number) + 1;
  }

  /** Removes all observations; the slot is that of `epoch` from now on. Its epoch is 0 meanwhile, so that readers skip it. */
  restart(epoch: number): void {
    this.#set(SLOT_EPOCH, 0);
    if (this.isCoarser) {
      this.restartPages();
    } else {
      this.emptyPages();
    }
    for (const cell of [SLOT_N, SLOT_ZERO, SLOT_MIN, SLOT_MAX]) this.#set(cell, 0);
    this.#set(SLOT_EPOCH, epoch);
  }

  protected override get series(): CellRef {
    return this.#header;
  }

  protected override get generation(): number {
    return this.get(SLOT_GENERATION);
  }

  protected override commit(schema: number, generation: number): void {
    this.#set(SLOT_SCHEMA, schema);
    this.#set(SLOT_GENERATION, generation);
  }

  protected override mayAllocate(): boolean {
    if (this.pages.length < MOST_PAGES) return true;
    if (!this.releaseEmpty()) this.collapse();
    return false;
  }

  protected override countZero(): void {
    this.#header.add(this.#at + SLOT_ZERO, 1);
  }

  #set(cell: number, value: number): void {
    this.#header.set(this.#at + cell, value);
  }
}
