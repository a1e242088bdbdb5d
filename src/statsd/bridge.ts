import type { Registry } from '../registry/registry';
import type { Counts } from './counts';
import { type SeriesDescription, StatsdFamilies, type StatsdSeries } from './families';
import type { Mapping, ObserverOptions, ObserverType } from './mapping';
import { type Match, Matcher } from './matcher';
import { escapedName, parseLine, type StatsdEvent } from './parser';

/** The value of a gauge before this process listened; undefined if it had none. */
export type KnownGauge = (name: string, labels: Readonly<Record<string, string>>) => number | undefined;

const defaultHelp = 'Counted from statsd samples.';

/** Counts the events of statsd lines in a registry. Never throws. */
export class Bridge {
  readonly #families: StatsdFamilies;
  readonly #counts: Counts;
  readonly #observerType: ObserverType;
  readonly #knownGauge: KnownGauge;
  #mapping: Mapping;
  #matcher: Matcher;

  /** `observerType` holds where the mapping says nothing. */
  constructor(
    registry: Registry,
    mapping: Mapping,
    observerType: ObserverType,
    counts: Counts,
    knownGauge: KnownGauge = () => undefined,
  ) {
    this.#families = new StatsdFamilies(registry);
    this.#mapping = mapping;
    this.#matcher = new Matcher(mapping);
    this.#observerType = observerType;
    this.#counts = counts;
    this.#knownGauge = knownGauge;
  }

  get families(): Pick<StatsdFamilies, 'counts' | 'removeExpired' | 'expiryOf'> {
    return this.#families;
  }

  /** From here on events follow this mapping. Series that are there stay. */
  use(mapping: Mapping): void {
    this.#mapping = mapping;
    this.#matcher = new Matcher(mapping);
  }

  /** The lines of a packet. */
  packet(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      this.#counts.lines();
      for (const event of parseLine(line, this.#counts)) this.#count(event);
    }
  }

  #count(event: StatsdEvent): void {
    const match = this.#matcher.find(event.name, event.type);
    if (match?.rule.action === 'drop') {
      this.#counts.eventsActions('drop');
      return;
    }
    if (match?.name === '') {
      this.#counts.eventsError('empty_metric_name');
      return;
    }
    for (let i = 0; i < event.times; i++) {
      if (match === undefined) this.#counts.eventsUnmapped();
      else this.#counts.eventsActions('map');
    }
    const value = event.value * (match?.rule.scale ?? 1);
    if (event.type === 'counter' && !(value >= 0 || Number.isNaN(value))) {
      this.#counts.eventsError('illegal_negative_counter');
      return;
    }
    if (
      event.type === 'observer' ? !Number.isFinite(value) : event.type === 'counter' && value === Infinity
    ) {
      this.#counts.eventsError('illegal_value');
      return;
    }
    const description = this.#describe(event, match);
    let series: StatsdSeries | undefined;
    try {
      series = this.#families.series(
        description,
        () => this.#knownGauge(description.name, description.labels) ?? 0,
      );
    } catch {
      this.#counts.eventsError('illegal_label');
      return;
    }
    for (let i = 0; i < event.times; i++) {
      if (series === undefined) this.#counts.eventsConflict(event.type);
      else this.#counts.events(event.type);
    }
    if (series === undefined) return;
    if (series.ttlMs > 0) series.expiresAtMs = performance.now() + series.ttlMs;
    this.#write(series, event, value);
  }

  #write(series: StatsdSeries, event: StatsdEvent, value: number): void {
    const { child } = series;
    if (event.type === 'counter') {
      child.inc?.(value);
    } else if (event.type === 'gauge') {
      series.value = event.isRelative ? series.value + value : value;
      child.set?.(series.value);
    } else {
      for (let i = 0; i < event.times; i++) child.observe?.(value);
    }
  }

  #describe({ type, name, labels }: StatsdEvent, match: Match | undefined): SeriesDescription {
    const { rule } = match ?? {};
    const observer = this.#observerOf(rule?.observer);
    return {
      name: escapedName(match?.name ?? name),
      kind: type === 'observer' ? (observer.type ?? this.#observerType) : type,
      help: rule?.help ?? defaultHelp,
      labels:
        match === undefined
          ? labels
          : rule?.honorLabels
            ? { ...match.labels, ...labels }
            : { ...labels, ...match.labels },
      ttlSeconds: rule?.ttlSeconds ?? this.#mapping.ttlSeconds,
      observer,
    };
  }

  /** The options of a rule before the defaults of the file. */
  #observerOf(own: ObserverOptions | undefined): ObserverOptions {
    const { observer: defaults } = this.#mapping;
    if (own === undefined) return defaults;
    return {
      type: own.type ?? defaults.type,
      buckets: own.buckets ?? defaults.buckets,
      quantiles: own.quantiles ?? defaults.quantiles,
      maxAgeSeconds: own.maxAgeSeconds ?? defaults.maxAgeSeconds,
      ageBuckets: own.ageBuckets ?? defaults.ageBuckets,
      nativeBucketFactor: own.nativeBucketFactor ?? defaults.nativeBucketFactor,
      nativeMaxBuckets: own.nativeMaxBuckets ?? defaults.nativeMaxBuckets,
    };
  }
}
