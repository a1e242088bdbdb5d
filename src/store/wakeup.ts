import { setTimeout as delay } from 'node:timers/promises';
import type { NativeSegment } from '../native';
import { readFifo } from './fifo';

/** Carries out the requests of other owners. */
export interface RequestHandler {
  /** Whether there is anything to do for `collect()`. */
  collects(): boolean;
  /** Runs all `collect` functions; never rejects, resolves to the number of failures. */
  collect(): Promise<number>;
  /** Removes series of a scope: all, those of one family, or one. Never throws. */
  remove(request: RemovalRequest): void;
}

export interface RemovalRequest {
  readonly scope: string;
  readonly family?: string | undefined;
  /** By the texts of the values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** For `collect` functions that never settle: another request is answered after so long. */
const longestCollectMs = 5000;
/** Of a line. A longer one is not of this library. */
const longestLine = 4096;

/**
 * The reading end of this thread's wake-up FIFO. Each line is a request: `collect`, or `removal` for texts in files beside the
 * segment. Removals are carried out at once. After the `collect` functions of a batch of requests have run, the collect sequence
 * number in the segment tells the owners that wait for them. Requests that come meanwhile are the next batch. No content of the
 * FIFO or of the files makes this class throw. Keeps neither the process nor the store alive.
 */
export class Wakeup {
  readonly #segment: NativeSegment;
  readonly #handler: RequestHandler;
  #close: () => void = () => undefined;
  /** The requests of the next batch. */
  #lines: string[] = [];
  #isAnswering = false;

  constructor(segment: NativeSegment, handler: RequestHandler) {
    this.#segment = segment;
    this.#handler = handler;
  }

  /** Makes the FIFO, or another in its place. Throws a NativeError when it cannot be made. */
  open(): void {
    const fd = this.#segment.openWakeup();
    let unfinishedLine = '';
    const close = readFifo(fd, (text) => {
      const lines = `${unfinishedLine}${text}`.split('\n');
      unfinishedLine = (lines.pop() ?? '').slice(-longestLine);
      if (lines.length === 0) return;
      this.#lines.push(...lines);
      this.#remove();
      void this.#answer();
    });
    this.#close();
    this.#close = close;
  }

  async #answer(): Promise<void> {
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      const sequence = this.#segment.startCollect();
      const failures = lines.includes('collect') ? await this.#collect() : 0;
      this.#segment.finishCollect(sequence, failures);
    }
    this.#isAnswering = false;
  }

  /** Resolves to the number of failures. */
  async #collect(): Promise<number> {
    const waiting = new AbortController();
    const limit = delay(longestCollectMs, 1, { ref: false, signal: waiting.signal });
    limit.catch(() => undefined); // it is aborted
    const failures = await Promise.race([this.#handler.collect(), limit]);
    waiting.abort();
    return failures;
  }

  #remove(): void {
    for (const text of this.#segment.takeRequests()) {
      const request = parseRemoval(text);
      if (request !== undefined) this.#handler.remove(request);
    }
  }
}

/** Undefined for a text that is no removal. */
function parseRemoval(text: string): RemovalRequest | undefined {
  try {
    const request = JSON.parse(text) as Record<keyof RemovalRequest, unknown>;
    const { scope, family, labels } = request;
    const hasLabels = typeof labels === 'object' && labels !== null;
    const isRemoval =
      typeof scope === 'string' &&
      (family === undefined || typeof family === 'string') &&
      (labels === undefined ||
        (hasLabels && Object.values(labels).every((value) => typeof value === 'string')));
    return isRemoval ? (request as RemovalRequest) : undefined;
  } catch {
    return undefined;
  }
}
