import type { FamilyDefinition } from '../model/family';
import type { LabelSet, LabelTexts } from '../model/labels';
import { SeriesBudget } from './series-budget';
import { type CellHolder, exemplarCells, type PageKey, type PrivateStore, type SeriesHolder } from './store';

const PAGE_CELLS = 32;
const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 1024;

/**
 * Cells in plain memory, for one process alone. Places of equal size come from common chunks and go back to a free
 * list, so that creating and removing series for ever needs no more memory than their greatest number at one time.
 */
export class HeapStore implements PrivateStore {
  readonly shared = false;
  readonly newcomers: undefined;
  readonly budget: SeriesBudget = new SeriesBudget();
  readonly #pools = new Map<number, CellPool>();
  #families = 0;

  addFamily(_definition: FamilyDefinition, _live: Iterable<SeriesHolder>): number {
    return this.#families++;
  }

  removeFamily(_family: number): void {}

  allocate(
    _family: number,
    _texts: LabelTexts,
    _given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): void {
    this.#pool(count).take(holder);
  }

  allocatePage(_header: CellHolder, _key: PageKey, page: CellHolder): void {
    this.#pool(PAGE_CELLS).take(page);
  }

  allocateExemplar(_header: CellHolder, _bucket: number, exemplar: CellHolder): void {
    this.#pool(exemplarCells).take(exemplar);
  }

  release(holder: CellHolder, count: number): void {
    this.#pool(count).giveBack(holder);
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

/** Places of `size` cells each. */
class CellPool {
  readonly #size: number;
  readonly #free: { readonly values: Float64Array; readonly index: number }[] = [];
  #chunk = new Float64Array(0);
  #used = 0;
  #places = FIRST_CHUNK;

  constructor(size: number) {
    this.#size = size;
  }

  take(holder: CellHolder): void {
    const place = this.#free.pop();
    if (place !== undefined) {
      holder.values = place.values;
      holder.index = place.index;
    } else {
      if (this.#used === this.#chunk.length) this.#grow();
      holder.values = this.#chunk;
      holder.index = this.#used;
      this.#used += this.#size;
    }
    holder.record = 0;
  }

  giveBack(holder: CellHolder): void {
    const { values, index } = holder;
    values.fill(0, index, index + this.#size);
    this.#free.push({ values, index });
    holder.record = -1;
  }

  #grow(): void {
    this.#chunk = new Float64Array(this.#size * this.#places);
    this.#used = 0;
    this.#places = Math.min(this.#places * 2, LARGEST_CHUNK);
  }
}
