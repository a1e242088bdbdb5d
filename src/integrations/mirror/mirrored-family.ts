import { unregister } from '../../collectors/lifetime';
import type { SeriesSamples } from '../../metrics/exposed-family';
import { Metric } from '../../metrics/metric';
import { noWindow, SummarySeries } from '../../metrics/summary-series';
import type { Sample } from '../../model/family';
import type { LabelSet } from '../../model/labels';
import { storeFor } from '../../registry/registrable';
import { FamilySeries } from '../../series/family-series';
import { Series } from '../../series/series';
import type { AnyRegistry } from '../../types/registry';
import type { ForeignFamily } from './foreign-family';

/** The copy of a family of another registry in this thread's store. */
export class MirroredFamily extends Metric<string> {
  readonly #bounds: readonly number[];
  readonly #series: FamilySeries<Series>;
  /** The labels of the series that were copied last. */
  #copied: ReadonlyMap<string, LabelSet> = new Map();
  #samples: readonly Sample[] = [];

  /** `labelNames` are those of an earlier copy; `collect` brings this one up to date. Throws as every metric does. */
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
    // Mirrored summaries have no quantiles, so their one slot stays empty.
    const [SeriesClass, more] = type === 'summary' ? [SummarySeries, noWindow] : [Series, { bounds }];
    this.#series = new FamilySeries<Series>(storeFor(this.registers), this.$define(more), SeriesClass);
    this.copy(foreign);
    this.$register(this.#series);
  }

  /** Whether `copy()` can take `foreign`: the definition of a family never changes. */
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

  copy({ series: all, values }: ForeignFamily): void {
    this.#samples = values;
    for (const [key, labels] of this.#copied) if (!all.has(key)) this.#series.remove(labels);
    for (const { labels, cells } of all.values()) {
      const series = this.#series.at(labels);
      for (const [cell, value] of cells) series.set(cell, value);
    }
    this.#copied = new Map([...all].map(([key, { labels }]) => [key, labels]));
  }

  /** Does nothing: the numbers are those of the other registry, and are reset there. */
  reset(): void {}

  /** Takes the copy out of the registry and the store. */
  dispose(): void {
    unregister(this);
    this.#series.dispose();
  }

  protected override $samplesBySeries(): Iterable<SeriesSamples> {
    return this.#samples.map((sample) => ({ samples: [sample] }));
  }
}
