import type { TextFamily } from '../exposition/text';
import type { MetricFamily, Sample } from '../model/family';

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
  const places = new Map([...names].map((name, place) => [name, place]));
  const placeOf = (family: F): number => {
    const name = typeof family === 'string' ? nameOfText(family) : family.name;
    // In OpenMetrics a counter's family has lost the end of its name.
    return places.get(name) ?? places.get(`${name}_total`) ?? places.size;
  };
  return [...families].sort((a, b) => placeOf(a) - placeOf(b));
}

/** Histograms print `le` before the default labels and their own labels after them. */
export function leFirst(family: MetricFamily): TextFamily {
  const values = family.values.map((sample: Sample) => {
    const { le, ...sharedLabels } = sample.labels;
    return { ...sample, labels: le === undefined ? {} : { le }, sharedLabels };
  });
  return { ...family, values };
}

function nameOfText(family: string): string {
  return family.slice('# HELP '.length, family.indexOf(' ', '# HELP '.length));
}
