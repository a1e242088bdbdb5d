import type { CellHolder } from './store';

/** A holder with this record counts into memory that no scrape reads. It is beyond the end of any segment. */
export const lostRecord: number = 2 ** 31 - 1;

export function loseCells(holder: CellHolder, count: number): void {
  holder.values = new Float64Array(count);
  holder.index = 0;
  holder.record = lostRecord;
}
