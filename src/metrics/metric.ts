import {
  badCollect,
  badLabelName,
  badMetricName,
  configMissing,
  exemplarsFormat,
  helpMissing,
  nameMissing,
} from '../errors';
import type { Aggregator, FamilyDefinition, MetricType, Sample } from '../model/family';
import { mergeModeOf } from '../model/merge-mode';
import { validateLabelNames, validateMetricName } from '../model/names';
import { prometheusContentType } from '../registry/content-type';
import type {
  CollectFunction,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
} from '../registry/metric-types';
import { FAMILY, type FamilyHandle, refresh } from '../registry/registrable';
import { type AnyRegistry, globalRegistry } from '../registry/registry';
import type { FamilySeries } from '../series/family-series';
import type { Series } from '../series/series';
import type { CellStore } from '../store/store';
import type { MetricConfiguration } from './configuration';

/**
 * A metric of this library: its configuration, and its place in registries. The fields are declared only: the constructor copies
 * them, like every other property of the configuration, and a class field would overwrite them afterwards.
 */
export abstract class Metric<T extends string> {
  declare readonly name: string;
  declare readonly help: string;
  declare readonly type: MetricType;
  declare readonly labelNames: readonly string[];
  declare readonly registers: readonly AnyRegistry[];
  declare readonly aggregator: Aggregator;
  declare readonly enableExemplars: boolean;
  declare readonly ttlSeconds?: number | undefined;
  declare collect?: CollectFunction<this> | undefined;
  #handle: FamilyHandle | undefined;

  static {
    // Not declared: it is for registries only. A Proxy of a metric has no handle.
    Object.defineProperty(Metric.prototype, FAMILY, {
      get(this: object) {
        return #handle in this ? this.#handle : undefined;
      },
    });
  }

  /** Checks and copies the configuration. Undefined and null stand for the default. */
  protected constructor(
    config: MetricConfiguration<T, never>,
    type: MetricType,
    defaults: Readonly<Record<string, unknown>> = {},
  ) {
    if (typeof config !== 'object' || config === null) throw configMissing();
    const fields = Object.assign(this as Record<string, unknown>, config);
    fields['type'] = type;
    for (const name of Object.keys(defaults)) fields[name] ??= defaults[name];
    this.labelNames ??= [];
    this.registers ??= [globalRegistry];
    this.aggregator ??= 'sum';
    this.enableExemplars ??= false;
    if (!this.help) throw helpMissing();
    if (!this.name) throw nameMissing();
    if (!validateMetricName(this.name)) throw badMetricName();
    if (!validateLabelNames(this.labelNames)) throw badLabelName();
    if (this.collect && typeof this.collect !== 'function') throw badCollect();
  }

  /** The numbers of this process, after `collect` has run. Rejects with the error that `collect` throws. */
  async get(): Promise<MetricObjectWithValues<MetricValue<T> & MetricValueWithName<T>>> {
    await (this.collect ? refresh(this) : this.refresh());
    const { help, name, type, aggregator } = this;
    const family = { help, name, type, values: this.samples(), aggregator };
    // As in prom-client, the type says that there is a `collect`, but there is none.
    return family as object as MetricObjectWithValues<MetricValue<T> & MetricValueWithName<T>>;
  }

  /** Sets the numbers of this process back to those of a new metric. */
  abstract reset(): void;

  protected abstract samples(): Sample[];

  /** The definition of the family; `more` has the properties of this type of metric. */
  protected define(more: Partial<FamilyDefinition> = {}): FamilyDefinition {
    return {
      name: this.name,
      type: this.type,
      help: `${this.help}`,
      labelNames: [...this.labelNames],
      mergeMode: mergeModeOf(this.type, this.aggregator),
      buckets: [],
      quantiles: [],
      ...more,
    };
  }

  /** Called before each reading, after `collect`. */
  protected refresh(): void {}

  /** From here on the metric is exposed. */
  protected register(series: Family): void {
    series.outlive(this);
    this.#handle = new Handle(this, series, () => this.refresh());
    for (const register of this.registers) {
      if (this.enableExemplars && register.contentType === prometheusContentType) throw exemplarsFormat();
      register.registerMetric(this);
    }
  }
}

type Family = Pick<FamilySeries<Series>, 'store' | 'family' | 'moveTo' | 'outlive'>;

/** The family of a metric, for registries. */
class Handle implements FamilyHandle {
  readonly refresh: (() => void) | undefined;
  readonly #metric: object;
  readonly #series: Family;

  constructor(metric: object, series: Family, refresh: (() => void) | undefined) {
    this.#metric = metric;
    this.#series = series;
    this.refresh = refresh;
  }

  get store(): CellStore {
    return this.#series.store;
  }

  get family(): number {
    return this.#series.family;
  }

  moveTo(store: CellStore): void {
    this.#series.moveTo(store);
    this.#series.outlive(this.#metric);
  }
}
