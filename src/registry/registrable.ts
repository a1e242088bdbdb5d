import type { TextFamily } from '../exposition/text';
import type { MetricFamily } from '../model/family';
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
  /** The family that scopes show. Undefined for a metric without numbers, whose `collect` sets other metrics. */
  readonly family: number | undefined;
  /** The name of that family, which is the metric's unless a function of the application has returned another. */
  readonly familyName?: string;
  /** Moves the family with all its numbers to another store, unless it is there. Missing where there is no family. */
  moveTo?(store: CellStore): void;
  /** Called when `collect` begins, and when it has ended. Numbers that are reset between its end and its next one stay shown. */
  collecting?(hasEnded: boolean): void;
  /** Runs before each reading, after `collect`. */
  readonly refresh?: (() => Promise<void> | undefined) | undefined;
  /** The numbers of this thread for an exposition, without a call of `collect`. Absent where there are none. */
  readonly read?: (() => MetricFamily) | undefined;
  /** The same as objects, with pauses for the event loop if there are many. */
  readonly readInSlices?: (() => MetricFamily | Promise<MetricFamily>) | undefined;
  /** The library's own functions by which registries read the metric. */
  readonly readers?: ReadonlySet<unknown> | undefined;
  /**
   * Has the scopes show the family that a function of the application returned in place of the stored numbers; undefined stands
   * for these. Returns the family where only this process can show it: then the scopes show none.
   */
  readonly show?: ((returned: TextFamily | undefined) => TextFamily | undefined) | undefined;
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

/** prom-client reads a metric by `get()` for objects, and by `getForPromString()`, where there is one, for text. */
export type Shape = 'text' | 'objects';

/** The class of the results of async functions: an application may put another one in place of the global. */
const OwnPromise = (async () => undefined)().constructor as PromiseConstructor;

function isPromise<T>(value: T): value is Extract<T, Promise<unknown>> {
  return value instanceof OwnPromise || value instanceof Promise;
}

/**
 * Runs `collect` and brings the numbers up to date. Undefined: that is done, and they can be read in the same turn, as in prom-client.
 * Rejects with the error of `collect`.
 */
export function collect(metric: Pick<Registrable, 'collect' | typeof FAMILY>): Promise<void> | undefined {
  const handle = metric[FAMILY];
  if (metric.collect) {
    handle?.collecting?.(false);
    try {
      // Called as a method: `this` is the metric.
      const pending = (metric as { collect(): unknown }).collect();
      if (isPromise(pending)) return finishCollecting(pending, handle);
    } catch (error) {
      return Promise.reject(error);
    }
    handle?.collecting?.(true);
  }
  return handle?.refresh?.();
}

async function finishCollecting(pending: Promise<unknown>, handle: FamilyHandle | undefined): Promise<void> {
  await pending;
  handle?.collecting?.(true);
  await handle?.refresh?.();
}

/**
 * Brings a metric of the store up to date there, by `collect` or by the reading function of the application. Resolves to its
 * family where only this process can show that.
 */
export async function refresh(metric: Registrable): Promise<TextFamily | undefined> {
  const handle = metric[FAMILY];
  if (isReplaced(metric, 'text')) return handle?.show?.(await read(metric, 'text'));
  await collect(metric);
  return handle?.show?.(undefined);
}

/** Takes the error of a metric that could not be read. Without it the reading of all fails. */
export type ReadingErrorHandler = ((error: unknown) => void) | undefined;

/**
 * The numbers of this thread, as prom-client reads them. All `collect` functions begin in the order of `metrics` and before
 * anything is read, because the `collect` function of one metric may set others.
 */
export function readAll(
  metrics: Iterable<Registrable>,
  shape: Shape,
  onError?: ReadingErrorHandler,
): TextFamily[] | Promise<TextFamily[]> {
  const begun: Begun[] = [];
  for (const metric of metrics) begun.push(beginReading(metric, shape));
  const isAtOnce = shape === 'text' && !begun.some((reading) => isPromise(reading));
  return isAtOnce ? readNow(begun as ReadNow[]) : finishAll(begun, onError);
}

