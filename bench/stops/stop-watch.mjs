import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter stops are of no interest. */
const shortest = 1;

/**
 * Notes the stops of this event loop, by a timer that should fire every millisecond, and the collections of the heap. The time in which
 * another process had the core is no part of a stop, where the system tells it.
 */
export class StopWatch {
  #stops = [];
  #collections = [];
  #observer;
  #timer;
  #last;
  #waited;

  start() {
    this.#observer = new PerformanceObserver((list) => this.#collections.push(...list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#last = performance.now();
    this.#waited = waitedForCore();
    this.#timer = setInterval(() => this.#turn(), 1);
  }

  /** Ends watching. Resolves to the milliseconds of the longest stop, and of the longest one without collections. */
  async stop() {
    this.#turn();
    clearInterval(this.#timer);
    await sleep(10); // the entries of the last collections come later
    this.#observer.disconnect();
    const times = this.#stops.map(({ time }) => time);
    // A collection may have waited for a core, too.
    const withoutGc = this.#stops.map((stop) =>
      Math.min(stop.time, stop.end - stop.start - this.#collectedIn(stop)),
    );
    return { longest: Math.max(0, ...times), withoutGc: Math.max(0, ...withoutGc) };
  }

  #turn() {
    const now = performance.now();
    if (now - this.#last > shortest) {
      const waited = waitedForCore();
      this.#stops.push({ start: this.#last, end: now, time: now - this.#last - (waited - this.#waited) });
      this.#waited = waited;
    }
    this.#last = now;
  }

  #collectedIn({ start, end }) {
    const shared = ({ startTime, duration }) =>
      Math.max(0, Math.min(end, startTime + duration) - Math.max(start, startTime));
    return this.#collections.reduce((sum, collection) => sum + shared(collection), 0);
  }
}

const schedule = process.platform === 'linux' ? openSync('/proc/self/schedstat', 'r') : undefined;
const text = Buffer.alloc(100);

/** Milliseconds that the main thread was ready and had no core, since the process began. */
function waitedForCore() {
  if (schedule === undefined) return 0;
  const [, waited] = text.toString('latin1', 0, readSync(schedule, text, 0, text.length, 0)).split(' ');
  return Number(waited) / 1e6;
}
