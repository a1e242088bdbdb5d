import { badCollectBy, badDelta, badValue } from '../errors';
import type { MergeMode, MultiprocessMode, Sample } from '../model/family';
import type { LabelSet, LabelValues } from '../model/labels';
import { checkMultiprocessMode, mergeModeOf } from '../model/merge-mode';
import type { CollectFunction } from '../registry/metric-types';
import { Children, type KeptSeries } from '../series/children';
import { FamilySeries, newSeries, type Series } from '../series/series';
import { currentStore } from '../store/current';
import type { Store } from '../store/store';
import type { MetricConfiguration } from './configuration';
import { type GaugeCells, gaugeCells } from './gauge-cells';
import { Metric } from './metric';
import { registeredOr } from './registered';
import { removeIdle } from './series-ttl';
import { startTimer } from './timer';

declare module '../registry/metric-types' {
  interface MetricClasses<T extends string> {
    gauge: Gauge<T>;
  }
}

export interface GaugeConfiguration<T extends string> extends MetricConfiguration<T, Gauge<T>> {
  /**
   * `'leader'`: `collect` runs in one process of the group only, for values that exist once per application, such as the
   * length of a queue in a database. When that process ends, another one takes over at the next scrape. Unless it is
   * said otherwise, the most recent value of a living process is shown. Default: every process collects its own.
   */
  collectBy?: 'each' | 'leader' | undefined;
  /** How the values of several processes become one, in the words of Python's client; it outdoes `aggregator`. */
  multiprocessMode?: MultiprocessMode | undefined;
}

/** The functions of one series of a gauge, to be kept and called as often as needed. */
export interface GaugeChild<T extends string> {
  /** Adds `value`, or 1. */
  inc(value?: number): void;
  /** Subtracts `value`, or 1. */
  dec(value?: number): void;
  set(value: number): void;
  /** Sets the Unix time in seconds. */
  setToCurrentTime(): void;
  /** Starts a stop-watch; the function returned sets the seconds since, and returns them. */
  startTimer(): (labels?: LabelValues<T>) => number;
}

/** A number that goes up and down, such as of open connections. */
export class Gauge<T extends string = string> extends Metric<T> {
  declare readonly multiprocessMode?: MultiprocessMode | undefined;
  declare readonly collectBy?: 'each' | 'leader' | undefined;
  readonly #series: FamilySeries<Series>;
  readonly #children: Children<Series, GaugeChild<T>>;
  readonly #cells: GaugeCells;

