import {
  badCollect,
  badLabelName,
  badMetricName,
  configMissing,
  exemplarsFormat,
  helpMissing,
  labelsCollide,
  nameMissing,
} from '../errors';
import { withAllLabels } from '../exposition/families';
import type { TextSample } from '../exposition/text';
import type { Aggregator, FamilyDefinition, MergeMode, MetricFamily, MetricType } from '../model/family';
import { mergeModeOf } from '../model/merge-mode';
import {
  collidingLabels,
  type NameValidation,
  unitOf,
  validateLabelNames,
  validateMetricName,
} from '../model/names';
import { prometheusContentType } from '../registry/content-type';
import { collect, FAMILY } from '../registry/registrable';
import { Registry } from '../registry/registry';
import { Slices } from '../slices';
import { currentNameValidation } from '../store/current';
import type {
  CollectFunction,
  MetricConfiguration,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
} from '../types/metrics';
import type { AnyRegistry, GroupRegistry } from '../types/registry';
import { ExposedFamily, type Reading, type SeriesSamples, type StoredFamily } from './exposed-family';

/** So many are read in one turn, however slow the machine is: callers see the numbers of the call, as with prom-client. */
const fewSamples = 256;

const AGGREGATOR: unique symbol = Symbol('aggregator');

interface Aggregated {
  [AGGREGATOR]: Aggregator;
}

/**
 * A metric of this library: its configuration, and its place in registries. The fields are declared only: the constructor copies
 * them, like every other property of the configuration, and a class field would overwrite them afterwards.
 *
 * Members for other classes of the library begin with `$`: a configuration may have a property of any name, such as `register`, and so
 * may a subclass of the application.
 */
export abstract class Metric<T extends string> {
  declare readonly name: string;
  declare readonly help: string;
  declare readonly type: MetricType;
  declare readonly labelNames: readonly string[];
  declare readonly registers: readonly AnyRegistry[];
  declare aggregator: Aggregator;
  declare readonly enableExemplars: boolean;
  declare readonly unit?: string | undefined;
  declare readonly nameValidation?: NameValidation | undefined;
  declare readonly ttlSeconds?: number | undefined;
  declare collect?: CollectFunction<this> | undefined;
  #series: StoredFamily | undefined;
  #handle: ExposedFamily<Metric<string>> | undefined;

  static {
    // Not declared: it is for registries only. A Proxy of a metric has no handle.
    Object.defineProperty(Metric.prototype, FAMILY, {
      get(this: object) {
        return #handle in this ? this.#handle : undefined;
      },
    });
  }

