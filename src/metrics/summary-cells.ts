import type { AgeWindow } from '../model/family';

/*
 * The cells of a series of a summary, apart from its pages:
 *
 *   +-------+-----+--------------------------------------------------+--------+- -
 *   | count | sum | epoch  generation  n  zero  min  max  schema     | slot 1 | ...
 *   +-------+-----+--------------------------------------------------+--------+- -
 *   since the start         slot 0: the observations of one epoch
 *
 * The native reader knows the same order; see docs/format.md, "Summaries".
 */
export const COUNT = 0;
export const SUM = 1;
/** The cells before the slots; they change with each observation. */
export const COUNTERS = 2;

export const EPOCH = 0;
export const GENERATION = 1;
export const N = 2;
export const ZERO = 3;
export const MIN = 4;
export const MAX = 5;
export const SCHEMA = 6;

const SLOT_CELLS = 7;

/** The first cell of a slot. */
export function slotAt(slot: number): number {
  return COUNTERS + slot * SLOT_CELLS;
}

/** How many cells a series has. */
export function summaryCells(window: AgeWindow): number {
  return slotAt(window.ageBuckets);
}
