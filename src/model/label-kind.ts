/** What kind of value a label was given, by the numbers of docs/format.md, "Records". */
export const LabelKind = { string: 0, number: 1, boolean: 2, null: 3, undefined: 4, other: 5 } as const;

export function labelKind(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return LabelKind.string;
    case 'number':
      return LabelKind.number;
    case 'boolean':
      return LabelKind.boolean;
    case 'undefined':
      return LabelKind.undefined;
    default:
      return value === null ? LabelKind.null : LabelKind.other;
  }
}
