import { labelCount, unknownLabel } from '../errors';
import type { LabelValue } from './family';

/** Label values by name, as users write them; a label that is left out is no part of the series. */
export type LabelValues<T extends string> = Partial<Record<T, string | number>>;

/** Label values by name as they really come: any JavaScript value. */
export type LabelSet = Readonly<Record<string, LabelValue>>;

/** The text of each label of a series, in the order of the metric's label names; undefined is a label that is absent. */
export type LabelTexts = readonly (string | undefined)[];

/** The identity of a series, and its labels where the texts alone do not tell them. Made once per new series; after that no code of the caller runs. */
export interface SeriesKey {
  /** One text for each label name of the family, undefined where the label is absent. */
  readonly texts: LabelTexts;
  /** Own enumerable labels with the values and in the order in which they were written; undefined when they are exactly the texts in the order of the names. */
  readonly asWritten: LabelSet | undefined;
}

/**
 * What identifies a label value: its text. `undefined` means that the label is absent, which is not the same as ''.
 * Throws what the value's own conversion throws (a symbol: TypeError).
 */
export function labelText(value: LabelValue): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  const isSmall = typeof value === 'number' && value >>> 0 === value && value < smallNumbers.length;
  return isSmall ? smallNumbers[value] : `${value}`;
}

/** Numbers that label values are made of most often, such as status codes. */
const smallNumbers: readonly string[] = Array.from({ length: 1000 }, (_, number) => `${number}`);

/** Throws unless every label of `labels`, inherited ones included, is among `names`. */
export function checkLabels(labels: LabelSet, names: readonly string[]): void {
  for (const name in labels) if (!names.includes(name)) throw unknownLabel(name, names);
}

/** The labels that `labels(...args)` and `remove(...args)` mean: one object, or one value for each of `names`. */
export function labelsOfArguments(args: readonly unknown[], names: readonly string[]): LabelSet {
  const first = args[0];
  if (typeof first === 'object') return (first ?? {}) as LabelSet;
  if (args.length !== names.length) throw labelCount(args, names);
  return Object.fromEntries(names.map((name, i) => [name, args[i]]));
}
