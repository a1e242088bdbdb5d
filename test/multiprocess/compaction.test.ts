import { spawn as start } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test, vi } from 'vitest';
import { newDirectory, segmentsIn } from './support/directories';
import { keyOf, valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

const compacted = 'prom_client_mmap_compacted_owners_total{}';
const dead = 'prom_client_mmap_owners{state="dead"}';

describe('dead owners', () => {
  test('leave no files and all their counts, however many there were', async () => {
    const directory = newDirectory();
    const observer = await observerOf(directory);
    for (let round = 0; round < 6; round++) {
      const members = await Promise.all(Array.from({ length: 4 }, () => spawn({ directory })));
      await Promise.all(members.map((member) => count(member, 1)));
      await Promise.all(members.map((member, i) => (i % 2 === 0 ? member.kill() : member.leave())));
      await observer.scrape();
    }
    await allCompacted(observer, 24);

    expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(24);
    expect(valuesOf(await observer.scrape()).get(compacted)).toBe(24);
    // A scrape counts them as compacted as soon as the archive has them; their files go after that.
    const lasting = ['archive', 'leader', 'lock', 'session'];
    await expect.poll(() => readdirSync(directory).filter((name) => !lasting.includes(name))).toEqual([]);
  });

  test('show the same before a compaction and after it', async () => {
    const directory = newDirectory();
    const observer = await spawn({ directory });
    const stopped = await spawn({ directory });
    await countOfEachType(stopped, 7);
    await observer.scrape();
    // The lock keeps all owners from a compaction.
    const release = await holdLock(directory);
    for (const amount of [0.1, 0.2, 0.7]) {
      const member = await spawn({ directory });
      await countOfEachType(member, amount);
      await member.kill();
    }
    const before = await observer.scrape();
    await release();
    // A compaction that met the lock gave up: only a scrape, or a minute, leads to the next one.
    const segments = async (): Promise<readonly string[]> => {
      await observer.scrape();
      return segmentsIn(directory);
    };
    await expect.poll(segments).toHaveLength(1);

    expect(await observer.scrape()).toBe(before);
    expect(before).toContain('jobs_total{queue="a",app="shop"} 8');
  });

  test('lose their live gauges and keep one series each of gauges in the mode `all`', async () => {
    const directory = newDirectory();
    const observer = await observerOf(directory);
    const members = await Promise.all([spawn({ directory }), spawn({ directory }), spawn({ directory })]);
    for (const member of members) {
      await member.run(({ Gauge }) => {
        new Gauge({ name: 'seen', help: 'Seen.', multiprocessMode: 'all' }).set(1);
        new Gauge({ name: 'busy', help: 'Busy.', multiprocessMode: 'liveall' }).set(1);
      });
    }
    await Promise.all(members.slice(1).map((member) => member.kill()));
    await allCompacted(observer, 2);

    const names = [...valuesOf(await observer.scrape()).keys()];
    expect(names.filter((name) => name.startsWith('seen'))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith('busy'))).toEqual([`busy{pid="${members[0]?.pid}"}`]);
  });

  test('are compacted once, however many owners try at the same time', async () => {
    const directory = newDirectory();
    const compactors = await Promise.all(Array.from({ length: 6 }, () => observerOf(directory)));
    for (let round = 0; round < 5; round++) {
      const members = await Promise.all(Array.from({ length: 4 }, () => spawn({ directory })));
      await Promise.all(members.map((member) => count(member, 0.1)));
      await Promise.all(members.map((member) => member.kill()));
      await Promise.all(compactors.map((compactor) => compactor.scrape()));
    }
    for (const compactor of compactors) await allCompacted(compactor);

    for (const compactor of compactors) {
      const values = valuesOf(await compactor.scrape());
      expect(values.get('jobs_total{}')).toBe(2);
      expect(values.get(compacted)).toBe(20);
    }
  });

  test('may be removed from, also when they are in the archive', async () => {
    const directory = newDirectory();
    const observer = await observerOf(directory);
    const member = await spawn({ directory });
    await countOfEachType(member, 3);
    await member.kill();
    await allCompacted(observer, 1);
    await observer.run(({ register }) => register.removeFromGroup('jobs_total', { queue: 'a' }));

    expect(valuesOf(await observer.scrape()).get(jobsOf('a'))).toBeUndefined();
    expect(valuesOf(await observer.scrape()).get(jobsOf('b'))).toBe(6);
    await observer.run(({ register }) => register.resetGroup());
    expect(valuesOf(await observer.scrape()).get(jobsOf('b'))).toBeUndefined();
  });
});

test('an owner that is stopped is not compacted', async () => {
  const directory = newDirectory();
  const [observer, stopped, killed] = await Promise.all([
    observerOf(directory),
    spawn({ directory }),
    spawn({ directory }),
  ]);
  await count(stopped, 1);
  await count(killed, 2);
  process.kill(stopped.pid, 'SIGSTOP');
  await killed.kill();
  await allCompacted(observer, 1);
  process.kill(stopped.pid, 'SIGCONT');
  await count(stopped, 4);

  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(7);
  expect(segmentsIn(directory)).toHaveLength(1);
});

