import type { ReadStream } from 'node:tty';
import { inLocale } from '../text';

/** The keys that top knows, by the bytes that terminals send. */
const keys: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\r': 'enter',
  '\n': 'enter',
  '\u001b': 'escape',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'interrupt',
  '\u001a': 'suspend',
};

const enterScreen = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leaveScreen = '\u001b[?7h\u001b[?25h\u001b[?1049l';

/** The alternative screen of a terminal and its keys. It is restored at every end of the process but SIGKILL. */
export class Terminal {
  readonly #input: ReadStream;
  readonly #restore: () => void;
  #isOpen = false;

  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#input = process.stdin as ReadStream;
    this.#restore = () => this.close();
    this.#input.setEncoding('utf8');
    this.#input.on('data', (text: string) => {
      for (const key of keysIn(text)) onKey(key);
    });
    process.stdout.on('resize', onResize);
    process.on('exit', this.#restore);
    process.on('SIGCONT', () => {
      this.open();
      onResize();
    });
    this.open();
  }

  get columns(): number {
    return process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#input.setRawMode(true);
    this.#input.resume();
    process.stdout.write(enterScreen);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#input.setRawMode(false);
    this.#input.pause();
    process.stdout.write(leaveScreen);
  }

  /** As Ctrl-Z does it; `fg` of the shell goes on. */
  suspend(): void {
    this.close();
    process.kill(process.pid, 'SIGSTOP');
  }

  /** In one write and without a clearing, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const shown = lines.map((line) => `${coloured(inLocale(line))}\u001b[K`).join('\r\n');
    process.stdout.write(`\u001b[H${shown}\u001b[J`);
  }
}

function keysIn(text: string): string[] {
  const known = keys[text];
  if (known !== undefined) return [known];
  // Several keys at one time, as of a paste or a fast hand.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send it before the letter of an arrow.
  return (text.match(/\u001b(\[[A-D]|O[A-D])|[\s\S]/g) ?? []).map((one) => keys[one] ?? one);
}

/** Colours only add: errors and resets, and the row that is chosen. */
function coloured(line: string): string {
  if (process.env['NO_COLOR']) return line;
  if (line.startsWith('> ')) return `\u001b[7m${line}\u001b[0m`;
  return line.replace(/\breset\b|errors (?!0\.0)[\d.]+ %/g, '\u001b[31m$&\u001b[39m');
}
