import {
  SLOT_EPOCH,
  SLOT_MAX,
  SLOT_MIN,
  SLOT_N,
  SLOT_SCHEMA,
  SLOT_ZERO,
  SUMMARY_COUNT,
  SUMMARY_SUM,
} from '../model/cell-layout';
import type { AgeWindow } from '../model/family';
import type { Sketch } from '../model/quantiles';
import { Series } from '../series/series';
import type { CellRef, CellStore } from '../store/store';
import { SummarySlot } from './summary-slot';

/**
 * A series of a summary. Its window is a ring of slots, each for the observations of one epoch: the wall clock divided by the
 * length of a slot. All owners count epochs alike, so slots of several owners merge by their number alone, and readers leave
 * old slots out without a write.
 */
export class SummarySeries extends Series {
  readonly #window: AgeWindow;
  readonly #slots: readonly SummarySlot[];

  constructor(store: CellStore, window: AgeWindow) {
    super();
    this.#window = window;
    this.#slots = Array.from({ length: window.ageBuckets }, (_, i) => new SummarySlot(this, store, i));
  }

  override begin(): void {
    for (const slot of this.#slots) slot.begin(this.#idleEpoch);
  }

  override parts(): readonly CellRef[] {
    return this.#slots.flatMap((slot) => slot.parts);
  }

  override moveParts(series: CellRef, to: CellStore, from: CellStore): void {
    for (const slot of this.#slots) slot.movePages(series, to, from);
  }

  override takeOver(other: SummarySeries): void {
    for (const [i, slot] of this.#slots.entries()) slot.takePages(other.#slots[i] as SummarySlot);
    super.takeOver(other);
  }

  override end(store: CellStore, cells: number): void {
    for (const slot of this.#slots) slot.end();
    super.end(store, cells);
  }

  /** Counts a finite value. */
  observe(value: number): void {
    const epoch = this.#epoch();
    const slots = this.#slots;
    const slot = (slots.length === 1 ? slots[0] : slots[epoch % slots.length]) as SummarySlot;
    if (slot.get(SLOT_EPOCH) !== epoch) slot.restart(epoch);
    slot.observe(value);
  }

  /** Removes all observations. */
  reset(): void {
    for (const slot of this.#slots) slot.restart(this.#idleEpoch);
    this.set(SUMMARY_SUM, 0);
    this.set(SUMMARY_COUNT, 0);
  }

  /** The observations in the window. */
  sketch(): Sketch {
    const newest = this.#epoch();
    const slots = this.#slots.filter((slot) => {
      const age = newest - slot.get(SLOT_EPOCH);
      return slot.get(SLOT_N) > 0 && age >= 0 && age < this.#slots.length;
    });
    const all = (cell: number): number[] => slots.map((slot) => slot.get(cell));
    const schema = Math.min(...all(SLOT_SCHEMA));
    const positive = new Map<number, number>();
    const negative = new Map<number, number>();
    for (const slot of slots) {
      slot.addTo(positive, 1, schema);
      slot.addTo(negative, -1, schema);
    }
    return {
      schema,
      n: sum(all(SLOT_N)),
      zero: sum(all(SLOT_ZERO)),
      min: Math.min(...all(SLOT_MIN)),
      max: Math.max(...all(SLOT_MAX)),
      positive,
      negative,
    };
  }

  get #isAgeless(): boolean {
    return this.#window.slotMs === Infinity;
  }

  /** Without a window there is one epoch. The clock is looked up at each use: test suites replace it. */
  #epoch(): number {
    return this.#isAgeless ? 1 : Math.floor(Date.now() / this.#window.slotMs);
  }

  /** The epoch of a slot without observations. */
  get #idleEpoch(): number {
    return this.#isAgeless ? 1 : 0;
  }
}

/** Nothing ages. */
export const noWindow: AgeWindow = { ageBuckets: 1, slotMs: Infinity };

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
