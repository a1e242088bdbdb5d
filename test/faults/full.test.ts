import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { segmentsIn, smallFileSystem } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';

const failures = 'prom_client_mmap_compaction_failures_total{}';
const inTime = { timeout: 60_000, interval: 50 };

test('dead owners stay as they are where a compaction finds no room for the archive, and are compacted once there is some', async ({
  skip,
}) => {
  const group = groupOf(smallFileSystem(1024 * 1024));
  if (group === undefined) return skip('a small file system can only be mounted by root');
  const { directory, filler } = group;
  const observer = await spawn({ directory });
  await count(observer, 0.1);
  const others = await Promise.all([spawn({ directory }), spawn({ directory })]);
  for (const [i, member] of others.entries()) await count(member, i === 0 ? 0.2 : 0.7);
  fill(filler);
  await Promise.all(others.map((member) => member.kill()));
  const before = await observer.scrape();
  expect(totals(before)).toEqual(exactly(3, 1));
  for (let seen = 1; seen <= 2; seen++) {
    await vi.waitFor(async () => {
      const values = valuesOf(await observer.scrape());
      expect(totals(values)).toEqual(exactly(3, 1));
      expect(values.get(failures)).toBeGreaterThanOrEqual(seen);
    }, inTime);
  }
  expect(segmentsIn(directory)).toHaveLength(3);
  await vi.waitFor(() => expect(leftovers(directory)).toEqual([]), inTime);

  rmSync(filler);
  await vi.waitFor(async () => {
    expect(totals(await observer.scrape())).toEqual(exactly(3, 1));
    expect(segmentsIn(directory)).toHaveLength(1);
  }, inTime);
  expect(totals(await observer.scrape())).toEqual(exactly(3, 1));
  expect(totals(await (await spawn({ directory })).scrape())).toEqual(exactly(3, 1));
  expect(await observer.warnings()).toEqual([]);
});

test('an archive that has no room to grow keeps what is in it, and the dead after it count beside it', async ({
  skip,
}) => {
  const group = groupOf(smallFileSystem(1024 * 1024));
  if (group === undefined) return skip('a small file system can only be mounted by root');
  const { directory, filler } = group;
  const observer = await spawn({ directory });
  await count(observer, 0.1);
  const early = await spawn({ directory });
  await count(early, 0.2);
  await early.kill();
  await vi.waitFor(async () => {
    await observer.scrape();
    expect(segmentsIn(directory)).toHaveLength(1);
  }, inTime);
  const late = await spawn({ directory });
  await count(late, 0.7);
  fill(filler);
  await late.kill();
  await vi.waitFor(async () => {
    const values = valuesOf(await observer.scrape());
    expect(totals(values)).toEqual(exactly(3, 1));
    expect(values.get(failures)).toBeGreaterThanOrEqual(1);
  }, inTime);
  expect(segmentsIn(directory)).toHaveLength(2);
  expect(totals(await (await spawn({ directory })).scrape())).toEqual(exactly(3, 1));

  rmSync(filler);
  await vi.waitFor(async () => {
    expect(totals(await observer.scrape())).toEqual(exactly(3, 1));
    expect(segmentsIn(directory)).toHaveLength(1);
  }, inTime);
  expect(totals(await observer.scrape())).toEqual(exactly(3, 1));
});

/** A group's directory, and beside it the file that takes what room is left. */
function groupOf(place: string | undefined): { directory: string; filler: string } | undefined {
  if (place === undefined) return undefined;
  const directory = join(place, 'group');
  mkdirSync(directory, { mode: 0o700 });
  return { directory, filler: join(place, 'filler') };
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4096, 'x');
  try {
    while (writeSync(file, block) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

async function count(member: Member, amount: number): Promise<void> {
  await member.run(({ Counter, Histogram }, number) => {
    new Counter({ name: 'work_total', help: 'Work done.' }).inc(number);
    new Histogram({ name: 'wait_seconds', help: 'Waits.', buckets: [0.5] }).observe(number);
  }, amount);
}

function totals(of: string | ReadonlyMap<string, number>): unknown {
  const values = typeof of === 'string' ? valuesOf(of) : of;
  const names = [
    'work_total{}',
    'wait_seconds_count{}',
    'wait_seconds_bucket{le="0.5"}',
    'wait_seconds_sum{}',
  ];
  return names.map((name) => values.get(name));
}

/** One observation is above the bucket. */
function exactly(observations: number, sum: number): unknown {
  return [sum, observations, observations - 1, sum];
}

function leftovers(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('.t.') || name.startsWith('archive'));
}
