import type { LabelSet } from '../model/labels';
import type { Store } from '../store/store';
import type { RemovalRequest, RequestHandler } from '../store/wakeup';
import { type Registrable, settle } from './registrable';

/** What this module needs of a registry. */
interface Listening {
  scopes(): readonly string[];
  getMetricsAsArray(): readonly object[];
}

/** The registries of this thread that others can see; they may be garbage collected all the same. */
const references = new Set<WeakRef<Listening>>();
const known = new WeakSet<Listening>();

/** From here on `registry` does what other processes ask for. */
export function listen(registry: Listening): void {
  if (known.has(registry)) return;
  known.add(registry);
  references.add(new WeakRef(registry));
}

/** Does for this thread what others ask for. */
export const groupListener: RequestHandler = {
  async collect() {
    const metrics = new Set<Registrable>();
    for (const registry of registries()) for (const metric of metricsOf(registry)) metrics.add(metric);
    const results = await Promise.allSettled([...metrics].map(settle));
    return results.filter(({ status }) => status === 'rejected').length;
  },

  remove(request) {
    for (const registry of registries()) {
      if (registry.scopes().includes(request.scope)) removeHere(metricsOf(registry), request);
    }
  },
};

/** What became of a request to all processes of the group. */
export interface GroupAnswer {
  /** Living processes that had not done it by the deadline; they do it as soon as they can. */
  readonly late: number;
}

/** What is to go, in whatever scope. */
type Removal = Omit<RemovalRequest, 'scope'>;

/** Has it removed by all other threads and processes, in each of the scopes. */
export async function removeFromOthers(
  store: Store,
  scopes: readonly string[],
  removal: Removal,
): Promise<GroupAnswer> {
  if (!store.shared) return { late: 0 };
  const late = await Promise.all(scopes.map((scope) => store.removeFromOthers({ scope, ...removal })));
  return { late: Math.max(0, ...late) };
}

/** The labels that identify a series, as their texts. */
export function labelTexts(labels: LabelSet): Record<string, string> {
  const present = Object.entries(labels).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, `${value}`]));
}

/** Removes in this thread what `removal` means. */
export function removeHere(metrics: Iterable<Registrable>, { family, labels }: Removal): void {
  for (const metric of metrics) {
    if (family !== undefined && metric.name !== family) continue;
    if (labels === undefined) metric.reset?.();
    else metric.remove?.(labels);
  }
}

function* registries(): Generator<Listening> {
  for (const reference of references) {
    const registry = reference.deref();
    if (registry === undefined) references.delete(reference);
    else yield registry;
  }
}

function metricsOf(registry: Listening): Registrable[] {
  return registry.getMetricsAsArray() as Registrable[];
}
