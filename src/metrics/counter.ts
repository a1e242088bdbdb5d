import { badValue, counterDecrease } from '../errors';
import type { Sample } from '../model/family';
import type { LabelSet, LabelValues } from '../model/labels';
import type { BoundSeries } from '../series/bound-series';
import type { FamilySeries } from '../series/family-series';
import { Series } from '../series/series';
import type {
  CounterChild,
  CounterConfiguration,
  Counter as CounterType,
  IncreaseDataWithExemplar,
} from '../types/metrics';
import { hasExemplarKeys } from './exemplar-data';
import { ExemplarSeries } from './exemplar-series';
import type { SeriesSamples } from './exposed-family';
import { hashMapEntryOf } from './hash-map-entry';
import { LabelledMetric, registeredOr } from './labelled-metric';

/** Has no cells. */
const noSeries: Series = new Series();

/** See `types/metrics.ts`. */
export class Counter<T extends string = string>
  extends LabelledMetric<T, Series, CounterChild>
  implements CounterType<T>
{
  readonly #series: FamilySeries<Series>;
  /** The series without labels. As long as its cells are in `#cells`, `#cell` is a view of its own cell, and `#count` the number there. */
  #only: Series = noSeries;
  #cells: Float64Array | undefined;
  #cell: Float64Array = noSeries.values;
  #count = 0;

  /** Throws as every metric does. */
  constructor(config: CounterConfiguration<T>) {
    super(config, 'counter');
    this.#series = this.$addFamily(this.enableExemplars ? ExemplarSeries : Series);
    this.$expose();
  }

  /**
   * The counter of that name in the registry of `config` (the first, if it names several), made if there is none. Throws
   * an Error with code `ERR_METRIC_DIFFERS` if it has other label names or is no counter. An existing counter ignores the
   * rest of `config`.
   */
  static getOrCreate<T extends string = string>(config: CounterConfiguration<T>): Counter<T> {
    return registeredOr<Counter<T>, CounterConfiguration<T>>(Counter, config);
  }

  /**
   * Adds `value`, or 1, to the series of `labels`. Throws for a label that the metric does not have, a TypeError for
   * a value that is no finite number, and an Error for a negative one. Returns nothing, as prom-client's trunk; 15.1.3 returns
   * its internal key.
   */
  inc(labels: LabelValues<T>, value?: number): void;
  /** Adds `value`, or 1, to the series without labels. */
  inc(value?: number): void;
  /**
   * Only with `enableExemplars`, in addition to the other forms. A RangeError for exemplar labels that are too long comes
   * after the increment, which stays.
   */
  inc(increase: IncreaseDataWithExemplar<T>): void;
  inc(labels?: LabelValues<T> | IncreaseDataWithExemplar<T> | number | null, value?: number): void {
    if (labels === undefined && this.#only.values === this.#cells) {
      // To load the number from the cell takes longer: the load has to wait for the store before. And `++this.#count` takes 0.1 ns more.
      const count = this.#count + 1;
      this.#cell[0] = count;
      this.#count = count;
    } else if (typeof labels !== 'object' || labels === null) {
      const amount = this.#amountOf(labels);
      const series = this.#series.unlabelled();
      this.#add(series, amount);
      if (labels === undefined) this.#remember(series);
    } else if (this.enableExemplars && hasExemplarKeys(labels)) {
      const set: LabelSet = Object(labels.labels);
      const amount = this.#amountOf(labels.value, set);
      this.#add(this.#series.at(set), amount, labels.exemplarLabels);
    } else {
      const amount = this.#amountOf(value, labels as LabelSet);
      this.#add(this.#series.at(labels as LabelSet), amount);
    }
  }

  /** Removes all series, or sets the only one to 0 if the counter has no labels. */
  reset(): void {
    this.$beforeReset(this.labelNames.length > 0);
    if (this.labelNames.length > 0) {
      this.#series.clear();
      return;
    }
    const series = this.#series.unlabelled();
    series.clearExemplars();
    series.set(0, 0);
    this.#cells = undefined;
  }

  protected *$samplesBySeries(): Iterable<SeriesSamples> {
    for (const [series, labels] of this.#series.entries()) {
      yield { samples: [this.$hashMapEntry(series, labels)], created: this.#series.createdMs(series) };
    }
  }

  protected $hashMapEntry(series: Series, labels: Record<string, unknown>): Sample {
    const exemplar = series.exemplar(0);
    const sample = { value: series.get(0), labels };
    return exemplar === undefined ? sample : { ...sample, exemplar };
  }

  protected override $hashMapView(series: Series, labels: Record<string, unknown>): object {
    return hashMapEntryOf(this.#series, series, this.$hashMapEntry(series, labels), (written, value) => {
      written.set(0, value);
      this.#cells = undefined;
    });
  }

  protected $bind(bound: BoundSeries<Series>): CounterChild {
    let { series } = bound;
    return {
      inc: (value: number | IncreaseDataWithExemplar<string> = 1): void => {
        if (isAmount(value)) {
          if (series.record < 0) series = bound.live();
          this.#add(series, value);
        } else if (hasExemplarKeys(value) && this.enableExemplars) {
          const amount = this.#amountOf(value.value);
          this.#add(bound.liveWith(value.labels), amount, value.exemplarLabels);
        } else {
          const amount = this.#amountOf(value, bound.labels);
          this.#add(bound.live(), amount);
        }
      },
    };
  }

  /** From here on the number of the series without labels is known, if V8 keeps it as a small integer. */
  #remember(series: Series): void {
    const count = series.get(0);
    this.#count = count | 0;
    if (series.record < 0 || this.#count !== count) return;
    const cell = series.values.subarray(series.index, series.index + 1);
    // No call comes between these: another cell must never seem to be that of the series.
    this.#only = series;
    this.#cells = series.values;
    this.#cell = cell;
  }

  /** Adds to any series, which may be the one without labels. The value of an exemplar is never 0 or NaN, as in prom-client. */
  #add(series: Series, amount: number, exemplarLabels?: LabelSet | null): void {
    this.#cells = undefined;
    series.add(0, amount);
    if (exemplarLabels) series.setExemplar(0, exemplarLabels, amount || 1);
  }

  /** Throws for bad labels before it throws for a bad value, as prom-client does. NaN passes; other falsy values are 0, but null is 1. */
  #amountOf(value: unknown, labels?: LabelSet): number {
    if (value === undefined) return 1;
    if (isAmount(value)) return value;
    if (labels !== undefined) this.$check(labels);
    if (value && !Number.isFinite(value)) throw badValue(value);
    if ((value as number) < 0) throw counterDecrease();
    return value === null ? 1 : Number(value);
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}
