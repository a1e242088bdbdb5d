import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { root } from '../../multiprocess/support/member';

/** `prom-client-mmap` on a pseudo-terminal, and the screen as a person sees it. */
export class TerminalSession {
  /** All that was written. */
  output = '';
  readonly closed: Promise<unknown[]>;
  readonly #child: ChildProcess;
  readonly #columns: number;
  readonly #rows: number;

  constructor(args: readonly string[], columns = 80, rows = 24, env: Readonly<Record<string, string>> = {}) {
    this.#columns = columns;
    this.#rows = rows;
    const command = [process.execPath, join(root, 'bin', 'prom-client-mmap.mjs'), ...args];
    this.#child = spawn('python3', [join(__dirname, 'terminal.py'), `${columns}`, `${rows}`, ...command], {
      env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.closed = once(this.#child, 'close');
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    onTestFinished(async () => {
      this.#child.kill('SIGKILL');
      await this.closed;
    });
  }

  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** The exit code. */
  async end(): Promise<unknown> {
    return (await this.closed)[0];
  }

  /** Awaits a screen that fits. */
  shows(pattern: RegExp): Promise<string> {
    return vi.waitFor(
      () => {
        const screen = this.screen();
        if (!pattern.test(screen)) throw new Error(`expected ${pattern}, but the terminal shows\n${screen}`);
        return screen;
      },
      { timeout: 60_000, interval: 50 },
    );
  }

  /** The lines of the screen. It knows the sequences that top writes, and throws for others. */
  screen(): string {
    const cells = Array.from({ length: this.#rows }, () => new Array<string>(this.#columns).fill(' '));
    let [row, column] = [0, 0];
    const clear = (from: number): void => {
      for (let i = from; i < this.#rows; i++) cells[i]?.fill(' ', i === row ? column : 0);
    };
    const actions: Readonly<Record<string, () => void>> = {
      H: () => {
        [row, column] = [0, 0];
      },
      K: () => void cells[row]?.fill(' ', column),
      J: () => clear(row),
      m: () => undefined,
      h: () => undefined,
      l: () => undefined,
    };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are told by them.
    for (const [part, final, character] of this.output.matchAll(/\u001b\[[?\d;]*([A-Za-z])|([\s\S])/gu)) {
      if (final !== undefined) {
        const action = actions[final];
        if (action === undefined) throw new Error(`unknown sequence ${JSON.stringify(part)}`);
        action();
      } else if (character === '\r') {
        column = 0;
      } else if (character === '\n') {
        row++;
      } else {
        const line = cells[row];
        if (line === undefined || column >= this.#columns)
          throw new Error(`written beyond the screen at ${row}, ${column}: ${character}`);
        line[column++] = character ?? '';
      }
    }
    return cells.map((line) => line.join('').trimEnd()).join('\n');
  }
}
