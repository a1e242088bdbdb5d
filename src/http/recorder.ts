import { metricDiffers } from '../errors';
import { Counter } from '../metrics/counter';
import { Gauge } from '../metrics/gauge';
import { Histogram } from '../metrics/histogram';
import { Summary } from '../metrics/summary';
import { globalRegistry } from '../registry/registry';
import { routeLimit, warn } from '../store/warnings';
import type { CounterChild, GaugeChild, HistogramChild, SummaryChild } from '../types/metrics';
import { knownMethods, methodLabel } from './methods';
import { defaultMaxRoutes, type HttpOptions } from './options';
import { type HttpDimension, type PresetNames, presets } from './presets';

/** Stands for the routes beyond `maxRoutes`. */
const overflowRoute = '__overflow__';

/** Added to a status that was chosen for a response whose headers were never sent. */
export const unsent = 1000;

/** The requests of one method and scheme that are in progress in this thread. */
export interface InProgress {
  readonly method: string;
  readonly scheme: string;
  readonly version: string;
  /** Distinguishes method, scheme and protocol version; a multiple of 2000. */
  readonly key: number;
  readonly counter: { count: number; readonly child: GaugeChild<string> | undefined };
}

/** An index of `protocols`. */
export type Protocol = 0 | 1 | 2 | 3 | 4 | 5;

const protocols = [
  { scheme: 'http', version: '1.0' },
  { scheme: 'http', version: '1.1' },
  { scheme: 'http', version: '2' },
  { scheme: 'https', version: '1.0' },
  { scheme: 'https', version: '1.1' },
  { scheme: 'https', version: '2' },
] as const;

export function protocolOf(isEncrypted: boolean, majorVersion: number, minorVersion: number): Protocol {
  const version = majorVersion === 2 ? 2 : minorVersion === 1 ? 1 : 0;
  return (isEncrypted ? version + 3 : version) as Protocol;
}

/** The metrics that recorders have made. */
const own = new WeakSet();

/** The bound children of one label set. */
interface Children {
  readonly requests: CounterChild | undefined;
  readonly duration: HistogramChild<string>;
  readonly summary: SummaryChild<string> | undefined;
  readonly requestSize: HistogramChild<string> | undefined;
  readonly responseSize: HistogramChild<string> | undefined;
}

/** Of native histograms, from one bucket to the next: the default of other clients. */
const nativeGrowth = 1.1;

/** Bytes. */
const sizeBuckets = [100, 1e3, 1e4, 1e5, 1e6, 1e7];

/** The metrics of HTTP requests in a registry. All numbers go through bound children, which are kept for each label set. */
export class Recorder {
  readonly #names: PresetNames;
  readonly #maxRoutes: number;
  readonly #labels: readonly HttpDimension[];
  readonly #requests: Counter | undefined;
  readonly #duration: Histogram;
  readonly #summary: Summary | undefined;
  readonly #inProgress: Gauge | undefined;
  readonly #aborted: { readonly client: CounterChild; readonly server: CounterChild } | undefined;
  readonly #requestSize: Histogram | undefined;
  readonly #responseSize: Histogram | undefined;
  /** By route, then by `InProgress.key` plus status. */
  readonly #children = new Map<string, Map<number, Children>>();
  readonly #methods = protocols.map(() => new Map<string | undefined, InProgress>());
  readonly #counters = new Map<string, InProgress['counter']>();
  readonly #knownMethods = knownMethods();
  #methodCount = 0;
  #routes = 0;
  #hasWarned = false;

