/**
 * Measures for how long this event loop is blocked: a timer that should fire every millisecond notes the longest time between
 * two of its turns. An idle loop shows a little over 1 ms. A busy loop would notice shorter stops, but would take the processor
 * from the measured code.
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

  /** Ends watching; milliseconds of the longest stop, including one that ends now. */
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
