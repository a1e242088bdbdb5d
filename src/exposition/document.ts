import type { LabelSet } from '../model/labels';
import type { EscapingScheme } from '../model/name-escaping';
import { escapedFamily, escapedLabels } from './escaped-family';
import { type FamilyNames, openMetricsText } from './openmetrics';
import { openMetrics2Text } from './openmetrics2';
import { type ClientFormat, familyText, type TextFamily } from './text';

/**
 * `openmetrics` is OpenMetrics as prom-client writes it. The others are as its specifications have it; `-created` is with samples
 * for start times.
 */
export type TextFormat =
  | ClientFormat
  | 'openmetrics-1.0.0'
  | 'openmetrics-1.0.0-created'
  | 'openmetrics-2.0.0';

/** All formats of a scrape. `protobuf` is io.prometheus.client.MetricFamily, delimited. */
export type ExpositionFormat = TextFormat | 'protobuf';

/** One family without a line feed at its end. */
export function textIn(
  format: TextFormat,
  family: TextFamily,
  defaultLabels: LabelSet,
  names: FamilyNames,
  escaping: EscapingScheme = 'underscores',
): string {
  const escaped = escapedFamily(family, escaping);
  const labels = escapedLabels(defaultLabels, escaping);
  if (format === 'openmetrics-2.0.0') return openMetrics2Text(escaped, labels, escaping);
  return isExact(format)
    ? openMetricsText(escaped, labels, names, format === 'openmetrics-1.0.0-created')
    : familyText(escaped, labels, format);
}

/** Whether the format is OpenMetrics as a specification has it. */
function isExact(format: TextFormat): format is Exclude<TextFormat, ClientFormat> {
  return format.startsWith('openmetrics-');
}

/** The whole exposition, from the texts of its families. */
export function documentText(families: readonly string[], format: TextFormat): string {
  if (format === 'prometheus') return `${families.join('\n\n')}\n`;
  // prom-client has the line feed also where there is no family.
  const isEmpty = isExact(format) && families.length === 0;
  return `${families.join('\n')}${isEmpty ? '' : '\n'}# EOF\n`;
}

/** The families of an exposition, each without a line feed at its end. */
export function familyTexts(document: string, format: TextFormat): string[] {
  return document
    .replace(/(^|\n)(# EOF\n)?$/, '')
    .split(isExact(format) ? /\n(?=# TYPE )/ : /\n+(?=# HELP )/)
    .filter((text) => text !== '');
}
