import type { Exemplar, NativeHistogram } from '../model/family';
import type { LabelSet } from '../model/labels';
import { type CellRef, type CellStore, clear, noCells } from '../store/store';

/** Neighbouring cells, numbered from 0. The store may move them, so nothing but this object knows where they are. */
export class Cells implements CellRef {
  values: Float64Array = noCells;
  index = 0;
  record = -1;

  pointTo({ values, index, record }: CellRef): this {
    this.values = values;
    this.index = index;
    this.record = record;
    return this;
  }

  /** Moves the numbers of `count` cells to others, and gives the present cells back to their store. */
  moveTo(cells: CellRef, count: number, from: CellStore): void {
    const { values, index, record } = this;
    cells.values.set(values.subarray(index, index + count), cells.index);
    this.pointTo(cells);
    from.release({ values, index, record }, count);
  }

  get(cell: number): number {
    return this.values[this.index + cell] as number;
  }

  set(cell: number, value: number): void {
    this.values[this.index + cell] = value;
  }

  add(cell: number, amount: number): void {
    const at = this.index + cell;
    this.values[at] = (this.values[at] as number) + amount;
  }

  /** Adds to three cells, and stores the sums in this order. All are read first: a read right after a write waits for it. */
  addThree(
    first: number,
    toFirst: number,
    second: number,
    toSecond: number,
    third: number,
    toThird: number,
  ): void {
    const { values, index } = this;
    const firstSum = (values[index + first] as number) + toFirst;
    const secondSum = (values[index + second] as number) + toSecond;
    const thirdSum = (values[index + third] as number) + toThird;
    values[index + first] = firstSum;
    values[index + second] = secondSum;
    values[index + third] = thirdSum;
  }
}

/**
 * One label set of a metric and the cells it counts in. `record` is -1 as long as it has none in the store: before it is begun,
 * and after it was removed. So the owner of a reference looks at `record` before each write.
 */
export class Series extends Cells {
  /** For `IdleSeries`. 0: it has not seen the series. */
  idleNumber = 0;

  /** Called once, when the cells are there and all zero. */
  begin(): void {}

  parts(): readonly CellRef[] {
    return [];
  }

  /**
   * Moves the other cells that belong to this series to a store in which `series` are its new cells. They come first, so that
   * no reader finds the numbers of a series without its parts.
   */
  moveParts(_series: CellRef, _to: CellStore, _from: CellStore): void {}

  /** Takes the cells of `other`, a series of the same class, and all that belongs to them. `other` has to be begun anew. */
  takeOver(other: Series): void {
    this.pointTo(other);
    clear(other);
  }

  /** The exemplar of a bucket, or of a counter (bucket 0). A series of this class keeps none. */
  exemplar(_bucket: number): Exemplar | undefined {
    return undefined;
  }

  /** Replaces it, with the present time. Throws a RangeError for labels that are too long. */
  setExemplar(_bucket: number, _labelSet: LabelSet, _value: number): void {}

  clearExemplars(): void {}

  /** The exponential buckets. A series of this class has none, and counts nothing in them. */
  get native(): NativeHistogram | undefined {
    return undefined;
  }

  countNative(_value: number): void {}

  resetNative(): void {}

  end(store: CellStore, cells: number): void {
    store.release(this, cells);
  }
}
