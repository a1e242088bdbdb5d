import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directories';
import { parse, valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';
import { expectations, fits, Worker } from './support/workload';

const workerCount = 4;
const kills = 16;
/** A worker that is killed has done at least this much, so that it has all its series. */
const leastOperations = 500;

const kinds: readonly [what: string, start: (primary: Member) => Promise<Member>][] = [
  ['a cluster whose workers', (primary) => primary.startWorker()],
  ['a process whose threads', (main) => main.startThread()],
];

test.each(kinds)(
  '%s are killed and replaced answers exactly, from any of them, and never goes back',
  async (_, start) => {
    const logs = newDirectory();
    const primary = await spawn();
    // One that never counts anything, nor defines what the others count.
    const observer = await start(primary);
    const workers: Worker[] = [];
    let numbers = 0;
    const startWorker = async (): Promise<void> => {
      const number = ++numbers;
      workers.push(await Worker.start(await start(primary), number, join(logs, `${number}`)));
    };
    const living = (): Worker[] => workers.filter(({ isAlive }) => isAlive);
    await Promise.all(Array.from({ length: workerCount }, startWorker));

    const history = new History();
    const everybody = (): Member[] => [primary, observer, ...living().map(({ member }) => member)];
    const scraping = new AbortController();
    const killAndReplace = async (): Promise<void> => {
      for (let i = 0; i < kills; i++) {
        const victim = living()[i % workerCount] as Worker;
        const scrapes = history.length;
        await until(() => victim.done >= leastOperations && history.length >= scrapes + 10);
        await Promise.all([victim.kill(), startWorker()]);
      }
      await until(() => living().every(({ done }) => done >= leastOperations));
      await Promise.all(living().map((worker) => worker.stop()));
    };
    await Promise.all([
      scrapeInTurns(everybody, history, scraping.signal),
      scrapeInTurns(everybody, history, scraping.signal),
      killAndReplace().finally(() => scraping.abort()),
    ]);

    expect(history.steps).toEqual([]);
    expect(history.length).toBeGreaterThan(kills * 10);

    // It is quiet now.
    const texts = await Promise.all(everybody().map((member) => member.scrape()));
    expect(new Set(texts).size).toBe(1);
    const values = valuesOf(texts[0] ?? '');
    expect(workers.filter(({ isAlive, interrupted }) => isAlive && interrupted)).toEqual([]);
    const expected = expectations(workers);
    const wrong = [...expected].filter(([key, expectation]) => !fits(expectation, values.get(key)));
    expect(wrong.map(([key, expectation]) => ({ key, ...expectation, found: values.get(key) }))).toEqual([]);
    expect(new Set(onlyGrowing(texts[0] ?? '').keys())).toEqual(new Set(expected.keys()));

    const alive = living().map(({ number }) => number);
    expect(Object.fromEntries([...values].filter(([key]) => key.endsWith('{}')))).toEqual({
      'workers{}': workerCount,
      'workers_ever{}': workers.length,
      'highest_worker_ever{}': workers.length,
      'lowest_worker{}': Math.min(...alive),
      'average_worker{}': alive.reduce((sum, number) => sum + number) / alive.length,
    });
    expect(numbersIn('worker_of_pid', texts[0] ?? '')).toEqual(new Set(alive));
    expect(numbersIn('worker_of_pid_ever', texts[0] ?? '')).toEqual(
      new Set(workers.map(({ number }) => number)),
    );
  },
);

function until(condition: () => boolean): Promise<void> {
  return expect.poll(condition, { interval: 5 }).toBe(true);
}

async function scrapeInTurns(
  members: () => readonly Member[],
  history: History,
  end: AbortSignal,
): Promise<void> {
  for (let turn = 0; !end.aborted; turn++) {
    const all = members();
    const member = all[turn % all.length] as Member;
    const before = history.last;
    try {
      history.add(before, onlyGrowing(await member.scrape()));
    } catch (error) {
      // It was killed while it answered.
      if ((error as { code?: string }).code !== 'ENDED') throw error;
    }
  }
}

/** The samples that can only grow. */
function onlyGrowing(text: string): Map<string, number> {
  return new Map([...valuesOf(text)].filter(([key]) => /^\w+_(total|bucket|sum|count)\{/.test(key)));
}

/** The highest value that each series was ever seen to have, and what was lower in a scrape that began later. */
class History {
  readonly steps: { readonly key: string; readonly from: number; readonly to: number | undefined }[] = [];
  last: ReadonlyMap<string, number> = new Map();
  length = 0;

  /** `before` is what `last` was when the scrape began. */
  add(before: ReadonlyMap<string, number>, values: ReadonlyMap<string, number>): void {
    for (const [key, from] of before) {
      const to = values.get(key);
      if (to === undefined || to < from) this.steps.push({ key, from, to });
    }
    const last = new Map(this.last);
    for (const [key, value] of values) last.set(key, Math.max(value, last.get(key) ?? value));
    this.last = last;
    this.length++;
  }
}

function numbersIn(name: string, text: string): Set<number> {
  const family = parse(text).find((found) => found.name === name);
  return new Set(family?.samples.map(({ value }) => value));
}
