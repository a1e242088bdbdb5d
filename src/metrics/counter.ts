import { badValue, counterDecrease } from '../errors';
import type { Sample } from '../model/family';
import type { LabelSet, LabelValues } from '../model/labels';
import { Children, type KeptSeries } from '../series/children';
import { FamilySeries, newSeries, type Series } from '../series/series';
import { currentStore } from '../store/current';
import { BareCount } from './bare-count';
import type { MetricConfiguration } from './configuration';
import { hasExemplarKeys, type IncreaseDataWithExemplar } from './exemplar-data';
import { ExemplarSeries } from './exemplar-series';
import { Metric } from './metric';
import { registeredOr } from './registered';
import { removeIdle } from './series-ttl';

declare module '../registry/metric-types' {
  interface MetricClasses<T extends string> {
    counter: Counter<T>;
  }
}

export interface CounterConfiguration<T extends string> extends MetricConfiguration<T, Counter<T>> {}

/** The functions of one series of a counter, to be kept and called as often as needed. */
export interface CounterChild {
  /** Adds `value`, or 1. The object is for counters with `enableExemplars`; its labels come on top of the child's. */
  inc(value?: number | IncreaseDataWithExemplar<string>): void;
}

/** In the place of the series that a counter with labels does not have, and others only from the first increment on. */
const nobody = new BareCount();

/** A number that only ever goes up, such as of requests served. */
export class Counter<T extends string = string> extends Metric<T> {
  readonly #series: FamilySeries<Series>;
  readonly #children: Children<Series, CounterChild>;
  #bare: BareCount = nobody;

  constructor(config: CounterConfiguration<T>) {
    super(config, 'counter');
    const store = currentStore();
    const isBare = this.labelNames.length === 0;
    const isPlain = !this.enableExemplars && !isBare;
    this.#series = new FamilySeries(store, this.define(), 1, isPlain ? newSeries : undefined);
    if (this.enableExemplars) {
      this.#children = new Children(this.#series, () => new ExemplarSeries(store), counterChildWithExemplars);
      this.inc = this.#incWithExemplar;
    } else {
      this.#children = new Children(this.#series, isBare ? () => new BareCount() : newSeries, counterChild);
    }
    if (isBare) this.#children.unlabelled();
    this.register(this.#series, removeIdle(this.#children, this, 1));
  }

  /**
   * The counter of that name in the registry of `config` (the first, if it names several), made if there is none. Throws
   * an Error with code `ERR_METRIC_DIFFERS` if it has other label names or is no counter; all else that `config` says is
   * for a new one.
   */
  static getOrCreate<T extends string = string>(config: CounterConfiguration<T>): Counter<T> {
    return registeredOr<Counter<T>, CounterConfiguration<T>>(Counter, config);
  }

  /**
   * Adds `value`, or 1, to the series of `labels`. Throws for a label that the metric does not have, a TypeError for
   * what is no finite number, and an Error for a negative one. Returns nothing, as prom-client's trunk; 15.1.3 returns
   * its internal key.
   */
  inc(labels: LabelValues<T>, value?: number): void;
  /** Adds `value`, or 1, to the series without labels. */
  inc(value?: number): void;
  /**
   * Only with `enableExemplars`, where the other ways go on to work. A RangeError for too long exemplar labels comes
   * after the increment, which stays.
   */
  inc(increase: IncreaseDataWithExemplar<T>): void;
  inc(labels?: LabelValues<T> | IncreaseDataWithExemplar<T> | number | null, value?: number): void {
    if (labels === undefined && this.#bare.addedOne()) return;
    const children = this.#children;
    if (typeof labels === 'object' && labels !== null) {
      const amount = value === undefined ? 1 : value;
      if (isAmount(amount)) {
        children.at(labels as LabelSet).add(0, amount);
      } else {
        children.check(labels as LabelSet);
        const checked = amountOf(amount);
        children.at(labels as LabelSet).add(0, checked);
      }
    } else {
      const amount = labels === undefined ? 1 : labels;
      const checked = isAmount(amount) ? amount : amountOf(amount);
      const series = children.unlabelled();
      series.add(0, checked);
      if (series instanceof BareCount) this.#bare = series;
    }
  }

  /** The functions for one series, which need no labels any more; the series is made at its first increment. */
  labels(...values: string[]): CounterChild;
  labels(labels: LabelValues<T>): CounterChild;
  labels(...args: unknown[]): CounterChild {
    return this.#children.child(args, false);
  }

  /** Removes the series of these label values; it is no error if there is none. */
  remove(...values: string[]): void;
  remove(labels: LabelValues<T>): void;
  remove(...args: unknown[]): void {
    this.#children.remove(args);
  }

  /** Removes all series, or sets the only one to 0 if the counter has no labels. */
  reset(): void {
    if (this.labelNames.length > 0) {
      this.#children.clear();
      return;
    }
    const series = this.#children.unlabelled();
    series.clearExemplars();
    series.set(0, 0);
  }

  protected samples(): Sample[] {
    return Array.from(this.#series.live, ([series, labels]) => {
      const exemplar = series.exemplar(0);
      const sample = { value: series.get(0), labels };
      return exemplar === undefined ? sample : { ...sample, exemplar };
    });
  }

  #incWithExemplar(data?: unknown, value?: unknown): void {
    if (!hasExemplarKeys(data)) {
      Reflect.apply(Counter.prototype.inc, this, [data, value]);
      return;
    }
    const { labels, value: amount = 1, exemplarLabels } = data as IncreaseDataWithExemplar<T>;
    const children = this.#children;
    const set: LabelSet = Object(labels);
    children.check(set);
    const checked = amountOf(amount);
    increase(children.at(set), checked, exemplarLabels);
  }
}

export declare namespace Counter {
  export type Internal = CounterChild;
}

function counterChild(kept: KeptSeries<Series, CounterChild>): CounterChild {
  let { series } = kept;
  return {
    inc(value?: number): void {
      const amount = value === undefined ? 1 : value;
      if (isAmount(amount)) {
        if (series.record < 0) series = kept.live();
        series.add(0, amount);
      } else {
        kept.check();
        const checked = amountOf(amount);
        kept.live().add(0, checked);
      }
    },
  };
}

function counterChildWithExemplars(kept: KeptSeries<Series, CounterChild>): CounterChild {
  const plain = counterChild(kept);
  return {
    inc(data?: IncreaseDataWithExemplar<string> | number): void {
      if (!hasExemplarKeys(data)) {
        plain.inc(data);
        return;
      }
      const { labels, value = 1, exemplarLabels } = data;
      const checked = amountOf(value);
      increase(kept.liveWith(labels), checked, exemplarLabels);
    },
  };
}

/** The value of an exemplar is never 0 or NaN: so it is in prom-client. */
function increase(series: Series, amount: number, exemplarLabels: LabelSet | null | undefined): void {
  series.add(0, amount);
  if (exemplarLabels) series.setExemplar(0, exemplarLabels, amount || 1);
}

/** Whether there is nothing to be said about `value`, which is nearly always so. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

/** What prom-client makes of the other values. NaN passes, and stays; what is empty counts as 0, null as 1. */
function amountOf(value: unknown): number {
  if (value && !Number.isFinite(value)) throw badValue(value);
  if ((value as number) < 0) throw counterDecrease();
  return value === null ? 1 : Number(value);
}
