import type { TextFamily } from '../exposition/text';
import type { LabelSet } from '../model/labels';
import { currentStore } from '../store/current';
import { privateStore } from '../store/heap-store';
import type { CellStore } from '../store/store';

/**
 * The mark of this library's own metrics. A well-known symbol, not a class: several copies of the library may be
 * loaded in one process, and a metric of one may be registered with a registry of another.
 */
export const FAMILY: unique symbol = Symbol.for('prom-client-mmap.family');

/** The family of an own metric in its store. */
export interface FamilyHandle {
  readonly store: CellStore;
  /** Undefined for a metric without numbers, whose `collect` sets other metrics. */
  readonly family: number | undefined;
  /** Moves the family with all its numbers to another store, unless it is there. Missing where there is no family. */
  moveTo?(store: CellStore): void;
  /** Runs before each reading, after `collect`. */
  readonly refresh?: (() => void) | undefined;
}

/**
 * A metric in a registry: an own one, one of prom-client, or any other object with such a `get()`. Foreign metrics count in
 * this process only and are rendered here.
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

/** Runs `collect` and brings the numbers up to date. Rejects with the error of `collect`. */
export async function refresh(metric: Pick<Registrable, 'collect' | typeof FAMILY>): Promise<void> {
  // Called as a method: `this` is the metric.
  const pending = (metric as { collect?(): unknown }).collect?.();
  if (pending instanceof Promise) await pending;
  metric[FAMILY]?.refresh?.();
}

/** Whether the exposition of `scopes` by the group has `metric`. */
export function isExposed({ [FAMILY]: handle }: Registrable, scopes: readonly string[]): boolean {
  if (handle?.family === undefined || scopes.length === 0) return false;
  const { store, family } = handle;
  const current = currentStore();
  return current.shared && store === current && scopes.some((scope) => current.isRegistered(scope, family));
}

/** The store for a metric of `registers`: that of this thread, or plain memory if they are all private. */
export function storeFor(registers: readonly { scopes?(): readonly string[] }[]): CellStore {
  const isPrivate = registers.length > 0 && registers.every((register) => register.scopes?.().length === 0);
  return isPrivate ? privateStore : currentStore();
}

/** Whether `metric` has no numbers in any store. */
export function onlyCollects(metric: Registrable): boolean {
  const handle = metric[FAMILY];
  return handle !== undefined && handle.family === undefined;
}