  /** Throws what every metric throws, and a TypeError for an unknown `multiprocessMode`. */
  constructor(config: GaugeConfiguration<T>) {
    super(config, 'gauge');
    const mode = this.#mode(config);
    const store = currentStore();
    if (this.collectBy === 'leader') this.collect = byLeader(this.collect, store);
    const cells = gaugeCells(this.name, mode);
    this.#cells = cells;
    this.#series = new FamilySeries(store, this.define({ mergeMode: mode }), cells.count, newSeries);
    this.#children = new Children(this.#series, newSeries, (kept) => gaugeChild<T>(kept, cells));
    if (this.labelNames.length === 0) this.#children.unlabelled();
    this.register(this.#series, removeIdle(this.#children, this, cells.count));
  }

  /** The gauge of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  static getOrCreate<T extends string = string>(config: GaugeConfiguration<T>): Gauge<T> {
    return registeredOr<Gauge<T>, GaugeConfiguration<T>>(Gauge, config);
  }

  /**
   * Sets the series of `labels`. Throws a TypeError for what is no number (NaN and the infinities are numbers), and an
   * Error for a label that the metric does not have.
   */
  set(labels: LabelValues<T>, value: number): void;
  /** Sets the series without labels. */
  set(value: number): void;
  set(labels: LabelValues<T> | number, value?: number): void {
    const number = isLabels(labels) ? value : labels;
    if (typeof number !== 'number') throw badValue(number);
    this.#cells.set(this.#at(labels), number);
  }

  /** Adds `value`, or 1. Throws as `set()` does, and if the mode is one of the most recent value. */
  inc(labels: LabelValues<T>, value?: number): void;
  inc(value?: number): void;
  inc(labels?: LabelValues<T> | number, value?: number): void {
    const delta = deltaOf(isLabels(labels) ? value : labels);
    this.#cells.checkDelta('inc');
    this.#at(labels).add(0, delta);
  }

  /** Subtracts `value`, or 1. Throws as `inc()` does. */
  dec(labels: LabelValues<T>, value?: number): void;
  dec(value?: number): void;
  dec(labels?: LabelValues<T> | number, value?: number): void {
    const delta = negativeDeltaOf(isLabels(labels) ? value : labels);
    this.#cells.checkDelta('dec');
    this.#at(labels).add(0, delta);
  }

  /** Sets the Unix time in seconds. */
  setToCurrentTime(labels?: LabelValues<T>): void {
    const now = Date.now() / 1000;
    if (labels === undefined) this.set(now);
    else this.set(labels, now);
  }

  /** Starts a stop-watch; the function returned sets the seconds since, and returns them. */
  startTimer(labels?: LabelValues<T>): (labels?: LabelValues<T>) => number {
    // `labels` are read at the end: callers complete them in between.
    return startTimer<LabelValues<T>>((endLabels, seconds) => {
      this.set({ ...labels, ...endLabels } as LabelValues<T>, seconds);
    });
  }

  /** The functions for one series, which need no labels any more; the series is made at the first write. */
  labels(...values: string[]): GaugeChild<T>;
  labels(labels: LabelValues<T>): GaugeChild<T>;
  labels(...args: unknown[]): GaugeChild<T> {
    return this.#children.child(args, true);
  }

  /** Removes the series of these label values; it is no error if there is none. */
  remove(...values: string[]): void;
  remove(labels: LabelValues<T>): void;
  remove(...args: unknown[]): void {
    this.#children.remove(args);
  }

  /** Removes all series, or sets the only one back if the gauge has no labels. */
  reset(): void {
    if (this.labelNames.length === 0) this.#cells.clear(this.#children.unlabelled());
    else this.#children.clear();
  }

  protected samples(): Sample[] {
    return Array.from(this.#series.live)
      .filter(([series]) => this.#cells.isSet(series))
      .map(([series, labels]) => ({ value: series.get(0), labels }));
  }

  #mode(config: GaugeConfiguration<T>): MergeMode {
    const { multiprocessMode, collectBy = 'each', name } = this;
    if (collectBy !== 'each' && collectBy !== 'leader') throw badCollectBy(name, collectBy);
    if (multiprocessMode) return checkMultiprocessMode(name, multiprocessMode);
    if (collectBy === 'leader' && !config.aggregator) return 'livemostrecent';
    return mergeModeOf('gauge', this.aggregator);
  }

  #at(labels: unknown): Series {
    return isLabels(labels) ? this.#children.at(labels) : this.#children.unlabelled();
  }
}

export declare namespace Gauge {
  export type Internal<T extends string> = GaugeChild<T>;
}

function gaugeChild<T extends string>(
  kept: KeptSeries<Series, GaugeChild<T>>,
  cells: GaugeCells,
): GaugeChild<T> {
  let { series } = kept;
  const live = (): Series => {
    if (series.record < 0) series = kept.live();
    return series;
  };
  const set = (value: number): void => {
    if (typeof value !== 'number') throw badValue(value);
    cells.set(live(), value);
  };
  return {
    inc(value?: number): void {
      const delta = deltaOf(value);
      cells.checkDelta('inc');
      live().add(0, delta);
    },
    dec(value?: number): void {
      const delta = negativeDeltaOf(value);
      cells.checkDelta('dec');
      live().add(0, delta);
    },
    set,
    setToCurrentTime: () => set(Date.now() / 1000),
    startTimer: () =>
      startTimer<LabelValues<T>>((endLabels, seconds) => cells.set(kept.liveWith(endLabels), seconds)),
  };
}

/** `collect` for as long as this process is the one to do it. */
function byLeader<M>(collect: CollectFunction<M> | undefined, store: Store): CollectFunction<M> | undefined {
  if (!collect || !store.shared) return collect;
  return function (this: M) {
    return store.leads() ? collect.call(this) : undefined;
  };
}

function isLabels(value: unknown): value is LabelSet {
  return typeof value === 'object' && value !== null;
}

function deltaOf(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw badDelta(value);
  return value;
}

/** Negated before it is looked at, so that `dec('5')` works though `inc('5')` does not: so it is in prom-client. */
function negativeDeltaOf(value: unknown): number {
  return value === undefined ? -1 : deltaOf(-(value as number));
}