/** Brings all metrics up to date, in the same order. Resolves to the families that an exposition of `scopes` does not have. */
export function refreshAll(
  metrics: Iterable<Registrable>,
  scopes: readonly string[],
  shape: Shape,
  onError?: ReadingErrorHandler,
): Promise<TextFamily[]> {
  const begin = async (metric: Registrable): Promise<Reading | undefined> => {
    if (!isExposed(metric, scopes)) return beginReading(metric, shape);
    const family = await refresh(metric);
    return family && (() => family);
  };
  return finishAll(Array.from(metrics, begin), onError);
}

/** Undefined: there are no numbers. */
type Reading = () => TextFamily | Promise<TextFamily> | undefined;
type Begun = Reading | undefined | Promise<Reading | undefined>;
/** Where neither code of the application nor long work runs. */
type ReadNow = (() => TextFamily | undefined) | undefined;

function readNow(readings: readonly ReadNow[]): TextFamily[] {
  const families: TextFamily[] = [];
  for (const reading of readings) {
    const family = reading?.();
    if (family !== undefined) families.push(family);
  }
  return families;
}

async function finishAll(begun: readonly Begun[], onError: ReadingErrorHandler): Promise<TextFamily[]> {
  const isPending = begun.some((reading) => isPromise(reading));
  const readings = isPending ? await Promise.all(begun.map((reading) => settled(reading, onError))) : begun;
  const families: TextFamily[] = [];
  for (const reading of readings as readonly (Reading | undefined)[]) {
    const family = reading?.();
    if (family !== undefined) families.push(isPromise(family) ? await family : family);
  }
  return families;
}

/** With `onError`, a metric that cannot be read has no numbers. */
function settled(reading: Begun, onError: ReadingErrorHandler): Begun {
  if (onError === undefined || !isPromise(reading)) return reading;
  return reading.catch((error: unknown) => {
    onError(error);
    return undefined;
  });
}

/** The result is undefined for a metric without numbers. */
function beginReading(metric: Registrable, shape: Shape): Begun {
  const handle = metric[FAMILY];
  if (handle === undefined || isReplaced(metric, shape)) return beginForeign(metric, shape);
  const inSlices = shape === 'objects' && handle.readInSlices !== undefined;
  const reading = (): TextFamily | Promise<TextFamily> | undefined =>
    inSlices ? handle.readInSlices?.() : handle.read?.();
  const pending = collect(metric);
  return pending === undefined ? reading : pending.then(() => reading);
}

async function beginForeign(metric: Registrable, shape: Shape): Promise<Reading> {
  const family = await read(metric, shape);
  return () => family;
}

function read(metric: Registrable, shape: Shape): TextFamily | Promise<TextFamily> {
  return shape === 'text' && typeof metric.getForPromString === 'function'
    ? metric.getForPromString()
    : metric.get();
}

/** Whether the application has replaced or overridden the function by which registries read an own metric. */
function isReplaced(metric: Registrable, shape: Shape): boolean {
  const readers = metric[FAMILY]?.readers;
  if (readers === undefined) return false;
  const { get, getForPromString } = metric;
  // Also for objects: the `get()` of a histogram calls it.
  if (typeof getForPromString === 'function' && !readers.has(getForPromString)) return true;
  return (shape === 'objects' || typeof getForPromString !== 'function') && !readers.has(get);
}

/** Whether a function of the application has to run before the metric is read. */
export function collects(metric: Registrable): boolean {
  return Boolean(metric.collect) || isReplaced(metric, 'text');
}

/** Whether the exposition of `scopes` by the group has `metric`. */
export function isExposed({ [FAMILY]: handle }: Registrable, scopes: readonly string[]): boolean {
  if (handle?.family === undefined || scopes.length === 0) return false;
  const { store, family } = handle;
  const current = currentStore();
  return current.shared && store === current && scopes.some((scope) => current.isRegistered(scope, family));
}

/** The store for a metric of `registers`: that of this thread, or plain memory if they are all private. */
export function storeFor(registers: readonly object[]): CellStore {
  const isPrivate =
    registers.length > 0 &&
    registers.every((register) => (register as { scopes?(): readonly string[] }).scopes?.().length === 0);
  return isPrivate ? privateStore : currentStore();
}
