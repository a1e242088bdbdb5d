import { threadId } from 'node:worker_threads';
import { badRegistry } from '../errors';
import { documentText, textIn } from '../exposition/document';
import { familyObjects } from '../exposition/families';
import type { ClientFormat, TextFamily } from '../exposition/text';
import { aggregateFamilies } from '../model/aggregators';
import type { Aggregator, MetricFamily } from '../model/family';
import { realProcess } from '../process';
import { currentStore, gathersByMessages, type Store, textOfStarted } from '../store/current';
import type { ChoiceKind, View } from '../store/store';
import { commonState } from '../store/test-runner';
import type { RegistryContentType } from '../types/content-types';
import { openMetricsContentType } from './content-type';
import { refreshAllBut } from './group-requests';
import { without } from './leading';
import { withMissingAddon } from './missing-addon';
import { peersOf } from './peers';
import { refreshAll } from './registrable';
import { globalRegistry, type OwnRegistry } from './registry';

// `clusterMetrics()` and `workerMetrics()` show the registries that any thread of the group has passed to `setRegistries()`,
// which prom-client's users call in the workers and not where they scrape; else the global one. So each thread marks the scopes
// of its choice in its segment, and the merge looks for marks.

type Choices = { [K in ChoiceKind]?: readonly OwnRegistry[] };

const choices = commonState<Choices>(Symbol.for('prom-client-mmap.choices/1'), () => ({}));

/**
 * Chooses one registry or a list of them, of this or another copy of the library.
 *
 * @throws a TypeError with code `ERR_REGISTRY` for anything else.
 */
export function choose(kind: ChoiceKind, registries: unknown): void {
  const list: readonly unknown[] = Array.isArray(registries) ? [...registries] : [registries];
  for (const registry of list) if (!isRegistry(registry)) throw badRegistry(registry);
  choices()[kind] = list as readonly OwnRegistry[];
  // Later, so that `configure()` and the first metrics of the registries may still come.
  queueMicrotask(() => mark(kind, currentStore()));
}

/** The exposition of the chosen registries of the whole group; '' when there is nothing in them. */
export async function chosenMetrics(kind: ChoiceKind, contentType: RegistryContentType): Promise<string> {
  const registries = choices()[kind];
  const own = registries ?? [globalRegistry];
  const format = contentType === openMetricsContentType ? 'openmetrics' : 'prometheus';
  const store = currentStore();
  const view: View = { scopes: [], chosen: kind, defaultLabels: true };
  if (!store.shared) {
    const started = await textOfStarted(kind, format);
    if (started !== undefined && started !== documentText([], format)) return started;
    return gatheredText(kind, format);
  }
  mark(kind, store);
  const [lists] = await Promise.all([
    Promise.all(own.map(foreignFamilies)),
    // The choice of the other threads may be any registry of this one.
    registries === undefined && refreshAllBut(new Set(globalRegistry.getMetricsAsArray())),
  ]);
  const foreign = lists.flat() as readonly TextFamily[] as readonly MetricFamily[];
  if (foreign.length > 0) return textOf([...(await store.families(view)), ...foreign], format);
  const text = await store.text(view, format);
  return text === documentText([], format) ? '' : text;
}

/** The exposition of this thread and, where they have to be asked, of the others. */
async function gatheredText(kind: ChoiceKind, format: ClientFormat): Promise<string> {
  const { gatherer } = peers()[kind];
  const asked = gathersByMessages() ? await peers()[kind].found() : [];
  const lists = await gatherer.gather(kind, asked);
  // What no other process has was not left out by a merge.
  const families =
    asked.length === 0 ? lists.flat() : lists.flat().filter(({ aggregator }) => aggregator !== 'omit');
  const text = textOf(families, format);
  return text === '' ? '' : withMissingAddon(text, format);
}

const peers = peersOf(async (kind, ledElsewhere) => {
  const own = choices()[kind] ?? [globalRegistry];
  const lists = await Promise.all(
    without(ledElsewhere, () => own.map((registry) => registry.getMetricsAsJSON())),
  );
  const gauges = own.flatMap((registry) => registry.getMetricsAsArray() as readonly GaugeMarks[]);
  const marks = new Map(gauges.map((gauge) => [gauge.name, gauge]));
  return {
    families: lists
      .flat()
      .map((family) => inMode(family as MetricFamily, marks.get(family.name)?.multiprocessMode)),
    leaderGauges: gauges.flatMap(({ name, collectBy }) => (collectBy === 'leader' ? [name] : [])),
  };
});

interface GaugeMarks {
  readonly name: string;
  readonly collectBy?: string | undefined;
  readonly multiprocessMode?: string | undefined;
}

/** The family with the aggregator that comes next to the mode. Processes that have exited count in no mode. */
function inMode(family: MetricFamily, mode: string | undefined): MetricFamily {
  if (mode === undefined) return family;
  const kind = mode.replace(/^live/, '');
  if (kind === 'mostrecent') return { ...family, aggregator: 'first' };
  if (kind !== 'all') return { ...family, aggregator: kind as Aggregator };
  const pid = threadId === 0 ? `${realProcess.pid}` : `${realProcess.pid}-${threadId}`;
  return {
    ...family,
    values: family.values.map((value) => ({ ...value, labels: { ...value.labels, pid } })),
  };
}

/** The families of a registry that the group does not show. It has those of the scope in which the registry was chosen. */
async function foreignFamilies(registry: OwnRegistry): Promise<readonly object[]> {
  const { scope } = registry['$scope'];
  const scopes = [...registry.scopes(), ...(scope === undefined ? [] : [scope])];
  const families = await refreshAll(registry['$byName'].values(), scopes, 'objects');
  return familyObjects(families, registry['$defaultLabels']);
}

/** Families of the same name become one. */
function textOf(families: readonly MetricFamily[], format: ClientFormat): string {
  if (families.length === 0) return '';
  // The merge of the group has left out such a family, or there was one process alone.
  const shown = families.map((family) =>
    family.aggregator === 'omit' ? { ...family, aggregator: 'first' as const } : family,
  );
  return documentText(
    aggregateFamilies([shown]).map((family) => textIn(format, family, {}, new Set())),
    format,
  );
}

/** Marks the scopes of this thread's choice. */
function mark(kind: ChoiceKind, store: Store): void {
  const registries = choices()[kind];
  if (registries === undefined || !store.shared) return;
  // A merged registry shares its metrics in a scope of its own, under its own default labels.
  const scopes = registries.map((registry) => registry['$scope'].choose(markAgain[kind]));
  store.chooseScopes(kind, scopes.length > 0 ? scopes : [NO_METRICS]);
}

/** Called when a registry of the choice gets another scope. */
const markAgain: Readonly<Record<ChoiceKind, () => void>> = {
  cluster: () => mark('cluster', currentStore()),
  worker: () => mark('worker', currentStore()),
};

/** The scope that stands for the choice of no registry at all. */
const NO_METRICS = 'prom-client-mmap.none';

function isRegistry(value: unknown): value is OwnRegistry {
  return typeof (value as Partial<OwnRegistry> | null | undefined)?.scopes === 'function';
}
