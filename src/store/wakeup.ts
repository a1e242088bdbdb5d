import { Socket } from 'node:net';
import type { NativeSegment } from '../native';

/** What others may ask of an owner. */
export interface RequestHandler {
  /** Runs all collect functions; never rejects, returns how many have failed. */
  collect(): Promise<number>;
  /** Removes series of a scope: all, those of one family, or one. */
  remove(request: RemovalRequest): void;
}

export interface RemovalRequest {
  readonly scope: string;
  readonly family?: string;
  /** By the texts of the values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A removal as the bell carries it. */
export function removalMessage(request: RemovalRequest): string {
  return `${JSON.stringify(request)}\n`;
}

/**
 * Answers for this thread's segment. Whatever was asked for is done, then a run of the collect functions is noted
 * in the segment, for which the one who rang waits; they really run if somebody scrapes. Rings that come meanwhile are
 * answered by one more run.
 *
 * Keeps nothing alive.
 */
export class Wakeup {
  readonly #segment: NativeSegment;
  readonly #handler: RequestHandler;
  #socket: Socket | undefined;
  #lines: string[] = [];
  #isRunning = false;

  constructor(segment: NativeSegment, handler: RequestHandler) {
    this.#segment = segment;
    this.#handler = handler;
  }

  /** Makes the bell, or another in its place. Throws a NativeError when it cannot be made. */
  open(): void {
    const bell = new Socket({ fd: this.#segment.openBell(), readable: true, writable: false });
    let unfinishedLine = '';
    bell.setEncoding('utf8');
    bell.on('data', (text: string) => {
      const [last = '', ...whole] = `${unfinishedLine}${text}`.split('\n').reverse();
      unfinishedLine = last;
      this.#lines.push(...whole.reverse());
      void this.#answer();
    });
    bell.on('error', () => bell.destroy()); // nobody can ring any more: the owner is then read as it is
    bell.unref();
    this.#socket?.destroy();
    this.#socket = bell;
  }

  async #answer(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#lines.length > 0) {
      const asked = this.#lines;
      this.#lines = [];
      const run = this.#segment.startCollect();
      for (const line of asked) {
        if (line !== 'collect') this.#handler.remove(JSON.parse(line) as RemovalRequest);
      }
      this.#segment.finishCollect(run, asked.includes('collect') ? await this.#handler.collect() : 0);
    }
    this.#isRunning = false;
  }
}
