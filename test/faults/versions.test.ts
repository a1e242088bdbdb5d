import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { scale, timeout } from './support/scale';
import { copyOfNextMinor, ofVersion, versionOf } from './support/versions';

const skipped = 'prom_client_mmap_skipped_files{reason="version"}';
const inTime = { timeout: 60_000, interval: 50 };

describe('a segment of a later minor version', () => {
  test('counts while its owner lives, and is compacted when it is dead', async () => {
    const { directory, observer, member, path } = await memberAndObserver();
    const file = readFileSync(path);
    const { major, minor } = versionOf(file);
    writeFileSync(path, ofVersion(file, { major, minor: minor + 1 }).subarray(0, 256), { flag: 'r+' });
    await count(member, 4);
    const late = await spawn({ directory });
    for (const scraper of [observer, late, member]) {
      expect(valuesOf(await scraper.scrape())).toEqual(jobs(7, { busy: 1 }));
    }

    await member.kill();
    await vi.waitFor(async () => {
      expect(valuesOf(await observer.scrape())).toEqual(jobs(7));
      expect(segmentsIn(directory)).toEqual([]);
    }, inTime);
    expect(valuesOf(await late.scrape())).toEqual(jobs(7));
  });

  // A compiler needs a minute for the second copy, so only deep runs have this one.
  test.skipIf(scale === 1)(
    'of a library that was compiled so, in one group with this one: each reads and compacts the counts of the other',
    async () => {
      const next = await copyOfNextMinor();
      const directory = newDirectory();
      let observer = await spawn({ directory });
      let total = 0;
      for (const from of [next, undefined, next, undefined]) {
        await observer.scrape();
        const members = await Promise.all([spawn({ directory }), spawn({ directory, from: next })]);
        for (const member of members) await count(member, 1);
        total += members.length;
        const [own = 0, later = 0] = minorsIn(directory);
        expect(later).toBe(own + 1);
        const texts = await Promise.all([...members, observer].map((scraper) => scraper.scrape()));
        expect(valuesOf(texts[0] ?? '')).toEqual(jobs(total, { busy: 2 }));
        expect(new Set(texts).size).toBe(1);

        // The compactor is of one version, and then of the other.
        const compactor = await spawn({ directory, ...(from === undefined ? {} : { from }) });
        await compactor.scrape();
        await observer.kill();
        observer = compactor;
        await Promise.all(members.map((member) => member.kill()));
        await vi.waitFor(async () => {
          expect(valuesOf(await observer.scrape())).toEqual(jobs(total));
          expect(segmentsIn(directory)).toEqual([]);
        }, inTime);
        const archive = readFileSync(join(directory, 'archive'));
        expect(versionOf(archive).minor).toBe(from === undefined ? own : later);
      }
    },
    10 * timeout,
  );
});

describe('a later major version', () => {
  test('of a segment is skipped with a self-metric, and neither compacted nor removed when its owner is dead', async () => {
    const [{ directory, observer, member }, other] = await Promise.all([
      memberAndObserver(),
      memberAndObserver(),
    ]);
    const later = ofVersion(readFileSync(other.path), { major: 2, minor: 0 });
    await Promise.all([member.kill(), other.member.kill()]);
    const place = join(directory, basename(other.path));
    writeFileSync(place, later);
    const left = new Map([...jobs(3), [skipped, 1]]);
    await vi.waitFor(async () => {
      expect(valuesOf(await observer.scrape())).toEqual(left);
      expect(segmentsIn(directory)).toEqual([basename(place)]);
    }, inTime);
    const late = await spawn({ directory });
    await compactNow(late);
    expect(valuesOf(await late.scrape())).toEqual(left);
    expect(readFileSync(place)).toEqual(later);
    expect(await observer.warnings()).toEqual([]);

    // It ends with its run, as all others do.
    await Promise.all([observer.kill(), late.kill()]);
    const next = await spawn({ directory });
    await count(next, 5);
    expect(valuesOf(await next.scrape())).toEqual(jobs(5, { busy: 1 }));
    expect(segmentsIn(directory)).not.toContain(basename(place));
  });

  test('of the archive prevents compactions: it stays, and so do dead owners, whose counts are shown', async () => {
    const { directory, observer, member } = await memberAndObserver();
    await member.kill();
    await vi.waitFor(async () => {
      await observer.scrape();
      expect(segmentsIn(directory)).toEqual([]);
    }, inTime);
    const archive = join(directory, 'archive');
    const later = ofVersion(readFileSync(archive), { major: 2, minor: 0 });
    writeFileSync(archive, later);
    const other = await spawn({ directory });
    await count(other, 4);
    await other.kill();
    const left = new Map([...jobs(4), [skipped, 1]]);
    const late = await spawn({ directory });
    expect(valuesOf(await late.scrape())).toEqual(left);
    await compactNow(late);
    expect(valuesOf(await late.scrape())).toEqual(left);
    expect(segmentsIn(directory)).toHaveLength(1);
    expect(readFileSync(archive)).toEqual(later);
  });
});

async function memberAndObserver(): Promise<{
  directory: string;
  observer: Member;
  member: Member;
  path: string;
}> {
  const directory = newDirectory();
  const [observer, member] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await count(member, 3);
  await observer.scrape(); // its run does not end with the member
  return { directory, observer, member, path: join(directory, segmentsIn(directory)[0] ?? '') };
}

/** To remove a series, even one that does not exist, compacts at once. */
async function compactNow(member: Member): Promise<void> {
  await member.run(({ register }) => register.removeFromGroup('missing_total', {}));
}

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter, Gauge, register }, amount) => {
    const name = 'jobs_total';
    const found = register.getSingleMetric(name) as InstanceType<typeof Counter> | undefined;
    if (found !== undefined) return found.inc(amount);
    new Counter({ name, help: 'Jobs done.' }).inc(amount);
    new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
  }, jobsDone);
}

/** All that a scrape shows; `busy` goes with its owners. */
function jobs(total: number, { busy }: { busy?: number } = {}): Map<string, number> {
  return new Map([['jobs_total{}', total], ...(busy === undefined ? [] : [['busy{}', busy] as const])]);
}

function minorsIn(directory: string): number[] {
  return segmentsIn(directory)
    .map((name) => versionOf(readFileSync(join(directory, name))).minor)
    .sort((a, b) => a - b);
}
