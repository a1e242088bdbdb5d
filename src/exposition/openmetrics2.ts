import type { Exemplar, NativeBucket, NativeHistogram } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import { validateLabelNames } from '../model/names';
import { type ExposedSeries, exposedSeries } from './exposed-series';
import { nativeCount, spansOf } from './native-spans';
import {
  canonicalNumber,
  exemplarLabels,
  headLines,
  labelTexts,
  openMetricsNumber,
  shownBuckets,
  shownQuantiles,
  startOf,
} from './openmetrics-parts';
import { sampleText } from './quoted-names';
import type { TextFamily } from './text';

/**
 * One family as OpenMetrics 2.0-rc has it, without a line feed at its end: a histogram or a summary is one sample with a value of
 * several numbers. Counters that are negative or no number are left out, and summaries whose sum could fall.
 */
export function openMetrics2Text(
  family: TextFamily,
  defaultLabels: LabelSet,
  escaping: EscapingScheme,
): string {
  const type = knownTypes.has(family.type) ? family.type : 'unknown';
  const stem = type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  const lines = headLines(family.name, type, family, stem);
  for (const series of exposedSeries(family, defaultLabels)) {
    const value = valueText(type, series);
    if (value === undefined) continue;
    const hasStart = type !== 'gauge' && type !== 'unknown';
    const start = hasStart ? startOf(series) : undefined;
    const exemplars = exemplarsOf(type, series).map((exemplar) => exemplarText(exemplar, escaping));
    const head = sampleText(family.name, labelTexts(series.labels));
    lines.push(`${head} ${value}${start === undefined ? '' : ` st@${start}`}${exemplars.join('')}`);
  }
  return lines.join('\n');
}

const knownTypes: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary']);

/** Undefined where the specification allows none. */
function valueText(type: string, series: ExposedSeries): string | undefined {
  if (type === 'histogram') return histogramValue(series);
  if (type === 'summary') return summaryValue(series);
  const { value } = series;
  return value === undefined || (type === 'counter' && !(value >= 0)) ? undefined : openMetricsNumber(value);
}

function summaryValue(series: ExposedSeries): string | undefined {
  const { count, sum } = series;
  if (count === undefined || sum === undefined || !(count >= 0 && sum >= 0)) return undefined;
  const quantiles = shownQuantiles(series).map(
    ({ quantile, value }) => `${canonicalNumber(quantile)}:${openMetricsNumber(value)}`,
  );
  return `{${countAndSum(count, sum)},quantile:[${quantiles.join(',')}]}`;
}

/**
 * The count is that of either kind of buckets. An observation that is half written is in exponential ones only; where there are more
 * in the classic ones, some process has no others, and these would contradict the count.
 */
function histogramValue(series: ExposedSeries): string | undefined {
  const { native, sum = 0 } = series;
  const classicCount = series.count ?? series.buckets.at(-1)?.count ?? 0;
  const count = native === undefined ? classicCount : nativeCount(native);
  const buckets = shownBuckets(series).filter(({ bound }) => bound < Infinity);
  const hasClassic = native === undefined || (buckets.length > 0 && classicCount <= count);
  const classic = buckets.map(
    ({ bound, count: cumulative }) => `${canonicalNumber(bound)}:${openMetricsNumber(cumulative)}`,
  );
  const parts = [
    countAndSum(count, sum),
    ...(native === undefined ? [] : nativeParts(native)),
    ...(hasClassic ? [`bucket:[${[...classic, `+Inf:${openMetricsNumber(count)}`].join(',')}]`] : []),
  ];
  return `{${parts.join(',')}}`;
}

function countAndSum(count: number, sum: number): string {
  return `count:${openMetricsNumber(count)},sum:${openMetricsNumber(sum)}`;
}

function nativeParts({ schema, zeroThreshold, zeroCount, positive, negative }: NativeHistogram): string[] {
  return [
    `schema:${schema}`,
    `zero_threshold:${zeroThreshold}`,
    `zero_count:${zeroCount}`,
    ...bucketParts('negative', negative),
    ...bucketParts('positive', positive),
  ];
}

function bucketParts(sign: string, buckets: readonly NativeBucket[]): string[] {
  if (buckets.length === 0) return [];
  const { spans, counts } = spansOf(buckets, 1);
  const pairs = spans.map(({ offset, length }) => `${offset}:${length}`);
  return [`${sign}_spans:[${pairs.join(',')}]`, `${sign}_buckets:[${counts.join(',')}]`];
}

function exemplarsOf(type: string, { exemplar, buckets }: ExposedSeries): Exemplar[] {
  if (type === 'counter') return exemplar === undefined ? [] : [exemplar];
  return type === 'histogram' ? buckets.flatMap(({ exemplar: own }) => own ?? []) : [];
}

/** '' for an exemplar without a time, or with names that the reader does not accept. */
function exemplarText(exemplar: Exemplar, escaping: EscapingScheme): string {
  const labels = exemplarLabels(exemplar);
  const areReadable = escaping === 'allow-utf-8' || validateLabelNames(labels.map(([name]) => name));
  if (exemplar.timestamp === undefined || !areReadable) return '';
  return ` # {${labelTexts(labels).join(',')}} ${openMetricsNumber(exemplar.value)} ${exemplar.timestamp}`;
}
