import { badRegistry } from '../errors';
import { documentText, familyText } from '../exposition/text';
import type { FamilyDefinition, MetricFamily } from '../model/family';
import { currentStore } from '../store/current';
import type { CellRef, GroupStore, Store } from '../store/store';
import { aggregateFamilies } from './aggregate';

import { openMetricsContentType, type RegistryContentType } from './content-type';
import { groupListener } from './group-listener';
import { FAMILY, type FamilyHandle, type Registrable, settle } from './registrable';
import { type AnyRegistry, globalRegistry } from './registry';

// Which registries of a group `clusterMetrics()` and `workerMetrics()` show: those that any of its threads has given to
// `setRegistries()`, which prom-client's users call in the workers and not where they scrape; else the global one. So
// each choice is noted in the thread's segment, as a gauge in a scope that nobody else shows. It is asked for in front of
// the scopes that were chosen last time, and so comes with the exposition itself.

interface Choice {
  /** The scope of the notes. */
  readonly scope: string;
  /** What this thread has chosen. */
  registries?: readonly AnyRegistry[];
  /** The scopes that anybody had chosen when we last looked. */
  known: readonly string[];
  isNoted: boolean;
  family?: number;
  readonly notes: CellRef[];
}

type ChoiceName = 'cluster' | 'worker';

const KEY: unique symbol = Symbol.for('prom-client-mmap.choices/1');

// On a global symbol: all copies of the library in a thread choose together.
const globals = globalThis as { [KEY]?: Readonly<Record<ChoiceName, Choice>> };
globals[KEY] ??= {
  cluster: { scope: 'prom-client-mmap.cluster', known: [], isNoted: true, notes: [] },
  worker: { scope: 'prom-client-mmap.worker', known: [], isNoted: true, notes: [] },
};
const choices = globals[KEY];

/**
 * Chooses one registry or a list of them, of this or another copy of the library.
 *
 * @throws a TypeError with code `ERR_REGISTRY` for anything else.
 */
export function choose(name: ChoiceName, registries: unknown): void {
  const list: readonly unknown[] = Array.isArray(registries) ? [...registries] : [registries];
  for (const registry of list) if (!isRegistry(registry)) throw badRegistry(registry);
  const choice = choices[name];
  choice.registries = list as readonly AnyRegistry[];
  choice.isNoted = false;
  // Later, so that `configure()` and the first metrics of the registries may still come.
  queueMicrotask(() => note(choice, currentStore()));
}

/** The exposition of the chosen registries of the whole group; '' when there is nothing in them. */
export async function chosenMetrics(name: ChoiceName, contentType: RegistryContentType): Promise<string> {
  const choice = choices[name];
  const store = currentStore();
  if (!store.shared) {
    const lists = (choice.registries ?? [globalRegistry]).map((registry) => registry.getMetricsAsJSON());
    return textOf(await Promise.all(lists), contentType);
  }
  note(choice, store);
  for (let { known } = choice; ; known = choice.known) {
    const { text, chosen } = await read(choice, known, store, contentType);
    choice.known = chosen;
    if (isSame(chosen, known)) return text;
  }
}

interface Reading {
  readonly text: string;
  readonly chosen: readonly string[];
}

