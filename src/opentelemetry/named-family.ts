import type { TextSample } from '../exposition/text';
import { ExemplarSeries } from '../metrics/exemplar-series';
import { NativeSeries } from '../metrics/native-series';
import { type SearchedBounds, searchedBounds } from '../model/buckets';
import { GAUGE_SET_AT } from '../model/cell-layout';
import type { Aggregator, MergeMode, MetricFamily, MetricType, NativeDefinition } from '../model/family';
import { type LabelSet, labelText } from '../model/labels';
import { aggregatorOf, isMostRecent } from '../model/merge-mode';
import { mergedNative } from '../model/native-histogram';
import { FAMILY, type FamilyHandle, type Registrable, storeFor } from '../registry/registrable';
import { FamilySeries, type RecordLabels } from '../series/family-series';
import { Series } from '../series/series';
import type { CellStore } from '../store/store';
import type { AnyRegistry, GroupRegistry } from '../types/registry';
import { diagnoseError } from './global-api';
import { histogramLines } from './histogram';
import type { Naming, Origin } from './metric-data';

/** The definition of a family, before its label names are known. */
export interface FamilyHead {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly mergeMode: MergeMode;
  /** Of a histogram. */
  readonly bounds: readonly number[];
  /** Of a histogram with exponential buckets. */
  readonly native?: NativeDefinition | undefined;
  /** Of the metric of an instrument. */
  readonly origin?: Origin | undefined;
}

/** The families of each registry by name. Several providers and meters may have instruments of one name. */
const known = new WeakMap<AnyRegistry, Map<string, NamedFamily>>();

/**
 * All series of one name in a registry. A family in the store has fixed label names, but attribute keys differ from call to call;
 * so there are several families of the name in the store, which every merge makes one.
 */
export class NamedFamily {
  head: FamilyHead;
  readonly bounds: SearchedBounds;
  /** The attribute keys of labels. */
  readonly keys: Map<string, string> = new Map();
  readonly #register: AnyRegistry;
  readonly #parts: Part[] = [];

  /**
   * The family of `head.name` in `register`, made if there is none. An existing one keeps its definition. Undefined if the name
   * belongs to a family of another type, or to another metric with such a type.
   */
  static of(register: AnyRegistry, head: FamilyHead): NamedFamily | undefined {
    let families = known.get(register);
    if (families === undefined) {
      families = new Map();
      known.set(register, families);
    }
    let family = families.get(head.name);
    if (family?.isRemoved) family = undefined;
    const other = register.getSingleMetric(head.name) as Registrable & { readonly type?: unknown };
    const taken = family?.head ?? other;
    if (taken !== undefined && taken.type !== head.type) return undefined;
    if (family === undefined) {
      family = new NamedFamily(register, head);
      families.set(head.name, family);
    }
    return family;
  }

  /** How the family of that name was named by the instrument of this process, if there is one. */
  static namingOf(register: AnyRegistry, name: string): Naming {
    const family = known.get(register)?.get(name);
    return { origin: family?.head.origin, key: (label) => family?.keys.get(label) };
  }

  private constructor(register: AnyRegistry, head: FamilyHead) {
    this.#register = register;
    this.head = head;
    this.bounds = searchedBounds(head.bounds);
  }

