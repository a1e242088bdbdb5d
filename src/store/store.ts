import type { FamilyDefinition, Label, MetricFamily } from '../model/family';

/**
 * Where the cells of one series are: `values[index]` is its first, the others follow. A store fills it in and may
 * point it elsewhere later (the numbers move along), so nobody keeps `values` or `index` over a call into a store.
 */
export interface CellHolder {
  values: Float64Array;
  index: number;
  /** The store's own name for the place; -1 when the series has been released. */
  record: number;
}

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
  /** Only the family of this name. */
  readonly name?: string;
}

/** The part of a store that metrics write through. None of these throws for reasons of storage. */
export interface CellStore {
  /** Announces a family; the number names it in the other calls. */
  addFamily(definition: FamilyDefinition): number;
  /** Forgets a family and its memberships. Its series must have been released. */
  removeFamily(family: number): void;
  /** Gives `holder` `count` cells, all zero, for a new series. Cold: at most one native call. */
  allocate(family: number, labels: readonly Label[], count: number, holder: CellHolder): void;
  /** Gives `page` 32 cells, all zero, that belong to the series at `header`. */
  allocatePage(header: CellHolder, key: PageKey, page: CellHolder): void;
  /** Takes the cells of a series or of a page back; the holder must not be written any more. */
  release(holder: CellHolder, count: number): void;
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
  /** The merged exposition in text format 0.0.4, made off the event loop. */
  render(view: View): Promise<Buffer>;
  /** The merged families in prom-client's JSON shape; the merge is off the event loop, building the objects is not. */
  families(view: View): Promise<MetricFamily[]>;
}

export type Store = PrivateStore | GroupStore;
