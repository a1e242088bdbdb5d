// Those of Node, also where an application has replaced the globals.
import { clearInterval, setInterval, setTimeout } from 'node:timers';

export interface Maintained {
  /** Tells other owners that this one lives, and repairs its files. */
  maintain(): void;
  /** Whether the last scrape saw segments of dead owners. */
  readonly hasDead: boolean;
  /** Moves the counts of dead owners into the archive. Never rejects; a failure loses nothing. */
  compact(): Promise<void>;
}

/** The addon relies on it: an owner in another pid namespace that misses twelve heartbeats is taken for dead. */
const heartbeatMs = 5000;
/** A compaction once a minute, for groups without scrapes. */
const heartbeatsPerCompaction = 12;
/** Each owner waits for a random time up to this, so that one of them does the work alone. */
const compactionSpreadMs = 1000;

/**
 * Runs the duties of a store for as long as it is in use: heartbeats, and compactions - soon after the start, after a scrape
 * that saw dead owners, and once a minute. The timers keep neither the process nor the store alive.
 */
export class Maintenance {
  readonly #store: WeakRef<Maintained>;
  #heartbeats = 0;
  #isDue = false;

  constructor(store: Maintained) {
    this.#store = new WeakRef(store);
    const timer = setInterval(() => {
      const alive = this.#store.deref();
      if (alive === undefined) clearInterval(timer);
      else this.#heartbeat(alive);
    }, heartbeatMs);
    timer.unref();
    this.#compactSoon();
  }

  scraped(): void {
    if (this.#store.deref()?.hasDead) this.#compactSoon();
  }

  #compactSoon(): void {
    if (this.#isDue) return;
    setTimeout(() => {
      this.#isDue = false;
      void this.#store.deref()?.compact();
    }, Math.random() * compactionSpreadMs).unref();
    this.#isDue = true;
  }

  #heartbeat(store: Maintained): void {
    store.maintain();
    if (++this.#heartbeats % heartbeatsPerCompaction === 0) this.#compactSoon();
  }
}
