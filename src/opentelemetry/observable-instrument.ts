import { isMostRecent } from '../model/merge-mode';
import type { Series } from '../series/series';
import type { Attributes, InstrumentDescriptor, Observable, ObservableCallback } from './api';
import type { AttributeSeries } from './attribute-series';
import { checkedAmount, setValue } from './instruments';
import type { Observation } from './observation';

/** A series that is not observed any more ends after so long: a callback that resets its source has nothing for a second scraper. */
const keptMs = 1000;

/** A value that a callback has observed. */
export interface Observed {
  readonly instrument: ObservableInstrument;
  readonly value: number;
  /** A copy. */
  readonly attributes: Attributes;
}

/** An asynchronous instrument. Its callbacks are called by the provider's `Observation`. */
export class ObservableInstrument implements Observable {
  readonly descriptor: InstrumentDescriptor;
  readonly #series: AttributeSeries | undefined;
  readonly #observation: Observation;
  readonly #mostRecent: boolean;
  /** When each series was last observed, in the milliseconds of `performance.now()`. */
  readonly #observedAt = new Map<Series, number>();

  constructor(
    descriptor: InstrumentDescriptor,
    series: AttributeSeries | undefined,
    observation: Observation,
  ) {
    this.descriptor = descriptor;
    this.#series = series;
    this.#observation = observation;
    this.#mostRecent = series !== undefined && isMostRecent(series.named.head.mergeMode);
  }

  addCallback(callback: ObservableCallback): void {
    this.#observation.addCallback({
      owner: callback,
      instruments: [this],
      run: (observe) => callback({ observe: (value, attributes) => observe(this, value, attributes) }),
    });
  }

  removeCallback(callback: ObservableCallback): void {
    this.#observation.removeCallback(callback, [this]);
  }

  expose(): void {
    this.#series?.expose();
  }

  /** Writes the observations of all callbacks: the last one of each attribute set, and where several sets are one series their sum. */
  write(observations: readonly Observed[], atMs: number): void {
    const { type } = this.descriptor;
    const bySeries = new Map<Series, Map<string, number>>();
    for (const { value, attributes } of observations) {
      const amount = checkedAmount(value, this.descriptor, type !== 'OBSERVABLE_COUNTER');
      if (amount === undefined || this.#series === undefined) continue;
      const series = this.#series.at(attributes);
      const amounts = bySeries.get(series) ?? new Map<string, number>();
      // Of a gauge the last value counts, whichever set it has.
      amounts.set(type === 'OBSERVABLE_GAUGE' ? '' : keyOf(attributes), amount);
      bySeries.set(series, amounts);
    }
    for (const [series, amounts] of bySeries) {
      const sum = [...amounts.values()].reduce((total, amount) => total + amount, 0);
      setValue(series, sum, this.#mostRecent);
      this.#observedAt.set(series, atMs);
    }
  }

  /** Ends the series that are not observed any more. Those of counters stay, so that the sum over the processes does not decrease. */
  endUnobserved(nowMs: number): void {
    const isCounter = this.descriptor.type === 'OBSERVABLE_COUNTER';
    const ended = new Set<Series>();
    for (const [series, atMs] of this.#observedAt) {
      if (series.record < 0) this.#observedAt.delete(series);
      else if (!isCounter && nowMs - atMs >= keptMs) ended.add(series);
    }
    if (ended.size === 0) return;
    for (const series of ended) this.#observedAt.delete(series);
    this.#series?.removeIf((series) => ended.has(series));
  }
}

/** The same text for the same attributes in any order. */
function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
