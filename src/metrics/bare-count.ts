import { Series } from '../series/series';
import type { CellStore } from '../store/store';

/**
 * The series of a counter without labels. It remembers the number in its cell, so that to add 1 is only to store: who adds
 * to the cell waits each time until the processor can read what it has just written, which takes longer than all the rest.
 * Nobody else writes the cell, and who moves it says so.
 */
export class BareCount extends Series {
  /** The number in the cell; -1 if it is no whole one below 2^31, and for a dead series. */
  #known = -1;
  /** The cell and no other: it needs no index. */
  #cell: Float64Array = this.values;

  /** Adds 1 to a number that is known; false, and nothing is added, if it is not. */
  addedOne(): boolean {
    const known = this.#known;
    const next = (known + 1) | 0;
    if (next <= 0) return this.#cannotAdd(known);
    this.#known = next;
    this.#cell[0] = next;
    return true;
  }

  override add(cell: number, amount: number): void {
    super.add(cell, amount);
    this.#learn();
  }

  override set(cell: number, value: number): void {
    super.set(cell, value);
    this.#learn();
  }

  override begin(): void {
    this.moved();
  }

  moved(): void {
    this.#cell = this.values.subarray(this.index, this.index + 1);
    this.#learn();
  }

  override end(store: CellStore, cells: number): void {
    super.end(store, cells);
    this.#learn();
  }

  #learn(): void {
    const value = this.get(0);
    const isKnown = this.record >= 0 && Number.isInteger(value) && value < 2 ** 31;
    this.#known = isKnown ? value | 0 : -1;
  }

  /**
   * With `known` as an argument V8 loads the field in full before it takes the number out of it. A load of the number alone,
   * which is half of what was stored, would have to wait for the store.
   */
  #cannotAdd(known: number): boolean {
    if (known > 0) this.#known = -1;
    return false;
  }
}