  /**
   * Throws an Error with code `ERR_METRIC_DIFFERS` if a metric of the application has one of the names: it would count each request
   * twice, also if it is of the same kind. Metrics of an earlier recorder go on.
   */
  constructor(options: HttpOptions) {
    const names = presets[options.preset ?? 'default'];
    const {
      registry = globalRegistry,
      prefix = '',
      buckets = names.buckets,
      labels = names.labels,
    } = options;
    const families = [
      ...[names.requests, names.duration, names.durationSummary, names.inProgress, names.aborted, names.up],
      ...(options.sizes ? [names.requestSize, names.responseSize] : []),
    ].flatMap((name) => (name === undefined ? [] : [prefix + name]));
    for (const name of families) {
      const present: unknown = registry.getSingleMetric(name);
      if (present === undefined || own.has(present as object)) continue;
      throw metricDiffers(name, 'that of instrumentHttp()', 'one of the application');
    }
    this.#names = names;
    this.#labels = labels;
    this.#maxRoutes = options.maxRoutes ?? defaultMaxRoutes;
    const labelNames = labels.map((label) => names.labelNames[label] ?? label);
    const config = (name: string, help: string): { name: string; help: string; registers: [never] } => ({
      name: prefix + name,
      help,
      registers: [registry as never],
    });
    const histogram = (name: string, help: string, bounds: readonly number[]): Histogram =>
      Histogram.getOrCreate({
        ...config(name, help),
        labelNames,
        buckets: [...bounds],
        ...(options.native && { nativeHistogramBucketFactor: nativeGrowth }),
      });
    const sizes = (name: string, help: string): Histogram | undefined =>
      options.sizes ? histogram(name, help, sizeBuckets) : undefined;
    this.#requests = names.requests
      ? Counter.getOrCreate({ ...config(names.requests, 'HTTP requests, by their responses.'), labelNames })
      : undefined;
    this.#duration = histogram(
      names.duration,
      'Time from the headers of an HTTP request to the end of its response.',
      buckets,
    );
    this.#summary = names.durationSummary
      ? Summary.getOrCreate({
          ...config(names.durationSummary, 'The same as quantiles.'),
          labelNames,
          percentiles: [0.5, 0.9, 0.95, 0.99],
        })
      : undefined;
    this.#inProgress = names.inProgress
      ? Gauge.getOrCreate({
          ...config(names.inProgress, 'HTTP requests whose responses have not ended, in living processes.'),
          labelNames: names.inProgressLabels.map((label) => names.labelNames[label] ?? label),
        })
      : undefined;
    const aborted = names.aborted
      ? Counter.getOrCreate({
          ...config(names.aborted, 'HTTP requests whose connection closed before the end of the response.'),
          labelNames: ['by'],
        })
      : undefined;
    this.#aborted = aborted && { client: aborted.labels('client'), server: aborted.labels('server') };
    if (names.up) {
      const help = '1 for an application that runs.';
      Gauge.getOrCreate({ ...config(names.up, help), multiprocessMode: 'livemax' }).set(1);
    }
    this.#requestSize = sizes(names.requestSize, 'Sizes of the bodies of HTTP requests, in bytes.');
    this.#responseSize = sizes(names.responseSize, 'Sizes of the bodies of HTTP responses, in bytes.');
    for (const name of families) own.add(registry.getSingleMetric(name) as object);
  }

  /** Whether the metrics are still registered: a `clear()` of the registry removes them. */
  get isRegistered(): boolean {
    const { name, registers } = this.#duration;
    return registers.some((registry) => (registry.getSingleMetric(name) as unknown) === this.#duration);
  }

  get notFound(): string {
    return this.#names.notFound;
  }

  /** A request begins. To be passed on to `ended()` or `leftOut()`, one of them once. */
  started(method: string | undefined, protocol: Protocol): InProgress {
    const inProgress = this.#methods[protocol]?.get(method) ?? this.#newMethod(method, protocol);
    const { counter } = inProgress;
    // Not inc(): after a reset of the metrics the numbers go on being right.
    counter.child?.set(++counter.count);
    return inProgress;
  }

  /** The request of `started()` does not count. */
  leftOut({ counter }: InProgress): void {
    counter.child?.set(--counter.count);
  }

  /** A response ends. `status` is below 1000 if it was sent, else it has `unsent` added. */
  ended(inProgress: InProgress, route: string, status: number, seconds: number): Children {
    this.leftOut(inProgress);
    const label = this.#bounded(route);
    const key = inProgress.key + status;
    const children = this.#children.get(label)?.get(key) ?? this.#newChildren(label, key, inProgress, status);
    children.requests?.inc();
    children.duration.observe(seconds);
    children.summary?.observe(seconds);
    return children;
  }

  aborted(by: 'client' | 'server'): void {
    this.#aborted?.[by].inc();
  }

  /** The route, or another label in its place if there are too many. */
  #bounded(route: string): string {
    if (this.#children.has(route) || route === '' || route === this.#names.notFound) return route;
    if (this.#routes < this.#maxRoutes) {
      this.#routes++;
      return route;
    }
    if (!this.#hasWarned) warn(routeLimit(this.#maxRoutes, route));
    this.#hasWarned = true;
    return overflowRoute;
  }

  #newMethod(rawMethod: string | undefined, protocol: Protocol): InProgress {
    const method = methodLabel(rawMethod, this.#knownMethods);
    const methods = this.#methods[protocol] as Map<string | undefined, InProgress>;
    const { scheme, version } = protocols[protocol];
    const made = methods.get(method) ?? {
      method,
      scheme,
      version,
      key: unsent * 2 * this.#methodCount++,
      counter: this.#counterOf(method, scheme),
    };
    // Not under another method, which is any text of a client.
    methods.set(method, made);
    return made;
  }

  #counterOf(method: string, scheme: string): InProgress['counter'] {
    const values: Partial<Record<HttpDimension, string>> = { method, scheme };
    const labels = this.#names.inProgressLabels.map((label) => values[label] ?? '');
    const key = labels.join(' ');
    const counter = this.#counters.get(key) ?? { count: 0, child: this.#inProgress?.labels(...labels) };
    this.#counters.set(key, counter);
    return counter;
  }

  #newChildren(route: string, key: number, inProgress: InProgress, status: number): Children {
    const facts = this.#factsOf(route, inProgress, status);
    const values = this.#labels.map((label) => facts[label]);
    const children: Children = {
      requests: this.#requests?.labels(...values),
      duration: this.#duration.labels(...values),
      summary: this.#summary?.labels(...values),
      requestSize: this.#requestSize?.labels(...values),
      responseSize: this.#responseSize?.labels(...values),
    };
    const ofRoute = this.#children.get(route) ?? new Map<number, Children>();
    this.#children.set(route, ofRoute.set(key, children));
    return children;
  }

  #factsOf(
    route: string,
    { method, scheme, version }: InProgress,
    status: number,
  ): Record<HttpDimension, string> {
    const isSent = status < unsent;
    const known = status % unsent;
    const code = known >= 100 && known < 600 ? `${known}` : '_OTHER';
    const isError = known >= 500 || !isSent;
    return {
      method,
      route,
      scheme,
      protocol_version: version,
      status_code: isSent || !this.#names.onlySentStatus ? code : '',
      status_class: `${code[0]}xx`.replace('_xx', code),
      error_type: known === 499 && !isSent ? 'client_closed' : isError ? code : '',
    };
  }
}
