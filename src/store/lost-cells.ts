import type { CellHolder } from './store';

/** The record of a holder that has lost its cells: beyond the end of any segment, so a release has nothing to give back. */
export const lostRecord: number = 2 ** 31 - 1;

/**
 * Gives a holder cells that no scrape reads, because even this process's memory has no room, or because it is a page or an
 * exemplar that found none beside its series. Who counts does not notice.
 */
export function loseCells(holder: CellHolder, count: number): void {
  holder.values = new Float64Array(count);
  holder.index = 0;
  holder.record = lostRecord;
}
