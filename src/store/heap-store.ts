import type { FamilyDefinition } from '../model/family';
import type { SeriesKey } from '../model/labels';
import { SeriesLimit } from './series-limit';
import {
  type CellRef,
  type CellStore,
  clear,
  exemplarCells,
  type LiveSeries,
  NATIVE_CELLS,
  PAGE_CELLS,
  type PageKey,
} from './store';

/** Cells of metrics that only private registries have: each reference has memory of its own, which is garbage with it. */
export const privateStore: CellStore = {
  outlivesFamilies: false,
  seriesLimit: new SeriesLimit(),
  addFamily: () => 0,
  changeFamily: () => undefined,
  replaceFamily: () => undefined,
  removeFamily: () => undefined,
  allocate: (_family, _key, count) => startedCells(count),
  createdMs: ({ values, index }, count) => values[index + count] as number,
  allocateNative: () => ownCells(NATIVE_CELLS),
  allocatePage: () => ownCells(PAGE_CELLS),
  allocateExemplar: () => ownCells(exemplarCells),
  release: clear,
};

function ownCells(count: number): CellRef {
  return { values: new Float64Array(count), index: 0, record: 0 };
}

/** After the cells comes the time. */
function startedCells(count: number): CellRef {
  const cells = ownCells(count + 1);
  cells.values[count] = Date.now();
  return cells;
}

const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 1024;

/**
 * Cells in plain memory, for one thread alone. References to equally many cells share chunks, and released cells go to a free
 * list: the memory is that of the greatest number of series at one time.
 */
export class HeapStore implements CellStore {
  /** Registries render from their metrics. */
  readonly shared = false;
  readonly view = 'thread';
  readonly outlivesFamilies = true;
  readonly seriesLimit: SeriesLimit = new SeriesLimit();
  readonly #pools = new Map<number, CellPool>();

  addFamily(_definition: FamilyDefinition, _live: LiveSeries): number {
    return 0;
  }

  changeFamily(_family: number, _definition: FamilyDefinition): void {}

  replaceFamily(_from: number, _to: number): void {}

  removeFamily(_family: number): void {}

  allocate(_family: number, _key: SeriesKey, count: number): CellRef {
    return this.#pool(count).take();
  }

  createdMs(series: CellRef, count: number): number {
    return this.#pool(count).takenMs(series);
  }

  allocateNative(_series: CellRef, _zeroThreshold: number): CellRef {
    return this.#pool(NATIVE_CELLS).take();
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

  #pool(count: number): CellPool {
    let pool = this.#pools.get(count);
    if (pool === undefined) {
      pool = new CellPool(count);
      this.#pools.set(count, pool);
    }
    return pool;
  }
}

class CellPool {
  readonly #size: number;
  readonly #free: Readonly<CellRef>[] = [];
  /** By record, which numbers the references of a pool. */
  readonly #takenMs: number[] = [];
  #chunk = new Float64Array(0);
  #used = 0;
  #nextChunk = FIRST_CHUNK;

  constructor(size: number) {
    this.#size = size;
  }

  take(): CellRef {
    const free = this.#free.pop();
    const { values, index, record } = free ?? this.#next();
    this.#takenMs[record] = Date.now();
    return { values, index, record };
  }

  takenMs({ record }: CellRef): number {
    return this.#takenMs[record] ?? 0;
  }

  giveBack({ values, index, record }: CellRef): void {
    values.fill(0, index, index + this.#size);
    this.#free.push({ values, index, record });
  }

  #next(): CellRef {
    if (this.#used === this.#chunk.length) {
      this.#chunk = new Float64Array(this.#size * this.#nextChunk);
      this.#used = 0;
      this.#nextChunk = Math.min(this.#nextChunk * 2, LARGEST_CHUNK);
    }
    const index = this.#used;
    this.#used += this.#size;
    return { values: this.#chunk, index, record: this.#takenMs.length };
  }
}
