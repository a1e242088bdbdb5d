import { badValue, reservedLabel } from '../errors';
import type { TextFamily, TextSample } from '../exposition/text';
import { bucketOf, DEFAULT_BUCKETS, type SearchedBounds, searchedBounds } from '../model/buckets';
import type { Sample } from '../model/family';
import type { LabelSet, LabelValues } from '../model/labels';
import { isFiniteNumber } from '../model/numbers';
import { settle } from '../registry/registrable';
import { Children, type KeptSeries } from '../series/children';
import { FamilySeries, newSeries, type Series } from '../series/series';
import { currentStore } from '../store/current';
import type { MetricConfiguration } from './configuration';
import { hasExemplarKeys, type ObserveDataWithExemplar, type TimerEnd } from './exemplar-data';
import { ExemplarSeries } from './exemplar-series';
import { BUCKETS, COUNT, SUM } from './histogram-cells';
import { Metric } from './metric';
import { registeredOr } from './registered';
import { removeIdle } from './series-ttl';
import { startTimer } from './timer';

declare module '../registry/metric-types' {
  interface MetricClasses<T extends string> {
    histogram: Histogram<T>;
  }
}

export interface HistogramConfiguration<T extends string> extends MetricConfiguration<T, Histogram<T>> {
  /** Upper bounds, ascending, without `+Inf`. The array is frozen. */
  buckets?: number[] | undefined;
}

/** The functions of one series of a histogram, to be kept and called as often as needed. */
export interface HistogramChild<T extends string> {
  /** The object is for histograms with `enableExemplars`; its labels come on top of the child's. */
  observe(value: number | ObserveDataWithExemplar<string>): void;
  /**
   * Starts a stop-watch; the function returned observes the seconds since, and returns them. It takes exemplar labels if
   * the histogram has `enableExemplars`.
   */
  startTimer(): (labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>) => number;
}

/** Counts observations by size, such as of request durations, so that servers can be compared and added up. */
export class Histogram<T extends string = string> extends Metric<T> {
  declare readonly buckets: readonly number[];
  declare readonly upperBounds: readonly number[];
  readonly #bounds: SearchedBounds;
  readonly #cells: number;
  readonly #series: FamilySeries<Series>;
  readonly #children: Children<Series, HistogramChild<T>>;

  /** Throws what every metric throws, and an Error for a label called `le`. */
  constructor(config: HistogramConfiguration<T>) {
    super(config, 'histogram', { buckets: [...DEFAULT_BUCKETS] });
    const buckets = [...Float64Array.from(this.buckets)];
    const bounds = searchedBounds(buckets);
    this.#bounds = bounds;
    const cells = BUCKETS + buckets.length + 1;
    this.#cells = cells;
    const store = currentStore();
    const isPlain = !this.enableExemplars;
    this.#series = new FamilySeries(store, this.define({ buckets }), cells, isPlain ? newSeries : undefined);
    if (this.enableExemplars) {
      this.#children = new Children(
        this.#series,
        () => new ExemplarSeries(store),
        (kept) => histogramChildWithExemplars<T>(kept, bounds),
      );
      this.observe = this.#observeWithExemplar;
    } else {
      this.#children = new Children(this.#series, newSeries, (kept) => histogramChild<T>(kept, bounds));
    }
    this.register(this.#series, removeIdle(this.#children, this, cells));
    // After the registration, so that the name is taken all the same: so it is in prom-client.
    if (this.labelNames.includes('le')) throw reservedLabel('le');
    Object.assign(this, { upperBounds: Object.freeze(this.buckets) });
    if (this.labelNames.length === 0) this.#children.unlabelled();
  }

