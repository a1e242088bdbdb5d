import { withoutSharedLabels } from '../exposition/families';
import type { TextFamily, TextSample } from '../exposition/text';
import type { FamilyDefinition, MetricFamily, Sample } from '../model/family';
import { labelText } from '../model/labels';
import { isMostRecent } from '../model/merge-mode';
import { validateLabelNames, validateMetricName } from '../model/names';
import { clockMs } from '../process';
import type { FamilyHandle } from '../registry/registrable';
import { FamilySeries } from '../series/family-series';
import { Series } from '../series/series';
import type { CellStore } from '../store/store';

export interface SeriesSamples {
  readonly samples: readonly TextSample[];
  /** In ms since 1970, where it is known. */
  readonly created?: number | undefined;
}

/** The part of `FamilySeries` that does not depend on the class of its series. */
export interface StoredFamily
  extends Pick<
    FamilySeries<Series>,
    'store' | 'family' | 'definition' | 'changeMode' | 'moveTo' | 'outlive' | 'dispose'
  > {
  leave(removes: boolean): StoredFamily;
}

/** How registries read a metric: see `FamilyHandle`. */
export interface Reading<M> {
  samplesBySeries(metric: M): Iterable<SeriesSamples>;
  refresh(metric: M): Promise<void> | undefined;
  read(metric: M): MetricFamily;
  readInSlices(metric: M): MetricFamily | Promise<MetricFamily>;
}

/** The numbers that `collect` has left, in place of those that were reset after it. */
interface Kept {
  readonly samples: readonly SeriesSamples[];
  readonly series: StoredFamily;
}

/** After the end of `collect`. A later reset is none that `collect` has planned. */
const plannedMs = 1000;

/** What registries know of an own metric. */
export class ExposedFamily<M extends object> implements FamilyHandle {
  readonly readers: ReadonlySet<unknown>;
  readonly #metric: M;
  readonly #series: StoredFamily;
  readonly #reading: Reading<M>;
  /** Stands for the series where a function of the application has returned others. */
  #returned: FamilySeries<Series> | undefined;
  #kept: Kept | undefined;
  /** When `collect` ended. Undefined while it runs, and before. */
  #collectedMs: number | undefined;

  constructor(metric: M, series: StoredFamily, reading: Reading<M>, readers: ReadonlySet<unknown>) {
    this.#metric = metric;
    this.#series = series;
    this.#reading = reading;
    this.readers = readers;
  }

  refresh(): Promise<void> | undefined {
    return this.#reading.refresh(this.#metric);
  }

  read(): MetricFamily {
    return this.#reading.read(this.#metric);
  }

  readInSlices(): MetricFamily | Promise<MetricFamily> {
    return this.#reading.readInSlices(this.#metric);
  }

  /** See `FamilyHandle.collecting`. */
  collecting(hasEnded: boolean): void {
    this.#collectedMs = hasEnded ? clockMs() : undefined;
    if (hasEnded) this.#keep(undefined);
  }

  /** Called before the numbers are reset, with whether that removes all series. */
  beforeReset(removes: boolean): void {
    if (this.#kept || this.#collectedMs === undefined || clockMs() - this.#collectedMs > plannedMs) return;
    const samples = [...this.#reading.samplesBySeries(this.#metric)];
    const series = this.#series.leave(removes);
    series.outlive(this.#metric);
    this.#keep({ samples, series });
  }

  /** The samples that `collect` has left, if they are none of the metric any more. */
  get keptSamples(): readonly SeriesSamples[] | undefined {
    return this.#kept?.samples;
  }

  get store(): CellStore {
    return this.#series.store;
  }

  get family(): number {
    return this.#shown.family;
  }

  get familyName(): string {
    return this.#shown.definition.name;
  }

  get #shown(): StoredFamily {
    return this.#returned ?? this.#kept?.series ?? this.#series;
  }

  moveTo(store: CellStore): void {
    for (const series of [this.#series, this.#kept?.series, this.#returned]) {
      series?.moveTo(store);
      series?.outlive(this.#metric);
    }
  }

  /** See `FamilyHandle.show`. Samples that are numbers with labels are copied into the store, so that the group has them. */
  show(returned: TextFamily | undefined): TextFamily | undefined {
    if (!returned || isSame(returned, this.read())) {
      this.#showSeries(undefined);
      return undefined;
    }
    const copy = this.#definitionOf(returned);
    const definition = copy ?? this.#series.definition;
    const last = this.#returned;
    const next = last && isSameDefinition(last.definition, definition) ? last : this.#newSeries(definition);
    const shown = new Set<Series>();
    for (const { labels, value } of (copy && returned.values) ?? []) {
      const series = next.at(labels);
      series.set(0, value);
      shown.add(series);
    }
    next.removeIf((series) => !shown.has(series));
    this.#showSeries(next);
    return copy ? undefined : returned;
  }

  /** Undefined for a family that is more than numbers with labels. */
  #definitionOf({ name, help, type, values = [] }: TextFamily): FamilyDefinition | undefined {
    const own = this.#series.definition;
    const isPlain =
      (type === 'counter' || type === 'gauge') && type === own.type && !isMostRecent(own.mergeMode);
    const names = new Set(this.#returned?.definition.labelNames);
    for (const { labels } of values) for (const label of Object.keys(labels ?? {})) names.add(label);
    const labelNames = [...names];
    const isCopied = isPlain && validateMetricName(name) && validateLabelNames(labelNames);
    const areNumbers = values.every(
      ({ labels, value, metricName = name, exemplar }) =>
        labels && typeof value === 'number' && metricName === name && !exemplar,
    );
    return isCopied && areNumbers ? { ...own, name, help: `${help}`, labelNames } : undefined;
  }

  #newSeries(definition: FamilyDefinition): FamilySeries<Series> {
    const series = new FamilySeries(this.store, definition, Series);
    series.outlive(this.#metric);
    return series;
  }

  #showSeries(next: FamilySeries<Series> | undefined): void {
    const last = this.#returned;
    if (next === last) return;
    const { family } = this;
    this.#returned = next;
    this.#replace(family, last);
  }

  #keep(next: Kept | undefined): void {
    const last = this.#kept;
    if (next === last) return;
    const { family } = this;
    this.#kept = next;
    this.#replace(family, last?.series);
  }

  /** Has the scopes show the present family in place of `family`. */
  #replace(family: number, last: StoredFamily | undefined): void {
    if (this.family !== family) this.store.replaceFamily(family, this.family);
    last?.dispose();
  }
}

/** The order of labels makes no difference, nor do exemplars. */
function isSame(one: TextFamily, other: TextFamily): boolean {
  const [a, b] = [withoutSharedLabels(one), withoutSharedLabels(other)];
  const [samples = [], others = []] = [a.values, b.values];
  const isSameHead = a.name === b.name && a.help === b.help && a.type === b.type;
  return (
    isSameHead &&
    samples.length === others.length &&
    samples.every((sample, i) => isSameSample(sample, others[i] as Sample, a.name))
  );
}

function isSameSample(a: Sample, b: Sample, name: string): boolean {
  const [labels, others] = [a.labels ?? {}, b.labels ?? {}];
  const names = Object.keys(labels);
  return (
    Object.is(a.value, b.value) &&
    (a.metricName ?? name) === (b.metricName ?? name) &&
    names.length === Object.keys(others).length &&
    names.every((label) => labelText(labels[label]) === labelText(others[label]))
  );
}

function isSameDefinition(a: FamilyDefinition, b: FamilyDefinition): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
