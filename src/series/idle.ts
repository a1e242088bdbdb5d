import { clockMs } from '../process';
import type { Series } from './series';

/** The number of series whose numbers are in one block. */
const blockSeries = 512;

/**
 * Finds the series of a family that do not change. The numbers that it has seen are in blocks: an array for each series would be one
 * more object that the garbage collector copies twice while the event loop waits.
 */
export class IdleSeries {
  readonly #cells: number;
  readonly #ttlMs: number;
  /** Of each series its cells, and the time in ms since when they are so. */
  readonly #blocks: Float64Array[] = [];
  /** Of removed series. */
  readonly #freeNumbers: number[] = [];
  #lastNumber = 0;

  constructor(cells: number, ttlMs: number) {
    this.#cells = cells;
    this.#ttlMs = ttlMs;
  }

  /** Whether the cells of a series have not changed for `ttlMs`, as far as this has been called for it. */
  isIdle(series: Series): boolean {
    const cells = this.#cells;
    const isNew = series.idleNumber === 0;
    if (isNew) series.idleNumber = this.#newNumber();
    const seen = this.#blockOf(series.idleNumber);
    const start = (series.idleNumber % blockSeries) * (cells + 1);
    let isChanged = isNew;
    for (let cell = 0; cell < cells; cell++) {
      const number = series.get(cell);
      isChanged ||= !Object.is(number, seen[start + cell]);
      seen[start + cell] = number;
    }
    const nowMs = clockMs();
    if (isChanged) seen[start + cells] = nowMs;
    return nowMs - (seen[start + cells] as number) >= this.#ttlMs;
  }

  /** For a series that was removed. */
  forget(series: Series): void {
    if (series.idleNumber > 0) this.#freeNumbers.push(series.idleNumber);
    series.idleNumber = 0;
  }

  #newNumber(): number {
    const number = this.#freeNumbers.pop() ?? ++this.#lastNumber;
    const isInBlock = number < this.#blocks.length * blockSeries;
    if (!isInBlock) this.#blocks.push(new Float64Array(blockSeries * (this.#cells + 1)));
    return number;
  }

  #blockOf(number: number): Float64Array {
    return this.#blocks[Math.floor(number / blockSeries)] as Float64Array;
  }
}
