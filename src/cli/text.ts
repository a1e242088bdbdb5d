/** Rows of cells as columns. The first row is the head; columns whose head ends in a space are aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const isRight = (rows[0] ?? []).map((head) => head.endsWith(' '));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (isRight[i] ? cell.trim().padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `1.2 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : rounded(value)} ${units[unit]}`;
}

/** `3 s`, `12 m`, `5 h`, `2 d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Three digits at most. */
function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

/** `1 file`, `2 files`. */
export function countText(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** A text of another program on one line of the terminal: control characters would move the cursor, change colours or turn the line round. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?');
}

/** To so many columns: characters of East Asia and pictures take two. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let left = width - 1;
  let shown = '';
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    shown += character;
  }
  return `${shown}…`;
}

/** Cut, or with spaces behind it. */
export function padded(text: string, width: number): string {
  const shown = cut(text, width);
  return shown + ' '.repeat(Math.max(0, width - columnsOf(shown)));
}

const wideCharacters =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/gu;

function columnsOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: most texts are ASCII.
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  return [...text.replace(wideCharacters, '##').replace(/\p{Mn}/gu, '')].length;
}

const notAscii = '▁▂▃▄▅▆▇█…';
const ascii = '_.-=+*%#~';

/** For a terminal whose locale has another character set than UTF-8: ASCII in place of other characters. Without a locale it has UTF-8. */
export function inLocale(text: string): string {
  const locale = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || 'UTF-8';
  if (/utf-?8/i.test(locale)) return text;
  return text.replace(/[^\n -~]/gu, (one) => ascii[notAscii.indexOf(one)] ?? '?'.repeat(columnsOf(one)));
}
