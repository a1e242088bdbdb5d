import { type LabelSet, labelText } from '../model/labels';

const kinds: Readonly<Record<string, number>> = { string: 0, number: 1, boolean: 2, undefined: 4 };
const kindOfNull = 3;
const kindOfOthers = 5;

/**
 * The own labels of `labels`, in their order, as the addon wants them: the number of each name and the kind of its value in
 * turn, and the texts. `indexOf` has a number for each name. Throws what the conversion of a value throws.
 */
export function kindsAndTexts(
  labels: LabelSet,
  indexOf: ReadonlyMap<string, number>,
): { kinds: readonly number[]; texts: readonly string[] } {
  const own = Object.entries(labels);
  return {
    kinds: own.flatMap(([name, value]) => [indexOf.get(name) as number, kindOf(value)]),
    texts: own.map(([, value]) => labelText(value) ?? 'undefined'),
  };
}

function kindOf(value: unknown): number {
  return value === null ? kindOfNull : (kinds[typeof value] ?? kindOfOthers);
}