/** Reads the scopes in `known` and those of our own choice. */
async function read(
  choice: Choice,
  known: readonly string[],
  store: GroupStore,
  contentType: RegistryContentType,
): Promise<Reading> {
  const isOthers = choice.registries === undefined && known.length > 0;
  const registries = choice.registries ?? (isOthers ? [] : [globalRegistry]);
  if (isOthers) await groupListener.collect();
  const own = new Set(registries.flatMap((registry) => registry.scopes()));
  const others = known.filter((scope) => !own.has(scope));
  if (!registries.every((registry) => isPlain(registry, store))) {
    return readMixed(choice.scope, others, registries, store, contentType);
  }
  await Promise.all(registries.flatMap(metricsOf).map(settle));
  const view = { scopes: [choice.scope, ...own, ...others], defaultLabels: true };
  const format = contentType === openMetricsContentType ? 'openmetrics' : 'prometheus';
  const document = await store.text(view, format);
  const [head = '', notes = ''] = NOTES.exec(document) ?? [];
  const text = document.slice(head.length);
  const chosen = [...notes.matchAll(/scope="((?:[^"\\]|\\.)*)"/g)].map(([, label = '']) => unescaped(label));
  return { text: /^\n?(# EOF\n)?$/.test(text) ? '' : text, chosen };
}

/** With metrics that are not in the group, or merged registries, which the store knows nothing of. */
async function readMixed(
  notes: string,
  others: readonly string[],
  registries: readonly AnyRegistry[],
  store: GroupStore,
  contentType: RegistryContentType,
): Promise<Reading> {
  const [shared, ...lists] = await Promise.all([
    store.families({ scopes: [notes, ...others], defaultLabels: true }),
    ...registries.map((registry) => registry.getMetricsAsJSON()),
  ]);
  const chosen = shared
    .filter((family) => family.name === NOTE)
    .flatMap((family) => family.values.map(({ labels }) => `${labels['scope']}`));
  const rest = shared.filter((family) => family.name !== NOTE);
  return { text: textOf([...lists, rest], contentType), chosen };
}

/** The exposition of what is the merge of its group already. */
function textOf(lists: readonly (readonly MetricFamily[])[], contentType: RegistryContentType): string {
  // What is to be left out of a merge is no longer in these lists, if there was anything to merge.
  const families = lists
    .flat()
    .map((family) => (family.aggregator === 'omit' ? { ...family, aggregator: 'first' as const } : family));
  if (families.length === 0) return '';
  const format = contentType === openMetricsContentType ? 'openmetrics' : 'prometheus';
  return documentText(
    aggregateFamilies([families]).map((family) => familyText(family, {}, format)),
    format,
  );
}

const NOTE = 'prom_client_mmap_registries';
const NOTES = new RegExp(`^# HELP ${NOTE} .*\n# TYPE ${NOTE} gauge\n((?:${NOTE}\\{.*\n)*)\n?`);

/** Notes this thread's choice, if it is new. Never throws. */
function note(choice: Choice, store: Store): void {
  if (choice.isNoted || !store.shared) return;
  choice.isNoted = true;
  for (const holder of choice.notes) store.release(holder, 1);
  choice.notes.length = 0;
  choice.family ??= announceNotes(store, choice);
  for (const scope of new Set(choice.registries?.flatMap(placeOf))) {
    const holder = store.allocate(choice.family, { texts: [scope], asWritten: undefined }, 1);
    holder.values[holder.index] = 1;
    choice.notes.push(holder);
  }
}

function announceNotes(store: GroupStore, { scope, notes }: Choice): number {
  const definition: FamilyDefinition = {
    name: NOTE,
    help: 'Registries that were given to setRegistries().',
    type: 'gauge',
    labelNames: ['scope'],
    mergeMode: 'max', // counts of the dead are shown, so what they have chosen is
    buckets: [],
    quantiles: [],
  };
  const family = store.addFamily(definition, notes);
  store.register(scope, family);
  return family;
}

/** The scopes of a registry. One that has none yet takes its place, as with its first metric. */
function placeOf(registry: AnyRegistry): readonly string[] {
  if (registry.scopes().length === 0) {
    registry.registerMetric(PLACEHOLDER);
    registry.removeSingleMetric(PLACEHOLDER.name);
  }
  return registry.scopes();
}

/** A metric of no store, under a name that no metric can have. */
const PLACEHOLDER: Registrable & { readonly name: string } = {
  name: ' ',
  get: () => ({ name: ' ', help: '', type: 'gauge' }),
  [FAMILY]: { family: -1 } as FamilyHandle,
};

function isRegistry(value: unknown): value is AnyRegistry {
  return typeof (value as Partial<AnyRegistry> | null | undefined)?.scopes === 'function';
}

/** Whether the store alone can show what this registry shows. */
function isPlain(registry: AnyRegistry, store: Store): boolean {
  const isMerged = registry['merged'].length > 0;
  return !isMerged && metricsOf(registry).every((metric) => metric[FAMILY]?.store === store);
}

function metricsOf(registry: AnyRegistry): readonly Registrable[] {
  return registry.getMetricsAsArray() as unknown as readonly Registrable[];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((scope) => b.includes(scope));
}

function unescaped(label: string): string {
  return label.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
}
