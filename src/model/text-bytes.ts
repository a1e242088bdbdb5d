/** A loop is faster than a call into the engine for texts up to this length. */
const longestOfLoop = 64;

/** Writes `text` in UTF-8, which there must be room for; returns the number of bytes. */
export function writeText(text: string, bytes: Buffer, at: number): number {
  if (text.length > longestOfLoop) return bytes.write(text, at);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return bytes.write(text, at);
    bytes[at + i] = code;
  }
  return text.length;
}
