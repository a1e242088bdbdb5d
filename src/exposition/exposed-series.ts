import type { Exemplar, NativeHistogram } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { TextFamily, TextSample } from './text';

export type LabelText = readonly [name: string, text: string];

/** One label set of a family, with all that formats other than prom-client's say of it. */
export interface ExposedSeries {
  /** Without `le` and `quantile`, in the order in which they are printed. */
  readonly labels: readonly LabelText[];
  /** Of a counter or a gauge. */
  value: number | undefined;
  exemplar: Exemplar | undefined;
  /** Of a histogram: cumulative, the bucket of `+Inf` last. */
  readonly buckets: {
    readonly bound: number;
    readonly count: number;
    readonly exemplar: Exemplar | undefined;
  }[];
  /** Of a summary. */
  readonly quantiles: { readonly quantile: number; readonly value: number }[];
  sum: number | undefined;
  count: number | undefined;
  native: NativeHistogram | undefined;
  /** When it was made, in ms since 1970, where that is known. */
  created: number | undefined;
}

/** The series of a family. Samples of one label set become neighbours. */
export function exposedSeries(family: TextFamily, defaultLabels: LabelSet): ExposedSeries[] {
  const all = new Map<string, ExposedSeries>();
  for (const sample of family.values ?? []) {
    const labels = labelTexts(sample, defaultLabels);
    const own = labels.filter(([name]) => !isBoundLabel(family, name));
    const key = JSON.stringify([...own].sort(([a], [b]) => (a < b ? -1 : 1)));
    const series = all.get(key) ?? newSeries(own);
    all.set(key, series);
    addSample(family, series, sample);
  }
  for (const { buckets, quantiles } of all.values()) {
    buckets.sort((a, b) => a.bound - b.bound);
    quantiles.sort((a, b) => a.quantile - b.quantile);
  }
  return [...all.values()];
}

/** The labels of a sample in the order of prom-client's text. */
function labelTexts({ labels, sharedLabels = {} }: TextSample, defaultLabels: LabelSet): LabelText[] {
  const own = Object.entries({ ...labels, ...defaultLabels, ...labels });
  return [...own.filter(([name]) => !Object.hasOwn(sharedLabels, name)), ...Object.entries(sharedLabels)].map(
    ([name, value]) => [name, `${value}`],
  );
}

function newSeries(labels: readonly LabelText[]): ExposedSeries {
  return {
    labels,
    value: undefined,
    exemplar: undefined,
    buckets: [],
    quantiles: [],
    sum: undefined,
    count: undefined,
    native: undefined,
    created: undefined,
  };
}

function isBoundLabel({ type }: TextFamily, label: string): boolean {
  return (type === 'histogram' && label === 'le') || (type === 'summary' && label === 'quantile');
}

function addSample({ name, type }: TextFamily, series: ExposedSeries, sample: TextSample): void {
  const { labels, metricName = name, created } = sample;
  const value = numberOf(sample.value);
  if (typeof created === 'number') series.created ??= created;
  const exemplar = typeof sample.exemplar?.value === 'number' ? sample.exemplar : undefined;
  const isDistribution = type === 'histogram' || type === 'summary';
  if (isDistribution && metricName === `${name}_sum`) series.sum = value;
  else if (isDistribution && metricName === `${name}_count`) {
    Object.assign(series, { count: value, native: sample.native });
  } else if (type === 'histogram') {
    series.buckets.push({ bound: boundOf(labels['le']), count: value, exemplar });
  } else if (type === 'summary') series.quantiles.push({ quantile: boundOf(labels['quantile']), value });
  else Object.assign(series, { value, exemplar });
}

/** A foreign metric may have its numbers as texts or bigints. */
function numberOf(value: unknown): number {
  return typeof value === 'string' || typeof value === 'bigint' ? Number(value) : (value as number);
}

function boundOf(label: unknown): number {
  return label === '+Inf' ? Infinity : Number(label);
}
