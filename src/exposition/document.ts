import type { LabelSet } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import { escapedFamily, escapedLabels } from './escaped-family';
import { openMetricsText } from './openmetrics';
import { type ClientFormat, familyText, type TextFamily } from './text';

/** `openmetrics` is OpenMetrics as prom-client writes it, `openmetrics-1.0.0` as its specification has it. */
export type TextFormat = ClientFormat | 'openmetrics-1.0.0';

/** All formats of a scrape. `protobuf` is io.prometheus.client.MetricFamily, delimited. */
export type ExpositionFormat = TextFormat | 'protobuf';

/** One family without a line feed at its end. `names` are those of all families of the exposition. */
export function textIn(
  format: TextFormat,
  family: TextFamily,
  defaultLabels: LabelSet,
  names: ReadonlySet<string>,
  escaping: EscapingScheme = 'underscores',
): string {
  const escaped = escapedFamily(family, escaping);
  const labels = escapedLabels(defaultLabels, escaping);
  return format === 'openmetrics-1.0.0'
    ? openMetricsText(escaped, labels, names)
    : familyText(escaped, labels, format);
}

/** The whole exposition, from the texts of its families. */
export function documentText(families: readonly string[], format: TextFormat): string {
  if (format === 'prometheus') return `${families.join('\n\n')}\n`;
  // prom-client has the line feed also where there is no family.
  const isEmpty = format === 'openmetrics-1.0.0' && families.length === 0;
  return `${families.join('\n')}${isEmpty ? '' : '\n'}# EOF\n`;
}

/** The families of an exposition, each without a line feed at its end. */
export function familyTexts(document: string, format: TextFormat): string[] {
  return document
    .replace(/(^|\n)(# EOF\n)?$/, '')
    .split(format === 'openmetrics-1.0.0' ? /\n(?=# TYPE )/ : /\n+(?=# HELP )/)
    .filter((text) => text !== '');
}
