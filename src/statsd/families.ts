import { reservedLabel } from '../errors';
import { Counter } from '../metrics/counter';
import { Gauge } from '../metrics/gauge';
import { Histogram } from '../metrics/histogram';
import { Summary } from '../metrics/summary';
import { prometheusContentType } from '../registry/content-type';
import { handleRequestsFor, type RequestTarget } from '../registry/group-requests';
import { FAMILY, type Registrable } from '../registry/registrable';
import type { Registry } from '../registry/registry';
import { currentStore } from '../store/current';
import { ttlScope } from './inherited';
import type { ObserverOptions, ObserverType } from './mapping';

type Kind = 'counter' | 'gauge' | ObserverType;
type Metric = Counter | Gauge | Histogram | Summary;
type Labels = Readonly<Record<string, string>>;

/** The description of a series by the event that it comes from. */
export interface SeriesDescription {
  readonly name: string;
  readonly kind: Kind;
  readonly help: string;
  readonly labels: Labels;
  /** 0: the series stays. */
  readonly ttlSeconds: number;
  readonly observer: ObserverOptions;
}

/** A series of a family that grows label names. */
export interface StatsdSeries {
  readonly child: { inc?(value: number): void; set?(value: number): void; observe?(value: number): void };
  /** Of a gauge. */
  value: number;
  /** That of its last sample: a mapping that is read again may have another. */
  ttlMs: number;
  expiresAtMs: number;
}

interface Shape {
  readonly metric: Metric;
  readonly series: Map<string, StatsdSeries>;
  /** Those that its series have had. */
  readonly ttlsSeconds: Set<number>;
}

interface Family {
  readonly kind: Kind;
  /** By the names of its labels. */
  readonly shapes: Map<string, Shape>;
}

const bucketSuffixes = ['_bucket', '_sum', '_count'];

/**
 * The families that statsd events make in a registry. Other than those of an application, a family has series with different label names:
 * each set of names is a metric of its own here, and scrapes merge them, because they have one name.
 */
export class StatsdFamilies {
  readonly #registry: Registry;
  readonly #families = new Map<string, Family>();
  /** By which resets and removals of the registry and of other processes find the families. */
  readonly #target: RequestTarget;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#target = {
      get scope() {
        return registry.scopes()[0];
      },
      metrics: { [Symbol.iterator]: () => this.#resettable() },
    };
    handleRequestsFor(this.#target);
  }

