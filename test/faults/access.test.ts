import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { nobody, spawnAs } from '../multiprocess/support/other-user';

const isRoot = process.getuid?.() === 0;

describe('a process that may not write where its group is', () => {
  test('on a read-only mount, warns once, counts for itself and shows what others share', async ({
    skip,
  }) => {
    if (!isRoot) return skip('only root may mount');
    const directory = newDirectory();
    const sharing = await spawn({ directory });
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
    const locked = await spawn({ directory, through: ['unshare', '--mount', 'sh', '-c', script, directory] });
    await count(sharing, 1);
    await count(locked, 2);
    await count(locked, 2);

    expect(await locked.warnings()).toEqual([warning('EROFS', /PROM_CLIENT_MMAP_DIR/)]);
    expect(jobsOf(await locked.scrape())).toBe(5);
    expect(jobsOf(await sharing.scrape())).toBe(1);
    expect(await sharing.warnings()).toEqual([]);
  });

  test('nor read it, warns once, counts for itself and says that there is something else', async ({
    skip,
  }) => {
    if (!isRoot) return skip('only root can start a process of another user');
    const directory = newDirectory();
    const member = await spawnAs(nobody, directory);
    if (member === undefined) return skip('user 65534 cannot run Node or read the temporary directory');
    await count(await spawn({ directory }), 1);
    await count(member, 2);

    expect(await member.warnings()).toEqual([warning('EACCES', /PROM_CLIENT_MMAP_DIR/)]);
    expect(valuesOf(await member.scrape())).toEqual(
      new Map([
        ['jobs_total{}', 2],
        ['prom_client_mmap_skipped_files{reason="unreadable"}', 1],
      ]),
    );
  });
});

test.each([
  ['/proc/metrics', 'ENOENT'],
  ['/dev/null/metrics', 'ENOTDIR'],
])(
  'a process whose directory would be %s, which cannot be made, warns once and counts for itself',
  async (directory, code) => {
    const member = await spawn({ directory });
    await count(member, 1);

    expect(await member.warnings()).toEqual([warning(code, /PROM_CLIENT_MMAP_DIR/)]);
    expect(jobsOf(await member.scrape())).toBe(1);
  },
);

test('a process adds up the segments of its own user only, unless it is root', async ({ skip }) => {
  if (!isRoot) return skip('only root can start a process of another user');
  const directory = newDirectory();
  chmodSync(directory, 0o1777);
  const other = await spawnAs(nobody, '/nowhere');
  if (other === undefined) return skip('user 65534 cannot run Node or read the temporary directory');
  const root = await spawn();
  for (const member of [other, root]) {
    await member.run(({ configure }, dir) => configure({ dir, allowSharedDirectory: true }), directory);
    await count(member, 1);
  }

  expect(jobsOf(await root.scrape())).toBe(2);
  expect(valuesOf(await other.scrape())).toEqual(
    new Map([
      ['jobs_total{}', 1],
      ['prom_client_mmap_skipped_files{reason="forbidden"}', 1],
    ]),
  );
});

describe('a directory that the user named', () => {
  const foreignGroup = 1;
  const cases: readonly [who: string, mode: number, group: number | undefined, isRefused: boolean][] = [
    ['everybody', 0o777, undefined, true],
    ['everybody, each their own files', 0o1777, undefined, true],
    ['others, but not a group', 0o702, undefined, true],
    ['a group that is not that of the process', 0o770, foreignGroup, true],
    ["the process's group, as after umask 002", 0o775, undefined, false],
    ['no other user, though all may read', 0o755, foreignGroup, false],
  ];

  test.for(cases)(
    'in which %s may write: %o, group %o, refused %o',
    async ([, mode, group, isRefused], { skip }) => {
      if (group !== undefined && !isRoot) return skip('only root can give a directory to a foreign group');
      const directory = join(newDirectory(), 'metrics');
      mkdirSync(directory);
      chownSync(directory, -1, group ?? process.getegid?.() ?? -1);
      chmodSync(directory, mode);
      const [one, other] = await Promise.all([spawn({ directory }), spawn({ directory })]);
      await count(one, 1);
      await count(other, 2);

      expect(jobsOf(await one.scrape())).toBe(isRefused ? 1 : 3);
      expect(segmentsIn(directory)).toHaveLength(isRefused ? 0 : 2);
      const warnings = isRefused ? [warning('ERR_GROUP_DIRECTORY', /allowSharedDirectory/)] : [];
      expect(await one.warnings()).toEqual(warnings);
    },
  );

  test('is taken as it is when the application says so', async () => {
    const directory = newDirectory();
    chmodSync(directory, 0o777);
    const members = await Promise.all([spawn(), spawn()]);
    for (const member of members) {
      await member.run(({ configure }, dir) => configure({ dir, allowSharedDirectory: true }), directory);
      await count(member, 1);
    }

    expect(jobsOf((await members[0]?.scrape()) ?? '')).toBe(2);
    expect(await members[0]?.warnings()).toEqual([]);
  });

  test('in which all users may write later is not opened any more until they may not', async () => {
    const directory = newDirectory();
    const [one, other] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(one, 1);
    await count(other, 2);
    expect(jobsOf(await one.scrape())).toBe(3);
    chmodSync(directory, 0o777);
    const newcomer = await spawn();
    await newcomer.run(({ configure }, dir) => configure({ dir }), directory);
    await count(newcomer, 4);

    expect(jobsOf(await newcomer.scrape())).toBe(4);
    expect(jobsOf(await one.scrape())).toBe(3); // of the other one the numbers that were read last
    await count(other, 5);
    expect(jobsOf(await one.scrape())).toBe(3);
    expect(await one.warnings()).toEqual([warning('EPERM', /access to the files of this group/)]);
    chmodSync(directory, 0o700);
    expect(jobsOf(await one.scrape())).toBe(8);
  });

  test('may lie inside one that is open to everybody: it is made for this user alone', async () => {
    const open = newDirectory();
    chmodSync(open, 0o1777);
    const directory = join(open, 'metrics');
    const [one, other] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(one, 1);
    await count(other, 2);

    expect(jobsOf(await one.scrape())).toBe(3);
    expect(await one.warnings()).toEqual([]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });
});

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter, register }, amount) => {
    const name = 'jobs_total';
    const found = register.getSingleMetric(name) as InstanceType<typeof Counter> | undefined;
    (found ?? new Counter({ name, help: 'Jobs done.' })).inc(amount);
  }, jobsDone);
}

function jobsOf(text: string): number | undefined {
  return valuesOf(text).get('jobs_total{}');
}

function warning(code: string, advice: RegExp): unknown {
  return { name: 'PromClientMmapWarning', code, message: expect.stringMatching(advice) };
}