  /** The histogram of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  static getOrCreate<T extends string = string>(config: HistogramConfiguration<T>): Histogram<T> {
    return registeredOr<Histogram<T>, HistogramConfiguration<T>>(Histogram, config);
  }

  /**
   * Counts `value` in the series of `labels`. Throws for a label that the metric does not have, and a TypeError for
   * what is no finite number. Values may be negative.
   */
  observe(labels: LabelValues<T>, value: number): void;
  /** Counts `value` in the series without labels. */
  observe(value: number): void;
  /**
   * Only with `enableExemplars`, where the other ways go on to work. A RangeError for too long exemplar labels comes
   * after the observation, which stays.
   */
  observe(observation: ObserveDataWithExemplar<T>): void;
  observe(
    labels: LabelValues<T> | ObserveDataWithExemplar<T> | number | null | undefined,
    value?: number,
  ): void {
    const children = this.#children;
    if (typeof labels === 'object' && labels !== null) {
      if (!isFiniteNumber(value)) {
        children.check(labels as LabelSet);
        throw badValue(value);
      }
      record(children.at(labels as LabelSet), this.#bounds, value);
    } else {
      // Whatever else is falsy stands for no labels, if it is not the number 0.
      const only = labels || labels === 0 ? labels : value;
      if (!isFiniteNumber(only)) throw badValue(only);
      record(children.unlabelled(), this.#bounds, only);
    }
  }

  /**
   * Starts a stop-watch; the function returned observes the seconds since, and returns them. Exemplar labels of both are
   * of use with `enableExemplars` only.
   */
  startTimer(
    labels?: LabelValues<T>,
    exemplarLabels?: LabelValues<string>,
  ): (labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>) => number {
    // `labels` are read at the end: callers complete them in between.
    if (this.enableExemplars) {
      const end = startTimer<TimerEnd<T>>((last, value) => {
        this.observe({
          labels: { ...labels, ...last?.labels } as LabelValues<T>,
          value,
          exemplarLabels: { ...exemplarLabels, ...last?.exemplarLabels },
        });
      });
      return (endLabels, endExemplarLabels) => end({ labels: endLabels, exemplarLabels: endExemplarLabels });
    }
    return startTimer<LabelValues<T>>((endLabels, seconds) => {
      this.observe({ ...labels, ...endLabels } as LabelValues<T>, seconds);
    });
  }

  /** Sets the series of `labels` to 0, and makes it if need be. Throws for a label that the metric does not have. */
  zero(labels: LabelValues<T>): void {
    const series = this.#children.at(labels ?? {});
    series.clearExemplars();
    for (let cell = 0; cell < this.#cells; cell++) series.set(cell, 0);
  }

  /** The functions for one series, which need no labels any more; the series is made at the first observation. */
  labels(...values: string[]): HistogramChild<T>;
  labels(labels: LabelValues<T>): HistogramChild<T>;
  labels(...args: unknown[]): HistogramChild<T> {
    return this.#children.child(args, true);
  }

  /** Removes the series of these label values; it is no error if there is none. */
  remove(...values: string[]): void;
  remove(labels: LabelValues<T>): void;
  remove(...args: unknown[]): void {
    this.#children.remove(args);
  }

  /** Removes all series, the one without labels too: it comes back with the next observation. */
  reset(): void {
    this.#children.clear();
  }

  /** What `get()` returns, with the labels that all lines of a series have apart from `le`: they are printed last. */
  async getForPromString(): Promise<TextFamily> {
    await settle(this);
    const { name, help, type } = this;
    return { name, help, type, values: this.#lines() };
  }

  protected samples(): Sample[] {
    return this.#lines().map(({ sharedLabels, labels, ...line }) => ({
      ...line,
      labels: { ...labels, ...sharedLabels },
    }));
  }

  #observeWithExemplar(data: unknown, value?: unknown): void {
    if (!hasExemplarKeys(data)) {
      Reflect.apply(Histogram.prototype.observe, this, [data, value]);
      return;
    }
    const { labels, value: observed, exemplarLabels } = data as ObserveDataWithExemplar<T>;
    const children = this.#children;
    const set: LabelSet = Object(labels);
    children.check(set);
    if (!isFiniteNumber(observed)) throw badValue(observed);
    recordWithExemplar(children.at(set), this.#bounds, observed, exemplarLabels);
  }

  #lines(): TextSample[] {
    return Array.from(this.#series.live).flatMap(([series, labels]) => this.#linesOf(series, labels));
  }

  /** The count is the sum of the buckets, so that it always equals the bucket of `+Inf`. */
  #linesOf(series: Series, sharedLabels: LabelSet): TextSample[] {
    let count = 0;
    const buckets = [...this.buckets, '+Inf'].map((le, i): TextSample => {
      count += series.get(BUCKETS + i);
      // What there is instead of an exemplar is what prom-client has there.
      const none = this.enableExemplars && le === '+Inf' ? undefined : null;
      const exemplar = series.exemplar(i) ?? none;
      return { labels: { le }, sharedLabels, value: count, metricName: `${this.name}_bucket`, exemplar };
    });
    const rest = { labels: {}, sharedLabels, exemplar: undefined };
    return [
      ...buckets,
      { ...rest, value: series.get(SUM), metricName: `${this.name}_sum` },
      { ...rest, value: count, metricName: `${this.name}_count` },
    ];
  }
}

export declare namespace Histogram {
  export type Internal<T extends string> = HistogramChild<T>;
  export interface Config {
    buckets?: number[];
  }
}

function histogramChild<T extends string>(
  kept: KeptSeries<Series, HistogramChild<T>>,
  bounds: SearchedBounds,
): HistogramChild<T> {
  let { series } = kept;
  return {
    observe(value: number): void {
      if (!isFiniteNumber(value)) throw badValue(value);
      if (series.record < 0) series = kept.live();
      record(series, bounds, value);
    },
    startTimer: () =>
      startTimer<LabelValues<T>>((endLabels, seconds) => record(kept.liveWith(endLabels), bounds, seconds)),
  };
}

function histogramChildWithExemplars<T extends string>(
  kept: KeptSeries<Series, HistogramChild<T>>,
  bounds: SearchedBounds,
): HistogramChild<T> {
  const plain = histogramChild<T>(kept, bounds);
  return {
    observe(data: ObserveDataWithExemplar<string> | number): void {
      if (!hasExemplarKeys(data)) {
        plain.observe(data);
        return;
      }
      const { labels, value, exemplarLabels } = data;
      if (!isFiniteNumber(value)) throw badValue(value);
      recordWithExemplar(kept.liveWith(labels), bounds, value, exemplarLabels);
    },
    startTimer(): ReturnType<HistogramChild<T>['startTimer']> {
      const end = startTimer<TimerEnd<T>>((last, seconds) => {
        recordWithExemplar(kept.liveWith(last?.labels), bounds, seconds, last?.exemplarLabels);
      });
      return (labels, exemplarLabels) => end({ labels, exemplarLabels });
    },
  };
}

function recordWithExemplar(
  series: Series,
  bounds: SearchedBounds,
  value: number,
  exemplarLabels: LabelSet | null | undefined,
): void {
  record(series, bounds, value);
  if (exemplarLabels && Object.keys(exemplarLabels).length > 0) {
    series.setExemplar(bucketOf(value, bounds), exemplarLabels, value);
  }
}

/**
 * Bucket, sum, count, in this order: readers take a pair of equal reads in which the buckets add up to the count, so
 * an observation that is only half there when they look is either complete in the next read or not counted yet.
 */
function record(series: Series, bounds: SearchedBounds, value: number): void {
  series.add(BUCKETS + bucketOf(value, bounds), 1);
  series.add(SUM, value);
  series.add(COUNT, 1);
}
