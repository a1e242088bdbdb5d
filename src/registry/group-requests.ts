import { type LabelSet, labelText } from '../model/labels';
import { currentStore } from '../store/current';
import { commonState } from '../store/test-runner';
import type { RemovalRequest, RequestHandler } from '../store/wakeup';
import type { GroupAnswer } from '../types/registry';
import { collects, FAMILY, isExposed, type Registrable, refresh } from './registrable';

/** The part of a registry that this module needs. */
export interface RequestTarget {
  /** The scope in which its metrics are registered, if they are. */
  readonly scope: string | undefined;
  readonly metrics: Iterable<Registrable>;
}

/**
 * The registries of this thread that are or were in its segment, those of all copies of the library, which have one segment. They may be
 * garbage collected all the same.
 */
const references = commonState(
  Symbol.for('prom-client-mmap/group-requests/1'),
  () => new Set<WeakRef<RequestTarget>>(),
);
const known = new WeakSet<RequestTarget>();

/** From here on `requestHandler` carries out requests for `registry`, too. */
export function handleRequestsFor(registry: RequestTarget): void {
  if (known.has(registry)) return;
  known.add(registry);
  references().add(new WeakRef(registry));
}

/** Carries out the requests of other owners in this thread. */
export const requestHandler: RequestHandler = {
  collects: () => [...registries()].some(({ metrics }) => [...metrics].some(collects)),
  collect: () => refreshAllBut(new Set()),

  remove(request) {
    for (const registry of registries()) {
      if (registry.scope !== request.scope) continue;
      try {
        removeHere(registry.metrics, request);
      } catch {
        // The metric of that name has other labels here than where the request comes from: it has no such series.
      }
    }
  },
};

/** Refreshes the metrics of all registries of this thread, but for those in `others`. Never rejects; resolves to the number of failures. */
export async function refreshAllBut(others: ReadonlySet<object>): Promise<number> {
  const metrics = new Set([...registries()].flatMap((registry) => [...registry.metrics]));
  const results = await Promise.allSettled([...metrics].filter((metric) => !others.has(metric)).map(refresh));
  return results.filter(({ status }) => status === 'rejected').length;
}

/**
 * The metrics that an exposition of `scopes` has from other registries of this thread than `own`, as far as code runs before they are read:
 * those of another copy of the library, or of a second registry of the same name.
 */
export function collectedBeside(own: RequestTarget, scopes: readonly string[]): Registrable[] {
  const beside = [...registries()].filter(
    (registry) => registry !== own && scopes.includes(registry.scope ?? ''),
  );
  if (beside.length === 0) return [];
  const known = new Set(own.metrics);
  return beside
    .flatMap(({ metrics }) => [...metrics])
    .filter((metric) => !known.has(metric) && (collects(metric) || metric[FAMILY]?.refresh !== undefined))
    .filter((metric) => isExposed(metric, scopes));
}

/** A removal in any scope. */
export type Removal = Omit<RemovalRequest, 'scope'>;

/** Carries out a removal in all threads and processes; see `Registry.resetGroup()`. */
export async function removeInGroup(
  metrics: Iterable<Registrable>,
  scopes: readonly string[],
  removal: Removal,
): Promise<GroupAnswer> {
  removeHere(metrics, removal);
  // Metrics that are registered in the scopes by other means.
  for (const scope of scopes) requestHandler.remove({ scope, ...removal });
  const store = currentStore();
  if (!store.shared) return { late: 0 };
  const late = scopes.map((scope) => store.removeFromOthers({ scope, ...removal }));
  return { late: Math.max(0, ...(await Promise.all(late))) };
}

function removeHere(metrics: Iterable<Registrable>, { family, labels }: Removal): void {
  for (const metric of metrics) {
    if (family !== undefined && metric.name !== family) continue;
    if (labels === undefined) metric.reset?.();
    else metric.remove?.(labels);
  }
}

function* registries(): Generator<RequestTarget> {
  for (const reference of references()) {
    const registry = reference.deref();
    if (registry === undefined) references().delete(reference);
    else if (registry.scope !== undefined) yield registry;
  }
}

/** The labels of a removal, by which other owners know a series. */
export function labelTexts(labels: LabelSet): Record<string, string> {
  const texts = Object.entries(labels).map(([label, value]) => [label, labelText(value)] as const);
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
