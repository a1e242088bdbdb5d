import { setImmediate, setTimeout } from 'node:timers';
import { clockMs } from './process';

/** Long work pauses for the event loop after so long: the last step of a slice may take some milliseconds itself. */
const sliceMs = 1;

/**
 * Calls `step` until it returns false: about a millisecond at a time, the first time in a later turn of the event loop. Does not keep
 * the process alive: so by a timer, because an immediate that does not, waits until something else wakes the loop.
 */
export function inSlices(step: () => boolean): void {
  setTimeout(() => {
    const end = clockMs() + sliceMs;
    let isLeft = true;
    while (isLeft && clockMs() < end) isLeft = step();
    if (isLeft) inSlices(step);
  }, 0).unref();
}

/** Work in an async function, which pauses for the event loop now and then. */
export class Slices {
  #end: number = clockMs() + sliceMs;

  /** Whether it is time to call `pause()`. */
  get isDue(): boolean {
    return clockMs() >= this.#end;
  }

  async pause(): Promise<void> {
    await new Promise(setImmediate);
    this.#end = clockMs() + sliceMs;
  }
}
