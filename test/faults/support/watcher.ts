import { valuesOf } from '../../multiprocess/support/exposition';
import type { Member } from '../../multiprocess/support/member';

/** Scrapes a group all the time through one of its processes, and notes every sample that went back. */
export class Watcher {
  /** What was smaller than before, or missing: only for samples that can only grow. */
  readonly steps: { readonly key: string; readonly from: number; readonly to: number | undefined }[] = [];
  scrapes = 0;
  readonly #member: Member;
  readonly #running: Promise<void>;
  #last = new Map<string, number>();
  #isOver = false;

  constructor(member: Member) {
    this.#member = member;
    this.#running = this.#watch();
  }

  /** Ends it with one more scrape, which it returns. Rejects if any scrape has failed. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    this.#isOver = true;
    await this.#running;
    await this.#look();
    return this.#last;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) await this.#look();
  }

  async #look(): Promise<void> {
    const values = valuesOf(await this.#member.scrape());
    for (const [key, from] of this.#last) {
      if (!/^\w+_(total|bucket|sum|count)\{/.test(key)) continue;
      const to = values.get(key);
      if (to === undefined || to < from) this.steps.push({ key, from, to });
    }
    this.#last = values;
    this.scrapes++;
  }
}
