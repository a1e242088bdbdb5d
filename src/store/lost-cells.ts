import type { CellHolder } from './store';

/** A holder with this record counts into memory that no scrape reads. */
export const lostRecord: number = Number.MAX_SAFE_INTEGER;

export function loseCells(holder: CellHolder, count: number): void {
  holder.values = new Float64Array(count);
  holder.index = 0;
  holder.record = lostRecord;
}
