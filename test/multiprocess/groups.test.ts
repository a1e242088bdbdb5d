import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory, ownDirectory, segmentsIn, smallFileSystem } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, root, spawn } from './support/member';

describe('processes with one PROMETHEUS_MULTIPROC_DIR', () => {
  test('are scraped as one, through any of them', async () => {
    const directory = newDirectory();
    const members = await Promise.all([spawn({ directory }), spawn({ directory }), spawn({ directory })]);
    await count(members[0], 1);
    await count(members[1], 2);

    const [first, ...others] = await Promise.all(members.map((member) => member.scrape()));

    expect(valuesOf(first ?? '')).toEqual(jobs(3));
    expect(others).toEqual([first, first]);
  });

  test('may spell it in lower case, as Python does', async () => {
    const directory = newDirectory();
    const upper = await spawn({ directory });
    const lower = await spawn({ env: { prometheus_multiproc_dir: directory } });
    await count(upper, 1);
    await count(lower, 2);

    expect(valuesOf(await upper.scrape())).toEqual(jobs(3));
  });

  test('get the directory made, with its parents', async () => {
    const directory = join(newDirectory(), 'run', 'metrics');
    const member = await spawn({ directory });
    await count(member, 1);

    expect(segmentsIn(directory)).toHaveLength(1);
    expect(await member.warnings()).toEqual([]);
  });

  test('keep the counts of those that have ended, killed or not', async () => {
    const directory = newDirectory();
    const [observer, killed, left] = await Promise.all([
      spawn({ directory }),
      spawn({ directory }),
      spawn({ directory }),
    ]);
    await count(killed, 1);
    await count(left, 2);
    await killed.kill();

    expect(await left.leave()).toBe(0);
    expect(valuesOf(await observer.scrape())).toEqual(jobs(3));
  });

  test('know nothing of those in another directory', async () => {
    const here = await spawn({ directory: newDirectory() });
    const there = await spawn({ directory: newDirectory() });
    await count(here, 1);
    await count(there, 2);

    expect(valuesOf(await here.scrape())).toEqual(jobs(1));
    expect(valuesOf(await there.scrape())).toEqual(jobs(2));
  });
});

describe('configure()', () => {
  test('names the group, against the environment', async () => {
    const directory = newDirectory();
    const elsewhere = newDirectory();
    const asked = await spawn({ directory: elsewhere });
    await asked.run(({ configure }, dir) => configure({ dir }), directory);
    const member = await spawn({ directory });
    await count(asked, 1);
    await count(member, 2);

    expect(valuesOf(await asked.scrape())).toEqual(jobs(3));
    expect(segmentsIn(elsewhere)).toEqual([]);
  });

  test('can keep a process to itself', async () => {
    const directory = newDirectory();
    const alone = await spawn({ directory });
    await alone.run(({ configure }) => configure({ shared: false }));
    const member = await spawn({ directory });
    await count(alone, 1);
    await count(member, 2);

    expect(valuesOf(await alone.scrape())).toEqual(jobs(1));
    expect(valuesOf(await member.scrape())).toEqual(jobs(2));
  });

  test('throws once there is a metric', async () => {
    const member = await spawn();
    await count(member, 1);

    await expect(member.run(({ configure }) => configure({ shared: false }))).rejects.toMatchObject({
      code: 'ERR_CONFIGURED_TOO_LATE',
      message: expect.stringContaining('Expected configure() before the first metric'),
    });
  });

  test('throws once there was a scrape', async () => {
    const member = await spawn();
    await member.scrape();

    await expect(member.run(({ configure }) => configure({ shared: false }))).rejects.toMatchObject({
      code: 'ERR_CONFIGURED_TOO_LATE',
    });
  });
});

