import type { MetricFamily, Sample } from '../model/family';
import type { LabelSet } from '../model/labels';
import { Slices } from '../slices';
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

/** Families as `getMetricsAsJSON()` has them. Pauses for the event loop if there are thousands of samples. */
export async function familyObjects<F extends TextFamily>(
  families: readonly F[],
  defaultLabels: LabelSet,
): Promise<F[]> {
  const defaults = Object.entries(defaultLabels);
  const objects: F[] = [];
  for (const family of families) objects.push(await familyObject(family, defaults));
  return objects;
}

async function familyObject<F extends TextFamily>(
  family: F,
  defaults: readonly (readonly [string, unknown])[],
): Promise<F> {
  if (family.values === undefined) return family;
  // The samples of a family are alike.
  if (defaults.length === 0 && family.values[0]?.sharedLabels === undefined) return family;
  const slices = new Slices();
  const values: TextSample[] = [];
  for (const sample of family.values) {
    values.push(withDefaults(withAllLabels(sample), defaults));
    if (slices.isDue) await slices.pause();
  }
  return { ...family, values };
}

/** Adds default labels as prom-client's JSON has them: unlike in the text, they also replace a label whose value is falsy. */
export function withDefaultLabels<F extends TextFamily>(family: F, defaultLabels: LabelSet): F {
  if (family.values === undefined || Object.keys(defaultLabels).length === 0) return family;
  const defaults = Object.entries(defaultLabels);
  return { ...family, values: family.values.map((sample) => withDefaults(sample, defaults)) };
}

function withDefaults(sample: TextSample, defaults: readonly (readonly [string, unknown])[]): TextSample {
  if (defaults.length === 0) return sample;
  const labels: Record<string, unknown> = { ...sample.labels };
  for (const [name, value] of defaults) labels[name] ||= value;
  return { ...sample, labels };
}

function nameOf(family: string | { readonly name: string }): string {
  if (typeof family !== 'string') return family.name;
  return /^# (?:HELP|TYPE) ("(?:[^"\\]|\\.)*"|\S*)/.exec(family)?.[1] ?? '';
}
