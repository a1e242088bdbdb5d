import { threadId } from 'node:worker_threads';
import type { NativeAddon, NativeSegment } from '../native';
import type { Registration } from './registrations';
import { type CellRef, clear, noCells, type PageKey } from './store';

/** One segment that this thread writes, in terms of registrations and cells: its file, or its overflow in memory. */
export class Segment {
  readonly native: NativeSegment;
  readonly #location = new Int32Array(3);
  readonly #extents: Float64Array[] = [];
  readonly #records = new Map<string, number>();
  /** Bytes, 0 while less than half of the records are garbage. */
  #garbage = 0;
  #rewriteThreshold = leastGarbage;

  /** Without a directory the segment is memory of this process. Throws a NativeError. */
  constructor(addon: NativeAddon, directory: string | undefined, maxBytes: number) {
    this.native = new addon.Segment(directory, threadId, maxBytes, this.#location);
  }

  get isMostlyGarbage(): boolean {
    return this.#garbage > this.#rewriteThreshold;
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

  /** Cells of a series; see `NativeSegment.addSeries()` for the labels. This and the next two throw a NativeError when there is no room. */
  allocateSeries(family: number, labels: readonly unknown[], count: number): CellRef {
    this.native.addSeries(family, count, ...labels);
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
    this.#garbage = this.native.release(cells.record, this.#extentOf(cells), cells.index, count);
  }

  /**
   * Replaces the file by one without garbage in `directory` and points `all`, the cells that are in use here, to their copies. Without
   * `keepsCounts` they begin at zero. Throws a NativeError when the new file cannot be made: nothing has changed then, and the
   * threshold for the next attempt is twice the garbage.
   */
  rewrite(keepsCounts: boolean, all: readonly CellRef[], directory: string): void {
    const keys = [...this.#records.keys()];
    const records = [...this.#records.values(), ...all.map(({ record }) => record)];
    const locations = new Int32Array(3 * records.length);
    for (let i = 0; i < records.length; i++) locations[3 * i] = records[i] as number;
    this.#rewriteThreshold = 2 * Math.max(this.#garbage, leastGarbage);
    this.native.rewrite(keepsCounts, locations, directory);
    this.#rewriteThreshold = leastGarbage;
    this.#garbage = 0;
    this.#extents.length = 0;
    let at = 0;
    for (const key of keys) this.#records.set(key, locations[3 * at++] as number);
    for (const cells of all) this.#point(cells, locations, 3 * at++);
  }

  #allocated(): CellRef {
    const cells = { values: noCells, index: 0, record: -1 };
    this.#point(cells, this.#location, 0);
    return cells;
  }

  /** `locations[at]` and the next two are record, extent and index. */
  #point(cells: CellRef, locations: Int32Array, at: number): void {
    const record = locations[at] as number;
    if (record < 0) {
      clear(cells); // another owner that took this one for dead has removed the series
      return;
    }
    const extent = locations[at + 1] as number;
    cells.values = this.#extents[extent] ??= new Float64Array(this.native.extent(extent));
    cells.index = locations[at + 2] as number;
    cells.record = record;
  }

  #extentOf(cells: CellRef): number {
    return this.#extents.indexOf(cells.values);
  }
}

/** Less than this is not worth a rewrite. */
const leastGarbage: number = 256 * 1024;
