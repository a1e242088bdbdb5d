import type { Exemplar } from '../model/family';
import type { ExposedSeries, LabelText } from './exposed-series';
import { quotedName } from './quoted-names';
import type { TextFamily } from './text';

// The common parts of both versions of OpenMetrics.

/** The lines of TYPE, UNIT and HELP. `stem` is the part of the name that may end with the unit. */
export function headLines(
  name: string,
  type: string,
  { unit, help }: TextFamily,
  stem: string = name,
): string[] {
  const head = quotedName(name, 'metric');
  // Scrapers refuse a unit that is not the end of the name.
  const hasUnit = unit !== undefined && stem.endsWith(`_${unit}`);
  return [
    `# TYPE ${head} ${type}`,
    ...(hasUnit ? [`# UNIT ${head} ${unit}`] : []),
    `# HELP ${head} ${escaped(help)}`,
  ];
}

/** A number as the specification has it; else JavaScript's text. */
export function openMetricsNumber(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return `${value}`;
  return value < 0 ? '-Inf' : '+Inf';
}

/** A bound in the canonical spelling: `0.5`, `1.0`, `1e-05`, `2.5e+06`, `+Inf`. */
export function canonicalNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return openMetricsNumber(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/** A time since 1970 in seconds, as exact as milliseconds are. Undefined where it is not known. */
export function startOf({ created }: ExposedSeries): number | undefined {
  return created !== undefined && created > 0 ? Math.floor(created) / 1000 : undefined;
}

/** The quantiles that OpenMetrics can show, each once. Those of no observations are NaN. */
export function shownQuantiles({ quantiles, count }: ExposedSeries): ExposedSeries['quantiles'] {
  return quantiles
    .filter(({ quantile }, i) => quantile >= 0 && quantile <= 1 && quantile !== quantiles[i - 1]?.quantile)
    .map(({ quantile, value }) => ({ quantile, value: count === 0 ? NaN : value }))
    .filter(({ value }) => !(value < 0));
}

/** The buckets that OpenMetrics and Protobuf can show, each once, that of `+Inf` last. */
export function shownBuckets({ buckets }: ExposedSeries): ExposedSeries['buckets'] {
  return buckets.filter(
    ({ bound }, i) =>
      bound > -Infinity && (bound === Infinity ? i === buckets.length - 1 : bound !== buckets[i - 1]?.bound),
  );
}

export function labelTexts(labels: readonly LabelText[]): string[] {
  return labels.map(([name, text]) => `${quotedName(name, 'label')}="${escaped(text)}"`);
}

export function exemplarLabels({ labelSet }: Exemplar): LabelText[] {
  return Object.entries(labelSet).map(([name, text]): LabelText => [name, `${text}`]);
}

function escaped(text: string): string {
  return `${text}`.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}
