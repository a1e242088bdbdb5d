import type { LabelSet } from '../model/labels';
import { type EscapingScheme, escapedName, isLegacyName } from '../model/name-escaping';
import type { TextFamily } from './text';

/** The family with names that a reader accepts. Names of prom-client's metrics and labels, which are checked nowhere, are escaped, too. */
export function escapedFamily<F extends TextFamily>(family: F, scheme: EscapingScheme): F {
  if (scheme === 'allow-utf-8' || (scheme !== 'dots' && isLegacy(family))) return family;
  const name = escapedName(family.name, 'metric', scheme);
  const values = family.values?.map((sample) => ({
    ...sample,
    labels: escapedLabels(sample.labels, scheme),
    ...(sample.sharedLabels && { sharedLabels: escapedLabels(sample.sharedLabels, scheme) }),
    ...(sample.metricName && {
      metricName: sample.metricName.startsWith(family.name)
        ? name + sample.metricName.slice(family.name.length)
        : escapedName(sample.metricName, 'metric', scheme),
    }),
  }));
  return { ...family, name, ...(values && { values }) };
}

/** The labels with names that a reader accepts. */
export function escapedLabels<L extends LabelSet>(labels: L, scheme: EscapingScheme): L {
  if (scheme !== 'dots' && haveLegacyNames(labels)) return labels;
  const entries = Object.entries(labels ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [escapedName(name, 'label', scheme), value])) as L;
}

function isLegacy({ name, values = [] }: TextFamily): boolean {
  return (
    isLegacyName(name, 'metric') &&
    values.every(({ labels, sharedLabels }) => haveLegacyNames(labels) && haveLegacyNames(sharedLabels))
  );
}

function haveLegacyNames(labels: LabelSet | undefined): boolean {
  for (const name in labels) if (!isLegacyName(name, 'label')) return false;
  return true;
}
