import type { FamilyDefinition } from './family';
import { isMostRecent } from './merge-mode';

// The order of the cells of a series, which readers know too: see docs/format.md. The only cell of a counter is its value.

// Gauges: the value; and, if the mode is one of the most recent value, the milliseconds since the boot at which it was set,
// 0 before.
export const GAUGE_SET_AT = 1;

// Histograms: sum, count, one cell for each bucket (not cumulative), the bucket up to +Inf.
export const HISTOGRAM_SUM = 0;
export const HISTOGRAM_COUNT = 1;
export const HISTOGRAM_BUCKETS = 2;

/*
 * Summaries, apart from their pages:
 *
 *   +-------+-----+--------------------------------------------------+--------+- -
 *   | count | sum | epoch  generation  n  zero  min  max  schema     | slot 1 | ...
 *   +-------+-----+--------------------------------------------------+--------+- -
 *   since the start         slot 0: the observations of one epoch
 */
export const SUMMARY_COUNT = 0;
export const SUMMARY_SUM = 1;
const FIRST_SLOT = 2;
const SLOT_CELLS = 7;

export const SLOT_EPOCH = 0;
export const SLOT_GENERATION = 1;
export const SLOT_N = 2;
export const SLOT_ZERO = 3;
export const SLOT_MIN = 4;
export const SLOT_MAX = 5;
export const SLOT_SCHEMA = 6;

export function slotAt(slot: number): number {
  return FIRST_SLOT + slot * SLOT_CELLS;
}

export function seriesCells({ type, mergeMode, bounds, ageBuckets }: FamilyDefinition): number {
  if (type === 'histogram') return HISTOGRAM_BUCKETS + bounds.length + 1;
  if (type === 'summary') return slotAt(ageBuckets);
  return isMostRecent(mergeMode) ? GAUGE_SET_AT + 1 : 1;
}
