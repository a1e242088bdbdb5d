import type { Exemplar, MetricType, Sample } from '../model/family';
import type { LabelSet } from '../model/labels';
import { quotedName, sampleText } from './quoted-names';

export interface TextFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly unit?: string | undefined;
  readonly values?: readonly TextSample[];
}

/** A line. Its own labels are printed first, default labels next, and the labels that it shares with its neighbours last. */
export interface TextSample extends Sample {
  readonly sharedLabels?: LabelSet;
}

/** The formats of prom-client's `metrics()`. */
export type ClientFormat = 'prometheus' | 'openmetrics';

/** One family with its HELP and TYPE lines, without a newline at the end; prom-client's output to the byte. */
export function familyText(family: TextFamily, defaultLabels: LabelSet, format: ClientFormat): string {
  const isTotal = format === 'openmetrics' && family.type === 'counter';
  const name = isTotal ? family.name.replace(/_total$/, '') : family.name;
  const head = quotedName(name, 'metric');
  const lines = [`# HELP ${head} ${escapeText(family.help)}`, `# TYPE ${head} ${family.type}`];
  for (const sample of family.values ?? []) {
    const sampleName = `${sample.metricName ?? name}${isTotal ? '_total' : ''}`;
    const line = `${sampleText(sampleName, labelTexts(sample, defaultLabels))} ${numberText(sample.value)}`;
    lines.push(format === 'openmetrics' ? `${line}${exemplarText(sample.exemplar)}` : line);
  }
  return lines.join('\n');
}

/** A number as prom-client spells it: JavaScript's text, but for `Nan`, `+Inf` and `-Inf`. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return 'Nan';
  return value < 0 ? '-Inf' : '+Inf';
}

function labelTexts(sample: TextSample, defaultLabels: LabelSet): string[] {
  const { labels, sharedLabels = {} } = sample;
  const parts: string[] = [];
  // Own labels keep their position and their value; default labels only add labels.
  const own = { ...labels, ...defaultLabels, ...labels };
  for (const name of Object.keys(own)) {
    if (!Object.hasOwn(sharedLabels, name)) parts.push(labelText(name, own[name]));
  }
  for (const name of Object.keys(sharedLabels)) parts.push(labelText(name, sharedLabels[name]));
  return parts;
}

/**
 * The exemplar after a value. prom-client's exemplars have neither value nor time when their labels were too long, and its text
 * then has an `undefined` that no scraper accepts; here the exemplar is left out.
 */
function exemplarText(exemplar: Exemplar | null | undefined): string {
  if (typeof exemplar?.value !== 'number') return '';
  const { labelSet, value, timestamp } = exemplar;
  const labels = Object.entries(labelSet).map(([name, text]) => labelText(name, text));
  const time = timestamp === undefined ? '' : ` ${timestamp}`;
  return ` # {${labels.join(',')}} ${numberText(value)}${time}`;
}

/** Only strings are escaped: prom-client prints other values as their text. */
function labelText(name: string, value: unknown): string {
  return `${quotedName(name, 'label')}="${typeof value === 'string' ? escapeText(value).replace(/"/g, '\\"') : value}"`;
}

function escapeText(value: string): string {
  const text = `${value}`;
  return /[\\\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n') : text;
}
