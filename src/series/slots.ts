import { factorsOf } from './label-sampling';
import { hashOf, type Rows } from './lookup';

/** Tries to spread the rows, and rows entered in all tries together: more would take longer than they save. */
const manyTries = 64;
const manyEntries = 2 ** 15;

/** A hash table of `count` slots, a power of two, with nothing in it. */
export function emptySlots(count: number): Pick<Rows<never>, 'slots' | 'shift' | 'hashes'> {
  return {
    slots: new Int32Array(count),
    shift: Math.clz32(count) + 1,
    hashes: new Int32Array(count / 2 + 1),
  };
}

/** Enters a row by its hash. Returns how many steps it took beyond the first slot. */
export function enter({ slots, shift, hashes }: Rows<unknown>, row: number): number {
  const mask = slots.length - 1;
  let at = (hashes[row] as number) >>> shift;
  let steps = 0;
  for (; slots[at] !== 0; at = (at + 1) & mask) steps++;
  slots[at] = row;
  return steps;
}

/** Enters all rows into slots that are empty. Returns the steps of all. */
export function enterAll(rows: Rows<unknown>): number {
  const { series } = rows;
  let steps = 0;
  for (let row = 1; row < series.length; row++) if (series[row] !== undefined) steps += enter(rows, row);
  return steps;
}

/** Whether so many rows are few enough for more than one try. */
export function canBeTried(live: number): boolean {
  return 2 * live <= manyEntries;
}

/**
 * Gives all rows, of which `live` are in use, new hashes: tries factors until it takes at most `enough` steps to enter them, or
 * keeps the best of many. Returns the steps.
 */
export function spread(rows: Rows<unknown>, live: number, enough: number): number {
  const tries = Math.min(manyTries, manyEntries / live);
  let best = 0;
  let fewest = enterWith(rows, best);
  let last = 0;
  while (fewest > enough && last + 1 < tries) {
    last++;
    const steps = enterWith(rows, last);
    if (steps >= fewest) continue;
    fewest = steps;
    best = last;
  }
  return last === best ? fewest : enterWith(rows, best);
}

/** Hashes all rows anew, and returns how many steps it took to enter them. */
function enterWith(rows: Rows<unknown>, attempt: number): number {
  const { series, texts, slots, hashes, places } = rows;
  const width = places.length;
  rows.factors = factorsOf(width, attempt);
  rows.miss.texts = undefined;
  slots.fill(0);
  for (let row = 1; row < series.length; row++) {
    if (series[row] !== undefined) hashes[row] = hashOf(rows, texts, row * width);
  }
  return enterAll(rows);
}
