import { threadId } from 'node:worker_threads';
import type { NativeAddon, NativeSegment } from '../native';
import type { Registration } from './registrations';
import type { CellRef, PageKey } from './store';

/** One segment that this thread writes, in terms of registrations and cells: its file, or its overflow in memory. */
export class Segment {
  readonly native: NativeSegment;
  readonly #location = new Int32Array(3);
  readonly #extents: Float64Array[] = [];
  readonly #records = new Map<string, number>();
  /** Bytes, 0 while less than half of the records are garbage. */
  #garbage = 0;
  #rewriteThreshold = leastGarbage;
  #isRewriting = false;
  #references = 0;

  /** Without a directory the segment is memory of this process. Throws a NativeError. */
  constructor(addon: NativeAddon, directory: string | undefined, maxBytes: number) {
    this.native = new addon.Segment(directory, threadId, maxBytes, this.#location);
  }

  get isMostlyGarbage(): boolean {
    return !this.#isRewriting && this.#garbage > this.#rewriteThreshold;
  }

  get isRewriting(): boolean {
    return this.#isRewriting;
  }

  /** Whether no cells are in use. */
  get isEmpty(): boolean {
    return this.#references === 0;
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  owns(cells: CellRef): boolean {
    return this.#extents.includes(cells.values);
  }

  /** Returns the record; undefined when the segment lacks one that it refers to. Throws when there is no room for it. */
  register({ key, refersTo = [], append }: Registration): number | undefined {
    if (!refersTo.every((other) => this.#records.has(other))) return undefined;
    const earlier = this.#records.get(key);
    const record = append(this.native);
    this.#records.set(key, record);
    // Afterwards: a reader must find the old record or the new one.
    if (earlier !== undefined) this.#garbage = this.native.remove(earlier);
    return record;
  }

  unregister(key: string): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    this.#records.delete(key);
    this.#garbage = this.native.remove(record);
  }

  /** Cells of a series; see `NativeSegment.addSeries()` for the labels. This and the next three throw a NativeError when there is no room. */
  allocateSeries(family: number, labels: readonly unknown[], count: number): CellRef {
    this.native.addSeries(family, count, ...labels);
    return this.#allocated();
  }

  allocateNative(series: CellRef, zeroThreshold: number): CellRef {
    this.native.addNative(this.#extentOf(series), series.index, zeroThreshold);
    return this.#allocated();
  }

  allocatePage(series: CellRef, { slot, sign, schema, generation, number }: PageKey): CellRef {
    this.native.addPage(this.#extentOf(series), series.index, slot, sign, schema, generation, number);
    return this.#allocated();
  }

  allocateExemplar(series: CellRef, bucket: number): CellRef {
    this.native.addExemplar(this.#extentOf(series), series.index, bucket);
    return this.#allocated();
  }

  release(cells: CellRef, count: number): void {
    this.#references--;
    this.#garbage = this.native.release(cells.record, this.#extentOf(cells), cells.index, count);
  }

  /**
   * Begins to replace the file by one without garbage in `directory`. Throws a NativeError when it cannot be made: the threshold for
   * the next attempt is twice the garbage then.
   */
  beginRewrite(directory: string): void {
    this.#rewriteThreshold = 2 * Math.max(this.#garbage, leastGarbage);
    this.native.beginRewrite(directory);
    this.#isRewriting = true;
  }

  /**
   * Copies some of the records, at most `records`. At the end the new file takes the place of the old one, and the cells are where
   * they were; `all` yields those in use here, which begin at zero if another owner has compacted the counts. Throws a
   * NativeError when there is no room; nothing has changed then, and `isRewriting` is false.
   */
  continueRewrite(records: number, all: () => Iterable<CellRef>): void {
    this.#isRewriting = false;
    const state = this.native.continueRewrite(records);
    this.#isRewriting = state === 'unfinished';
    if (this.#isRewriting) return;
    this.#rewriteThreshold = leastGarbage;
    this.#garbage = 0;
    if (state === 'emptied') this.#renewViews(all());
  }

  /** Tells callers that remember the number in a cell that it has changed. */
  #renewViews(all: Iterable<CellRef>): void {
    const renewed = this.#extents.map((values) => new Float64Array(values.buffer));
    for (const cells of all) cells.values = renewed[this.#extentOf(cells)] as Float64Array;
    this.#extents.splice(0, renewed.length, ...renewed);
  }

  #allocated(): CellRef {
    const [record, extent, index] = this.#location as unknown as [number, number, number];
    this.#references++;
    this.#extents[extent] ??= new Float64Array(this.native.extent(extent));
    return { values: this.#extents[extent], index, record };
  }

  #extentOf(cells: CellRef): number {
    return this.#extents.indexOf(cells.values);
  }
}

/** Less than this is not worth a rewrite. */
const leastGarbage: number = 256 * 1024;
