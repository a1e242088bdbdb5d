import { badCollectBy, badValue, mostRecentDelta, twoGaugeModes } from '../errors';
import { GAUGE_SET_AT } from '../model/cell-layout';
import type { MergeMode, MultiprocessMode, Sample } from '../model/family';
import type { LabelSet, LabelValues } from '../model/labels';
import { checkMultiprocessMode, isMostRecent, mergeModeOf } from '../model/merge-mode';
import { isLedElsewhere } from '../registry/leading';
import type { BoundSeries } from '../series/bound-series';
import type { FamilySeries } from '../series/family-series';
import { Series } from '../series/series';
import { currentStore } from '../store/current';
import type { CellStore } from '../store/store';
import type { CollectFunction, GaugeChild, GaugeConfiguration, Gauge as GaugeType } from '../types/metrics';
import type { SeriesSamples } from './exposed-family';
import { hashMapEntryOf } from './hash-map-entry';
import { LabelledMetric, registeredOr } from './labelled-metric';
import { startTimer } from './timer';

/** See `types/metrics.ts`. */
export class Gauge<T extends string = string>
  extends LabelledMetric<T, Series, GaugeChild<T>>
  implements GaugeType<T>
{
  declare readonly multiprocessMode?: MultiprocessMode | undefined;
  declare readonly collectBy?: 'each' | 'leader' | undefined;
  readonly #series: FamilySeries<Series>;
  readonly #mode: MergeMode;
  readonly #isMostRecent: boolean;

  /**
   * Throws the errors of every metric, and a TypeError for an unknown `multiprocessMode` or `collectBy` or for a
   * `multiprocessMode` beside an `aggregator`.
   */
  constructor(config: GaugeConfiguration<T>) {
    super(config, 'gauge');
    this.#mode = modeOf(this, config);
    this.#isMostRecent = isMostRecent(this.#mode);
    if (this.collectBy === 'leader')
      this.collect = byLeader(
        this.collect,
        () => this.#series.store,
        () => this.name,
      );
    this.#series = this.$addFamily(Series, { mergeMode: this.#mode });
    this.$expose();
  }

  /** The gauge of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  static getOrCreate<T extends string = string>(config: GaugeConfiguration<T>): Gauge<T> {
    return registeredOr<Gauge<T>, GaugeConfiguration<T>>(Gauge, config);
  }

  /**
   * Sets the series of `labels`. Throws a TypeError for a value that is no number (NaN and the infinities are numbers), and an
   * Error for a label that the metric does not have.
   */
  set(labels: LabelValues<T>, value: number): void;
  /** Sets the series without labels. */
  set(value: number): void;
  set(labels: LabelValues<T> | number, value?: number): void {
    const number = isLabels(labels) ? value : labels;
    if (typeof number !== 'number') throw badValue(number);
    this.#write(this.#at(labels), number);
  }

  /** Adds `value`, or 1. Throws as `set()` does, and if the mode is one of the most recent value. */
  inc(labels: LabelValues<T>, value?: number): void;
  inc(value?: number): void;
  inc(labels?: LabelValues<T> | number, value?: number): void {
    const delta = deltaOf(isLabels(labels) ? value : labels);
    this.#checkMode('inc');
    this.#at(labels).add(0, delta);
  }

  /** Subtracts `value`, or 1. Throws as `inc()` does. */
  dec(labels: LabelValues<T>, value?: number): void;
  dec(value?: number): void;
  dec(labels?: LabelValues<T> | number, value?: number): void {
    const delta = negativeDeltaOf(isLabels(labels) ? value : labels);
    this.#checkMode('dec');
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
    return startTimer((seconds, endLabels?: LabelValues<T>) => {
      this.set({ ...labels, ...endLabels } as LabelValues<T>, seconds);
    });
  }

  /** Removes all series, or sets the only one back if the gauge has no labels. */
  reset(): void {
    this.$beforeReset(this.labelNames.length > 0);
    if (this.labelNames.length > 0) {
      this.#series.clear();
      return;
    }
    const series = this.#series.unlabelled();
    // Time first: a value that goes away must not look newly set.
    if (this.#isMostRecent) series.set(GAUGE_SET_AT, 0);
    series.set(0, 0);
  }

  protected override $modeWith(aggregator: unknown): MergeMode {
    // Series of a mode of the most recent value have other cells.
    const isChosen = this.multiprocessMode || this.#isMostRecent;
    if (isChosen) throw twoGaugeModes(this.name, aggregator, this.#mode);
    return super.$modeWith(aggregator);
  }

  protected *$samplesBySeries(): Iterable<SeriesSamples> {
    for (const [series, labels] of this.#series.entries()) {
      if (this.#isMostRecent && !(series.get(GAUGE_SET_AT) > 0)) continue;
      yield { samples: [this.$hashMapEntry(series, labels)] };
    }
  }

  protected $hashMapEntry(series: Series, labels: Record<string, unknown>): Sample {
    return { value: series.get(0), labels };
  }

  protected override $hashMapView(series: Series, labels: Record<string, unknown>): object {
    const entry = this.$hashMapEntry(series, labels);
    return hashMapEntryOf(this.#series, series, entry, (written, value) => this.#write(written, value));
  }

  protected $bind(bound: BoundSeries<Series>): GaugeChild<T> {
    this.$check(bound.labels);
    let { series } = bound;
    const live = (): Series => {
      if (series.record < 0) series = bound.live();
      return series;
    };
    const add = (method: 'inc' | 'dec', delta: number): void => {
      this.#checkMode(method);
      live().add(0, delta);
    };
    const set = (value: number): void => {
      if (typeof value !== 'number') throw badValue(value);
      this.#write(live(), value);
    };
    return {
      inc: (value) => add('inc', deltaOf(value)),
      dec: (value) => add('dec', negativeDeltaOf(value)),
      set,
      setToCurrentTime: () => set(Date.now() / 1000),
      startTimer: () =>
        startTimer((seconds, labels?: LabelValues<T>) => this.#write(bound.liveWith(labels), seconds)),
    };
  }

  #at(labels: unknown): Series {
    return isLabels(labels) ? this.#series.at(labels) : this.#series.unlabelled();
  }

  /** Value first: a reader between the two stores sees the new value with an old time, and at worst does not use it yet. */
  #write(series: Series, value: number): void {
    series.set(0, value);
    if (!this.#isMostRecent) return;
    const [seconds, nanoseconds] = process.hrtime();
    series.set(GAUGE_SET_AT, seconds * 1e3 + nanoseconds / 1e6);
  }

  #checkMode(method: 'inc' | 'dec'): void {
    if (this.#isMostRecent) throw mostRecentDelta(this.name, method, this.#mode);
  }
}

function modeOf<T extends string>(gauge: Gauge<T>, { aggregator }: GaugeConfiguration<T>): MergeMode {
  const { name, multiprocessMode, collectBy = 'each' } = gauge;
  if (collectBy !== 'each' && collectBy !== 'leader') throw badCollectBy(name, collectBy);
  if (multiprocessMode && aggregator) throw twoGaugeModes(name, aggregator, multiprocessMode);
  if (multiprocessMode) return checkMultiprocessMode(name, multiprocessMode);
  if (collectBy === 'leader' && !aggregator) return 'livemostrecent';
  return mergeModeOf('gauge', gauge.aggregator);
}

/** `collect` for as long as this process is the one to do it; every process is for a private registry. */
function byLeader<M>(
  collect: CollectFunction<M> | undefined,
  storeOf: () => CellStore,
  nameOf: () => string,
): CollectFunction<M> | undefined {
  if (!collect) return collect;
  return function (this: M) {
    const store = currentStore();
    const isElsewhere = store.shared ? storeOf() === store && !store.leads() : isLedElsewhere(nameOf());
    return isElsewhere ? undefined : collect.call(this);
  };
}

function isLabels(value: unknown): value is LabelSet {
  return typeof value === 'object' && value !== null;
}

function deltaOf(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw badValue(value, 'Delta');
  return value;
}

/** The delta is negated before the check: `dec('5')` works and `inc('5')` throws, as in prom-client. */
function negativeDeltaOf(value: unknown): number {
  return value === undefined ? -1 : deltaOf(-(value as number));
}
