import type { AgeWindow, Sample } from '../model/family';
import type { LabelSet, LabelTexts } from '../model/labels';
import type { AnyRegistry } from '../registry/registry';
import { FamilySeries, Series } from '../series/series';
import { currentStore } from '../store/current';
import type { ForeignFamily } from './foreign-family';
import { BUCKETS } from './histogram-cells';
import { Metric } from './metric';
import { summaryCells } from './summary-cells';
import { SummarySeries } from './summary-series';

/** Mirrored summaries have no quantiles, so their one slot stays empty. */
const noWindow: AgeWindow = { ageBuckets: 1, slotMs: Infinity };

/** The copy of a family of another registry in this thread's store. */
export class MirroredFamily extends Metric<string> {
  readonly #bounds: readonly number[];
  readonly #series: FamilySeries<Series>;
  readonly #byLabels = new Map<string, { readonly series: Series; readonly texts: LabelTexts }>();
  #samples: readonly Sample[] = [];

  /** `labelNames` are those known before; `collect` brings the copy up to date. Throws what every metric throws. */
  constructor(
    foreign: ForeignFamily,
    labelNames: readonly string[],
    register: AnyRegistry,
    collect: () => Promise<void>,
  ) {
    const { name, help, type, aggregator, bounds } = foreign;
    const names = [...new Set([...labelNames, ...foreign.labelNames])];
    super({ name, help, aggregator, labelNames: names, registers: [register], collect }, type);
    this.#bounds = bounds;
    const more =
      type === 'histogram' ? { buckets: [...bounds] } : type === 'summary' ? { window: noWindow } : {};
    const cells =
      type === 'histogram' ? BUCKETS + bounds.length + 1 : type === 'summary' ? summaryCells(noWindow) : 1;
    this.#series = new FamilySeries(currentStore(), this.define(more), cells);
    this.#series.outlive(this);
    this.copy(foreign);
    this.register(this.#series);
  }

  /** Whether `copy()` can take `foreign`: what readers were told of a family never changes. */
  fits({ type, help, aggregator, labelNames, bounds, series }: ForeignFamily): boolean {
    return (
      type === this.type &&
      help === this.help &&
      (aggregator ?? 'sum') === this.aggregator &&
      labelNames.every((name) => this.labelNames.includes(name)) &&
      // Bounds of a histogram without series are not known.
      (series.size === 0 || bounds.join() === this.#bounds.join())
    );
  }

  copy({ series: all, samples }: ForeignFamily): void {
    this.#samples = samples;
    for (const [key, { texts }] of this.#byLabels) {
      if (all.has(key)) continue;
      this.#byLabels.delete(key);
      this.#series.end(texts);
    }
    for (const [key, { labels, cells }] of all) {
      const { series } = this.#byLabels.get(key) ?? this.#begin(key, labels);
      for (const [cell, value] of cells) series.set(cell, value);
    }
  }

  /** Does nothing: the numbers are those of the other registry, and are reset there. */
  reset(): void {}

  /** Takes it out of the registry and the store. */
  dispose(): void {
    for (const register of this.registers) {
      if ((register.getSingleMetric(this.name) as unknown) === this) register.removeSingleMetric(this.name);
    }
    this.#series.dispose();
  }

  protected samples(): Sample[] {
    return [...this.#samples];
  }

  #begin(key: string, labels: LabelSet): { readonly series: Series; readonly texts: LabelTexts } {
    const series = this.type === 'summary' ? new SummarySeries(noWindow, this.#series.store) : new Series();
    const known = { series, texts: this.#series.table.textsOf(labels) };
    this.#series.begin(series, known.texts, { ...labels });
    this.#byLabels.set(key, known);
    return known;
  }
}
