import { badValue, counterDecrease } from '../errors';
import type { Sample } from '../model/family';
import type { LabelValues } from '../model/labels';
import { currentStore } from '../store/current';
import { Children, type KeptSeries } from './children';
import type { MetricConfiguration } from './configuration';
import { Metric } from './metric';
import { FamilySeries, Series } from './series';

declare module '../registry/metric-types' {
  interface MetricClasses<T extends string> {
    counter: Counter<T>;
  }
}

export interface CounterConfiguration<T extends string> extends MetricConfiguration<T, Counter<T>> {}

/** The functions of one series of a counter, to be kept and called as often as needed. */
export interface CounterChild {
  /** Adds `value`, or 1. */
  inc(value?: number): void;
}

/** A number that only ever goes up, such as of requests served. */
export class Counter<T extends string = string> extends Metric<T> {
  readonly #series: FamilySeries<Series>;
  readonly #children: Children<Series, CounterChild>;

  constructor(config: CounterConfiguration<T>) {
    super(config, 'counter');
    this.#series = new FamilySeries(currentStore(), this.define(), 1);
    this.#children = new Children(this.#series, (labels) => new Series(labels), counterChild);
    if (this.labelNames.length === 0) this.#children.unlabelled();
    this.register(this.#series);
  }

  /**
   * Adds `value`, or 1, to the series of `labels`. Throws for a label that the metric does not have, a TypeError for
   * what is no finite number, and an Error for a negative one. Returns nothing, as prom-client's trunk; 15.1.3 returns
   * its internal key.
   */
  inc(labels: LabelValues<T>, value?: number): void;
  /** Adds `value`, or 1, to the series without labels. */
  inc(value?: number): void;
  inc(labels?: LabelValues<T> | number | null, value?: number): void {
    const children = this.#children;
    if (typeof labels === 'object' && labels !== null) {
      const amount = value === undefined ? 1 : value;
      if (isAmount(amount)) {
        children.at(labels).add(0, amount);
      } else {
        children.check(labels);
        const checked = amountOf(amount);
        children.at(labels).add(0, checked);
      }
    } else {
      const amount = labels === undefined ? 1 : labels;
      const checked = isAmount(amount) ? amount : amountOf(amount);
      children.unlabelled().add(0, checked);
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
    if (this.labelNames.length === 0) this.#children.unlabelled().set(0, 0);
    else this.#children.clear();
  }

  protected samples(): Sample[] {
    return Array.from(this.#series.live, (series) => ({
      value: series.get(0),
      labels: { ...series.labels },
    }));
  }
}

export declare namespace Counter {
  export type Internal = CounterChild;
}

function counterChild(kept: KeptSeries<Series, CounterChild>): CounterChild {
  return {
    inc(value?: number): void {
      const amount = value === undefined ? 1 : value;
      if (isAmount(amount)) {
        kept.live().add(0, amount);
      } else {
        kept.check();
        const checked = amountOf(amount);
        kept.live().add(0, checked);
      }
    },
  };
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
