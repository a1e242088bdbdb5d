import { LabelKind, labelKind } from './label-kind';
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
/** All kinds but the last, which no shape tells. */
const kinds: number = LabelKind.other;
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
    const kind = labelKind(value);
    // To read it again may give another one.
    if (isUntold(value, kind) || place < 0 || labelText(value) !== texts[place]) return noShape;
    isPlain &&= kind === LabelKind.string && place > last;
    last = place;
    if (kind !== LabelKind.undefined) told++;
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

/** What the text does not tell: objects, but also -0, whose text is that of 0. */
function isUntold(value: unknown, kind: number): boolean {
  return kind === LabelKind.other || Object.is(value, -0);
}

function primitiveOf(kind: number, text: string): unknown {
  if (kind === LabelKind.number) return Number(text);
  if (kind === LabelKind.boolean) return text === 'true';
  if (kind === LabelKind.null) return null;
  return kind === LabelKind.undefined ? undefined : text;
}
