import { type LabelSet, type LabelTexts, labelText } from '../model/labels';
import { writeText } from '../model/text-bytes';

const kinds: Readonly<Record<string, number>> = { string: 0, number: 1, boolean: 2, undefined: 4 };
const kindOfNull = 3;
const kindOfOthers = 5;

/** Bytes of a label before its text: index of the name, kind, nothing, length of the text. */
const headBytes = 8;
/** A segment takes no longer record. */
const longestRecord: number = 1024 * 1024;

/**
 * The labels of one series at a time, as a record has them (docs/format.md, "Records"), where the addon finds them: to hand
 * them over as JavaScript values would take most of the time of a new series.
 */
export class LabelBytes {
  /** Replaced when more room is needed. */
  bytes: Buffer = Buffer.allocUnsafeSlow(512);
  #view = new DataView(this.bytes.buffer);
  count = 0;
  /** More than there is room for when they are too long for any record: they have not been written then. */
  length = 0;

  /** Writes a text for each label name, without those that are undefined. */
  writeTexts(texts: LabelTexts): void {
    this.#begin(texts);
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i];
      if (text !== undefined) this.#append(i, 0, text);
    }
  }

  /** Writes the own labels of `labels`, in their order. `indexOf` has a number for each name. */
  writeGiven(labels: LabelSet, indexOf: ReadonlyMap<string, number>): void {
    const names = Object.keys(labels);
    // All texts before the first byte: a conversion may run the caller's code, which may come here.
    const texts = names.map((name) => labelText(labels[name]) ?? 'undefined');
    this.#begin(texts);
    names.forEach((name, i) => {
      this.#append(indexOf.get(name) as number, kindOf(labels[name]), texts[i] as string);
    });
  }

  /** Makes room for all, unless they are too long: nothing is appended then. */
  #begin(texts: LabelTexts): void {
    this.count = 0;
    this.length = 0;
    let most = 0;
    for (const text of texts) if (text !== undefined) most += headBytes + 3 * text.length;
    if (most <= this.bytes.length) return;
    const length = texts.reduce((sum, text = '') => sum + headBytes + Buffer.byteLength(text), 0);
    if (length > longestRecord) this.length = length;
    else this.#replace(Buffer.allocUnsafeSlow(2 * length));
  }

  #replace(bytes: Buffer): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #append(index: number, kind: number, text: string): void {
    const { bytes, length: at } = this;
    if (at > bytes.length) return;
    const length = writeText(text, bytes, at + headBytes);
    this.#view.setUint32(at, index | (kind << 16), true);
    this.#view.setUint32(at + 4, length, true);
    this.count++;
    this.length = at + headBytes + length;
  }
}

function kindOf(value: unknown): number {
  return value === null ? kindOfNull : (kinds[typeof value] ?? kindOfOthers);
}
