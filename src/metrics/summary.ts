import { badSummaryWindow, badValue, reservedLabel } from '../errors';
import { summarySamples } from '../exposition/family-json';
import { SUMMARY_COUNT, SUMMARY_SUM } from '../model/cell-layout';
import type { AgeWindow } from '../model/family';
import type { LabelSet, LabelValues } from '../model/labels';
import { isFiniteNumber } from '../model/numbers';
import { quantileValues } from '../model/quantiles';
import type { BoundSeries } from '../series/bound-series';
import type { FamilySeries } from '../series/family-series';
import type { SummaryChild, SummaryConfiguration, Summary as SummaryType } from '../types/metrics';
import type { SeriesSamples } from './exposed-family';
import { LabelledMetric, registeredOr } from './labelled-metric';
import { noWindow, SummarySeries } from './summary-series';
import { startTimer } from './timer';

/** See `types/metrics.ts`. */
export class Summary<T extends string = string>
  extends LabelledMetric<T, SummarySeries, SummaryChild<T>>
  implements SummaryType<T>
{
  declare readonly percentiles: readonly number[];
  declare readonly maxAgeSeconds?: number | undefined;
  declare readonly ageBuckets?: number | undefined;
  declare readonly pruneAgedBuckets?: boolean | undefined;
  declare readonly compressCount: number;
  readonly #series: FamilySeries<SummarySeries>;

  /** Throws as every metric does, an Error for a label called `quantile`, and a RangeError for a bad window. */
  constructor(config: SummaryConfiguration<T>) {
    super(config, 'summary', {
      percentiles: [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999],
      compressCount: 1000,
    });
    const window = windowOf(this);
    this.#series = this.$addFamily(SummarySeries, { bounds: [...this.percentiles], ...window });
    this.$expose();
    // After the registration, so that the name is taken all the same: so it is in prom-client.
    if (this.labelNames.includes('quantile')) throw reservedLabel('quantile');
  }

  /** The summary of that name in the registry of `config`, made if there is none; see `Counter.getOrCreate()`. */
  static getOrCreate<T extends string = string>(config: SummaryConfiguration<T>): Summary<T> {
    return registeredOr<Summary<T>, SummaryConfiguration<T>>(Summary, config);
  }

  /**
   * Counts `value` in the series of `labels`. Throws for a label that the metric does not have, and a TypeError for
   * a value that is no finite number. Values may be negative.
   */
  observe(labels: LabelValues<T>, value: number): void;
  /** Counts `value` in the series without labels. */
  observe(value: number): void;
  observe(labels: LabelValues<T> | number | null | undefined, value?: number): void {
    if (typeof labels === 'number' && value === undefined) {
      if (!isFiniteNumber(labels)) throw badValue(labels || {});
      this.#series.unlabelled().observe(labels);
      return;
    }
    const set = Object(labels || {}) as LabelValues<T>;
    if (!isFiniteNumber(value)) {
      this.$check(set);
      // A single argument of any type is the value.
      throw badValue(value === undefined ? labels || {} : value);
    }
    if (typeof labels === 'object' && labels !== null) {
      this.#series.at(labels).observe(value);
    } else {
      this.$check(set);
      this.#series.unlabelled().observe(value);
    }
  }

  /** Starts a stop-watch; the function returned observes the seconds since, and returns them. */
  startTimer(labels?: LabelValues<T>): (labels?: LabelValues<T>) => number {
    // `labels` are read at the end: callers complete them in between.
    return startTimer((seconds, endLabels?: LabelValues<T>) => {
      this.observe({ ...labels, ...endLabels } as LabelValues<T>, seconds);
    });
  }

  /** Sets all series to 0; none is removed. */
  reset(): void {
    this.$beforeReset(false);
    for (const [series] of this.#series.entries()) series.reset();
  }

  protected *$samplesBySeries(): Iterable<SeriesSamples> {
    const { name, percentiles } = this;
    for (const [series, labels] of this.#series.entries()) {
      const values = quantileValues(series.sketch(), percentiles);
      const sumAndCount = [series.get(SUMMARY_SUM), series.get(SUMMARY_COUNT)];
      const samples = summarySamples(name, percentiles, [...values, ...sumAndCount], labels);
      yield { samples, created: this.#series.createdMs(series) };
    }
  }

  protected override $refresh(): Promise<void> | undefined {
    return this.pruneAgedBuckets ? this.#prune() : super.$refresh();
  }

  async #prune(): Promise<void> {
    await super.$refresh();
    await this.#series.removeInSlices((series) => series.sketch().n === 0);
  }

  protected $hashMapEntry(series: SummarySeries, labels: LabelSet): object {
    return { labels, sum: series.get(SUMMARY_SUM), count: series.get(SUMMARY_COUNT) };
  }

  protected $bind(bound: BoundSeries<SummarySeries>): SummaryChild<T> {
    this.$check(bound.labels);
    let { series } = bound;
    return {
      observe: (value: number): void => {
        if (!isFiniteNumber(value)) throw badValue(value === undefined ? bound.labels : value);
        if (series.record < 0) series = bound.live();
        series.observe(value);
      },
      startTimer: () =>
        startTimer((seconds, labels?: LabelValues<T>) => bound.liveWith(labels).observe(seconds)),
    };
  }
}

/** The window of the options; both are needed for one. */
function windowOf(summary: Summary): AgeWindow {
  const { maxAgeSeconds, ageBuckets } = summary;
  if (!maxAgeSeconds || !ageBuckets) return noWindow;
  if (!(maxAgeSeconds > 0)) throw badSummaryWindow(summary.name, 'maxAgeSeconds', maxAgeSeconds);
  if (!(Number.isInteger(Number(ageBuckets)) && ageBuckets > 0)) {
    throw badSummaryWindow(summary.name, 'ageBuckets', ageBuckets);
  }
  const windowMs = maxAgeSeconds * 1000;
  if (windowMs === Infinity) return noWindow;
  // Neither shorter than the clock can tell nor more than the format has: the same window, in longer slots.
  const slots = Math.max(1, Math.min(Number(ageBuckets), Math.floor(windowMs), maxAgeSlots));
  return { ageBuckets: slots, slotMs: Math.max(1, windowMs / slots) };
}

const maxAgeSlots = 65_535;
