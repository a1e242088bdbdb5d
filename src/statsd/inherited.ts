import type { Registry } from '../registry/registry';
import { currentStore } from '../store/current';

type Labels = Readonly<Record<string, string>>;

/** A series with a `ttl` that another process has counted before this one listened. */
interface InheritedSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly ttlMs: number;
  expiresAtMs: number;
}

/**
 * The scope of the families with a `ttl`, beside those of their registry. No exposition has it; the process that takes over finds these
 * families by it.
 */
export function ttlScope(ttlSeconds: number): string {
  return `.statsd-ttl-${ttlSeconds}`;
}

/** The series with a `ttl` that a process finds when it takes over. They have one more `ttl` from then on. */
export class InheritedSeriesList {
  readonly #registry: Registry;
  /** When a series of this process expires; undefined if it has none of this name and these labels. */
  readonly #expiryOf: (name: string, labels: Labels) => number | undefined;
  #series: InheritedSeries[] = [];
  #isRemoving = false;

  constructor(registry: Registry, expiryOf: (name: string, labels: Labels) => number | undefined) {
    this.#registry = registry;
    this.#expiryOf = expiryOf;
  }

  /** Finds the series by the `ttl`s of the mapping. Costs a scrape for each. */
  async read(ttlsSeconds: Iterable<number>, nowMs: number): Promise<void> {
    const store = currentStore();
    if (!store.shared) return;
    const found: InheritedSeries[] = [];
    for (const ttlSeconds of new Set(ttlsSeconds)) {
      if (ttlSeconds <= 0) continue;
      const view = { scopes: [ttlScope(ttlSeconds)], defaultLabels: false };
      const ttlMs = ttlSeconds * 1000;
      for (const { name, values } of await store.families(view)) {
        for (const { labels, metricName = name } of values) {
          if (metricName !== name && metricName !== `${name}_count`) continue;
          found.push({ name, labels: labels as Labels, ttlMs, expiresAtMs: nowMs + ttlMs });
        }
      }
    }
    this.#series = found;
  }

  /** Removes those from all segments that have had no event for their `ttl`, in this process either. */
  async removeExpired(nowMs: number): Promise<void> {
    if (this.#isRemoving) return;
    this.#isRemoving = true;
    try {
      for (const series of this.#series.filter(({ expiresAtMs }) => expiresAtMs <= nowMs)) {
        const own = this.#expiryOf(series.name, series.labels);
        // A removal that fails is tried again after another ttl.
        series.expiresAtMs = own ?? nowMs + series.ttlMs;
        if (own !== undefined) continue;
        await this.#registry.removeFromGroup(series.name, series.labels);
        this.#series = this.#series.filter((one) => one !== series);
      }
    } catch {
      // The system had no room for the request.
    } finally {
      this.#isRemoving = false;
    }
  }
}
