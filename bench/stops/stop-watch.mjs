import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter stops are of no interest. */
const shortest = 1;

/** Notes the stops of this event loop, by a timer that should fire every millisecond, and the collections of the heap. */
export class StopWatch {
  #stops = [];
  #collections = [];
  #observer;
  #timer;
  #last;

  start() {
    this.#observer = new PerformanceObserver((list) => this.#collections.push(...list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#turn(), 1);
  }

  /** Ends watching. Resolves to the milliseconds of the longest stop, and of the longest one without collections. */
  async stop() {
    this.#turn();
    clearInterval(this.#timer);
    await sleep(10); // the entries of the last collections come later
    this.#observer.disconnect();
    const times = this.#stops.map((stop) => stop.end - stop.start);
    const withoutGc = this.#stops.map((stop) => stop.end - stop.start - this.#collectedIn(stop));
    return { longest: Math.max(0, ...times), withoutGc: Math.max(0, ...withoutGc) };
  }

  #turn() {
    const now = performance.now();
    if (now - this.#last > shortest) this.#stops.push({ start: this.#last, end: now });
    this.#last = now;
  }

  #collectedIn({ start, end }) {
    const shared = ({ startTime, duration }) =>
      Math.max(0, Math.min(end, startTime + duration) - Math.max(start, startTime));
    return this.#collections.reduce((sum, collection) => sum + shared(collection), 0);
  }
}
