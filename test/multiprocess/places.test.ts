import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { groupDirectories, newDirectory, ownDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, root, spawn } from './support/member';

const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];
const canUnshare = spawnSync(container[0] as string, [...container.slice(1), 'true']).status === 0;

describe('a relative directory', () => {
  test('of the environment stays the same one when the process, or one that it starts, goes elsewhere', async () => {
    const start = newDirectory();
    const member = await spawn({ directory: 'metrics', cwd: start });
    await changeTo(member, newDirectory());
    await count(member, 1);
    await changeTo(member, newDirectory());
    const worker = await member.startWorker();
    await count(worker, 2);

    expect(segmentsIn(join(start, 'metrics'))).toHaveLength(2);
    for (const one of [member, worker]) expect(jobsOf(await one.scrape())).toBe(3);
  });

  test('of configure() is taken from where the process is at the call', async () => {
    const start = newDirectory();
    const member = await spawn();
    await changeTo(member, start);
    await member.run(({ configure }) => configure({ dir: 'metrics' }));
    await changeTo(member, newDirectory());
    await count(member, 1);

    expect(segmentsIn(join(start, 'metrics'))).toHaveLength(1);
    expect(jobsOf(await member.scrape())).toBe(1);
  });
});

test('a cluster worker that a shell starts without exec is in the group of the primary', async () => {
  const wrapper = join(newDirectory(), 'node');
  writeFileSync(wrapper, `#!/bin/sh\n"${process.execPath}" "$@"\n`);
  chmodSync(wrapper, 0o755);
  const primary = await spawn();
  await count(primary, 1);
  await primary.run((_library, path) => {
    process.execPath = path;
  }, wrapper);
  const worker = await primary.startWorker();
  await count(worker, 2);

  expect(jobsOf(await primary.scrape())).toBe(3);
  expect(jobsOf(await worker.scrape())).toBe(3);
});

describe('a child that is no cluster worker', () => {
  test('has a group of its own, unless the parent shares', async () => {
    const parent = await spawn();
    await count(parent, 1);
    const child = await childOf(parent);

    expect(await child.scrape()).toBe(2);
    expect(jobsOf(await parent.scrape())).toBe(1);
  });

  test('joins the group of a parent that shares by the environment, and so does its own child', async () => {
    const parent = await spawn({ env: { PROM_CLIENT_MMAP_SHARE_WITH_CHILDREN: '1' } });
    await count(parent, 1);
    const child = await childOf(parent);

    expect(await child.scrape()).toBe(3);
    expect(jobsOf(await parent.scrape())).toBe(3);
  });

  test('joins the group of a parent that shares by configure()', async () => {
    const parent = await spawn();
    await parent.run(({ configure }) => configure({ shareWithChildren: true }));
    await count(parent, 1);
    const child = await childOf(parent);

    expect(await child.scrape()).toBe(3);
    expect(jobsOf(await parent.scrape())).toBe(3);
  });

  test('joins the directory that its parent has named in configure()', async () => {
    const directory = newDirectory();
    const parent = await spawn();
    await parent.run(({ configure }, dir) => configure({ dir, shareWithChildren: true }), directory);
    await count(parent, 1);
    const child = await childOf(parent);

    expect(await child.scrape()).toBe(3);
    expect(segmentsIn(directory)).toHaveLength(2);
  });

  test('has a group of its own when the parent has exited', async () => {
    const parent = await spawn();
    await count(parent, 1);
    const group = basename(ownDirectory(parent.pid) ?? '');
    expect(await parent.leave()).toBe(0);
    const orphan = await spawn({ env: { PROM_CLIENT_MMAP_GROUP: group } });
    await count(orphan, 2);

    expect(ownDirectory(orphan.pid)).toBeDefined();
    expect(jobsOf(await orphan.scrape())).toBe(2);
  });
});

test('two applications of PM2 are apart when a preload makes their metrics, before PM2 sets their variables', async () => {
  const home = newDirectory();
  const ofApplication = (name: string, pm_id: number): Promise<Member> =>
    spawn({ env: { PM2_HOME: home, pm2_env: JSON.stringify({ name, pm_id, PM2_HOME: home }) } });
  const members = await Promise.all([
    ofApplication('shop', 0),
    ofApplication('shop', 1),
    ofApplication('mail', 2),
  ]);
  for (const member of members) await count(member, 1);
  const started = await spawn({ env: { PM2_HOME: home, name: 'shop', pm_id: '3' } });
  await count(started, 1);
  for (const member of [...members, started]) removeAfterwards(groupOf(member.pid));

  const jobs = await Promise.all([...members, started].map(async (member) => jobsOf(await member.scrape())));
  expect(jobs).toEqual([3, 3, 1, 3]);
});

