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
import { BASE_SCHEMA, bucketKey, coarserKey } from '../model/exponential-buckets';
import { Cells } from '../series/series';
import { type CellRef, type CellStore, PAGE_CELLS } from '../store/store';

type Sign = 1 | -1;

/** 32 buckets of one sign: keys `32 * number` to `32 * number + 31`. */
class Page extends Cells {
  readonly sign: Sign;
  readonly number: number;

  constructor(sign: Sign, number: number) {
    super();
    this.sign = sign;
    this.number = number;
  }
}

const PAGE_BITS: number = Math.log2(PAGE_CELLS);
const LAST_CELL = PAGE_CELLS - 1;
/** Of both signs together; with more, the slot changes to a coarser schema. */
const MOST_PAGES = 32;

/** The pages of one sign that were used last, by the low bits of their number. */
type Ring = readonly Page[];
const RING_SIZE = 32;
/** No double's key is on page 2^20. */
const EMPTY_RING: Ring = new Array<Page>(RING_SIZE).fill(new Page(1, 1 << 20));

/**
 * The observations of one age slot of a summary: their number, the extremes, and exponential buckets in pages that are allocated
 * as values come. When there are too many pages, the slot halves its resolution.
 */
export class SummarySlot {
  readonly #header: Cells;
  #store: CellStore;
  readonly #number: number;
  readonly #at: number;
  #pages: Page[] = [];
  #positive: Ring = EMPTY_RING;
  #negative: Ring = EMPTY_RING;
  /** How many schemas below the base the slot is. */
  #coarser = 0;

  constructor(header: Cells, store: CellStore, number: number) {
    this.#header = header;
    this.#store = store;
    this.#number = number;
    this.#at = slotAt(number);
  }

  get pages(): readonly CellRef[] {
    return this.#pages;
  }

  /** The number in a cell of the slot. */
  get(cell: number): number {
    return this.#header.get(this.#at + cell);
  }

  /** Prepares new cells, which are all zero. */
  begin(epoch: number): void {
    this.#set(SLOT_SCHEMA, BASE_SCHEMA);
    this.#set(SLOT_EPOCH, epoch);
  }

  /**
   * Counts a finite value. The slot's n is stored after its bucket and the count of the series last: readers take a
   * pair of equal reads in which the buckets add up to n.
   */
  observe(value: number): void {
    if (value !== 0) this.#countInPage(value);
    // After the page: to allocate one may move the header.
    const { values, index } = this.#header;
    const at = index + this.#at;
    const n = values[at + SLOT_N] as number;
    if (value === 0) values[at + SLOT_ZERO] = (values[at + SLOT_ZERO] as number) + 1;
    if (n === 0 || value < (values[at + SLOT_MIN] as number)) values[at + SLOT_MIN] = value;
    if (n === 0 || value > (values[at + SLOT_MAX] as number)) values[at + SLOT_MAX] = value;
    values[index + SUMMARY_SUM] = (values[index + SUMMARY_SUM] as number) + value;
    values[at + SLOT_N] = n + 1;
    values[index + SUMMARY_COUNT] = (values[index + SUMMARY_COUNT] as number) + 1;
  }

  /** Removes all observations; the slot is that of `epoch` from now on. Its epoch is 0 meanwhile, so that readers skip it. */
  restart(epoch: number): void {
    this.#set(SLOT_EPOCH, 0);
    if (this.#coarser > 0) {
      this.#publish(0, []);
    } else {
      for (const page of this.#pages) for (let i = 0; i < PAGE_CELLS; i++) page.set(i, 0);
    }
    for (const cell of [SLOT_N, SLOT_ZERO, SLOT_MIN, SLOT_MAX]) this.#set(cell, 0);
    this.#set(SLOT_EPOCH, epoch);
  }

  /** Moves the pages to a store in which `header` are the new cells of the series. */
  movePages(header: CellRef, to: CellStore, from: CellStore): void {
    this.#store = to;
    for (const page of this.#pages) {
      const cells = this.#cellsOf(header, page.sign, page.number, this.#coarser, this.get(SLOT_GENERATION));
      page.moveTo(cells, PAGE_CELLS, from);
    }
  }

  /** Gives the pages back. */
  end(): void {
    this.#release(this.#pages);
    this.#pages = [];
  }

  /** Adds the buckets of one sign to `counts`, by their keys at `schema`, which is not above the slot's own. */
  addTo(counts: Map<number, number>, sign: Sign, schema: number): void {
    const steps = this.get(SLOT_SCHEMA) - schema;
    for (const page of this.#pages) {
      if (page.sign !== sign) continue;
      eachBucket(page, (key, count) => {
        const coarse = coarserKey(key, steps);
        counts.set(coarse, (counts.get(coarse) ?? 0) + count);
      });
    }
  }

  #countInPage(value: number): void {
    const key = this.#keyOf(value);
    const number = key >> PAGE_BITS;
    const ring = value > 0 ? this.#positive : this.#negative;
    const page = ring[number & (RING_SIZE - 1)] as Page;
    if (page.number === number) page.add(key & LAST_CELL, 1);
    else this.#countInOtherPage(value);
  }

