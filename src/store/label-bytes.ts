import { type LabelSet, labelText } from '../model/labels';
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
  count = 0;
  /** More than there is room for when they are too long for any record: they have not been written then. */
  length = 0;

  /** Writes the own labels of `labels`, in their order. `indexOf` has a number for each name. */
  write(labels: LabelSet, indexOf: ReadonlyMap<string, number>): void {
    const names = Object.keys(labels);
    // All texts before the first byte: a conversion may run the caller's code, which may come here.
    const texts = names.map((name) => textOf(labels[name]));
    this.count = names.length;
    this.length = 0;
    if (!this.#reserve(texts)) return;
    const { bytes } = this;
    let at = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const length = writeText(texts[i] as string, bytes, at + headBytes);
      bytes.writeUInt32LE((indexOf.get(name) as number) | (kindOf(labels[name]) << 16), at);
      bytes.writeUInt32LE(length, at + 4);
      at += headBytes + length;
    }
    this.length = at;
  }

  #reserve(texts: readonly string[]): boolean {
    let most = 0;
    for (const text of texts) most += headBytes + 3 * text.length;
    if (most <= this.bytes.length) return true;
    const length = texts.reduce((sum, text) => sum + headBytes + Buffer.byteLength(text), 0);
    if (length > longestRecord) {
      this.length = length;
      return false;
    }
    this.bytes = Buffer.allocUnsafeSlow(2 * length);
    return true;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (labelText(value) ?? 'undefined');
}

function kindOf(value: unknown): number {
  return value === null ? kindOfNull : (kinds[typeof value] ?? kindOfOthers);
}
