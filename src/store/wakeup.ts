import { Socket } from 'node:net';
import type { NativeSegment } from '../native';

/** Carries out the requests of other owners. */
export interface RequestHandler {
  /** Whether there is anything to do for `collect()`. */
  collects(): boolean;
  /** Runs all `collect` functions; never rejects, resolves to the number of failures. */
  collect(): Promise<number>;
  /** Removes series of a scope: all, those of one family, or one. */
  remove(request: RemovalRequest): void;
}

export interface RemovalRequest {
  readonly scope: string;
  readonly family?: string | undefined;
  /** By the texts of the values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/**
 * The reading end of this thread's wake-up FIFO. Each line is a request: `collect`, or a removal. After the requests of a batch
 * have been handled, the collect sequence number in the segment tells the owners that wait for them. Requests that come
 * meanwhile are the next batch. Keeps neither the process nor the store alive.
 */
export class Wakeup {
  readonly #segment: NativeSegment;
  readonly #handler: RequestHandler;
  #socket: Socket | undefined;
  #lines: string[] = [];
  #isHandling = false;

  constructor(segment: NativeSegment, handler: RequestHandler) {
    this.#segment = segment;
    this.#handler = handler;
  }

  /** Makes the FIFO, or another in its place. Throws a NativeError when it cannot be made. */
  open(): void {
    const socket = new Socket({ fd: this.#segment.openWakeup(), readable: true, writable: false });
    let unfinishedLine = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const [last = '', ...whole] = `${unfinishedLine}${text}`.split('\n').reverse();
      unfinishedLine = last;
      this.#lines.push(...whole.reverse());
      void this.#handle();
    });
    socket.on('error', () => socket.destroy()); // no request arrives any more: scrapes read this owner as it is
    socket.unref();
    this.#socket?.destroy();
    this.#socket = socket;
  }

  async #handle(): Promise<void> {
    if (this.#isHandling) return;
    this.#isHandling = true;
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      const sequence = this.#segment.startCollect();
      for (const line of lines) {
        if (line !== 'collect') this.#handler.remove(JSON.parse(line) as RemovalRequest);
      }
      const failures = lines.includes('collect') ? await this.#handler.collect() : 0;
      this.#segment.finishCollect(sequence, failures);
    }
    this.#isHandling = false;
  }
}
