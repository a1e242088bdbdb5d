import type { Exemplar } from '../model/family';
import type { LabelSet } from '../model/labels';
import { Cells, Series } from '../series/series';
import { type CellRef, type CellStore, exemplarCells, exemplarSlotCells } from '../store/store';
import { exemplarTexts, writeExemplarTexts } from './exemplar-text';

// The cells of an exemplar: the number of the slot that counts, then two slots of value, time, bytes of text, text.
const ACTIVE = 0;
const FIRST_SLOT = 1;
const VALUE = 0;
const TIME = 1;
const TEXT_BYTES = 2;
const TEXT = 3;

const CELL_BYTES: number = Float64Array.BYTES_PER_ELEMENT;

/** A series of a counter or histogram that keeps exemplars: one for the counter, one for each bucket. */
export class ExemplarSeries extends Series {
  #store: CellStore;
  readonly #exemplars = new Map<number, ExemplarCells>();

  constructor(store: CellStore) {
    super();
    this.#store = store;
  }

  override parts(): readonly CellRef[] {
    return [...this.#exemplars.values()];
  }

  override moveParts(series: CellRef, to: CellStore, from: CellStore): void {
    this.#store = to;
    for (const [bucket, cells] of this.#exemplars) {
      cells.moveTo(to.allocateExemplar(series, bucket), exemplarCells, from);
    }
  }

  override takeOver(other: ExemplarSeries): void {
    for (const [bucket, exemplar] of other.#exemplars) this.#exemplars.set(bucket, exemplar);
    other.#exemplars.clear();
    super.takeOver(other);
  }

  override exemplar(bucket: number): Exemplar | undefined {
    return this.#exemplars.get(bucket)?.current;
  }

  override setExemplar(bucket: number, labelSet: LabelSet, value: number): void {
    // Copied and converted first: both may run code of the caller, which may set this very exemplar.
    const copy = { ...labelSet };
    const texts = exemplarTexts(copy);
    let cells = this.#exemplars.get(bucket);
    if (cells === undefined) {
      this.#store.requireStack?.();
      cells = new ExemplarCells().pointTo(this.#store.allocateExemplar(this, bucket));
      this.#exemplars.set(bucket, cells);
    }
    // The clock is looked up at each use: test suites replace it.
    cells.write({ labelSet: copy, value, timestamp: Date.now() / 1000 }, texts);
  }

  override clearExemplars(): void {
    for (const cells of this.#exemplars.values()) cells.clear();
  }

  override end(store: CellStore, cells: number): void {
    for (const exemplar of this.#exemplars.values()) store.release(exemplar, exemplarCells);
    this.#exemplars.clear();
    super.end(store, cells);
  }
}

/** The newest exemplar of one bucket: in cells for the other processes, and as an object for this one. */
class ExemplarCells extends Cells {
  current: Exemplar | undefined;

  /** Fills the slot that does not count, then makes it count: a crash in between leaves the old exemplar whole. */
  write(exemplar: Exemplar, texts: readonly string[]): void {
    const slot = this.get(ACTIVE) === 1 ? 2 : 1;
    const at = FIRST_SLOT + (slot - 1) * exemplarSlotCells;
    this.set(at + VALUE, exemplar.value);
    this.set(at + TIME, exemplar.timestamp);
    const start = (this.index + at + TEXT) * CELL_BYTES;
    this.set(at + TEXT_BYTES, writeExemplarTexts(texts, bytesOf(this.values), start));
    this.set(ACTIVE, slot);
    this.current = exemplar;
  }

  clear(): void {
    this.set(ACTIVE, 0);
    this.current = undefined;
  }
}

const views = new WeakMap<Float64Array, Buffer>();

/** The same memory as `values`. */
function bytesOf(values: Float64Array): Buffer {
  let bytes = views.get(values);
  if (bytes === undefined) {
    bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    views.set(values, bytes);
  }
  return bytes;
}
