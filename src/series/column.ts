/** The number of rows in the first block. */
export const firstRows: number = 2 ** 16;
const blockBits = 14;
/** The number of rows in each other block. */
export const blockRows: number = 2 ** blockBits;

/**
 * A growing list of rows of `width` values each, numbered from 0, in blocks. One array would be copied while the event loop waits,
 * whenever it grows: 20 ms at a million rows. Few lists have a second block. The others are smaller: the memory of a large one takes
 * milliseconds, too. Arrays under 128 KiB, though, are copied by the garbage collector twice.
 */
export class Column<T> {
  readonly width: number;
  /** Row `r` of the first block is from `first[r * width]` on. */
  readonly first: T[];
  readonly #others: T[][] = [];
  #length = 1;

  /** With one row, of these values. */
  constructor(values: readonly T[]) {
    this.width = values.length;
    this.first = [...values];
  }

  /** The number of rows. */
  get length(): number {
    return this.#length;
  }

  /** Adds a row of the values from `values[from]` on, and returns its number. */
  push(values: readonly T[], from = 0): number {
    const row = this.#length;
    this.put(row, values, from);
    return row;
  }

  /** Sets the values of a row, which may be the one after the last. */
  put(row: number, values: readonly T[], from = 0): void {
    const { width } = this;
    const isBlockNew = row === this.#length && row >= firstRows && (row & (blockRows - 1)) === 0;
    if (isBlockNew) this.#others[(row - firstRows) >>> blockBits] = new Array<T>(width << blockBits);
    const block = this.block(row);
    const start = startOf(row, width);
    for (let i = 0; i < width; i++) block[start + i] = values[from + i] as T;
    if (row === this.#length) this.#length = row + 1;
  }

  at(row: number, i = 0): T {
    return this.block(row)[startOf(row, this.width) + i] as T;
  }

  /** The block of a row, which begins at `startOf(row, width)` there. */
  block(row: number): T[] {
    return row < firstRows ? this.first : (this.#others[(row - firstRows) >>> blockBits] as T[]);
  }

  /** A copy of the values of a row. */
  row(row: number): T[] {
    const start = startOf(row, this.width);
    return this.block(row).slice(start, start + this.width);
  }

  fill(row: number, value: T): void {
    const start = startOf(row, this.width);
    this.block(row).fill(value, start, start + this.width);
  }
}

/** Where a row begins in its block. */
export function startOf(row: number, width: number): number {
  return (row < firstRows ? row : row & (blockRows - 1)) * width;
}