  /** How many families there are, by their types. */
  counts(): Readonly<Record<Kind, number>> {
    const counts = { counter: 0, gauge: 0, histogram: 0, summary: 0 };
    for (const { kind } of this.#families.values()) counts[kind]++;
    return counts;
  }

  /**
   * The series, made if need be; `startOf` gives the number with which a gauge begins. Undefined if the name belongs to a family of another
   * type, or to a sample of a histogram or summary. Throws for labels that the type reserves, and names that Prometheus does not accept.
   */
  series(description: SeriesDescription, startOf: () => number): StatsdSeries | undefined {
    const { name, kind, labels } = description;
    const family = this.#families.get(name) ?? this.#newFamily(name, kind);
    if (family?.kind !== kind) return undefined;
    const { names, shapeKey, seriesKey } = keysOf(labels);
    let shape = family.shapes.get(shapeKey);
    if (shape === undefined) {
      const ttlsSeconds = new Set([description.ttlSeconds]);
      shape = { metric: this.#metricOf(description, names), series: new Map(), ttlsSeconds };
      this.#families.set(name, family);
      family.shapes.set(shapeKey, shape);
    }
    const known = shape.series.get(seriesKey);
    const ttlMs = description.ttlSeconds * 1000;
    if (known !== undefined) {
      if (known.ttlMs !== ttlMs) this.#addTtl(shape, description.ttlSeconds);
      known.ttlMs = ttlMs;
      return known;
    }
    const sorted = Object.fromEntries(names.map((label) => [label, labels[label] ?? '']));
    const child = (shape.metric as Counter).labels(sorted) as StatsdSeries['child'];
    const series = { child, value: kind === 'gauge' ? startOf() : 0, ttlMs, expiresAtMs: Infinity };
    shape.series.set(seriesKey, series);
    return series;
  }

  /** When a series expires; undefined if this process has none of these labels. */
  expiryOf(name: string, labels: Labels): number | undefined {
    const { shapeKey, seriesKey } = keysOf(labels);
    return this.#families.get(name)?.shapes.get(shapeKey)?.series.get(seriesKey)?.expiresAtMs;
  }

  /** Removes the series that have had no event for their `ttl`. */
  removeExpired(nowMs: number): void {
    for (const [name, family] of this.#families) {
      for (const [shapeKey, shape] of family.shapes) {
        const names = shapeKey === '' ? [] : shapeKey.split(',');
        for (const [seriesKey, { ttlMs, expiresAtMs }] of shape.series) {
          if (ttlMs === 0 || expiresAtMs > nowMs) continue;
          shape.series.delete(seriesKey);
          const values = JSON.parse(seriesKey) as string[];
          if (names.length > 0)
            shape.metric.remove(Object.fromEntries(names.map((label, i) => [label, values[i]])) as never);
        }
        if (shape.series.size > 0) continue;
        family.shapes.delete(shapeKey);
        this.#hide(shape, family.shapes.size === 0);
      }
      if (family.shapes.size === 0) this.#families.delete(name);
    }
  }

  *#resettable(): Generator<Registrable> {
    for (const [name, { kind, shapes }] of this.#families) {
      const all = (change: (shape: Shape) => void): void => {
        for (const shape of shapes.values()) change(shape);
      };
      yield {
        name,
        get: () => ({ name, help: '', type: kind }),
        reset: () =>
          all(({ metric, series }) => {
            metric.reset();
            series.clear();
          }),
        remove: (labels) => {
          const { shapeKey, seriesKey } = keysOf(labels as Labels);
          const shape = shapes.get(shapeKey);
          shape?.metric.remove(labels as never);
          shape?.series.delete(seriesKey);
        },
      };
    }
  }

  /** Undefined for a name that another family has, or one of its samples. */
  #newFamily(name: string, kind: Kind): Family | undefined {
    if (this.#registry.getSingleMetric(name) !== undefined) return undefined;
    const base = name.replace(/_(bucket|sum|count)$/, '');
    const owner = base === name ? undefined : this.#families.get(base)?.kind;
    if (owner === 'histogram' || (owner === 'summary' && !name.endsWith('_bucket'))) return undefined;
    const isObserver = kind === 'histogram' || kind === 'summary';
    if (isObserver && bucketSuffixes.some((suffix) => this.#families.has(name + suffix))) return undefined;
    return { kind, shapes: new Map() };
  }

  #metricOf(
    { name, kind, help, ttlSeconds, observer }: SeriesDescription,
    labelNames: readonly string[],
  ): Metric {
    // A scraper that finds it refuses the whole exposition.
    if (labelNames.includes('__name__')) throw reservedLabel('__name__');
    const shown = this.#registry.scopes();
    const scopes = shown.length > 0 && ttlSeconds > 0 ? [...shown, ttlScope(ttlSeconds)] : shown;
    const register = {
      contentType: prometheusContentType,
      scopes: () => scopes,
      registerMetric: (metric: Registrable) => this.#expose(metric, scopes),
    };
    const config = { name, help, labelNames: [...labelNames], registers: [register as unknown as Registry] };
    if (kind === 'counter') return new Counter(config);
    // The newest value counts, also of the process that has listened before this one.
    if (kind === 'gauge') return new Gauge({ ...config, multiprocessMode: 'mostrecent' });
    if (kind === 'histogram') {
      const { buckets, nativeBucketFactor, nativeMaxBuckets } = observer;
      return new Histogram({
        ...config,
        buckets: buckets && [...buckets],
        nativeHistogramBucketFactor: nativeBucketFactor,
        // 0 is no limit there, and unlike in Go the default here.
        nativeHistogramMaxBucketNumber: nativeMaxBuckets ?? 0,
      });
    }
    const { quantiles = [0.5, 0.9, 0.99], maxAgeSeconds = 600, ageBuckets = 5 } = observer;
    return new Summary({ ...config, percentiles: [...quantiles], maxAgeSeconds, ageBuckets });
  }

  /** In the scopes of the registry, but not in its list of metrics, which has each name once. */
  #expose(metric: Registrable, scopes: readonly string[]): void {
    const store = currentStore();
    const { family } = metric[FAMILY] ?? {};
    const isShared = store.shared && scopes.length > 0;
    if (isShared && family !== undefined) {
      for (const scope of scopes) store.register(scope, family);
    } else if (!isShared) {
      const { name = '' } = metric;
      if (this.#registry.getSingleMetric(name) === undefined)
        this.#registry.registerMetric(this.#listed(name, metric));
    }
  }

  /** Where the metrics of the registry are not shared: one metric for all sets of label names. */
  #listed(name: string, first: Registrable): Registrable {
    const get = async (): Promise<Awaited<ReturnType<Registrable['get']>>> => {
      const shapes = [...(this.#families.get(name)?.shapes.values() ?? [])];
      const families = await Promise.all(shapes.map(({ metric }) => (metric as Registrable).get()));
      return { ...(await first.get()), values: families.flatMap(({ values }) => [...(values ?? [])]) };
    };
    return { name, get };
  }

  /** The process that takes over finds the family by its new `ttl`, too. */
  #addTtl({ metric, ttlsSeconds }: Shape, ttlSeconds: number): void {
    ttlsSeconds.add(ttlSeconds);
    const store = currentStore();
    const { family } = (metric as Registrable)[FAMILY] ?? {};
    const isShared = store.shared && this.#registry.scopes().length > 0;
    if (isShared && family !== undefined && ttlSeconds > 0) store.register(ttlScope(ttlSeconds), family);
  }

  #hide({ metric, ttlsSeconds }: Shape, isLast: boolean): void {
    const store = currentStore();
    const scopes = this.#registry.scopes();
    const { family } = (metric as Registrable)[FAMILY] ?? {};
    if (store.shared && scopes.length > 0) {
      if (family === undefined) return;
      for (const scope of [...scopes, ...Array.from(ttlsSeconds, ttlScope)]) store.unregister(scope, family);
    } else if (isLast) {
      this.#registry.removeSingleMetric(metric.name);
    }
  }
}

/** The names of the labels, and the keys by which their shape and their series are found. */
function keysOf(labels: Labels): { names: string[]; shapeKey: string; seriesKey: string } {
  const names = Object.keys(labels).sort(byText);
  return { names, shapeKey: names.join(), seriesKey: JSON.stringify(names.map((label) => labels[label])) };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
