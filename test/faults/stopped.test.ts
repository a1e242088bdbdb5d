import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { defaultDeadline, type Member, spawn } from '../multiprocess/support/member';
import { scale, timeout } from './support/scale';

const late = 'prom_client_mmap_late_owners{}';
/** What a scrape waits for others at most; the test allows a busy machine some more. */
const deadlineMs = 100;
const longestScrapeMs = 100 * deadlineMs;
const env = defaultDeadline;

describe('a process that is stopped', () => {
  test('is read as it was, and delays a scrape no longer than its deadline', async () => {
    const directory = newDirectory();
    const [stopped, observer] = await Promise.all([spawn({ directory, env }), spawn({ directory, env })]);
    await count(stopped, 1);
    await count(observer, 2);
    stop(stopped);

    for (let i = 0; i < 3; i++) {
      const { values, ms } = await timed(observer);
      expect(values.get('jobs_total{}')).toBe(3);
      expect(values.get('busy{}')).toBe(2);
      expect(values.get(late)).toBe(1);
      expect(ms).toBeLessThan(longestScrapeMs);
    }
    process.kill(stopped.pid, 'SIGCONT');
    await count(stopped, 4);
    const values = valuesOf(await observer.scrape());
    expect(values.get('jobs_total{}')).toBe(7);
    expect(values.get('busy{}')).toBe(2);
  });

  test('is alive however long ago its last heartbeat was, for as long as it holds its lock', async () => {
    const directory = newDirectory();
    const [stopped, observer] = await Promise.all([spawn({ directory, env }), spawn({ directory, env })]);
    await count(stopped, 1);
    const segment = join(directory, segmentsIn(directory)[0] ?? '');
    await count(observer, 2);
    stop(stopped);
    // As if it were of another container, and had been stopped since the boot.
    const file = openSync(segment, 'r+');
    writeSync(file, new BigUint64Array([1n, 1n]), 0, 16, 320);
    closeSync(file);

    expect(valuesOf(await observer.scrape()).get('busy{}')).toBe(2);
    process.kill(stopped.pid, 'SIGKILL');
    await expect.poll(async () => valuesOf(await observer.scrape()).get('busy{}')).toBe(1);
    expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(3);
  });
});

test('one that is stopped in the middle of a scrape hinders no other', { timeout }, async () => {
  const directory = newDirectory();
  const [scraping, observer] = await Promise.all([spawn({ directory, env }), spawn({ directory, env })]);
  await count(observer, 1);
  await scraping.run(({ register }) => {
    const scrape = (): Promise<void> => register.metrics().then(scrape);
    for (let i = 0; i < 4; i++) void scrape();
  });
  let jobs = 1;
  for (let round = 0; round < 12 * scale; round++) {
    await setTimeout(Math.random() * 10);
    stop(scraping);
    // Others count, are scraped, and come and go.
    const late = round % 4 === 0 ? await spawn({ directory, env }) : undefined;
    if (late !== undefined) await count(late, 1);
    await count(observer, 1);
    jobs += late === undefined ? 1 : 2;
    for (const member of late === undefined ? [observer] : [observer, late]) {
      const { values, ms } = await timed(member);
      expect(values.get('jobs_total{}')).toBe(jobs);
      expect(ms).toBeLessThan(longestScrapeMs);
    }
    await late?.kill();
    expect((await timed(observer)).values.get('busy{}')).toBe(1);
    process.kill(scraping.pid, 'SIGCONT');
  }
  expect(valuesOf(await scraping.scrape()).get('jobs_total{}')).toBe(jobs);
});

async function count(member: Member, amount: number): Promise<void> {
  await member.run(({ Counter, Gauge }, by) => {
    const kept = globalThis as { jobs?: InstanceType<typeof Counter> };
    if (kept.jobs === undefined) {
      kept.jobs = new Counter({ name: 'jobs_total', help: 'Jobs done.' });
      new Gauge({
        name: 'busy',
        help: 'Owners at work.',
        collect() {
          this.set(1);
        },
      }).set(1);
    }
    kept.jobs.inc(by);
  }, amount);
}

async function timed(member: Member): Promise<{ values: ReadonlyMap<string, number>; ms: number }> {
  const { text, ms } = await member.run(async ({ register }) => {
    const start = performance.now();
    const exposition = await register.metrics();
    return { text: exposition, ms: performance.now() - start };
  });
  return { values: valuesOf(text), ms };
}

/** Returns when it does nothing any more. */
function stop(member: Member): void {
  process.kill(member.pid, 'SIGSTOP');
  onTestFinished(() => {
    try {
      process.kill(member.pid, 'SIGCONT'); // so that it can end
    } catch {
      // It has.
    }
  });
  while (!/\) T /.test(readFileSync(`/proc/${member.pid}/stat`, 'latin1')));
}
