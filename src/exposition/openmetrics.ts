import type { Exemplar } from '../model/family';
import type { LabelSet } from '../model/labels';
import { validateLabelNames } from '../model/names';
import { type ExposedSeries, exposedSeries, type LabelText } from './exposed-series';
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

/** Of an exemplar's names and values together. */
const mostExemplarCharacters = 128;

interface Names {
  /** Those of the TYPE line. */
  readonly name: string;
  readonly type: string;
  /** That of the samples, without their suffixes. */
  readonly sample: string;
  /** That of the sample with the start time; undefined where there is none. */
  readonly created: string | undefined;
}

/** The names of all families of an exposition. */
export type FamilyNames = Pick<ReadonlySet<string>, 'has'>;

/**
 * One family as OpenMetrics 1.0 has it, without a line feed at its end. Samples that it forbids are left out: counters that are
 * negative or no number, and sums that could fall. With `hasCreated` the start times have samples of their own.
 */
export function openMetricsText(
  family: TextFamily,
  defaultLabels: LabelSet,
  names: FamilyNames,
  hasCreated = false,
): string {
  const own = namesOf(family, names);
  const lines = headLines(own.name, own.type, family);
  for (const series of exposedSeries(family, defaultLabels)) {
    // Only counters and buckets may have exemplars.
    const exemplar = own.type === 'unknown' ? undefined : series.exemplar;
    const samples = linesOf({ ...family, name: own.sample }, { ...series, exemplar });
    const start = hasCreated && samples.length > 0 ? startOf(series) : undefined;
    if (start !== undefined && own.created !== undefined) {
      samples.push(`${sampleText(own.created, labelTexts(series.labels))} ${start}`);
    }
    lines.push(...samples);
  }
  return lines.join('\n');
}

/**
 * A series keeps its name in all exact formats. So a counter whose name does not end in `_total`, or without that is the name of
 * another family, is no counter of OpenMetrics.
 */
function namesOf({ name, type }: TextFamily, names: FamilyNames): Names {
  if (type !== 'counter') {
    const created = names.has(`${name}_created`) || !knownTypes.has(type) ? undefined : `${name}_created`;
    return {
      name,
      type: knownTypes.has(type) ? type : 'unknown',
      sample: name,
      created: type === 'gauge' ? undefined : created,
    };
  }
  const family = name.replace(/_total$/, '');
  const isTaken = names.has(family) || names.has(`${family}_created`);
  return family === name || family === '' || isTaken
    ? { name, type: 'unknown', sample: name, created: undefined }
    : { name: family, type, sample: name, created: `${family}_created` };
}

const knownTypes: ReadonlySet<string> = new Set(['gauge', 'histogram', 'summary']);

function linesOf({ name, type }: TextFamily, series: ExposedSeries): string[] {
  const { value, exemplar, sum, count } = series;
  const line = (suffix: string, number: number, bound: LabelText[] = [], own?: Exemplar): string =>
    `${sampleText(name + suffix, labelTexts([...bound, ...series.labels]))} ${openMetricsNumber(number)}${exemplarText(own)}`;
  const isSumAllowed = sum !== undefined && sum >= 0;
  if (type === 'histogram') {
    const buckets = shownBuckets(series);
    const bucketLines = buckets.map(({ bound, count, exemplar }) =>
      line('_bucket', count, [['le', canonicalNumber(bound)]], exemplar),
    );
    const hasNegative = buckets.some(({ bound }) => bound < 0);
    if (!isSumAllowed || hasNegative || count === undefined) return bucketLines;
    return [...bucketLines, line('_sum', sum), line('_count', count)];
  }
  if (type === 'summary') {
    return [
      ...shownQuantiles(series).map(({ quantile, value }) =>
        line('', value, [['quantile', canonicalNumber(quantile)]]),
      ),
      ...(isSumAllowed ? [line('_sum', sum)] : []),
      ...(count === undefined ? [] : [line('_count', count)]),
    ];
  }
  const isCounter = type === 'counter';
  if (value === undefined || (isCounter && !(value >= 0))) return [];
  return [line('', value, [], isCounter ? exemplar : undefined)];
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const labels = exemplarLabels(exemplar);
  const characters = [...labels.flat().join('')].length;
  if (characters > mostExemplarCharacters || !validateLabelNames(labels.map(([name]) => name))) return '';
  const time = exemplar.timestamp === undefined ? '' : ` ${exemplar.timestamp}`;
  return ` # {${labelTexts(labels).join(',')}} ${openMetricsNumber(exemplar.value)}${time}`;
}
