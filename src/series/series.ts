import type { Exemplar, FamilyDefinition } from '../model/family';
import { noShape } from '../model/label-shape';
import type { LabelSet, LabelTexts } from '../model/labels';
import type { CellHolder, CellStore, SeriesHolder } from '../store/store';
import { Newcomers } from './newcomers';
import { SeriesTable } from './table';

const NO_CELLS = new Float64Array(0);

/** Neighbouring cells, numbered from 0. The store may move them, so nothing but this object knows where they are. */
export class Cells implements CellHolder {
  values: Float64Array = NO_CELLS;
  index = 0;
  record = -1;

  get(cell: number): number {
    return this.values[this.index + cell] as number;
  }

  set(cell: number, value: number): void {
    this.values[this.index + cell] = value;
  }

  /** The one statement that everything else in this library is there for. */
  add(cell: number, amount: number): void {
    const at = this.index + cell;
    this.values[at] = (this.values[at] as number) + amount;
  }
}

/**
 * One label set of a metric and the cells it counts in. It is dead (`record` is -1) until it gets cells and again
 * after it has been removed; whoever keeps one looks before each write.
 */
export class Series extends Cells implements SeriesHolder {
  /** Called once the cells are there and all zero. */
  begin(): void {}

  /** What else has cells of this series. */
  parts(): readonly CellHolder[] {
    return [];
  }

  /** The exemplar of a bucket, or of a counter (bucket 0). A series of this class keeps none. */
  exemplar(_bucket: number): Exemplar | undefined {
    return undefined;
  }

  /** Makes it the one of now. Throws a RangeError for labels that are too long. */
  setExemplar(_bucket: number, _labelSet: LabelSet, _value: number): void {}

  clearExemplars(): void {}

  /** Gives the cells back, and whatever hangs on them. */
  end(store: CellStore, cells: number): void {
    store.release(this, cells);
  }
}

/** A series of which nothing is known but its cells. */
export function newSeries(): Series {
  return new Series();
}

/** Families whose metrics were garbage collected are taken out of the store. */
const abandoned = new FinalizationRegistry<{ dispose(): void }>((family) => family.dispose());

/**
 * A family in the store and its live series of this process, in order of first use. It knows neither the metric nor
 * its children: it outlives them by a moment, to give their cells back when they have been garbage collected.
 */
export class FamilySeries<S extends Series> {
  readonly store: CellStore;
  readonly definition: FamilyDefinition;
  readonly family: number;
  readonly table: SeriesTable<S>;
  /** Where the store may keep series to itself. */
  readonly newcomers: Newcomers<S> | undefined;
  readonly #cells: number;

  /** `newSeries` where the store may keep series to itself until they are used again: they are nothing but their `cells` then. */
  constructor(store: CellStore, definition: FamilyDefinition, cells: number, newSeries?: () => S) {
    this.store = store;
    this.definition = definition;
    this.table = new SeriesTable(definition.labelNames);
    this.family = store.addFamily(definition, { [Symbol.iterator]: () => this.#all() });
    this.#cells = cells;
    const places = definition.labelNames.length > 0 ? store.newcomers : undefined;
    this.newcomers = places && newSeries && new Newcomers(places, this, cells, newSeries);
  }

  /** The family goes when `user` is garbage collected, if it has not been taken out before. */
  outlive(user: object): void {
    abandoned.register(user, this, this);
  }

  /** Each live series and its labels, in the order of their first use. */
  get live(): Iterable<[series: S, labels: Record<string, unknown>]> {
    this.newcomers?.takeAll();
    const live = this.table.entries();
    // Records are in that order, if all are in one segment.
    return this.newcomers?.hasTaken ? [...live].sort(([a], [b]) => a.record - b.record) : live;
  }

  /**
   * Gives `series` its cells. `given` are the labels to tell of it, if they are others than `texts` say. False, and the update
   * that wants it is counted as dropped, when there are as many series as there may be. Cold.
   */
  begin(series: S, texts: LabelTexts, given: LabelSet | undefined): boolean {
    if (!this.store.budget.take()) return false;
    this.store.allocate(this.family, texts, given, this.#cells, series);
    series.begin();
    this.table.add(texts, given, series);
    return true;
  }

  /** Gives `series`, which stays dead, cells that nobody reads. */
  sink(series: S): void {
    series.values = new Float64Array(this.#cells);
  }

  /** Ends the series of `texts`, if there is one, and returns it. */
  end(texts: LabelTexts): S | undefined {
    const series =
      this.table.delete(texts) ?? (this.newcomers?.meet(texts, noShape) && this.table.delete(texts));
    if (series !== undefined) this.#release(series);
    return series;
  }

  /** Ends those of which `condition` is true, and returns them. */
  endIf(condition: (series: S) => boolean): readonly S[] {
    this.newcomers?.takeAll();
    const ended = this.table.deleteIf(condition);
    for (const series of ended) this.#release(series);
    return ended;
  }

  endAll(): void {
    this.newcomers?.releaseAll();
    for (const series of this.table) this.#release(series);
    this.table.clear();
  }

  /** Takes the family out of the store, after all of its series. */
  dispose(): void {
    abandoned.unregister(this);
    this.endAll();
    this.store.removeFamily(this.family);
  }

  #all(): Iterator<S> {
    this.newcomers?.takeAll();
    return this.table[Symbol.iterator]();
  }

  #release(series: S): void {
    this.store.budget.giveBack();
    series.end(this.store, this.#cells);
  }
}