describe('environment variables', () => {
  test('name the group, our own one before that of Python', async () => {
    const directory = newDirectory();
    const elsewhere = newDirectory();
    const member = await spawn({ directory: elsewhere, env: { PROM_CLIENT_MMAP_DIR: directory } });
    await count(member, 1);

    expect(segmentsIn(directory)).toHaveLength(1);
    expect(segmentsIn(elsewhere)).toEqual([]);
  });

  test('can keep a process to itself, unless configure() shares it', async () => {
    const directory = newDirectory();
    const env = { PROM_CLIENT_MMAP_SHARED: '0' };
    const [alone, sharing] = await Promise.all([spawn({ directory, env }), spawn({ directory, env })]);
    await sharing.run(({ configure }) => configure({ shared: true }));
    await count(alone, 1);
    await count(sharing, 2);

    expect(valuesOf(await alone.scrape())).toEqual(jobs(1));
    expect(segmentsIn(directory)).toHaveLength(1);
    expect(await alone.warnings()).toEqual([]);
  });

  test('set the limits of a process and what it shows', async () => {
    const env = { PROM_CLIENT_MMAP_MAX_SERIES: '1', PROM_CLIENT_MMAP_SELF_METRICS: 'all' };
    const member = await spawn({ directory: newDirectory(), env });
    await member.run(({ Counter }) => {
      const counter = new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
      for (const queue of ['a', 'b', 'b']) counter.inc({ queue });
    });

    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{queue="a"}')).toBe(1);
    expect(values.get('prom_client_mmap_dropped_updates_total{}')).toBe(2);
    expect(values.get('prom_client_mmap_owners{state="live"}')).toBe(1);
    expect(values.get('prom_client_mmap_native{}')).toBe(1);
  });

  test('tell how large the file system of the group is, and how much room it has', async ({ skip }) => {
    const directory = smallFileSystem(8 << 20);
    if (directory === undefined) return skip('a file system cannot be mounted');
    const member = await spawn({ directory, env: { PROM_CLIENT_MMAP_SELF_METRICS: 'all' } });
    await count(member, 1);
    const { bavail, bsize } = statfsSync(directory);
    const values = valuesOf(await member.scrape());

    expect(values.get('prom_client_mmap_storage_size_bytes{}')).toBe(8 << 20);
    const available = values.get('prom_client_mmap_storage_available_bytes{}');
    expect(available).toBeLessThan(8 << 20);
    expect(Math.abs((available ?? 0) - bavail * bsize)).toBeLessThan(1 << 20);
  });

  test('show that a process without its directory is alone', async () => {
    const directory = join(newDirectory(), 'group');
    const member = await spawn({ directory, env: { PROM_CLIENT_MMAP_SELF_METRICS: 'all' } });
    await count(member, 1);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'no directory');
    const values = valuesOf(await member.scrape());

    expect(values.get('jobs_total{}')).toBe(1);
    expect(values.get('prom_client_mmap_native{}')).toBe(0);
    expect(values.has('prom_client_mmap_storage_size_bytes{}')).toBe(false);
  });

  test('that make no sense are warned about once, and the defaults hold', async () => {
    const directory = newDirectory();
    const env = { PROM_CLIENT_MMAP_MAX_SERIES: 'few', PROM_CLIENT_MMAP_SHARED: 'maybe' };
    const member = await spawn({ directory, env });
    await count(member, 1);
    await member.scrape();

    expect(segmentsIn(directory)).toHaveLength(1);
    expect(await member.warnings()).toEqual(
      ["PROM_CLIENT_MMAP_SHARED .* but got 'maybe'", "PROM_CLIENT_MMAP_MAX_SERIES .* but got 'few'"].map(
        (message) => ({
          name: 'PromClientMmapWarning',
          code: 'ERR_OPTION_VALUE',
          message: expect.stringMatching(message),
        }),
      ),
    );
  });
});

test('two copies of the library in one process are one owner', async () => {
  const directory = newDirectory();
  const member = await spawn({ directory });
  await count(member, 1);
  const texts = await member.run(
    async ({ Counter, register }, entry) => {
      const require = process.getBuiltinModule('node:module').createRequire(entry);
      for (const file of Object.keys(require.cache)) delete require.cache[file];
      const copy = require(entry) as { Counter: typeof Counter; register: typeof register };
      if (copy.Counter === Counter) throw new Error('there is only one copy');
      new copy.Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(2);
      new copy.Counter({ name: 'mails_total', help: 'Mails sent.' }).inc(4);
      return [await register.metrics(), await copy.register.metrics()];
    },
    join(root, 'dist', 'index.js'),
  );

  expect(segmentsIn(directory)).toHaveLength(1);
  expect(valuesOf(texts[0] ?? '')).toEqual(new Map([...jobs(3), ['mails_total{}', 4]]));
  expect(texts[1]).toBe(texts[0]);
});

describe('a process without a configured group', () => {
  test('has one of its own, and removes it when it leaves', async () => {
    const member = await spawn();
    await count(member, 1);
    const directory = ownDirectory(member.pid) ?? '';

    expect(segmentsIn(directory)).toHaveLength(1);
    expect(await member.leave()).toBe(0);
    expect(existsSync(directory)).toBe(false);
  });

  test('does not count for another one', async () => {
    const [one, other] = await Promise.all([spawn(), spawn()]);
    await count(one, 1);
    await count(other, 2);

    expect(valuesOf(await one.scrape())).toEqual(jobs(1));
    expect(valuesOf(await other.scrape())).toEqual(jobs(2));
  });

  test('leaves its group behind when it is killed, and the next process removes it', async () => {
    const killed = await spawn();
    await count(killed, 1);
    const directory = ownDirectory(killed.pid) ?? '';
    // As long as one of the owners lives, no process removes the group.
    const other = await spawn({ env: { PROM_CLIENT_MMAP_GROUP: basename(directory) } });
    await count(other, 2);
    await killed.kill();

    await sweep();
    // The other owner may have compacted the segment of the killed one.
    expect(segmentsIn(directory)).toContainEqual(expect.stringContaining(`s.${other.pid}.`));
    await other.kill();
    await sweep();
    await expect.poll(() => existsSync(directory)).toBe(false);
  });

  /** Starts a process with a group of its own, and lets it end. */
  async function sweep(): Promise<void> {
    const next = await spawn();
    await count(next, 1);
    await next.leave();
  }
});

async function count(member: Member | undefined, jobsDone: number): Promise<void> {
  await member?.run(({ Counter }, amount) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
  }, jobsDone);
}

function jobs(done: number): Map<string, number> {
  return new Map([['jobs_total{}', done]]);
}
