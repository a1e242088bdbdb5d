import type { TextFamily } from '../exposition/text';
import type { LabelSet } from '../model/labels';
import type { CellStore, Store } from '../store/store';

/**
 * The mark of this library's own metrics. A well-known symbol, not a class: several copies of the library may be
 * loaded in one process, and a metric of one may be registered with a registry of another.
 */
export const FAMILY: unique symbol = Symbol.for('prom-client-mmap.family');

/** What a registry needs to know about the numbers of an own metric. */
export interface FamilyHandle {
  readonly store: CellStore;
  /** Undefined for what has no numbers of its own and is there for its `collect` only: it sets other metrics. */
  readonly family: number | undefined;
  /** Runs before each reading, when `collect` is done. */
  readonly settle?: () => void;
}

/**
 * What can be registered: own metrics, those of prom-client, and anything else that can tell its numbers. Foreign
 * metrics count in this process only and are rendered here.
 */
export interface Registrable {
  readonly name?: string;
  readonly collect?: ((this: never) => unknown) | undefined;
  readonly [FAMILY]?: FamilyHandle;
  get(): TextFamily | Promise<TextFamily>;
  /** The same numbers, with the labels in the order in which they are printed. */
  getForPromString?(): TextFamily | Promise<TextFamily>;
  reset?(): void;
  remove?(labels: LabelSet): void;
}

/** Runs the metric's `collect` function, if it has one, and waits for it if it returns a Promise. */
async function collect(metric: Pick<Registrable, 'collect'>): Promise<void> {
  // Called as a method: `this` is the metric.
  const pending = (metric as { collect?(): unknown }).collect?.();
  if (pending instanceof Promise) await pending;
}

/** Brings a metric up to date before it is read. Rejects with what `collect` throws. */
export async function settle(metric: Pick<Registrable, 'collect' | typeof FAMILY>): Promise<void> {
  await collect(metric);
  metric[FAMILY]?.settle?.();
}

type Shared = Registrable & Required<Pick<Registrable, typeof FAMILY>>;

/** Whether the numbers of `metric` are in the store of the group, which then answers for it. */
export function isShared(metric: Registrable, store: Store): metric is Shared {
  return store.shared && metric[FAMILY]?.store === store;
}

/** Whether there are no numbers to read of `metric`, in whatever store. */
export function onlyCollects(metric: Registrable): boolean {
  const handle = metric[FAMILY];
  return handle !== undefined && handle.family === undefined;
}