describe('a group whose processes have exited is removed by the next process of any application', () => {
  test('when it was that of a PM2 application', async () => {
    const member = await spawn({ env: { PM2_HOME: newDirectory(), name: 'gone', pm_id: '0' } });
    await count(member, 1);
    const directory = groupOf(member.pid);
    await member.kill();
    makeOld(directory);
    await sweep();

    await expect.poll(() => existsSync(directory)).toBe(false);
  });

  test('but not when its counts persist', async () => {
    const env = { PM2_HOME: newDirectory(), name: 'gone', pm_id: '0', PROM_CLIENT_MMAP_PERSIST: '1' };
    const member = await spawn({ env });
    await count(member, 1);
    const directory = groupOf(member.pid);
    await member.kill();
    makeOld(directory);
    await sweep();
    await sweep();
    const next = await spawn({ env });
    await count(next, 2);
    removeAfterwards(directory);

    expect(groupOf(next.pid)).toBe(directory);
    expect(jobsOf(await next.scrape())).toBe(3);
  });

  test('when they were in a container that was killed', async ({ skip }) => {
    if (!canUnshare) return skip('only root may make a pid namespace');
    const [killed, living] = await Promise.all([
      spawn({ through: container }),
      spawn({ through: container }),
    ]);
    for (const member of [killed, living]) await count(member, 1);
    const [gone, stays] = [await ownGroup(killed), await ownGroup(living)];
    await killed.kill();
    for (const directory of [gone, stays]) makeOld(directory);
    await sweep();

    await expect.poll(() => existsSync(gone)).toBe(false);
    expect(existsSync(stays)).toBe(true);
    expect(jobsOf(await living.scrape())).toBe(1);
  });

  /** Starts a process with a group of its own, and lets it end. */
  async function sweep(): Promise<void> {
    const next = await spawn();
    await count(next, 1);
    await next.leave();
  }

  /** Two minutes pass for the directory, and for the heartbeats of owners that do not renew them. */
  function makeOld(directory: string): void {
    for (const name of segmentsIn(directory)) {
      const file = openSync(join(directory, name), 'r+');
      const heartbeat = Buffer.alloc(8);
      heartbeat.writeBigUInt64LE(1n);
      writeSync(file, heartbeat, 0, 8, 320);
      closeSync(file);
    }
    const before = new Date(Date.now() - 120_000);
    utimesSync(directory, before, before);
  }
});

/** The directory that has the segment of a process, among those that this library has named. */
function groupOf(pid: number): string {
  const has = (path: string): boolean => segmentsIn(path).some((file) => file.startsWith(`s.${pid}.`));
  return groupDirectories().find(has) ?? '';
}

function removeAfterwards(directory: string): void {
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
}

/** The group's directory of a process in a container, whose pid means another process here. */
function ownGroup(member: Member): Promise<string> {
  return member.run(() => {
    const { readdirSync, readlinkSync } = process.getBuiltinModule('node:fs');
    const targets = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    const session = targets.find((target) => target.endsWith('/session')) ?? '';
    return session.slice(0, -'/session'.length);
  });
}

interface Child {
  /** The number of jobs in its exposition. */
  scrape(): Promise<number | undefined>;
}

/** Has a process fork another one, which does two jobs; see test/fixtures/child.mjs. */
async function childOf(parent: Member): Promise<Child> {
  await parent.run(
    (_library, file) => {
      const { fork } = process.getBuiltinModule('node:child_process');
      const child = fork(file);
      child.unref();
      Object.assign(globalThis, { child });
      return new Promise((resolve) => child.once('message', resolve));
    },
    join(root, 'test', 'fixtures', 'child.mjs'),
  );
  const ask = (): Promise<string> =>
    parent.run(() => {
      const { child } = globalThis as unknown as { child: import('node:child_process').ChildProcess };
      child.send('scrape');
      return new Promise<string>((resolve) => {
        child.once('message', (text) => {
          child.channel?.unref();
          resolve(String(text));
        });
      });
    });
  return { scrape: async () => jobsOf(await ask()) };
}

async function changeTo(member: Member, directory: string): Promise<void> {
  await member.run((_library, path) => process.chdir(path), directory);
}

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter }, amount) => {
    Counter.getOrCreate({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
  }, jobsDone);
}

function jobsOf(text: string): number | undefined {
  return valuesOf(text).get('jobs_total{}');
}
