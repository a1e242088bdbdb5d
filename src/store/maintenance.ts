/** What is kept in order. */
export interface Maintained {
  /** Says that this owner lives. */
  beat(): void;
  /** Whether the last scrape saw what dead owners have left. */
  readonly hasDead: boolean;
  /** Folds the dead; never rejects. */
  fold(): Promise<void>;
}

/** Native code relies on it: an owner in another pid namespace that misses twelve is taken for dead (owner.cc). */
const beatMs = 5000;
/** A look for the dead once a minute, for groups that nobody scrapes. */
const beatsPerFold = 12;
/** A fold waits for a random time up to this, so that not all owners try at once: the first one leaves nothing to the others. */
const foldSpreadMs = 1000;

/**
 * Keeps a store's part of its group in order for as long as the store is in use: beats, and folds the dead - soon after the
 * start, after a scrape that showed some, and once a minute. A fold that fails is not repeated by itself: the dead are still
 * there, so the next scrape or minute asks for it again. The timers keep neither the process nor the store alive.
 */
export class Maintenance {
  readonly #store: WeakRef<Maintained>;
  #beats = 0;
  /** Whether a fold waits for its random time: more that are asked for meanwhile are that one. */
  #foldDue = false;

  constructor(store: Maintained) {
    this.#store = new WeakRef(store);
    const timer = setInterval(() => {
      const alive = this.#store.deref();
      if (alive === undefined) clearInterval(timer);
      else this.#beat(alive);
    }, beatMs);
    timer.unref();
    this.#foldSoon();
  }

  /** After a scrape. */
  scraped(): void {
    if (this.#store.deref()?.hasDead) this.#foldSoon();
  }

  #foldSoon(): void {
    if (this.#foldDue) return;
    this.#foldDue = true;
    setTimeout(() => {
      this.#foldDue = false;
      void this.#store.deref()?.fold();
    }, Math.random() * foldSpreadMs).unref();
  }

  #beat(store: Maintained): void {
    store.beat();
    if (++this.#beats % beatsPerFold === 0) this.#foldSoon();
  }
}
