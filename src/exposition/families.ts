import type { MetricFamily } from '../model/family';
import type { LabelSet } from '../model/labels';
import type { TextFamily } from './text';

/** The families of an exposition, each without a newline at its end. */
export function familyTexts(document: string): string[] {
  return document
    .replace(/\n(# EOF\n)?$/, '')
    .split(/\n+(?=# HELP )/)
    .filter((text) => text !== '');
}

/** Families, or texts of families, in the order of `names`; those of other names come last. */
export function inOrderOf<F extends string | { readonly name: string }>(
  names: Iterable<string>,
  families: readonly F[],
): F[] {
  const ranks = new Map([...names].map((name, rank) => [name, rank]));
  const rankOf = (family: F): number => {
    const name = typeof family === 'string' ? /^# HELP (\S+)/.exec(family)?.[1] : family.name;
    // In OpenMetrics a counter's family is named without `_total`.
    return ranks.get(name ?? '') ?? ranks.get(`${name}_total`) ?? ranks.size;
  };
  return [...families].sort((a, b) => rankOf(a) - rankOf(b));
}

/** Prepares a histogram for the text formats, which print `le` before the default labels and all other labels after them. */
export function leFirst(family: MetricFamily): TextFamily {
  const values = family.values.map((sample) => {
    const { le, ...sharedLabels } = sample.labels;
    return { ...sample, labels: le === undefined ? {} : { le }, sharedLabels };
  });
  return { ...family, values };
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
