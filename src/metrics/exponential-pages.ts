import { bucketKey, COARSEST_SCHEMA, coarserKey, FINEST_SCHEMA } from '../model/exponential-buckets';
import { Cells } from '../series/series';
import { type CellRef, type CellStore, noCells, PAGE_CELLS } from '../store/store';

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

/**
 * The pages that were used last, at the low bits of their number and their sign: the number of each, and the place of its first cell.
 * An observation takes as long as the way from its value to its cell, so that leads through numbers and not through objects.
 */
type Ring = readonly number[];
const RING_PAGES = 16;
/** No double's key is on page 2^20. */
const EMPTY_RING: Ring = new Array<number>(4 * RING_PAGES).fill(1 << 20);

function placeInRing(number: number, isNegative: boolean): number {
  return ((number & (RING_PAGES - 1)) << 2) | (Number(isNegative) << 1);
}

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
  readonly #zeroThreshold: number;
  #ring: Ring = EMPTY_RING;
  /** The array of the cells of all pages in the ring. */
  #values: Float64Array = noCells;
  /** How many schemas below the finest of all the buckets are. */
  #coarser: number;

  /** `finest` is the schema of the first observation; up to `zeroThreshold` absolute values are taken for 0. */
  constructor(store: CellStore, slot: number, finest: number, zeroThreshold: number) {
    this.store = store;
    this.#slot = slot;
    this.#finest = finest;
    this.#zeroThreshold = zeroThreshold;
    this.#coarser = FINEST_SCHEMA - finest;
  }

  /** The cells of the series that the pages belong to. */
  protected abstract get series(): CellRef;
  protected abstract get generation(): number;
  /** Stores schema and generation of the header, in this order. */
  protected abstract commit(schema: number, generation: number): void;
  /** Called when there is no page for a value: whether another one may be allocated. Else room is made, then it is asked again. */
  protected abstract mayAllocate(): boolean;
  protected abstract countZero(): void;
  /** Called after the first value of a bucket. */
  protected bucketBegun(): void {}

  get schema(): number {
    return FINEST_SCHEMA - this.#coarser;
  }

  /** Whether the buckets are coarser than in the beginning. */
  protected get isCoarser(): boolean {
    return this.schema < this.#finest;
  }

  /** Counts a finite value. */
  count(value: number): void {
    const key = coarserKey(bucketKey(value), this.#coarser);
    const number = key >> PAGE_BITS;
    const at = placeInRing(number, value < 0);
    const ring = this.#ring;
    if (ring[at] === number) this.#increment(this.#values, (ring[at + 1] as number) + (key & LAST_CELL));
    else this.#countElsewhere(value);
  }

  /** Moves the pages to a store in which `series` are the new cells of the series. */
  movePages(series: CellRef, to: CellStore, from: CellStore): void {
    this.store = to;
    for (const page of this.pages) {
      const cells = this.#cellsOf(series, page.sign, page.number, this.schema, this.generation);
      page.moveTo(cells, PAGE_CELLS, from);
    }
    this.#forget();
  }

  /** Takes the pages of `other`, whose header this one has got. */
  takePages(other: ExponentialPages): void {
    this.#coarser = other.#coarser;
    this.pages = other.pages;
    other.pages = [];
    other.#coarser = FINEST_SCHEMA - other.#finest;
    other.#forget();
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
    this.store.requireStack?.();
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

  #increment(values: Float64Array, at: number): void {
    const before = values[at] as number;
    if (before === 0) this.store.requireStack?.(); // for `bucketBegun()`
    values[at] = before + 1;
    if (before === 0) this.bucketBegun();
  }

  /** Counts a value of the zero bucket or of a page that is not in the ring. */
  #countElsewhere(value: number): void {
    this.store.requireStack?.();
    if (Math.abs(value) <= this.#zeroThreshold) {
      this.countZero();
      return;
    }
    for (;;) {
      const key = this.#keyOf(value);
      const page = this.#pageOf(value < 0 ? -1 : 1, key >> PAGE_BITS);
      if (page === undefined) continue;
      this.#remember(page);
      this.#increment(page.values, page.index + (key & LAST_CELL));
      return;
    }
  }

  #keyOf(value: number): number {
    return coarserKey(bucketKey(value), this.#coarser);
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

  #remember({ values, index, sign, number }: Page): void {
    const mayHoldZeros = number <= this.#keyOf(this.#zeroThreshold) >> PAGE_BITS;
    if (mayHoldZeros) return;
    const ring = [...(values === this.#values ? this.#ring : EMPTY_RING)];
    const at = placeInRing(number, sign < 0);
    ring[at] = number;
    ring[at + 1] = index;
    this.#ring = ring;
    this.#values = values;
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
    this.#ring = EMPTY_RING;
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
