import type { FamilyDefinition } from '../model/family';
import type { SeriesKey } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import type { SeriesLimit } from './series-limit';

/**
 * Neighbouring cells: `values[index]` is the first. A store may point the reference to another location during any later call
 * and from the event loop; the numbers move along. So no caller keeps `values` or `index` over a call into the store.
 */
export interface CellRef {
  values: Float64Array;
  index: number;
  /** The record in the segment that names the cells; -1 when there are no cells. */
  record: number;
}

export const noCells: Float64Array = new Float64Array(0);

/** Makes it a reference to no cells. */
export function clear(cells: CellRef): void {
  cells.values = noCells;
  cells.index = 0;
  cells.record = -1;
}

/** Cells that no scrape reads, for a series that found no room, and for pages and exemplars: counting goes on unnoticed. */
export function discardCells(count: number): CellRef {
  return { values: new Float64Array(count), index: 0, record: 0 };
}

/** The cells of a series, and those of its pages and exemplars. */
export interface SeriesRef extends CellRef {
  parts?(): Iterable<CellRef>;
}

/** A series that can be moved to other cells; see `Series`. */
interface Movable extends SeriesRef {
  moveParts(series: CellRef, to: CellStore, from: CellStore): void;
  moveTo(cells: CellRef, count: number, from: CellStore): void;
}

/** The series of a family in this thread. */
export interface LiveSeries extends Iterable<SeriesRef> {
  keys(): Iterable<readonly [series: Movable, key: SeriesKey]>;
}

export const PAGE_CELLS = 32;

/** Cells of the header of a native histogram: generation, schema, observations in the zero bucket. */
export const NATIVE_CELLS = 3;

/** In place of an age slot in the key of a native histogram's pages. */
export const NATIVE_SLOT = 65535;

/**
 * Cells of an exemplar: which of two slots counts (1 or 2, 0 for none yet), then the slots: value, time in seconds, bytes of
 * text, the text. The text has for each label the lengths of name and value, 16 bits each, then both in UTF-8.
 */
export const exemplarTextBytes = 512;
export const exemplarSlotCells: number = 3 + exemplarTextBytes / 8;
export const exemplarCells: number = 1 + 2 * exemplarSlotCells;

/** Identifies a page of a summary or a native histogram; see docs/format.md, "Summaries" and "Native histograms". */
export interface PageKey {
  readonly slot: number;
  readonly sign: 1 | -1;
  readonly schema: number;
  readonly generation: number;
  /** Bucket keys `32 * number` to `32 * number + 31`. */
  readonly number: number;
}

/** Which `setRegistries()` made a choice: that of the cluster or of the worker registry. */
export type ChoiceKind = 'cluster' | 'worker';

/** The contents of an exposition: the families that are registered in any of these scopes, with or without default labels. */
export interface View {
  readonly scopes: readonly string[];
  /** Instead of `scopes`: all scopes that any owner of the group has chosen, or the global scope when there is none; or all scopes. */
  readonly chosen?: ChoiceKind | 'all';
  readonly defaultLabels: boolean;
  /** Only the owners of this process. */
  readonly ownProcess?: boolean;
  /** Only the owners of the living process of this pid. */
  readonly pid?: number | undefined;
  /** Shows the series of each owner apart, with its pid in the label `pid`. */
  readonly perOwner?: boolean;
  /** Only families of these names. */
  readonly names?: readonly string[] | undefined;
  /** Of names that not every reader accepts. Default: underscores. */
  readonly escaping?: EscapingScheme | undefined;
}

/** The part of a store that metrics write through. No method throws for reasons of storage. */
export interface CellStore {
  /** Whether a family has to be removed when it is garbage, for its memory to be used again. */
  readonly outlivesFamilies: boolean;
  readonly seriesLimit: SeriesLimit;
  /**
   * Throws a RangeError where the stack is too full for the other calls and for the steps around them. Called before each change that
   * must not be left half done. Missing in a store that no other process reads.
   */
  requireStack?(): void;
  /**
   * Registers a family; the result names it in the other calls. `live` yields its series at any time: a series that it does
   * not yield loses its cells when the store rewrites a segment.
   */
  addFamily(definition: FamilyDefinition, live: LiveSeries): number;
  /** Replaces the definition of a family by one with the same label names and the same cells. */
  changeFamily(family: number, definition: FamilyDefinition): void;
  /** Puts the family `to` in the place of `from` in all scopes. */
  replaceFamily(from: number, to: number): void;
  /** Forgets a family and its memberships. Its series must have been released. */
  removeFamily(family: number): void;
  /** `count` cells, all zero, for a new series. Cold: one native call, or a rewrite of the segment. */
  allocate(family: number, key: SeriesKey, count: number): CellRef;
  /** When the `count` cells of a series were allocated, in ms since 1970. A store without it has that in its records. */
  createdMs?(series: CellRef, count: number): number;
  /** `NATIVE_CELLS` cells, all zero, of the histogram at `series`; its pages come later. Smaller values than `zeroThreshold` count as 0. */
  allocateNative(series: CellRef, zeroThreshold: number): CellRef;
  /** `PAGE_CELLS` cells, all zero, of the series at `series`. */
  allocatePage(series: CellRef, key: PageKey): CellRef;
  /** `exemplarCells` cells, all zero, of the series at `series`: for a bucket, or for a counter (bucket 0). */
  allocateExemplar(series: CellRef, bucket: number): CellRef;
  /** Takes back the `count` cells of a series, a page or an exemplar: the reference has no cells from then on. */
  release(cells: CellRef, count: number): void;
}
