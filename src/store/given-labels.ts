import { labelKind } from '../model/label-kind';
import { type LabelSet, labelText } from '../model/labels';

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
    kinds: own.flatMap(([name, value]) => [names.indexOf(name), labelKind(value)]),
    texts: own.map(([, value]) => labelText(value) ?? 'undefined'),
  };
}
