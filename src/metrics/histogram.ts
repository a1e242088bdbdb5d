import { badValue, reservedLabel } from '../errors';
import { withoutSharedLabels } from '../exposition/families';
import type { TextFamily, TextSample } from '../exposition/text';
import { bucketOf, DEFAULT_BUCKETS, type SearchedBounds, searchedBounds } from '../model/buckets';
import { HISTOGRAM_BUCKETS, HISTOGRAM_COUNT, HISTOGRAM_SUM } from '../model/cell-layout';
import type { LabelSet, LabelValues } from '../model/labels';
import { isFiniteNumber } from '../model/numbers';
import { collect } from '../registry/registrable';
import type { BoundSeries } from '../series/bound-series';
import type { FamilySeries } from '../series/family-series';
import { Series } from '../series/series';
import type {
  HistogramChild,
  HistogramConfiguration,
  Histogram as HistogramType,
  MetricObjectWithValues,
  MetricValueWithName,
  ObserveDataWithExemplar,
} from '../types/metrics';
import { hasExemplarKeys } from './exemplar-data';
import { ExemplarSeries } from './exemplar-series';
import type { SeriesSamples } from './exposed-family';
import { LabelledMetric, registeredOr } from './labelled-metric';
import { nativeDefinition } from './native-definition';
import { NativeSeries } from './native-series';
import { startTimer } from './timer';

