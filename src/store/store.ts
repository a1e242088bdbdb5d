import type { FamilyDefinition, MetricFamily } from '../model/family';
import type { LabelShape } from '../model/label-shape';
import type { LabelSet, LabelTexts } from '../model/labels';
import type { BellListener, RemovalRequest } from './bell';
import type { SeriesBudget } from './series-budget';

/**
 * Where the cells of one series are: `values[index]` is its first, the others follow. A store fills it in and may
 * point it elsewhere later (the numbers move along), so nobody keeps `values` or `index` over a call into a store.
 */
export interface CellHolder {
  values: Float64Array;
  index: number;
  /** The store's own name for the place; -1 when the series has been released. */
  record: number;
  /** Called when the store has pointed it elsewhere, where the number may be another, or has released it by itself. */
  moved?(): void;
}

/** The holder of a series, and those of its pages and exemplars. */
export interface SeriesHolder extends CellHolder {
  parts?(): Iterable<CellHolder>;
}

/**
 * Cells of an exemplar: which of two slots counts (1 or 2, 0 for none yet), then the slots: value, time in seconds, bytes of
 * text, the text. The text has for each label the lengths of name and value, 16 bits each, then both in UTF-8.
 */
export const exemplarTextBytes = 512;
export const exemplarSlotCells: number = 3 + exemplarTextBytes / 8;
export const exemplarCells: number = 1 + 2 * exemplarSlotCells;

/** Which page of a summary is wanted; see docs/format.md, "Summaries". */
export interface PageKey {
  readonly slot: number;
  readonly sign: 1 | -1;
  readonly schema: number;
  readonly generation: number;
  /** Bucket keys `32 * number` to `32 * number + 31`. */
  readonly number: number;
}

/** What to expose: the families that are registered in any of these scopes, under the scopes' default labels or not. */
export interface View {
  readonly scopes: readonly string[];
  readonly defaultLabels: boolean;
  /** Each owner's series apart, told from the others by the label `pid`. */
  readonly perOwner?: boolean;
  /** Only the family of this name. */
  readonly name?: string;
}

/** The part of a store that metrics write through. None of these throws for reasons of storage. */
export interface CellStore {
  readonly budget: SeriesBudget;
  /** Where series can be that have been used once; there is such a place for families that are added after it is there. */
  readonly newcomers: NewcomerPlaces | undefined;
  /**
   * Announces a family; the number names it in the other calls. `live` are its series whenever the store looks: it moves
   * their cells when a series of any family is allocated, or from the event loop. What it does not find then is lost.
   */
  addFamily(definition: FamilyDefinition, live: Iterable<SeriesHolder>): number;
  /** Forgets a family and its memberships. Its series must have been released. */
  removeFamily(family: number): void;
  /**
   * Gives `holder` `count` cells, all zero, for a new series. It is printed with the own labels of `given`, in that order;
   * or with `texts`. Cold: one native call, unless the segment moves.
   */
  allocate(
    family: number,
    texts: LabelTexts,
    given: LabelSet | undefined,
    count: number,
    holder: CellHolder,
  ): void;
  /** Gives `page` 32 cells, all zero, that belong to the series at `header`. */
  allocatePage(header: CellHolder, key: PageKey, page: CellHolder): void;
  /** Gives `exemplar` the cells of one exemplar of the series at `header`: of a counter (bucket 0) or a bucket. */
  allocateExemplar(header: CellHolder, bucket: number, exemplar: CellHolder): void;
  /** Takes the cells of a series, a page or an exemplar back; the holder must not be written any more. */
  release(holder: CellHolder, count: number): void;
}

/** Series that have been used once, and of which nobody but the store knows. */
export interface NewcomerPlaces {
  /**
   * Finds the newcomer of `texts`: `holder` has got its cells, it is none any more, and the result is the shape of its labels. If
   * there is none and `shape` is not `noShape`, there is one from now on, of that shape: `newMeeting`, and `holder` has got its
   * cells for this use. `noMeeting`: there is none, and none could be made here. One native call.
   */
  meet(family: number, texts: LabelTexts, shape: LabelShape, count: number, holder: CellHolder): Meeting;
  /** Those of a family, in the order of their first use, which are none any more. */
  takeNewcomers(family: number, labels: number): Newcomer[];
  /** Removes those of a family. */
  releaseNewcomers(family: number): void;
}

/** The shape of labels, or one of these. */
export type Meeting = LabelShape | typeof newMeeting | typeof noMeeting;
export const newMeeting = -1;
export const noMeeting = -2;

/** A series with the texts of its labels, and where its cells are. */
export interface Newcomer extends CellHolder {
  readonly texts: LabelTexts;
  readonly shape: LabelShape;
}

/** Memory of this process only: the addon is missing, or sharing is switched off. Registries render from their metrics. */
export interface PrivateStore extends CellStore {
  readonly shared: false;
}

/** The numbers of a whole group. */
export interface GroupStore extends CellStore {
  readonly shared: true;
  /** Says that a family is (no longer) part of a scope; order of registration is order of exposition. */
  register(scope: string, family: number): void;
  unregister(scope: string, family: number): void;
  setDefaultLabels(scope: string, labels: Readonly<Record<string, unknown>>): void;
  /**
   * The merged exposition in text format 0.0.4 or OpenMetrics 1.0, made off the event loop. It shows what was counted before
   * the call. Calls that overlap may give the same; nobody writes to the bytes.
   */
  text(view: View, format: 'prometheus' | 'openmetrics'): Promise<string>;
  bytes(view: View, format: 'prometheus' | 'openmetrics'): Promise<Buffer>;
  /** The merged families in prom-client's JSON shape; the merge is off the event loop, building the objects is not. */
  families(view: View): Promise<MetricFamily[]>;
  /** Does what other processes ask for. The first listener counts, later ones change nothing. */
  answerBell(listener: BellListener): void;
  /** From here on the listener has something to collect, and is asked to by the scrapes of others. */
  hasCollectors(): void;
  /** Has series removed from all segments but this thread's; returns how many living owners will only do so later. */
  removeFromOthers(request: RemovalRequest): Promise<number>;
  /**
   * Whether this thread is its group's leader, the one that does what must be done once. Whoever asks first is, until it
   * ends. Costs two system calls for those that are not.
   */
  leads(): boolean;
}

export type Store = PrivateStore | GroupStore;