  /** Whether the application has removed the family from its registry. */
  get isRemoved(): boolean {
    const [first] = this.#parts;
    return first !== undefined && (this.#register.getSingleMetric(first.name) as unknown) !== first;
  }

  /** Whether the series are in the memory of the group, where a scrape finds new families. */
  get isShared(): boolean {
    const store: CellStore & { readonly shared?: boolean } = storeFor([this.#register]);
    return store.shared === true;
  }

  /** The longest description of the instruments counts, as the specification says; series that are there keep theirs. */
  describe(help: string): void {
    if (help.length > this.head.help.length) this.head = { ...this.head, help };
  }

  /** Adds series whose records have `labelNames`, and exposes them, unless the registry refuses the name. */
  add(labelNames: readonly string[], labels: RecordLabels, hasExemplars: boolean): FamilySeries<Series> {
    const { origin: _, ...head } = this.head;
    const definition = { ...head, labelNames, ageBuckets: 0, slotMs: 0 };
    const plain = hasExemplars ? ExemplarSeries : Series;
    const SeriesClass = this.head.native === undefined ? plain : NativeSeries;
    const series = new FamilySeries(storeFor([this.#register]), definition, SeriesClass, labels);
    const part = new Part(this, this.#freeName(), series, labels);
    this.#parts.push(part);
    try {
      (this.#register as GroupRegistry).registerMetric(part);
    } catch (error) {
      // The name is another metric's, in the letters that all scrapers accept. Instruments never throw.
      diagnoseError(`the metric "${this.head.name}" is not exposed`, error);
    }
    return series;
  }

  /** The numbers of this thread. */
  read(): MetricFamily {
    const { name, help, type, mergeMode } = this.head;
    const samples = this.#parts.flatMap((part) => part.samples());
    const values = this.#parts.length > 1 ? pooled(samples, mergeMode) : samples;
    return {
      name,
      help,
      type,
      values: values as MetricFamily['values'],
      aggregator: aggregatorOf(mergeMode),
    };
  }

  /** Whether `part` stands for all of the family where a registry shows its own numbers. */
  isFirst(part: object): boolean {
    return this.#parts[0] === part;
  }

  reset(): void {
    for (const part of this.#parts) part.series.clear();
  }

  remove(labels: LabelSet): void {
    for (const part of this.#parts) part.removeSeries(labels);
  }

  /** Only the first part has the name of the family. No metric can have a name with a space. */
  #freeName(): string {
    const { name } = this.head;
    if (!this.#register.getSingleMetric(name)) return name;
    let number = 2;
    while (this.#register.getSingleMetric(`${name} ${number}`)) number++;
    return `${name} ${number}`;
  }
}

/** Different attribute keys may have become the same labels: such series are one, as in the merge of a group. */
function pooled(samples: readonly TextSample[], mode: MergeMode): TextSample[] {
  const isSum = mode === 'sum' || mode === 'livesum';
  const byLabels = new Map<string, TextSample>();
  for (const sample of samples) {
    const labels = Object.entries({ ...sample.labels, ...sample.sharedLabels });
    const key = JSON.stringify([sample.metricName, ...labels.sort(([a], [b]) => (a < b ? -1 : 1))]);
    const earlier = isSum ? byLabels.get(key) : undefined;
    byLabels.set(key, earlier === undefined ? sample : sumOf(earlier, sample));
  }
  return [...byLabels.values()];
}

function sumOf(a: TextSample, b: TextSample): TextSample {
  const native = mergedNative([a, b].flatMap((sample) => sample.native ?? []));
  return { ...b, value: a.value + b.value, ...(native && { native }) };
}

/** One family of the store, as a registry knows it. */
class Part implements Registrable {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: Aggregator;
  readonly series: FamilySeries<Series>;
  readonly [FAMILY]: FamilyHandle;
  readonly #family: NamedFamily;
  readonly #labels: RecordLabels;

  constructor(family: NamedFamily, name: string, series: FamilySeries<Series>, labels: RecordLabels) {
    this.name = name;
    this.help = family.head.help;
    this.type = family.head.type;
    this.aggregator = aggregatorOf(family.head.mergeMode);
    this.series = series;
    this.#family = family;
    this.#labels = labels;
    this[FAMILY] = new PartHandle(this, family);
    series.outlive(this);
  }

  get(): MetricFamily {
    return this.#family.isFirst(this) ? this.#family.read() : { ...this.#family.read(), values: [] };
  }

  reset(): void {
    if (this.#family.isFirst(this)) this.#family.reset();
    else this.series.clear();
  }

  remove(labels: LabelSet): void {
    if (this.#family.isFirst(this)) this.#family.remove(labels);
    else this.removeSeries(labels);
  }

  samples(): TextSample[] {
    const { head } = this.#family;
    const samples: TextSample[] = [];
    for (const [series, labels] of this.#entries()) {
      if (head.type === 'histogram') samples.push(...histogramLines(head, series, labels));
      else if (!isMostRecent(head.mergeMode) || series.get(GAUGE_SET_AT) > 0) {
        const exemplar = series.exemplar(0);
        const sample = { labels, value: series.get(0) };
        samples.push(exemplar === undefined ? sample : { ...sample, exemplar });
      }
    }
    return samples;
  }

  /** Labels are compared by their texts, and those of the record count. */
  removeSeries(labels: LabelSet): void {
    const wanted = Object.entries(labels).filter(([, value]) => value !== undefined);
    const removed = new Set<Series>();
    for (const [series, own] of this.#entries()) {
      const isSame =
        Object.keys(own).length === wanted.length &&
        wanted.every(([name, value]) => own[name] === labelText(value));
      if (isSame) removed.add(series);
    }
    this.series.removeIf((series) => removed.has(series));
  }

  *#entries(): Generator<[series: Series, labels: Record<string, unknown>]> {
    const { labelNames } = this.series.definition;
    for (const [series, key] of this.series.table.keys()) {
      const { texts } = this.#labels.recordKey(key);
      const labels = labelNames.map((name, i) => [name, texts[i]] as const);
      yield [series, Object.fromEntries(labels.filter(([, text]) => text !== undefined))];
    }
  }
}

class PartHandle implements FamilyHandle {
  readonly #part: Part;
  readonly #family: NamedFamily;

  constructor(part: Part, family: NamedFamily) {
    this.#part = part;
    this.#family = family;
  }

  get store(): CellStore {
    return this.#part.series.store;
  }

  get family(): number {
    return this.#part.series.family;
  }

  get familyName(): string {
    return this.#family.head.name;
  }

  /** Undefined for all parts but the first, which has their numbers. */
  get read(): (() => MetricFamily) | undefined {
    return this.#family.isFirst(this.#part) ? () => this.#family.read() : undefined;
  }

  readonly refresh = (): Promise<void> | undefined => this.#part.series.removeIdle();

  moveTo(store: CellStore): void {
    this.#part.series.moveTo(store);
    this.#part.series.outlive(this.#part);
  }
}
