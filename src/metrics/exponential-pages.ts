import { bucketKey, COARSEST_SCHEMA, coarserKey, FINEST_SCHEMA } from '../model/exponential-buckets';
import { Cells } from '../series/series';
import { type CellRef, type CellStore, PAGE_CELLS } from '../store/store';

export type Sign = 1 | -1;

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

/** The pages of one sign that were used last, by the low bits of their number. */
type Ring = readonly Page[];
const RING_SIZE = 32;
/** No double's key is on page 2^20. */
const EMPTY_RING: Ring = new Array<Page>(RING_SIZE).fill(new Page(1, 1 << 20));

/**
 * Exponential buckets in pages, which are allocated as values come. A header has a generation and a schema: pages count while
 * their generation is that of the header, so its store commits a change of the schema for readers.
 */
export abstract class ExponentialPages {
  protected pages: Page[] = [];
  protected store: CellStore;
  /** Names the pages in the store; see `PageKey`. */
  readonly #slot: number;
  readonly #finest: number;
  #positive: Ring = EMPTY_RING;
  #negative: Ring = EMPTY_RING;
  /** How many schemas below the finest of all the buckets are. */
  #coarser: number;

  /** `finest` is the schema of the first observation. */
  constructor(store: CellStore, slot: number, finest: number) {
    this.store = store;
    this.#slot = slot;
    this.#finest = finest;
    this.#coarser = FINEST_SCHEMA - finest;
  }

  /** The cells of the series that the pages belong to. */
  protected abstract get series(): CellRef;
  protected abstract get generation(): number;
  /** Stores schema and generation of the header, in this order. */
  protected abstract commit(schema: number, generation: number): void;
  /** Called when there is no page for a value: whether another one may be allocated. Else room is made, then it is asked again. */
  protected abstract mayAllocate(): boolean;

  get schema(): number {
    return FINEST_SCHEMA - this.#coarser;
  }

  /** Whether the buckets are coarser than in the beginning. */
  protected get isCoarser(): boolean {
    return this.schema < this.#finest;
  }

  /** Counts a value that is finite and not 0. Returns the count of its bucket before. */
  protected countInPage(value: number): number {
    const key = this.#keyOf(value);
    const number = key >> PAGE_BITS;
    const ring = value > 0 ? this.#positive : this.#negative;
    const page = ring[number & (RING_SIZE - 1)] as Page;
    if (page.number !== number) return this.#countInOtherPage(value);
    return countIn(page, key & LAST_CELL);
  }

  /** Moves the pages to a store in which `series` are the new cells of the series. */
  movePages(series: CellRef, to: CellStore, from: CellStore): void {
    this.store = to;
    for (const page of this.pages) {
      const cells = this.#cellsOf(series, page.sign, page.number, this.schema, this.generation);
      page.moveTo(cells, PAGE_CELLS, from);
    }
  }

  /** Gives the pages back. */
  end(): void {
    this.release(this.pages);
    this.pages = [];
    this.#forget();
  }

  /** Adds the buckets of one sign to `counts`, by their keys at `schema`, which is not above the present one. */
  addTo(counts: Map<number, number>, sign: Sign, schema: number): void {
    const steps = this.schema - schema;
    for (const page of this.pages) {
      if (page.sign !== sign) continue;
      eachBucket(page, (key, count) => {
        const coarse = coarserKey(key, steps);
        counts.set(coarse, (counts.get(coarse) ?? 0) + count);
      });
    }
  }

  /** Back to the first schema, without pages. */
  protected restartPages(): void {
    this.#publish(this.#finest, []);
  }

  protected emptyPages(): void {
    for (const page of this.pages) for (let i = 0; i < PAGE_CELLS; i++) page.set(i, 0);
  }

  /** Gives back the pages that are empty. Returns whether there was one. */
  protected releaseEmpty(): boolean {
    const empty = this.pages.filter(isEmpty);
    if (empty.length === 0) return false;
    this.pages = this.pages.filter((page) => !empty.includes(page));
    this.#forget();
    this.release(empty);
    return true;
  }

  /** Halves the resolution. Does nothing at the coarsest schema, where all doubles fit in a few pages. */
  protected collapse(): void {
    if (this.schema === COARSEST_SCHEMA) return;
    const generation = this.generation + 1;
    const schema = this.schema - 1;
    const merged: Page[] = [];
    for (const page of this.pages) {
      eachBucket(page, (key, count) => {
        const half = coarserKey(key, 1);
        const number = half >> PAGE_BITS;
        let target = merged.find((other) => other.number === number && other.sign === page.sign);
        if (target === undefined) {
          target = this.#allocate(page.sign, number, schema, generation);
          merged.push(target);
        }
        target.add(half & LAST_CELL, count);
      });
    }
    this.#publish(schema, merged);
  }

  protected countBuckets(): number {
    let buckets = 0;
    for (const page of this.pages) eachBucket(page, () => buckets++);
    return buckets;
  }

  protected release(pages: readonly Page[]): void {
    for (const page of pages) this.store.release(page, PAGE_CELLS);
  }

  #countInOtherPage(value: number): number {
    const sign = value > 0 ? 1 : -1;
    for (;;) {
      const key = this.#keyOf(value);
      const page = this.#pageOf(sign, key >> PAGE_BITS);
      if (page !== undefined) {
        this.#remember(page);
        return countIn(page, key & LAST_CELL);
      }
    }
  }

  #keyOf(value: number): number {
    return coarserKey(bucketKey(value < 0 ? -value : value), this.#coarser);
  }

  /** The page, made if need be; undefined where others had to go first. */
  #pageOf(sign: Sign, number: number): Page | undefined {
    const known = this.pages.find((page) => page.number === number && page.sign === sign);
    if (known !== undefined || !this.mayAllocate()) return known;
    const page = this.#allocate(sign, number, this.schema, this.generation);
    this.pages.push(page);
    return page;
  }

  #allocate(sign: Sign, number: number, schema: number, generation: number): Page {
    return new Page(sign, number).pointTo(this.#cellsOf(this.series, sign, number, schema, generation));
  }

  #cellsOf(series: CellRef, sign: Sign, number: number, schema: number, generation: number): CellRef {
    return this.store.allocatePage(series, { slot: this.#slot, sign, schema, generation, number });
  }

  #remember(page: Page): void {
    const ring = [...(page.sign > 0 ? this.#positive : this.#negative)];
    ring[page.number & (RING_SIZE - 1)] = page;
    if (page.sign > 0) this.#positive = ring;
    else this.#negative = ring;
  }

  /** Replaces the pages: a crash before the commit leaves the old pages valid, a crash after it the new ones. */
  #publish(schema: number, pages: Page[]): void {
    const old = this.pages;
    this.commit(schema, this.generation + 1);
    this.#coarser = FINEST_SCHEMA - schema;
    this.pages = pages;
    this.#forget();
    this.release(old);
  }

  #forget(): void {
    this.#positive = EMPTY_RING;
    this.#negative = EMPTY_RING;
  }
}

function countIn(page: Page, cell: number): number {
  const at = page.index + cell;
  const before = page.values[at] as number;
  page.values[at] = before + 1;
  return before;
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
