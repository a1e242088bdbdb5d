import type { SeriesKey } from '../model/labels';
import type { NativeError } from '../native';
import { discardCells, loseCells } from './lost-cells';
import type { OwnSegment } from './own-segment';
import { type CellRef, exemplarCells, PAGE_CELLS, type PageKey } from './store';
import type { ThreadSegments } from './thread-segments';

/** Allocates cells in the file, or in the overflow if the file has no room. */
export class Places {
  readonly #segments: ThreadSegments;
  readonly #warn: (error: NativeError) => void;

  constructor(segments: ThreadSegments, warn: (error: NativeError) => void) {
    this.#segments = segments;
    this.#warn = warn;
  }

  /** See `CellStore.allocate()`. */
  allocate(family: number, key: SeriesKey, count: number): CellRef {
    // Here and not when something is released: that may be one of several that belong together and are out of sight.
    if (this.#segments.file?.isWasteful) this.moveFile();
    const open = [() => this.#segments.file, () => this.#segments.openPrivate()];
    for (const segment of open) {
      try {
        const cells = segment()?.allocate(family, key, count);
        if (cells !== undefined) return cells;
      } catch (error) {
        this.#warn(error as NativeError);
      }
    }
    return discardCells(count);
  }

  allocatePage(series: CellRef, key: PageKey): CellRef {
    return this.#allocateBeside(series, PAGE_CELLS, (segment) => segment.allocatePage(series, key));
  }

  allocateExemplar(series: CellRef, bucket: number): CellRef {
    return this.#allocateBeside(series, exemplarCells, (segment) => segment.allocateExemplar(series, bucket));
  }

  release(cells: CellRef, count: number): void {
    if (cells.record < 0) return;
    this.#segmentOf(cells)?.release(cells, count);
    loseCells(cells);
  }

  /** Moves the file to a new one, and all cells that are in it. */
  moveFile(): void {
    const { file, announced } = this.#segments;
    this.#segments.moveFile(() => [...announced.holders()].filter((cells) => file?.owns(cells)));
  }

  #segmentOf(cells: CellRef): OwnSegment | undefined {
    const { file, private: overflow } = this.#segments;
    return [file, overflow].find((segment) => segment?.owns(cells));
  }

  /** A page or an exemplar is of use only in the segment of its series. */
  #allocateBeside(series: CellRef, count: number, allocate: (segment: OwnSegment) => CellRef): CellRef {
    const segment = this.#segmentOf(series);
    try {
      if (segment !== undefined) return allocate(segment);
    } catch (error) {
      this.#warn(error as NativeError);
    }
    return discardCells(count);
  }
}