test('a file that is no archive is put aside, and compactions go on', async () => {
  const directory = newDirectory();
  const observer = await observerOf(directory);
  writeFileSync(join(directory, 'archive'), 'not an archive');
  expect(valuesOf(await observer.scrape()).get('prom_client_mmap_skipped_files{reason="truncated"}')).toBe(1);
  const member = await spawn({ directory });
  await count(member, 3);
  await member.kill();
  await allCompacted(observer, 1);

  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(3);
  expect(existsSync(join(directory, 'archive.bad'))).toBe(true);
});

describe('a session', () => {
  test('begins at zero with the first owner, when no other process of the group lives', async () => {
    const directory = newDirectory();
    await countAndDie(directory, 5);
    const reader = await spawn({ directory });
    expect(valuesOf(await reader.scrape()).get('jobs_total{}')).toBe(5);
    expect(await reader.leave()).toBe(0);
    const next = await spawn({ directory });
    await count(next, 1);

    expect(valuesOf(await next.scrape()).get('jobs_total{}')).toBe(1);
    expect(segmentsIn(directory)).toHaveLength(1);
  });

  test('goes on while any process lives, also one that only reads', async () => {
    const directory = newDirectory();
    const reader = await observerOf(directory);
    await countAndDie(directory, 5);
    const next = await spawn({ directory });
    await count(next, 1);

    expect(valuesOf(await reader.scrape()).get('jobs_total{}')).toBe(6);
  });

  test('goes on with a process that has seen another one count, and counts itself only after its death', async () => {
    const directory = newDirectory();
    const [first, second] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(first, 5);
    expect(valuesOf(await second.scrape()).get('jobs_total{}')).toBe(5);
    await first.kill();
    await count(second, 1);

    expect(valuesOf(await second.scrape()).get('jobs_total{}')).toBe(6);
  });

  test('goes on with a process that has scraped before another one counted, and counts itself after its death', async () => {
    const directory = newDirectory();
    await countAndDie(directory, 2);
    const reader = await spawn({ directory });
    expect(valuesOf(await reader.scrape()).get('jobs_total{}')).toBe(2);
    await countAndDie(directory, 5);
    await count(reader, 1);

    expect(valuesOf(await reader.scrape()).get('jobs_total{}')).toBe(8);
  });

  test('resumes the counts of the last one with `persist`', async () => {
    const directory = newDirectory();
    for (const total of [5, 10, 15]) {
      const member = await spawn({ directory });
      await member.run(({ configure }) => configure({ persist: true }));
      await count(member, 5);
      expect(valuesOf(await member.scrape()).get('jobs_total{}')).toBe(total);
      await member.kill();
    }
  });
});

const jobsOf = (queue: string): string => keyOf({ name: 'jobs_total', labels: { queue, app: 'shop' } });

/** A member without metrics of its own that shows all self-metrics. */
async function observerOf(directory: string): Promise<Member> {
  const observer = await spawn({ directory });
  await observer.run(({ configure }) => configure({ selfMetrics: 'all' }));
  await observer.scrape();
  return observer;
}

async function count(member: Member, amount: number): Promise<void> {
  await member.run(({ Counter, register }, by) => {
    const known = register.getSingleMetric('jobs_total') as { inc(by: number): void } | undefined;
    (known ?? new Counter({ name: 'jobs_total', help: 'Jobs done.' })).inc(by);
  }, amount);
}

async function countAndDie(directory: string, amount: number): Promise<void> {
  const member = await spawn({ directory });
  await count(member, amount);
  await member.kill();
}

async function countOfEachType(member: Member, amount: number): Promise<void> {
  await member.run(({ Counter, Gauge, Histogram, Summary, register }, by) => {
    register.setDefaultLabels({ app: 'shop' });
    const jobs = new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
    jobs.inc({ queue: 'a' }, by);
    jobs.inc({ queue: 'b' }, 2 * by);
    for (const mode of ['min', 'max', 'sum', 'mostrecent', 'all'] as const) {
      new Gauge({ name: `gauge_${mode}`, help: 'A gauge.', multiprocessMode: mode }).set(by);
    }
    const histogram = new Histogram({
      name: 'seconds',
      help: 'Seconds.',
      labelNames: ['queue'],
      buckets: [0.15, 5],
    });
    histogram.observe({ queue: 'a' }, by);
    const summary = new Summary({ name: 'bytes', help: 'Bytes.' });
    for (let i = 1; i <= 50; i++) summary.observe(i * by);
    new Summary({ name: 'recent_bytes', help: 'Bytes.', maxAgeSeconds: 3600, ageBuckets: 3 }).observe(by);
  }, amount);
}

/** Waits until no dead owner is left, and scrapes meanwhile, as Prometheus does. */
async function allCompacted(observer: Member, least = 1): Promise<void> {
  await vi.waitFor(
    async () => {
      const values = valuesOf(await observer.scrape());
      expect(values.get(dead)).toBe(0);
      expect(values.get(compacted)).toBeGreaterThanOrEqual(least);
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** Holds the lock that a compaction needs; the result releases it. */
async function holdLock(directory: string): Promise<() => Promise<unknown>> {
  const flock = start('flock', [join(directory, 'lock'), '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(flock.stdout, 'data');
  return async () => {
    flock.stdin.end();
    await once(flock, 'close');
  };
}
