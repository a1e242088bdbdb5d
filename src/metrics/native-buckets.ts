import type { NativeBucket, NativeDefinition, NativeHistogram } from '../model/family';
import { Cells } from '../series/series';
import { type CellRef, type CellStore, discardCells, NATIVE_CELLS, NATIVE_SLOT } from '../store/store';
import { ExponentialPages, type Sign } from './exponential-pages';

// The cells of the header.
const GENERATION = 0;
const SCHEMA = 1;
const ZERO_COUNT = 2;

/** The exponential buckets of one series of a native histogram. With too many buckets it halves its resolution. */
export class NativeBuckets extends ExponentialPages {
  readonly #series: CellRef;
  readonly #zeroThreshold: number;
  readonly #maxBuckets: number;
  /** Without cells of a store until `begin()`: a series over the limit has none. */
  readonly #header: Cells = new Cells().pointTo(discardCells(NATIVE_CELLS));
  #buckets = 0;

  constructor(series: CellRef, store: CellStore, definition: NativeDefinition) {
    super(store, NATIVE_SLOT, definition.schema, definition.zeroThreshold);
    this.#series = series;
    this.#zeroThreshold = definition.zeroThreshold;
    this.#maxBuckets = definition.maxBuckets;
  }

  /** The cells of the series are there, and all zero. */
  begin(): void {
    this.#header.pointTo(this.store.allocateNative(this.#series, this.#zeroThreshold));
    this.#header.set(SCHEMA, this.schema);
  }

  get parts(): readonly CellRef[] {
    return [this.#header, ...this.pages];
  }

  /** Removes all observations. */
  reset(): void {
    this.restartPages();
    this.#header.set(ZERO_COUNT, 0);
    this.#buckets = 0;
  }

  get snapshot(): NativeHistogram {
    return {
      schema: this.schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#header.get(ZERO_COUNT),
      positive: this.#bucketsOf(1),
      negative: this.#bucketsOf(-1),
    };
  }

  override movePages(series: CellRef, to: CellStore, from: CellStore): void {
    this.#header.moveTo(to.allocateNative(series, this.#zeroThreshold), NATIVE_CELLS, from);
    super.movePages(series, to, from);
  }

  takeOver(other: NativeBuckets): void {
    this.#header.pointTo(other.#header);
    other.#header.pointTo(discardCells(NATIVE_CELLS));
    this.#buckets = other.#buckets;
    other.#buckets = 0;
    this.takePages(other);
  }

  override end(): void {
    super.end();
    this.store.release(this.#header, NATIVE_CELLS);
  }

  protected override get series(): CellRef {
    return this.#series;
  }

  protected override get generation(): number {
    return this.#header.get(GENERATION);
  }

  protected override commit(schema: number, generation: number): void {
    this.#header.set(SCHEMA, schema);
    this.#header.set(GENERATION, generation);
  }

  protected override mayAllocate(): boolean {
    return true;
  }

  protected override countZero(): void {
    this.#header.add(ZERO_COUNT, 1);
  }

  protected override bucketBegun(): void {
    if (++this.#buckets <= this.#maxBuckets) return;
    this.collapse();
    this.#buckets = this.countBuckets();
  }

  #bucketsOf(sign: Sign): NativeBucket[] {
    const counts = new Map<number, number>();
    this.addTo(counts, sign, this.schema);
    return [...counts].sort(([a], [b]) => a - b);
  }
}
