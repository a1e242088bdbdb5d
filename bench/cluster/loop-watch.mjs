/**
 * Finds out how long an event loop was stopped: a timer that should fire every millisecond notes the longest time
 * between two of its turns. An undisturbed loop shows a little over 1 ms. A loop that only spins would see shorter
 * stops, but take the processor away from what is measured.
 */
export class LoopWatch {
  #timer;
  #last;
  #longest;

  start() {
    this.#last = performance.now();
    this.#longest = 0;
    this.#timer = setInterval(() => this.#turn(), 1);
  }

  /** Ends watching; milliseconds of the longest stop, one that ends right now included. */
  stop() {
    clearInterval(this.#timer);
    this.#turn();
    return this.#longest;
  }

  #turn() {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
  }
}
