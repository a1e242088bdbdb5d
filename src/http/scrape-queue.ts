/** A scrape that lasts longer is perhaps stuck in a `collect` function: the next one begins beside it. */
const longestWaitMs = 1000;

/** The scrapes of one handler. Equal requests during a scrape share the one after it, so that it has all that they have counted. */
export class ScrapeQueue<Answer> {
  readonly #running = new Map<string, Promise<Answer>>();
  readonly #waiting = new Map<string, Promise<Answer>>();
  #started = 0;

  /** Scrapes that have not ended, those that wait for another one included. */
  get length(): number {
    return this.#started + this.#waiting.size;
  }

  /** Whether a request for `key` would share a scrape. */
  isShared(key: string): boolean {
    return this.#waiting.has(key);
  }

  /** `key` stands for everything that makes a difference for the answer. */
  run(key: string, scrape: () => Promise<Answer>): Promise<Answer> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, scrape);
    const waiting =
      this.#waiting.get(key) ??
      endOf(running).then(() => {
        this.#waiting.delete(key);
        return this.#start(key, scrape);
      });
    this.#waiting.set(key, waiting);
    return waiting;
  }

  #start(key: string, scrape: () => Promise<Answer>): Promise<Answer> {
    const running = scrape();
    this.#running.set(key, running);
    this.#started++;
    const end = (): void => {
      this.#started--;
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
    running.then(end, end);
    return running;
  }
}

/** Resolves when the scrape has ended or lasts too long. */
function endOf(scrape: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, longestWaitMs).unref();
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    scrape.then(end, end);
  });
}
