import type { MetricType } from '../model/family';
import type { InstrumentDescriptor } from './api';
import { unitSuffix } from './units';

/**
 * How names of OpenTelemetry become names of Prometheus. `suffixes`: as the specification says, with unit and `_total`.
 * `underscores`: the name alone. `utf8`: with unit and `_total`, but all characters as they are. `none`: the name as it is.
 * `exporter`: letter for letter as @opentelemetry/exporter-prometheus, with `_total` and no unit.
 */
export type Translation = 'suffixes' | 'underscores' | 'utf8' | 'none' | 'exporter';

export const translations: readonly Translation[] = ['suffixes', 'underscores', 'utf8', 'none', 'exporter'];

function keepsCharacters(translation: Translation): boolean {
  return translation === 'utf8' || translation === 'none';
}

/** The name of the family of an instrument. `prefix` is '' or comes before it with an underscore. */
export function familyName(
  { name, unit, type }: Pick<InstrumentDescriptor, 'name' | 'unit' | 'type'>,
  translation: Translation,
  prefix: string,
): string {
  const isCounter = familyType(type) === 'counter';
  const written = prefix === '' ? name : `${prefix}_${name}`;
  if (translation === 'exporter') return exporterName(name, prefix, isCounter);
  const plain = keepsCharacters(translation) ? textName(written) : plainName(written);
  if (translation === 'underscores' || translation === 'none') return plain;
  const isRatio = unit === '1' && familyType(type) === 'gauge';
  const suffix = isRatio ? 'ratio' : unitSuffix(unit);
  let full = isCounter ? plain.replace(/_total$/, '') : plain;
  if (suffix !== '' && full !== suffix && !full.endsWith(`_${suffix}`)) full = joined(full, suffix);
  return isCounter ? joined(full, 'total') : full;
}

/** The name of the label for an attribute key. */
export function labelName(key: string, translation: Translation): string {
  if (keepsCharacters(translation)) return textName(key);
  return withoutDigitFirst(key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/_{2,}/g, '_')) || '_';
}

export function familyType(type: InstrumentDescriptor['type']): MetricType {
  if (type === 'HISTOGRAM') return 'histogram';
  return type === 'COUNTER' || type === 'OBSERVABLE_COUNTER' ? 'counter' : 'gauge';
}

function plainName(name: string): string {
  return withoutDigitFirst(name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/_{2,}/g, '_')) || '_';
}

/** Any text that has a form in UTF-8. */
function textName(name: string): string {
  return name.replace(/\p{Surrogate}/gu, '\ufffd') || '_';
}

function exporterName(name: string, prefix: string, isCounter: boolean): string {
  const plain = name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/_{2,}/g, '_');
  const full = withoutDigitFirst(prefix === '' ? plain : `${prefix}_${plain}`) || '_';
  return isCounter && !full.endsWith('_total') ? `${full}_total` : full;
}

function withoutDigitFirst(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}

function joined(name: string, suffix: string): string {
  return `${name.replace(/_$/, '')}_${suffix}`;
}
