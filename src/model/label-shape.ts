import { type LabelSet, type LabelTexts, labelText } from './labels';

/**
 * What there is to tell of a label set beside the texts of its labels: in which order they were given, and which values were no
 * strings. It is a number with a digit for each label, the first one lowest: `1 + place * kinds + kind`, where the place is that
 * of its name. 0 is the plain shape: strings in the order of the names. The addon reads and writes it, too.
 */
export type LabelShape = number;

/** The shape of label sets that have none, because of their number or their values: they are told as they were given. */
export const noShape: LabelShape = -1;

const plain: LabelShape = 0;
const base = 64;
const kinds = 5;
// As docs/format.md, "Records", has them.
const ofString = 0;
const ofNumber = 1;
const ofBoolean = 2;
const ofNull = 3;
const ofUndefined = 4;
/** So many digits are exact in a number. */
const mostLabels = 8;
const mostNames = Math.floor((base - 1) / kinds);

/** The shape of `labels`, whose texts are `texts`. Only own enumerable labels are told. */
export function shapeOf(texts: LabelTexts, labels: LabelSet, names: readonly string[]): LabelShape {
  const own = Object.keys(labels);
  let isPlain = true;
  let last = -1;
  let told = 0;
  let shape = 0;
  let unit = 1;
  for (let i = 0; i < own.length; i++) {
    const place = names.indexOf(own[i] as string);
    const value = labels[own[i] as string];
    const kind = kindOf(value);
    // To read it again may give another one.
    if (kind < 0 || place < 0 || labelText(value) !== texts[place]) return noShape;
    isPlain &&= kind === ofString && place > last;
    last = place;
    if (kind !== ofUndefined) told++;
    shape += unit * (1 + place * kinds + kind);
    unit *= base;
  }
  for (let i = 0; i < texts.length; i++) if (texts[i] !== undefined) told--;
  if (told !== 0) return noShape;
  if (isPlain) return plain;
  return own.length <= mostLabels && names.length <= mostNames ? shape : noShape;
}

/** The labels of that shape and with these texts, as they were given; undefined if the texts tell all of them. */
export function givenOf(
  shape: LabelShape,
  texts: LabelTexts,
  names: readonly string[],
): LabelSet | undefined {
  if (shape === plain) return undefined;
  const labels: Record<string, unknown> = {};
  for (let rest = shape; rest > 0; rest = Math.floor(rest / base)) {
    const digit = (rest % base) - 1;
    const place = Math.floor(digit / kinds);
    labels[names[place] as string] = primitiveOf(digit % kinds, texts[place] as string);
  }
  return labels;
}

/** Negative for what its text does not tell: objects, but also -0, whose text is that of 0. */
function kindOf(value: unknown): number {
  if (typeof value === 'string') return ofString;
  if (typeof value === 'number') return Object.is(value, -0) ? -1 : ofNumber;
  if (typeof value === 'boolean') return ofBoolean;
  if (value === null) return ofNull;
  return value === undefined ? ofUndefined : -1;
}

function primitiveOf(kind: number, text: string): unknown {
  if (kind === ofNumber) return Number(text);
  if (kind === ofBoolean) return text === 'true';
  if (kind === ofNull) return null;
  return kind === ofUndefined ? undefined : text;
}