/** See `types/metrics.ts`. */
export class Histogram<T extends string = string>
  extends LabelledMetric<T, Series, HistogramChild<T>>
  implements HistogramType<T>
{
  declare readonly buckets: readonly number[];
  declare readonly upperBounds: readonly number[];
  declare readonly nativeHistogramBucketFactor?: number | undefined;
  declare readonly nativeHistogramMaxBucketNumber?: number | undefined;
  declare readonly nativeHistogramZeroThreshold?: number | undefined;
  readonly #hasBounds: boolean;
  readonly #bounds: SearchedBounds;
  readonly #isNative: boolean;
  readonly #series: FamilySeries<Series>;

  /** Throws as every metric does, and an Error for a label called `le`. */
  constructor(config: HistogramConfiguration<T>) {
    super(config, 'histogram', { buckets: [...DEFAULT_BUCKETS] });
    const bounds = [...Float64Array.from(this.buckets)];
    const native = nativeDefinition(this);
    this.#hasBounds = bounds.length > 0;
    this.#bounds = searchedBounds(bounds);
    this.#isNative = native !== undefined;
    const plain = this.enableExemplars ? ExemplarSeries : Series;
    this.#series = this.$addFamily(native === undefined ? plain : NativeSeries, { bounds, native });
    this.$expose();
    // After the registration, so that the name is taken all the same: so it is in prom-client.
    if (this.labelNames.includes('le')) throw reservedLabel('le');
    Object.assign(this, { upperBounds: Object.freeze(this.buckets) });
  }

  /** The histogram of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  static getOrCreate<T extends string = string>(config: HistogramConfiguration<T>): Histogram<T> {
    return registeredOr<Histogram<T>, HistogramConfiguration<T>>(Histogram, config);
  }

  /**
   * Counts `value` in the series of `labels`. Throws for a label that the metric does not have, and a TypeError for
   * a value that is no finite number. Values may be negative.
   */
  observe(labels: LabelValues<T>, value: number): void;
  /** Counts `value` in the series without labels. */
  observe(value: number): void;
  /**
   * Only with `enableExemplars`, in addition to the other forms. A RangeError for exemplar labels that are too long comes
   * after the observation, which stays.
   */
  observe(observation: ObserveDataWithExemplar<T>): void;
  observe(
    labels: LabelValues<T> | ObserveDataWithExemplar<T> | number | null | undefined,
    value?: number,
  ): void {
    if (typeof labels !== 'object' || labels === null) {
      // Any other falsy value than the number 0 stands for no labels.
      const only = labels || labels === 0 ? labels : value;
      if (!isFiniteNumber(only)) throw badValue(only);
      this.#record(this.#series.unlabelled(), only);
    } else if (isFiniteNumber(value) && !(this.enableExemplars && hasExemplarKeys(labels))) {
      this.#record(this.#series.at(labels as LabelSet), value);
    } else {
      this.#observeData(labels, value);
    }
  }

  /** An observation with an exemplar, or a value that is refused. Apart, as few observations come here. */
  #observeData(data: object, value: unknown): void {
    if (!this.enableExemplars || !hasExemplarKeys(data)) {
      this.$check(data as LabelSet);
      throw badValue(value);
    }
    const { labels, value: observed, exemplarLabels } = data;
    const set: LabelSet = Object(labels);
    this.$check(set);
    if (!isFiniteNumber(observed)) throw badValue(observed);
    this.#record(this.#series.at(set), observed, exemplarLabels);
  }

  /**
   * Starts a stop-watch; the function returned observes the seconds since, and returns them. The exemplar labels of both are
   * used with `enableExemplars` only.
   */
  startTimer(
    labels?: LabelValues<T>,
    exemplarLabels?: LabelValues<string>,
  ): (labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>) => number {
    // Both are read at the end: callers complete them in between.
    return startTimer((seconds, endLabels?: LabelValues<T>, endExemplarLabels?: LabelValues<string>) => {
      const all = { ...labels, ...endLabels } as LabelValues<T>;
      if (!this.enableExemplars) this.observe(all, seconds);
      else {
        const own = { ...exemplarLabels, ...endExemplarLabels };
        this.observe({ labels: all, value: seconds, exemplarLabels: own });
      }
    });
  }

  /** Sets the series of `labels` to 0, and makes it if need be. Throws for a label that the metric does not have. */
  zero(labels: LabelValues<T>): void {
    const series = this.#series.at(labels ?? {});
    series.clearExemplars();
    series.resetNative();
    for (let cell = 0; cell < this.#series.cells; cell++) series.set(cell, 0);
  }

  /** Removes all series, the one without labels too: it comes back with the next observation. */
  reset(): void {
    this.$beforeReset(true);
    this.#series.clear();
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<T>>> {
    // prom-client's calls it, so an application may have replaced it to change both.
    const isReplaced = this.getForPromString !== Histogram.prototype.getForPromString;
    if (!isReplaced) return super.get();
    const family = withoutSharedLabels(await this.getForPromString());
    return family as object as MetricObjectWithValues<MetricValueWithName<T>>;
  }

  /** The result of `get()`, but with the labels that all lines of a series have, all but `le`, apart: they are printed last. */
  async getForPromString(): Promise<TextFamily> {
    const pending = collect(this);
    if (pending !== undefined) await pending;
    return this.$family();
  }

  protected *$samplesBySeries(): Iterable<SeriesSamples> {
    for (const [series, labels] of this.#series.entries()) {
      yield { samples: this.#linesOf(series, labels), created: this.#series.createdMs(series) };
    }
  }

  protected override $readers(): ReadonlySet<unknown> {
    return ownReaders;
  }

  protected $hashMapEntry(series: Series, labels: LabelSet): object {
    const counts = this.buckets.map((bound, i) => [bound, series.get(HISTOGRAM_BUCKETS + i)]);
    const bucketValues = Object.fromEntries(counts);
    return { labels, bucketValues, sum: series.get(HISTOGRAM_SUM), count: series.get(HISTOGRAM_COUNT) };
  }

  protected $bind(bound: BoundSeries<Series>): HistogramChild<T> {
    this.$check(bound.labels);
    let { series } = bound;
    return {
      observe: (data: number | ObserveDataWithExemplar<string>): void => {
        if (!isFiniteNumber(data)) {
          this.#recordData(bound, data);
          return;
        }
        if (series.record < 0) series = bound.live();
        this.#record(series, data);
      },
      startTimer: () =>
        startTimer((seconds, labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>) =>
          this.#record(bound.liveWith(labels), seconds, exemplarLabels),
        ),
    };
  }

  /** An observation of a child that is not a finite number alone. */
  #recordData(bound: BoundSeries<Series>, data: unknown): void {
    if (!hasExemplarKeys(data) || !this.enableExemplars) throw badValue(data);
    const { labels, value, exemplarLabels } = data;
    if (!isFiniteNumber(value)) throw badValue(value);
    this.#record(bound.liveWith(labels), value, exemplarLabels);
  }

  /**
   * Buckets, sum, count, in this order: readers take a pair of equal reads in which the buckets add up to the count. So they see
   * an observation that is half written in the next read, or do not count it yet.
   */
  #record(series: Series, value: number, exemplarLabels?: LabelSet): void {
    // Where the search of bounds never runs, V8 has room to put all of an observation into one function.
    const bucket = this.#hasBounds ? bucketOf(value, this.#bounds) : 0;
    if (this.#isNative) series.countNative(value); // first: a new page may move all cells
    series.addThree(HISTOGRAM_BUCKETS + bucket, 1, HISTOGRAM_SUM, value, HISTOGRAM_COUNT, 1);
    if (exemplarLabels) setExemplar(series, bucket, exemplarLabels, value);
  }

  /** The count is the sum of the buckets, so that it always equals the bucket of `+Inf`. */
  #linesOf(series: Series, sharedLabels: LabelSet): TextSample[] {
    let count = 0;
    const buckets = [...this.buckets, '+Inf'].map((le, i): TextSample => {
      count += series.get(HISTOGRAM_BUCKETS + i);
      // Where there is no exemplar, prom-client has these.
      const none = this.enableExemplars && le === '+Inf' ? undefined : null;
      const exemplar = series.exemplar(i) ?? none;
      return { labels: { le }, sharedLabels, value: count, metricName: `${this.name}_bucket`, exemplar };
    });
    const rest = { labels: {}, sharedLabels, exemplar: undefined };
    const { native } = series;
    return [
      ...buckets,
      { ...rest, value: series.get(HISTOGRAM_SUM), metricName: `${this.name}_sum` },
      { ...rest, value: count, metricName: `${this.name}_count`, ...(native && { native }) },
    ];
  }
}

const { get, getForPromString } = Histogram.prototype;
const ownReaders: ReadonlySet<unknown> = new Set([get, getForPromString]);

function setExemplar(series: Series, bucket: number, labels: LabelSet, value: number): void {
  if (Object.keys(labels).length > 0) series.setExemplar(bucket, labels, value);
}