  #countInOtherPage(value: number): void {
    const sign = value > 0 ? 1 : -1;
    for (;;) {
      const key = this.#keyOf(value);
      const page = this.#pageOf(sign, key >> PAGE_BITS);
      if (page !== undefined) {
        this.#remember(page);
        page.add(key & LAST_CELL, 1);
        return;
      }
      this.#makeRoom();
    }
  }

  #keyOf(value: number): number {
    const key = bucketKey(Math.abs(value));
    return this.#coarser === 0 ? key : coarserKey(key, this.#coarser);
  }

  /** The page, made if need be; undefined if there are too many. */
  #pageOf(sign: Sign, number: number): Page | undefined {
    const known = this.#pages.find((page) => page.number === number && page.sign === sign);
    if (known !== undefined || this.#pages.length >= MOST_PAGES) return known;
    const page = this.#allocate(sign, number, this.#coarser, this.get(SLOT_GENERATION));
    this.#pages.push(page);
    return page;
  }

  #allocate(sign: Sign, number: number, coarser: number, generation: number): Page {
    const cells = this.#cellsOf(this.#header, sign, number, coarser, generation);
    return new Page(sign, number).pointTo(cells);
  }

  /** Cells of a page of the series at `header`. */
  #cellsOf(header: CellRef, sign: Sign, number: number, coarser: number, generation: number): CellRef {
    const key = { slot: this.#number, sign, schema: BASE_SCHEMA - coarser, generation, number };
    return this.#store.allocatePage(header, key);
  }

  #remember(page: Page): void {
    const ring = [...(page.sign > 0 ? this.#positive : this.#negative)];
    ring[page.number & (RING_SIZE - 1)] = page;
    if (page.sign > 0) this.#positive = ring;
    else this.#negative = ring;
  }

  /** Gives back the pages that have stayed empty since an earlier epoch or, if there are none, halves the resolution. */
  #makeRoom(): void {
    const empty = this.#pages.filter(isEmpty);
    if (empty.length === 0) {
      this.#collapse();
      return;
    }
    this.#pages = this.#pages.filter((page) => !empty.includes(page));
    this.#forget();
    this.#release(empty);
  }

  #collapse(): void {
    const generation = this.get(SLOT_GENERATION) + 1;
    const coarser = this.#coarser + 1;
    const merged: Page[] = [];
    for (const page of this.#pages) {
      eachBucket(page, (key, count) => {
        const half = coarserKey(key, 1);
        const number = half >> PAGE_BITS;
        let target = merged.find((other) => other.number === number && other.sign === page.sign);
        if (target === undefined) {
          target = this.#allocate(page.sign, number, coarser, generation);
          merged.push(target);
        }
        target.add(half & LAST_CELL, count);
      });
    }
    this.#publish(coarser, merged);
  }

  /**
   * Replaces the pages. Readers go by the generation alone, so its store commits the change: a crash before it leaves the old
   * pages valid, a crash after it the new ones.
   */
  #publish(coarser: number, pages: Page[]): void {
    const old = this.#pages;
    this.#set(SLOT_SCHEMA, BASE_SCHEMA - coarser);
    this.#header.add(this.#at + SLOT_GENERATION, 1);
    this.#coarser = coarser;
    this.#pages = pages;
    this.#forget();
    this.#release(old);
  }

  #forget(): void {
    this.#positive = EMPTY_RING;
    this.#negative = EMPTY_RING;
  }

  #release(pages: readonly Page[]): void {
    for (const page of pages) this.#store.release(page, PAGE_CELLS);
  }

  #set(cell: number, value: number): void {
    this.#header.set(this.#at + cell, value);
  }
}

function eachBucket(page: Page, visit: (key: number, count: number) => void): void {
  for (let i = 0; i < PAGE_CELLS; i++) {
    const count = page.get(i);
    if (count > 0) visit(page.number * PAGE_CELLS + i, count);
  }
}

function isEmpty(page: Page): boolean {
  for (let i = 0; i < PAGE_CELLS; i++) if (page.get(i) > 0) return false;
  return true;
}
