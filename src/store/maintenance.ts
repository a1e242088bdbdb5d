/** What is kept in order. */
export interface Maintained {
  /** Says that this owner lives. */
  beat(): void;
  /** Whether the last scrape saw what dead owners have left. */
  readonly hasDead: boolean;
  /** Folds the dead; never rejects. */
  fold(): Promise<void>;
}

/** Twelve missed beats are needed before an owner in another pid namespace is taken for dead. */
const beatMs = 5000;
/** How many beats pass between looks for the dead that no scrape has shown. */
const beatsPerFold = 12;
/** Whoever has something to fold waits for up to so long, so that not all owners try at once; one of them succeeds. */
const foldSpreadMs = 1000;

/**
 * Keeps a store's part of its group in order for as long as the store is in use: beats, and folds the dead - soon after the
 * start, after a scrape that showed some, and now and then. The timers keep neither the process nor the store alive.
 */
export class Maintenance {
  readonly #store: WeakRef<Maintained>;
  #beats = 0;
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
