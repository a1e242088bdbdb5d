import type { FamilyDefinition } from '../model/family';
import type { SeriesKey } from '../model/labels';
import { SeriesLimit } from './series-limit';
import {
  type CellRef,
  type CellStore,
  clear,
  exemplarCells,
  noCells,
  PAGE_CELLS,
  type PageKey,
  type SeriesRef,
} from './store';

/** A chunk has as many pieces as those before it together, up to this number. */
const LARGEST_CHUNK = 1024;

const unlimited: SeriesLimit = new SeriesLimit();

/**
 * Cells in plain memory, for one thread alone. References to equally many cells share chunks, and released cells go to a free
 * list: the memory is that of the greatest number of series at one time.
 */
export class HeapStore implements CellStore {
  /** Registries render from their metrics. */
  readonly shared = false;
  readonly view = 'thread';
  readonly outlivesFamilies: boolean;
  readonly seriesLimit: SeriesLimit = unlimited;
  readonly #pools: CellPool[] = [];

  /** A store for one family is garbage with it. */
  constructor(families: 'one' | 'all' = 'all') {
    this.outlivesFamilies = families === 'all';
  }

  addFamily(_definition: FamilyDefinition, _live: Iterable<SeriesRef>): number {
    return 0;
  }

  changeFamily(_family: number, _definition: FamilyDefinition): void {}

  replaceFamily(_from: number, _to: number): void {}

  removeFamily(_family: number): void {}

  allocate(_family: number, _key: SeriesKey, count: number): CellRef {
    return this.#pool(count).take();
  }

  allocatePage(_series: CellRef, _key: PageKey): CellRef {
    return this.#pool(PAGE_CELLS).take();
  }

  allocateExemplar(_series: CellRef, _bucket: number): CellRef {
    return this.#pool(exemplarCells).take();
  }

  release(cells: CellRef, count: number): void {
    if (cells.record < 0) return;
    this.#pool(count).giveBack(cells);
    clear(cells);
  }

  #pool(size: number): CellPool {
    for (const pool of this.#pools) if (pool.size === size) return pool;
    const pool = new CellPool(size);
    this.#pools.push(pool);
    return pool;
  }
}

/** Hands out pieces of `size` cells from chunks of memory. */
class CellPool {
  readonly size: number;
  readonly #free: { readonly values: Float64Array; readonly index: number }[] = [];
  #chunk = noCells;
  #used = 0;
  /** Pieces in all chunks. */
  #pieces = 0;

  constructor(size: number) {
    this.size = size;
  }

  take(): CellRef {
    const free = this.#free.pop();
    if (free !== undefined) return { ...free, record: 0 };
    if (this.#used === this.#chunk.length) this.#grow();
    const index = this.#used;
    this.#used += this.size;
    return { values: this.#chunk, index, record: 0 };
  }

  giveBack({ values, index }: CellRef): void {
    values.fill(0, index, index + this.size);
    this.#free.push({ values, index });
  }

  #grow(): void {
    const pieces = Math.min(Math.max(this.#pieces, 1), LARGEST_CHUNK);
    this.#chunk = new Float64Array(this.size * pieces);
    this.#used = 0;
    this.#pieces += pieces;
  }
}
