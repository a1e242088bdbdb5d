import type { LabelSet, LabelTexts } from '../model/labels';
import type { NativeError } from '../native';
import { loseCells, lostRecord } from './lost-cells';
import type { OwnSegment } from './own-segment';
import { type CellHolder, exemplarCells, type PageKey } from './store';
import type { ThreadSegments } from './thread-segments';

/**
 * Where the cells of this thread's series are. A series that finds no room in the file goes into private memory, and its cells
 * are lost if there is none either; the next series tries the file again. Pages and exemplars are beside their series or lost.
 */
export class Places {
  readonly #segments: ThreadSegments;
  readonly #warn: (error: NativeError) => void;

  // Holders that are in neither segment have lost their place for good.
  readonly #inPrivate = new WeakSet<CellHolder>();

  constructor(segments: ThreadSegments, warn: (error: NativeError) => void) {
    this.#segments = segments;
    this.#warn = warn;
  }

  /** See `CellStore.allocate()`. */
  allocate(
    family: number,
    texts: LabelTexts,
    given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): void {
    // Here and not when something is released: that may be one of several that belong together and are out of sight.
    if (this.#segments.file?.isWasteful) this.moveFile();
    try {
      if (this.#segments.file?.allocate(family, texts, given, count, holder)) return;
    } catch (error) {
      this.#warn(error as NativeError);
    }
    this.#allocatePrivately(family, texts, given, count, holder);
  }

  allocatePage(header: CellHolder, key: PageKey, page: CellHolder): void {
    this.#allocateBeside(header, page, 32, (segment) => segment.allocatePage(header, key, page));
  }

  allocateExemplar(header: CellHolder, bucket: number, exemplar: CellHolder): void {
    const place = (segment: OwnSegment): void => segment.allocateExemplar(header, bucket, exemplar);
    this.#allocateBeside(header, exemplar, exemplarCells, place);
  }

  release(holder: CellHolder, count: number): void {
    if (holder.record < 0) return;
    if (holder.record !== lostRecord) this.#segmentOf(holder)?.release(holder, count);
    holder.record = -1;
  }

  /** Moves the file to a new one, and all cells that are in it. */
  moveFile(): void {
    this.#segments.moveFile(() => {
      const isThere = (holder: CellHolder): boolean =>
        holder.record >= 0 && holder.record !== lostRecord && !this.#inPrivate.has(holder);
      return [...this.#segments.announced.holders()].filter(isThere);
    });
  }

  #segmentOf(holder: CellHolder): OwnSegment | undefined {
    return this.#inPrivate.has(holder) ? this.#segments.private : this.#segments.file;
  }

  /** A page or an exemplar is of use only beside the series it belongs to. */
  #allocateBeside(
    header: CellHolder,
    holder: CellHolder,
    count: number,
    place: (segment: OwnSegment) => void,
  ): void {
    if (header.record < 0) {
      loseCells(holder, count); // of a series over the limit
      return;
    }
    const segment = this.#segmentOf(header);
    try {
      if (!segment || header.record === lostRecord) throw new Error('the series has no segment');
      place(segment);
      if (segment === this.#segments.private) this.#inPrivate.add(holder);
    } catch (error) {
      this.#warn(error as NativeError);
      loseCells(holder, count);
    }
  }

  #allocatePrivately(
    family: number,
    texts: LabelTexts,
    given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): void {
    try {
      if (this.#segments.openPrivate().allocate(family, texts, given, count, holder)) {
        this.#inPrivate.add(holder);
        return;
      }
    } catch (error) {
      this.#warn(error as NativeError);
    }
    loseCells(holder, count);
  }
}