  static readonly #reading: Reading<Metric<string>> = {
    samplesBySeries: (metric) => metric.$samplesBySeries(),
    refresh: (metric) => metric.$refresh(),
    read: (metric) => metric.$startedFamily(),
    readInSlices: (metric) => metric.$familyInSlices(),
  };

  /** An `aggregator` that is assigned after the construction counts, too. One descriptor: V8 makes a hidden class for each function. */
  static readonly #aggregator: PropertyDescriptor & ThisType<Metric<string> & Aggregated> = {
    configurable: true,
    enumerable: true,
    get() {
      return this[AGGREGATOR];
    },
    set(value: Aggregator | null | undefined) {
      if (#series in this) this.#series?.changeMode(this.$modeWith(value));
      this[AGGREGATOR] = value ?? 'sum';
    },
  };

  /** Checks and copies the configuration. Undefined and null stand for the default. */
  protected constructor(
    config: MetricConfiguration<T, never>,
    type: MetricType,
    defaults: Readonly<Record<string, unknown>> = {},
  ) {
    if (typeof config !== 'object' || config === null) throw configMissing();
    Object.defineProperty(this, 'aggregator', Metric.#aggregator);
    const fields = Object.assign(this as Record<string, unknown>, config);
    fields['type'] = type;
    for (const name of Object.keys(defaults)) fields[name] ??= defaults[name];
    this.labelNames ??= [];
    // Looked up at each construction: an application may have put another registry in its place.
    this.registers ??= [Registry.globalRegistry];
    this.aggregator ??= 'sum';
    this.enableExemplars ??= false;
    if (!this.help) throw helpMissing();
    if (!this.name) throw nameMissing();
    const validation = this.nameValidation ?? currentNameValidation();
    if (!validateMetricName(this.name, validation)) throw badMetricName();
    if (!validateLabelNames(this.labelNames, validation)) throw badLabelName();
    const colliding = collidingLabels(this.labelNames);
    if (colliding !== undefined) throw labelsCollide(this.name, ...colliding);
    if (this.collect && typeof this.collect !== 'function') throw badCollect();
  }

  /** The numbers of this process, after `collect` has run. Rejects with the error that `collect` throws. */
  async get(): Promise<MetricObjectWithValues<MetricValue<T> & MetricValueWithName<T>>> {
    const pending = collect(this);
    if (pending !== undefined) await pending;
    // As in prom-client, the type says that there is a `collect`, but there is none.
    return (await this.$familyInSlices()) as MetricObjectWithValues<MetricValue<T> & MetricValueWithName<T>>;
  }

  /** Sets the numbers of this process back to those of a new metric. */
  abstract reset(): void;

  /** Called before a reset, with whether it removes all series: `collect` may have planned it for after the scrape. */
  protected $beforeReset(removes: boolean): void {
    this.#handle?.beforeReset(removes);
  }

  /** The samples of each series, and when it was made, where an exposition tells that. */
  protected abstract $samplesBySeries(): Iterable<SeriesSamples>;

  private $shownSamples(): Iterable<SeriesSamples> {
    return this.#handle?.keptSamples ?? this.$samplesBySeries();
  }

  protected $samples(): readonly TextSample[] {
    const all: TextSample[] = [];
    for (const { samples } of this.$shownSamples()) for (const sample of samples) all.push(sample);
    return all;
  }

  protected $family(): MetricFamily {
    return this.$familyWith(this.$samples());
  }

  /** The same with the start times of the series. */
  private $startedFamily(): MetricFamily {
    const values: TextSample[] = [];
    for (const { samples, created } of this.$shownSamples()) {
      for (const sample of samples) {
        const isLast = sample === samples.at(-1);
        values.push(isLast && created !== undefined ? { ...sample, created } : sample);
      }
    }
    return this.$familyWith(values);
  }

  /** As `$family()`, with pauses for the event loop if there are thousands of series. All labels of a sample are in one object. */
  protected $familyInSlices(): MetricFamily | Promise<MetricFamily> {
    const values: TextSample[] = [];
    const pauses = this.$pausesOf(values);
    const first = pauses.next();
    return first.done ? this.$familyWith(values) : this.$familyAfter(first.value, pauses, values);
  }

  private async $familyAfter(
    first: Promise<void>,
    pauses: Iterable<Promise<void>>,
    values: readonly TextSample[],
  ): Promise<MetricFamily> {
    const kept = this.#handle?.keptSamples;
    await first;
    for (const pause of pauses) await pause;
    // After a planned reset in a pause, only the samples that were kept are of one time.
    const isWhole = kept !== undefined || this.#handle?.keptSamples === undefined;
    return isWhole ? this.$familyWith(values) : this.$familyInSlices();
  }

  /** Adds all samples to `values`. */
  private *$pausesOf(values: TextSample[]): Generator<Promise<void>, void> {
    const slices = new Slices();
    for (const { samples } of this.$shownSamples()) {
      for (const sample of samples) values.push(withAllLabels(sample));
      if (values.length > fewSamples && slices.isDue) yield slices.pause();
    }
  }

  private $familyWith(values: readonly TextSample[]): MetricFamily {
    const { help, name, type, aggregator } = this;
    const unit = unitOf(name, this.unit);
    // In the order of prom-client: some tests compare the text of the objects.
    const isNamedFirst = type === 'histogram' || type === 'summary';
    const family = isNamedFirst
      ? { name, help, type, values, aggregator }
      : { help, name, type, values, aggregator };
    return unit === undefined ? family : { ...family, unit };
  }

  /** The functions of this class by which registries read a metric. */
  protected $readers(): ReadonlySet<unknown> {
    return ownReaders;
  }

  /** The definition of the family; `more` has the properties of this type of metric. */
  protected $define(more: Partial<FamilyDefinition> = {}): FamilyDefinition {
    return {
      name: this.name,
      type: this.type,
      help: `${this.help}`,
      labelNames: [...this.labelNames],
      unit: unitOf(this.name, this.unit),
      mergeMode: mergeModeOf(this.type, this.aggregator),
      bounds: [],
      ageBuckets: 0,
      slotMs: 0,
      ...more,
    };
  }

  /** The merge mode with another `aggregator`. Throws for an aggregator that does not exist. */
  protected $modeWith(aggregator: unknown): MergeMode {
    return mergeModeOf(this.type, aggregator);
  }

  /** Called before each reading, after `collect`. */
  protected $refresh(): Promise<void> | undefined {
    return undefined;
  }

  /** From here on the metric is exposed. */
  protected $register(series: StoredFamily): void {
    series.outlive(this);
    this.#series = series;
    this.#handle = new ExposedFamily<Metric<string>>(this, series, Metric.#reading, this.$readers());
    for (const register of this.registers) {
      if (this.enableExemplars && register.contentType === prometheusContentType) throw exemplarsFormat();
      (register as GroupRegistry).registerMetric(this);
    }
  }
}

const ownReaders: ReadonlySet<unknown> = new Set([Metric.prototype.get]);
