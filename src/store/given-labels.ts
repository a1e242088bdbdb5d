import { type LabelSet, labelText } from '../model/labels';

const kinds: Readonly<Record<string, number>> = { string: 0, number: 1, boolean: 2, undefined: 4 };
const kindOfNull = 3;
const kindOfOthers = 5;

/**
 * The own labels of `labels`, in their order, as the addon wants them: the number of each name and the kind of its value in
 * turn, and the texts. Throws what the conversion of a value throws.
 */
export function kindsAndTexts(
  labels: LabelSet,
  names: readonly string[],
): { kinds: readonly number[]; texts: readonly string[] } {
  const own = Object.entries(labels);
  return {
    kinds: own.flatMap(([name, value]) => [names.indexOf(name), kindOf(value)]),
    texts: own.map(([, value]) => labelText(value) ?? 'undefined'),
  };
}

function kindOf(value: unknown): number {
  return value === null ? kindOfNull : (kinds[typeof value] ?? kindOfOthers);
}
