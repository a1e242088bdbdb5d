import { exemplarSize } from '../errors';
import { exemplarTextBytes } from '../store/store';

/** OpenMetrics' limit for the names and values of an exemplar's labels, in characters. */
const MOST_CHARACTERS = 128;
/** Room for the lengths of a name and a value. */
const LENGTHS_BYTES = 4;
const MOST_BYTES_OF_A_CHARACTER = 3;
/** Up to this length a loop is faster than a call of `Buffer.write()`. */
const LONGEST_OF_LOOP = 64;

/**
 * Names and values of an exemplar's labels in turn. Throws a RangeError for labels that are too long, and the error of a value that
 * cannot be converted to text.
 */
export function exemplarTexts(labels: object): string[] {
  const texts: string[] = [];
  let characters = 0;
  for (const [name, value] of Object.entries(labels)) {
    const text = `${value}`;
    texts.push(name, text);
    characters += name.length + text.length;
  }
  if (characters > MOST_CHARACTERS) throw exemplarSize();
  const lengths = (texts.length / 2) * LENGTHS_BYTES;
  if (lengths + characters * MOST_BYTES_OF_A_CHARACTER > exemplarTextBytes) {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), lengths);
    if (bytes > exemplarTextBytes) throw exemplarSize();
  }
  return texts;
}

/**
 * Writes the texts in the format of an exemplar's cells: for each label the lengths of name and value in bytes, 16 bits each,
 * then both. Returns the number of bytes.
 */
export function writeExemplarTexts(texts: readonly string[], bytes: Buffer, start: number): number {
  let at = start;
  for (let i = 0; i < texts.length; i += 2) {
    const nameBytes = writeText(texts[i] as string, bytes, at + LENGTHS_BYTES);
    const valueBytes = writeText(texts[i + 1] as string, bytes, at + LENGTHS_BYTES + nameBytes);
    bytes.writeUInt16LE(nameBytes, at);
    bytes.writeUInt16LE(valueBytes, at + 2);
    at += LENGTHS_BYTES + nameBytes + valueBytes;
  }
  return at - start;
}

/** Writes `text` in UTF-8. The caller has made sure that there is room. Returns the number of bytes. */
function writeText(text: string, bytes: Buffer, at: number): number {
  if (text.length > LONGEST_OF_LOOP) return bytes.write(text, at);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return bytes.write(text, at);
    bytes[at + i] = code;
  }
  return text.length;
}
