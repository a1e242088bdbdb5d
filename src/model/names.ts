import { escapedName, isLegacyName, isUtf8Name } from './name-escaping';

/** Which names metrics and labels may have: letters, digits and underscores, or all of UTF-8, as Prometheus 3 accepts. */
export type NameValidation = 'legacy' | 'utf8';

/** Whether every Prometheus accepts `name` as the name of a metric. */
export function validateMetricName(name: string, validation: NameValidation = 'legacy'): boolean {
  return validation === 'utf8' ? isUtf8Name(name) : isLegacyName(name, 'metric');
}

/** Whether every Prometheus accepts all of `names` as names of labels. */
export function validateLabelNames(names: readonly string[], validation: NameValidation = 'legacy'): boolean {
  return names.every((name) => (validation === 'utf8' ? isUtf8Name(name) : isLegacyName(name, 'label')));
}

/** Two of the names that are one for readers which accept letters, digits and underscores only. */
export function collidingLabels(names: readonly string[]): readonly [string, string] | undefined {
  if (names.length < 2) return undefined;
  const known = new Map<string, string>();
  for (const name of names) {
    const escaped = escapedName(name, 'label', 'underscores');
    const other = known.get(escaped) ?? name;
    if (other !== name) return [other, name];
    known.set(escaped, name);
  }
  return undefined;
}

/**
 * The unit of a metric; undefined unless its name, without `_total`, ends with it, as OpenMetrics demands. It is no error then:
 * applications may have such a property in configurations for prom-client, which ignores it.
 */
export function unitOf(name: string, unit: unknown): string | undefined {
  const isUnit = typeof unit === 'string' && isLegacyName(unit, 'metric');
  return isUnit && name.replace(/_total$/, '').endsWith(`_${unit}`) ? unit : undefined;
}
