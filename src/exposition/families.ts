import type { MetricFamily, Sample } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { TextFamily, TextSample } from './text';

/** Families, or texts of families, in the order of `names`; those of other names come last. */
export function inOrderOf<F extends string | { readonly name: string }>(
  names: Iterable<string>,
  families: readonly F[],
): F[] {
  const ranks = new Map([...names].map((name, rank) => [name, rank]));
  const rankOf = (family: F): number => {
    const name = nameOf(family);
    // In OpenMetrics a counter's family is named without `_total`.
    return ranks.get(name ?? '') ?? ranks.get(`${name}_total`) ?? ranks.size;
  };
  return [...families].sort((a, b) => rankOf(a) - rankOf(b));
}

/** Those of `families` whose names none of `others` has. */
export function withoutNamesOf<F extends string | { readonly name: string }>(
  others: readonly F[],
  families: readonly F[],
): F[] {
  const names = new Set(others.map(nameOf));
  return families.filter((family) => !names.has(nameOf(family)));
}

/** Prepares a histogram for the text formats, which print `le` before the default labels and all other labels after them. */
export function leFirst(family: MetricFamily): TextFamily {
  const values = family.values.map((sample) => {
    const { le, ...sharedLabels } = sample.labels;
    return { ...sample, labels: le === undefined ? {} : { le }, sharedLabels };
  });
  return { ...family, values };
}

/** The family with all labels of a sample in one object, as in prom-client's objects. */
export function withoutSharedLabels<F extends TextFamily>(family: F): F {
  if (!family.values?.some(({ sharedLabels }) => sharedLabels)) return family;
  return { ...family, values: family.values.map(withAllLabels) };
}

/** The sample with its shared labels among its own. */
export function withAllLabels(sample: TextSample): Sample {
  if (sample.sharedLabels === undefined) return sample;
  const { sharedLabels, labels, ...rest } = sample;
  return { ...rest, labels: { ...labels, ...sharedLabels } };
}

/** Adds default labels as prom-client's JSON has them: unlike in the text, they also replace a label whose value is falsy. */
export function withDefaultLabels<F extends TextFamily>(family: F, defaultLabels: LabelSet): F {
  if (family.values === undefined || Object.keys(defaultLabels).length === 0) return family;
  const values = family.values.map((sample) => {
    const labels: Record<string, unknown> = { ...sample.labels };
    for (const [name, value] of Object.entries(defaultLabels)) labels[name] ||= value;
    return { ...sample, labels };
  });
  return { ...family, values };
}

function nameOf(family: string | { readonly name: string }): string {
  if (typeof family !== 'string') return family.name;
  return /^# (?:HELP|TYPE) ("(?:[^"\\]|\\.)*"|\S*)/.exec(family)?.[1] ?? '';
}
