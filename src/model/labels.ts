import { labelCount, unknownLabel } from '../errors';
import type { LabelValue } from './family';

/** Label values by name, as users write them; a label that is left out is no part of the series. */
export type LabelValues<T extends string> = Partial<Record<T, string | number>>;

/** Label values by name as they really come: any JavaScript value. */
export type LabelSet = Readonly<Record<string, LabelValue>>;

/** The text of each label of a series, in the order of the metric's label names; undefined is a label that is absent. */
export type LabelTexts = readonly (string | undefined)[];

/** Identifies a new series. All code of the caller (getters, conversions to text) has run when there is a key. */
export interface SeriesKey {
  readonly texts: LabelTexts;
  /**
   * The own enumerable labels with the values and in the order in which the caller wrote them; undefined when they are exactly
   * the texts in the order of the label names.
   */
  readonly asWritten: LabelSet | undefined;
}

/**
 * The text that identifies a label value. `undefined` means that the label is absent, which is not the same as ''.
 * Throws the error of the value's own conversion (a symbol: TypeError).
 */
export function labelText(value: LabelValue): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  const isSmall = typeof value === 'number' && value >>> 0 === value && value < smallNumbers.length;
  return isSmall ? smallNumbers[value] : `${value}`;
}

/** The texts of the most frequent numbers, such as status codes. */
const smallNumbers: readonly string[] = Array.from({ length: 1000 }, (_, number) => `${number}`);

/** Throws unless every enumerable label, inherited ones included, is among `names`. */
export function checkLabels(labels: LabelSet, names: readonly string[]): void {
  for (const name in labels) if (!names.includes(name)) throw unknownLabel(name, names);
}

/** Converts every label once. Throws as `checkLabels()` and `labelText()` do. */
export function seriesKey(labels: LabelSet, names: readonly string[]): SeriesKey {
  const strings = stringsInOrder(labels, names);
  if (strings !== undefined) return { texts: strings, asWritten: undefined };
  checkLabels(labels, names);
  const own = { ...labels };
  checkLabels(own, names); // a getter may have added a label
  // Inherited labels and those that are not enumerable identify a series, but are not printed.
  const texts = names.map((name) => labelText(Object.hasOwn(own, name) ? own[name] : labels[name]));
  return { texts, asWritten: isWrittenAs(own, texts, names) ? undefined : own };
}

/** The values of labels that are all there, as strings and in the order of `names`: most are, and to find out is fast. */
function stringsInOrder(labels: LabelSet, names: readonly string[]): LabelTexts | undefined {
  const texts = new Array<string>(names.length);
  let count = 0;
  for (const name in labels) {
    const value = labels[name];
    if (name !== names[count] || typeof value !== 'string') return undefined;
    texts[count++] = value;
  }
  if (count < names.length) return undefined;
  // Inherited labels are listed last.
  return count === 0 || Object.hasOwn(labels, names[count - 1] as string) ? texts : undefined;
}

function isWrittenAs(labels: LabelSet, texts: LabelTexts, names: readonly string[]): boolean {
  const written = Object.keys(labels);
  let count = 0;
  for (let i = 0; i < names.length; i++) {
    if (texts[i] === undefined) continue;
    if (written[count] !== names[i] || labels[written[count] as string] !== texts[i]) return false;
    count++;
  }
  return count === written.length;
}

/** The labels that `labels(...args)` and `remove(...args)` mean: one object, or one value for each of `names`. */
export function labelsOfArguments(args: readonly unknown[], names: readonly string[]): LabelSet {
  const first = args[0];
  if (typeof first === 'object') return (first ?? {}) as LabelSet;
  if (args.length !== names.length) throw labelCount(args, names);
  return Object.fromEntries(names.map((name, i) => [name, args[i]]));
}
