import { seriesCells } from '../model/cell-layout';
import type { FamilyDefinition, MergeMode } from '../model/family';
import { type LabelSet, type SeriesKey, seriesKey } from '../model/labels';
import { Slices } from '../slices';
import type { CellStore, LiveSeries } from '../store/store';
import { IdleSeries } from './idle';
import type { Series } from './series';
import { SeriesTable } from './table';

/** The longest time that a timer can wait. */
const longestMs = 2 ** 31 - 1;

/** Series between two looks at the clock. */
const rowsPerLook = 32;

/** The labels of a family whose records name them otherwise than its callers. */
export interface RecordLabels {
  /** The names that callers use. */
  readonly names: readonly string[];
  /** The key in the records, with a text for each label name of the definition. Runs no code of the caller. */
  recordKey(key: SeriesKey): SeriesKey;
}

const noLabels: SeriesKey = { texts: [], asWritten: undefined };

/** Removes families from the store when their metrics were garbage collected. */
const abandoned = new FinalizationRegistry<{ dispose(): void }>((family) => family.dispose());

/**
 * A family in the store and its series in this thread, in the order of their creation. The store refers to it, so it must refer
 * neither to the metric nor to bound children: it gives their cells back after they were garbage collected.
 */
export class FamilySeries<S extends Series> {
  readonly table: SeriesTable<S>;
  #store: CellStore;
  #family: number;
  #live: LiveTable<S>;
  #definition: FamilyDefinition;
  /** Of each series. */
  readonly cells: number;
  /** Undefined: records have the labels as callers name them. */
  readonly #labels: RecordLabels | undefined;
  readonly #Series: new (
    store: CellStore,
    definition: FamilyDefinition,
  ) => S;
  #discarded: S | undefined;
  #unlabelled: S | undefined;
  #idle: IdleSeries | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isOutliving = false;
  #removal: Promise<void> | undefined;

  constructor(
    store: CellStore,
    definition: FamilyDefinition,
    SeriesClass: new (store: CellStore, definition: FamilyDefinition) => S,
    labels?: RecordLabels,
    leaving?: FamilySeries<S>,
  ) {
    this.#store = store;
    this.#definition = definition;
    this.cells = seriesCells(definition);
    this.#Series = SeriesClass;
    this.#labels = labels;
    this.table = new SeriesTable(this.#names);
    this.#live = leaving === undefined ? new LiveTable(this.table, labels) : leaving.#live;
    this.#live.table = this.table;
    store.requireStack?.();
    this.#family = leaving === undefined ? this.#addTo(store) : leaving.#family;
  }

  get store(): CellStore {
    return this.#store;
  }

  /** The number of the family in the store. */
  get family(): number {
    return this.#family;
  }

  get definition(): FamilyDefinition {
    return this.#definition;
  }

  /** When the series was made, in ms since 1970. Undefined in a store that tells it to its readers alone. */
  createdMs(series: S): number | undefined {
    return this.#store.createdMs?.(series, this.cells);
  }

  /** The series keep their cells: the other mode must have as many. */
  changeMode(mergeMode: MergeMode): void {
    if (mergeMode === this.#definition.mergeMode) return;
    this.#store.requireStack?.();
    this.#definition = { ...this.#definition, mergeMode };
    this.#store.changeFamily(this.#family, this.#definition);
  }

  /** Has no record, and cells that no scrape reads. It takes the updates of series over the limit, and stands for none. */
  get discarded(): S {
    if (this.#discarded === undefined) {
      this.#discarded = new this.#Series(this.#store, this.#definition);
      this.#discarded.values = new Float64Array(this.cells);
    }
    return this.#discarded;
  }

  /** Disposes of the family when `user` was garbage collected, unless it is garbage as well then. */
  outlive(user: object): void {
    const isHeld = this.#store.outlivesFamilies || this.#idleTimer !== undefined;
    if (isHeld && !this.#isOutliving) abandoned.register(user, this, this);
    this.#isOutliving = isHeld;
  }

  /**
   * Moves the family and its series with all their numbers to another store. Series, bound children and exemplars stay what they
   * are. Series over the limit of the other store are removed.
   */
  moveTo(store: CellStore): void {
    const from = { store: this.#store, family: this.#family };
    if (store === from.store) return;
    for (const one of [store, from.store]) one.requireStack?.();
    this.#store = store;
    this.#family = this.#addTo(store);
    for (const [series, key] of [...this.table.keys()]) {
      if (store.seriesLimit.take()) {
        const cells = store.allocate(this.#family, this.#recordKey(key), this.cells);
        series.moveParts(cells, store, from.store);
        series.moveTo(cells, this.cells, from.store);
        from.store.seriesLimit.giveBack();
      } else {
        this.table.delete(key.texts);
        this.#release(series, from.store);
      }
    }
    from.store.removeFamily(from.family);
  }

  /**
   * Leaves the family, with its cells and numbers, to the result, and goes on in a new one, whose numbers are zero. Nothing changes
   * for readers. Series of this one stay, unless `removes` says that their removal is next; those over the limit are removed. Bound
   * children stay.
   */
  leave(removes: boolean): FamilySeries<S> {
    this.#store.requireStack?.();
    const left = new FamilySeries<S>(this.#store, this.#definition, this.#Series, this.#labels, this);
    this.#live = new LiveTable(this.table, this.#labels);
    this.#family = this.#addTo(this.#store);
    const all = [...this.table.keys()];
    if (removes) this.table.clear();
    for (const [series, key] of all) {
      const other = new this.#Series(this.#store, this.#definition);
      other.takeOver(series);
      left.table.add(key, other);
      if (removes) this.#idle?.forget(series);
      else if (this.#store.seriesLimit.take()) this.#begin(series, key);
      else this.table.delete(key.texts);
    }
    return left;
  }

  /**
   * The series of `labels`, made if need be. Throws for labels that the metric does not have. An owner of the result looks at its
   * `record` before each write, and asks again when that is -1.
   */
  at(labels: LabelSet): S {
    return this.table.find(labels) ?? this.#create(labels);
  }

  /** The series without labels, made if need be. */
  unlabelled(): S {
    const known = this.#unlabelled;
    if (known !== undefined && known.record >= 0) return known;
    this.#unlabelled = this.#names.length > 0 ? this.at({}) : (this.table.at(1) ?? this.#add(noLabels));
    return this.#unlabelled;
  }

  /**
   * Each series with a copy of its labels as the first caller wrote them. The caller may pause: series that are removed meanwhile are left
   * out.
   */
  *entries(): IterableIterator<[series: S, labels: Record<string, unknown>]> {
    for (const entry of this.table.entries()) if (entry[0].record >= 0) yield entry;
  }

  /** Removes the series of `labels`, if there is one. Throws for labels that the metric does not have. */
  remove(labels: LabelSet): void {
    const { texts } = seriesKey(labels, this.#names);
    this.#store.requireStack?.();
    const series = this.table.delete(texts);
    if (series !== undefined) this.#release(series);
  }

  removeIf(condition: (series: S) => boolean): void {
    this.#store.requireStack?.();
    for (const series of this.table.deleteIf(condition)) this.#release(series);
  }

  clear(): void {
    this.#store.requireStack?.();
    for (const series of this.table) this.#release(series);
    this.table.clear();
  }

  /**
   * Removes series whose cells have not changed for `ttlMs`, from now on: at each `removeIdle()`, and from a timer that runs four
   * times in that span. Writes to series do not become slower.
   */
  limitIdleTime(ttlMs: number): void {
    this.#idle = new IdleSeries(this.cells, ttlMs);
    this.#idleTimer = setInterval(() => void this.removeIdle(), Math.min(ttlMs / 4, longestMs));
    this.#idleTimer?.unref?.();
  }

  /** Looks at all series, with pauses for the event loop. Calls at the same time share it. */
  removeIdle(): Promise<void> | undefined {
    const idle = this.#idle;
    if (idle === undefined) return undefined;
    this.#removal ??= this.removeInSlices((series) => idle.isIdle(series)).finally(() => {
      this.#removal = undefined;
    });
    return this.#removal;
  }

  /** As `removeIf()`, with pauses for the event loop. */
  async removeInSlices(condition: (series: S) => boolean): Promise<void> {
    const slices = new Slices();
    let { numbering } = this.table;
    for (let row = 1; row <= this.table.lastRow; row++) {
      const series = this.table.at(row);
      if (series !== undefined && condition(series)) {
        this.table.deleteAt(row);
        this.#release(series);
      }
      if (row % rowsPerLook === 0 && slices.isDue) await slices.pause();
      if (numbering === this.table.numbering) continue;
      numbering = this.table.numbering;
      row = 0; // rows have other numbers: from the beginning
    }
  }

  dispose(): void {
    abandoned.unregister(this);
    clearInterval(this.#idleTimer);
    this.clear();
    this.#store.removeFamily(this.#family);
  }

  /** The names by which callers give labels. */
  get #names(): readonly string[] {
    return this.#labels?.names ?? this.#definition.labelNames;
  }

  #recordKey(key: SeriesKey): SeriesKey {
    return this.#labels === undefined ? key : this.#labels.recordKey(key);
  }

  #addTo(store: CellStore): number {
    return store.addFamily(this.#definition, this.#live);
  }

  /** After `seriesKey()` no code of the caller runs: the series is made in one step. */
  #create(labels: LabelSet): S {
    const key = seriesKey(labels, this.#names);
    // To read and convert the labels may have made the series.
    return this.table.get(key.texts) ?? this.#add(key);
  }

  #add(key: SeriesKey): S {
    this.#store.requireStack?.();
    if (!this.#store.seriesLimit.take()) return this.discarded;
    const series = new this.#Series(this.#store, this.#definition);
    this.#begin(series, key);
    this.table.add(key, series);
    return series;
  }

  #begin(series: S, key: SeriesKey): void {
    series.pointTo(this.#store.allocate(this.#family, this.#recordKey(key), this.cells));
    series.begin();
  }

  #release(series: S, store: CellStore = this.#store): void {
    store.seriesLimit.giveBack();
    series.end(store, this.cells);
    this.#idle?.forget(series);
  }
}

/** The series of a family in the store, with the keys of their records. */
class LiveTable<S extends Series> implements LiveSeries {
  table: SeriesTable<S>;
  readonly #labels: RecordLabels | undefined;

  constructor(table: SeriesTable<S>, labels: RecordLabels | undefined) {
    this.table = table;
    this.#labels = labels;
  }

  [Symbol.iterator](): Iterator<S> {
    return this.table[Symbol.iterator]();
  }

  *keys(): Iterable<readonly [S, SeriesKey]> {
    const labels = this.#labels;
    for (const [series, key] of this.table.keys()) {
      yield [series, labels === undefined ? key : labels.recordKey(key)];
    }
  }
}
