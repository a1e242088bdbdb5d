import type { CellRef } from './store';

const NO_CELLS = new Float64Array(0);

/** Cells that no scrape reads, for a series, a page or an exemplar that found no room: counting goes on unnoticed. */
export function discardCells(count: number): CellRef {
  return { values: new Float64Array(count), index: 0, record: 0 };
}

/** The reference has no cells from here on. */
export function loseCells(cells: CellRef): void {
  cells.values = NO_CELLS;
  cells.index = 0;
  cells.record = -1;
}
