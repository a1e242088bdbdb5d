import { inspect } from 'node:util';
import { badSeriesTtl, metricDiffers } from '../errors';
import type { FamilyDefinition } from '../model/family';
import { checkLabels, type LabelSet, type LabelValues, labelsOfArguments } from '../model/labels';
import { privateView } from '../model/private-view';
import { storeFor } from '../registry/registrable';
import { Registry } from '../registry/registry';
import { BoundSeries } from '../series/bound-series';
import { FamilySeries } from '../series/family-series';
import type { Series } from '../series/series';
import type { CellStore } from '../store/store';
import type { MetricConfiguration } from '../types/metrics';
import { Metric } from './metric';

/** A metric that users make. It has series by their labels, and bound children: functions of one series. */
export abstract class LabelledMetric<
  T extends string,
  S extends Series,
  Child extends object,
> extends Metric<T> {
  #series!: FamilySeries<S>;
  /** By row, so that to call `labels()` again costs a lookup. Not in the table: the store refers to that. */
  #children: (Child | undefined)[] = [];
  #numbering = 0;

  /** The functions of one series, which need no labels any more. The series is made when one of them first writes. */
  labels(...values: string[]): Child;
  labels(labels: LabelValues<T>): Child;
  labels(...args: unknown[]): Child {
    const { table } = this.#series;
    let row = 0;
    if (typeof args[0] === 'object') row = table.rowOf((args[0] ?? {}) as LabelSet);
    else if (args.length === this.labelNames.length) row = table.rowOfValues(args);
    return this.#childrenByRow()[row] ?? this.#bind(args);
  }

  /** Removes the series of these label values; it is no error if there is none. */
  remove(...values: string[]): void;
  remove(labels: LabelValues<T>): void;
  remove(...args: unknown[]): void {
    this.#series.remove(labelsOfArguments(args, this.labelNames));
  }

  /** A copy of prom-client's private map of the series by their labels. To delete from it removes the series. */
  get hashMap(): Readonly<Record<string, object>> {
    const present = this.#seriesByKey();
    const entries = present.map(([key, series, labels]) => [key, this.$hashMapView(series, labels)] as const);
    return privateView(Object.fromEntries(entries), (removed) => {
      for (const [key, , labels] of present) if (key === removed) this.#series.remove(labels);
    });
  }

  /** Removes all series that are not in the map: applications assign an empty one. */
  set hashMap(kept: Readonly<Record<string, object>>) {
    if (!(#series in this)) return; // a property of the configuration
    for (const [key, , labels] of this.#seriesByKey())
      if (!Object.hasOwn(kept, key)) this.#series.remove(labels);
  }

  #seriesByKey(): [string, S, LabelSet][] {
    const names = [...this.labelNames].sort((a, b) => (a < b ? -1 : 1));
    return Array.from(this.#series.entries(), ([series, labels]) => {
      const present = names.filter((name) => labels[name] !== undefined);
      return [present.map((name) => `${name}:${labels[name]},`).join(''), series, labels];
    });
  }

  /** The same as an entry for applications. */
  protected $hashMapView(series: S, labels: Record<string, unknown>): object {
    return Object.freeze(this.$hashMapEntry(series, labels));
  }

  /** A series as prom-client keeps it in its `hashMap`. */
  protected abstract $hashMapEntry(series: S, labels: Record<string, unknown>): object;

  /** Makes the functions of a child. Throws for labels that the metric does not have, unless these functions do. */
  protected abstract $bind(series: BoundSeries<S>): Child;

  /** Throws unless the metric has all of `labels`. */
  protected $check(labels: LabelSet): void {
    checkLabels(labels, this.labelNames);
  }

  protected override $refresh(): Promise<void> | undefined {
    return this.#series.removeIdle();
  }

  /**
   * The last step but one of construction: from here on the metric can be counted in. The store holds `more`, which must not refer to
   * the metric.
   */
  protected $addFamily(
    SeriesClass: new (store: CellStore, definition: FamilyDefinition) => S,
    more?: Partial<FamilyDefinition>,
  ): FamilySeries<S> {
    const { name, ttlSeconds, labelNames } = this;
    const hasTtl = ttlSeconds !== undefined && ttlSeconds !== null;
    if (hasTtl && !(ttlSeconds > 0)) throw badSeriesTtl(name, ttlSeconds);
    this.#series = new FamilySeries(storeFor(this.registers), this.$define(more), SeriesClass);
    if (hasTtl && labelNames.length > 0) this.#series.limitIdleTime(ttlSeconds * 1000);
    return this.#series;
  }

  /** The last step. A registry that refuses the metric leaves it in those before it, so it must be whole by then. */
  protected $expose(): void {
    this.$register(this.#series);
    if (this.labelNames.length === 0) this.#series.unlabelled();
  }

  #childrenByRow(): (Child | undefined)[] {
    if (this.#numbering !== this.#series.table.numbering) {
      this.#numbering = this.#series.table.numbering;
      this.#children = [];
    }
    return this.#children;
  }

  #bind(args: readonly unknown[]): Child {
    // A copy: the caller may change the object.
    const labels = { ...labelsOfArguments(args, this.labelNames) };
    const row = this.#series.table.rowOf(labels);
    const series = this.#series.table.at(row);
    const child = this.$bind(new BoundSeries(this, this.#series, labels, series ?? this.#series.discarded));
    if (series === undefined) return child;
    const children = this.#childrenByRow();
    while (children.length < row) children.push(undefined);
    children[row] = child;
    return child;
  }
}

/**
 * The metric that `config` names, from the first of its registries, or else a new one. Throws if the present one is no
 * `MetricClass` or does not have the same label names in the same order: positional label values would mean something else.
 */
export function registeredOr<
  M extends { readonly labelNames: readonly string[] },
  C extends MetricConfiguration<string>,
>(MetricClass: new (config: C) => M, config: C): M {
  // The constructor refuses a bad configuration.
  const register = config?.registers ? config.registers[0] : Registry.globalRegistry;
  const present: unknown = register?.getSingleMetric(config?.name);
  if (present === undefined) return new MetricClass(config);
  const { labelNames = [], name } = config;
  const expected = `a ${MetricClass.name} with the labels ${inspect(labelNames)}`;
  if (!(present instanceof MetricClass)) {
    throw metricDiffers(name, expected, `a ${(present as object).constructor.name}`);
  }
  const isSame = present.labelNames.join() === labelNames.join();
  if (!isSame) throw metricDiffers(name, expected, `the labels ${inspect(present.labelNames)}`);
  return present;
}
