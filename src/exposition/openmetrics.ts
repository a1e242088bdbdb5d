import type { Exemplar } from '../model/family';
import type { LabelSet } from '../model/labels';
import { validateLabelNames } from '../model/names';
import { type ExposedSeries, exposedSeries, type LabelText } from './exposed-series';
import { quotedName, sampleText } from './quoted-names';
import type { TextFamily } from './text';

/** Of an exemplar's names and values together. */
const mostExemplarCharacters = 128;

/**
 * One family as OpenMetrics 1.0 has it, without a line feed at its end. Samples that it forbids are left out: counters that are
 * negative or no number, and sums that could fall. `names` are those of all families of the exposition.
 */
export function openMetricsText(
  family: TextFamily,
  defaultLabels: LabelSet,
  names: ReadonlySet<string>,
): string {
  const { name, type, sample } = namesOf(family, names);
  const head = quotedName(name, 'metric');
  const lines = [`# TYPE ${head} ${type}`];
  // Scrapers refuse a unit that is not the end of the name.
  if (family.unit !== undefined && name.endsWith(`_${family.unit}`))
    lines.push(`# UNIT ${head} ${family.unit}`);
  lines.push(`# HELP ${head} ${escaped(family.help)}`);
  for (const series of exposedSeries(family, defaultLabels)) {
    // Only counters and buckets may have exemplars.
    const exemplar = type === 'unknown' ? undefined : series.exemplar;
    lines.push(...linesOf({ ...family, name: sample }, { ...series, exemplar }));
  }
  return lines.join('\n');
}

/** A number as the specification has it; else JavaScript's text. */
function openMetricsNumber(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return `${value}`;
  return value < 0 ? '-Inf' : '+Inf';
}

/** A bound in the canonical spelling: `0.5`, `1.0`, `1e-05`, `2.5e+06`, `+Inf`. */
function canonicalNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return openMetricsNumber(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/**
 * A series keeps its name in all exact formats. So a counter whose name does not end in `_total`, or without that is the name of
 * another family, is no counter of OpenMetrics.
 */
function namesOf(
  { name, type }: TextFamily,
  names: ReadonlySet<string>,
): { name: string; type: string; sample: string } {
  if (type !== 'counter') return { name, type: knownTypes.has(type) ? type : 'unknown', sample: name };
  const family = name.replace(/_total$/, '');
  const isTaken = names.has(family) || names.has(`${family}_created`);
  if (family === name || family === '' || isTaken) return { name, type: 'unknown', sample: name };
  return { name: family, type, sample: name };
}

const knownTypes: ReadonlySet<string> = new Set(['gauge', 'histogram', 'summary']);

function linesOf({ name, type }: TextFamily, series: ExposedSeries): string[] {
  const { value, exemplar, buckets, quantiles, sum, count } = series;
  const line = (suffix: string, number: number, bound: LabelText[] = [], own?: Exemplar): string =>
    `${sampleText(name + suffix, labelTexts([...bound, ...series.labels]))} ${openMetricsNumber(number)}${exemplarText(own)}`;
  const isSumAllowed = sum !== undefined && sum >= 0;
  if (type === 'histogram') {
    const bucketLines = buckets.map(({ bound, count, exemplar }) =>
      line('_bucket', count, [['le', canonicalNumber(bound)]], exemplar),
    );
    const hasNegative = buckets.some(({ bound }) => bound < 0);
    if (!isSumAllowed || hasNegative || count === undefined) return bucketLines;
    return [...bucketLines, line('_sum', sum), line('_count', count)];
  }
  if (type === 'summary') {
    return [
      ...quantiles
        .map(({ quantile, value }) => ({ quantile, value: count === 0 ? NaN : value }))
        .filter(({ value }) => !(value < 0))
        .map(({ quantile, value }) => line('', value, [['quantile', canonicalNumber(quantile)]])),
      ...(isSumAllowed ? [line('_sum', sum)] : []),
      ...(count === undefined ? [] : [line('_count', count)]),
    ];
  }
  const isCounter = type === 'counter';
  if (value === undefined || (isCounter && !(value >= 0))) return [];
  return [line('', value, [], isCounter ? exemplar : undefined)];
}

function labelTexts(labels: readonly LabelText[]): string[] {
  return labels.map(([name, text]) => `${quotedName(name, 'label')}="${escaped(text)}"`);
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const labels = Object.entries(exemplar.labelSet).map(([name, text]): LabelText => [name, `${text}`]);
  const characters = [...labels.flat().join('')].length;
  if (characters > mostExemplarCharacters || !validateLabelNames(labels.map(([name]) => name))) return '';
  const time = exemplar.timestamp === undefined ? '' : ` ${exemplar.timestamp}`;
  return ` # {${labelTexts(labels).join(',')}} ${openMetricsNumber(exemplar.value)}${time}`;
}

function escaped(text: string): string {
  return `${text}`.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}
