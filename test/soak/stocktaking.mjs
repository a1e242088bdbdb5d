import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.mjs';

const patienceMs = 1000;
const pauseMs = 20;

/**
 * Compares the whole group with the ledgers while it is under way: stops all members, scrapes, and lets them go on. The exposition
 * may be ahead of the ledgers by the steps in which members are or have died, and is never behind them.
 */
export class Stocktaking {
  #scraper;
  #test;
  #slots;

  /** `test` has the judge, the books, the counts and the course of the whole; `slots` have who counts. */
  constructor(test, slots) {
    this.#test = test;
    this.#slots = slots;
    // It does not wait for `collect` functions: a stopped member does not run them.
    const options = { dir: test.places.directory, collectDeadlineMs: 0 };
    this.#scraper = new Child('scraper.mjs', JSON.stringify(options), () => undefined);
  }

  /** Every so many milliseconds until the signal. */
  async repeat(everyMs, signal) {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#take();
    }
    this.#scraper.send({ stop: true });
    await this.#scraper.closed;
  }

  async #take() {
    const until = performance.now() + patienceMs;
    do {
      this.#signal('SIGSTOP');
      const isTaken = await this.#compare();
      this.#signal('SIGCONT');
      if (isTaken) return;
      await sleep(pauseMs);
    } while (performance.now() < until);
    this.#test.counts.count('stocktakings given up');
  }

  /** False if a member counted meanwhile: a process that has just started, or one that was told to go on. */
  async #compare() {
    const { judge, books, counts, course } = this.#test;
    const begin = books.soFar();
    const before = judge.before();
    const answer = await this.#scraper.scrape();
    const values = answer && judge.check(answer, before, { who: 'the scraper that takes stock' });
    const end = books.soFar();
    if (values === undefined || end.steps !== begin.steps) return false;
    const more = totalOf(values, 'jobs_total{') - end.steps;
    if (!(more >= 0 && more <= end.maybeWithin)) {
      judge.violation(
        `${more} more are shown than ${end.steps}, with ${end.maybeWithin} maybe within a step`,
      );
    }
    course.took({ more, maybeWithin: end.maybeWithin, deaths: counts.deaths });
    return true;
  }

  #signal(signal) {
    for (const slot of this.#slots) if (slot.isReady) slot.child.signal(signal);
  }
}

export function totalOf(values, prefix) {
  let total = 0;
  for (const [key, value] of values) if (key.startsWith(prefix)) total += value;
  return total;
}
