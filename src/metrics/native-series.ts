import type { FamilyDefinition, NativeDefinition, NativeHistogram } from '../model/family';
import type { CellRef, CellStore } from '../store/store';
import { ExemplarSeries } from './exemplar-series';
import { NativeBuckets } from './native-buckets';

/** A series of a native histogram, which has the cells of a classic one, too. */
export class NativeSeries extends ExemplarSeries {
  readonly #buckets: NativeBuckets;

  constructor(store: CellStore, { native }: FamilyDefinition) {
    super(store);
    this.#buckets = new NativeBuckets(this, store, native as NativeDefinition);
  }

  override begin(): void {
    this.#buckets.begin();
  }

  override parts(): readonly CellRef[] {
    return [...super.parts(), ...this.#buckets.parts];
  }

  override moveParts(series: CellRef, to: CellStore, from: CellStore): void {
    super.moveParts(series, to, from);
    this.#buckets.movePages(series, to, from);
  }

  override takeOver(other: NativeSeries): void {
    this.#buckets.takeOver(other.#buckets);
    super.takeOver(other);
  }

  override end(store: CellStore, cells: number): void {
    this.#buckets.end();
    super.end(store, cells);
  }

  override countNative(value: number): void {
    this.#buckets.count(value);
  }

  override resetNative(): void {
    this.#buckets.reset();
  }

  override get native(): NativeHistogram {
    return this.#buckets.snapshot;
  }
}
