import { Socket } from 'node:net';
import type { NativeSegment } from '../native';

/** What others may ask of an owner. */
export interface BellListener {
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
 * Answers the bell of this thread's segment. Whatever was asked for is done, then a run of the collect functions is noted
 * in the segment, for which the one who rang waits; they really run if somebody scrapes. Rings that come meanwhile are
 * answered by one more run.
 *
 * Keeps nothing alive. Throws a NativeError when the bell cannot be made.
 */
export function answerBell(segment: NativeSegment, listener: BellListener): void {
  const bell = new Socket({ fd: segment.openBell(), readable: true, writable: false });
  let unfinishedLine = '';
  let lines: string[] = [];
  let isRunning = false;
  const answer = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    while (lines.length > 0) {
      const asked = lines;
      lines = [];
      const run = segment.startCollect();
      for (const line of asked) if (line !== 'collect') listener.remove(JSON.parse(line) as RemovalRequest);
      segment.finishCollect(run, asked.includes('collect') ? await listener.collect() : 0);
    }
    isRunning = false;
  };
  bell.setEncoding('utf8');
  bell.on('data', (text: string) => {
    const [last = '', ...whole] = `${unfinishedLine}${text}`.split('\n').reverse();
    unfinishedLine = last;
    lines.push(...whole.reverse());
    void answer();
  });
  bell.on('error', () => bell.destroy()); // nobody can ring any more: the owner is then read as it is
  bell.unref();
}
