import { setImmediate, setTimeout } from 'node:timers';

/** Long work pauses for the event loop after so long: the last step of a slice may take some milliseconds itself. */
const sliceMs = 1;

/**
 * Calls `step` until it returns false: about a millisecond at a time, the first time in a later turn of the event loop. Does not keep
 * the process alive: so by a timer, because an immediate that does not, waits until something else wakes the loop.
 */
export function inSlices(step: () => boolean): void {
  setTimeout(() => {
    const end = performance.now() + sliceMs;
    let isLeft = true;
    while (isLeft && performance.now() < end) isLeft = step();
    if (isLeft) inSlices(step);
  }, 0).unref();
}

/** Work in an async function, which pauses for the event loop now and then. */
export class Slices {
  #end: number = performance.now() + sliceMs;

  /** Whether it is time to call `pause()`. */
  get isDue(): boolean {
    return performance.now() >= this.#end;
  }

  async pause(): Promise<void> {
    await new Promise(setImmediate);
    this.#end = performance.now() + sliceMs;
  }
}
