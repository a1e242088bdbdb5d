import { chownSync } from 'node:fs';
import { expect, test } from 'vitest';
import { installedCopy, newDirectory } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';
import { nobody } from './support/other-user';

const isRoot = process.getuid?.() === 0;

test('processes that give up their rights go on as one group of their new user', async ({ skip }) => {
  if (!isRoot) return skip('only root can give up rights');
  const primary = await spawn({ from: installedCopy({ addon: true }) });
  const workers = await Promise.all([primary.startWorker(), primary.startWorker()]);
  for (const worker of workers) await count(worker, 1);
  await primary.scrape();
  for (const worker of workers) {
    await giveUpRights(worker);
    await count(worker, 2);
    await worker.scrape();
  }

  for (const worker of workers) expect(jobsOf(await worker.scrape())).toBe(6);
  expect(jobsOf(await primary.scrape())).toBe(6);
  expect(await workers[0]?.warnings()).toEqual([warning('ERR_GROUP_USER', /primary/)]);
});

test('a process without a cluster that gives up its rights loses nothing, and warns of nothing', async ({
  skip,
}) => {
  if (!isRoot) return skip('only root can give up rights');
  const member = await spawn({ from: installedCopy({ addon: true }) });
  await count(member, 1);
  await giveUpRights(member);
  await count(member, 2);

  expect(jobsOf(await member.scrape())).toBe(3);
  expect(await member.warnings()).toEqual([]);
});

test('in a directory of the new user, all that give up their rights go on as one group', async ({ skip }) => {
  if (!isRoot) return skip('only root can give up rights');
  const directory = newDirectory();
  chownSync(directory, nobody, nobody);
  const from = installedCopy({ addon: true });
  const members = await Promise.all([spawn({ directory, from }), spawn({ directory, from })]);
  for (const member of members) {
    await count(member, 1);
    await giveUpRights(member);
    await member.scrape();
  }

  for (const member of members) expect(jobsOf(await member.scrape())).toBe(2);
});

test('a process whose new user may not open the directory shows its own numbers, and warns once', async ({
  skip,
}) => {
  if (!isRoot) return skip('only root can give up rights');
  const directory = newDirectory();
  const from = installedCopy({ addon: true });
  const member = await spawn({ directory, from });
  await count(member, 1);
  await giveUpRights(member);
  await count(member, 2);

  expect(jobsOf(await member.scrape())).toBe(3);
  expect(jobsOf(await member.scrape())).toBe(3);
  expect(await member.warnings()).toEqual([warning('EACCES', /PROM_CLIENT_MMAP_DIR/)]);
});

test('a primary of root answers for workers of another user, which warn that they cannot answer for it', async ({
  skip,
}) => {
  if (!isRoot) return skip('only root can start a process of another user');
  const primary = await spawn({ from: installedCopy({ addon: true }) });
  await count(primary, 1);
  await primary.run((_library, uid) => {
    const cluster = process.getBuiltinModule('node:cluster') as unknown as import('node:cluster').Cluster;
    cluster.setupPrimary({ uid, gid: uid });
  }, nobody);
  const workers = await Promise.all([primary.startWorker(), primary.startWorker()]);
  for (const worker of workers) await count(worker, 2);

  expect(jobsOf(await primary.scrape())).toBe(5);
  await workers[0]?.kill();
  expect(jobsOf(await primary.scrape())).toBe(5);
  expect(jobsOf((await workers[1]?.scrape()) ?? '')).toBe(4);
  expect(await workers[1]?.warnings()).toEqual([warning('ERR_GROUP_USER', /scrape the primary/)]);
  expect(await primary.warnings()).toEqual([]);
});

test('the counts of a worker that gave up its rights and was killed before the next scrape of the primary stay', async ({
  skip,
}) => {
  if (!isRoot) return skip('only root can give up its rights');
  const primary = await spawn({ from: installedCopy({ addon: true }) });
  const worker = await primary.startWorker();
  await count(primary, 1);
  await count(worker, 2);
  await giveUpRights(worker);

  expect(jobsOf(await primary.scrape())).toBe(3);
  await worker.scrape(); // which moves its segment
  await worker.kill();
  expect(jobsOf(await primary.scrape())).toBe(3);
});

async function giveUpRights(member: Member): Promise<void> {
  await member.run((_library, id) => {
    process.setgid?.(id);
    process.setgroups?.([id]);
    process.setuid?.(id);
  }, nobody);
}

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter }, amount) => {
    Counter.getOrCreate({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
  }, jobsDone);
}

function jobsOf(text: string): number | undefined {
  return valuesOf(text).get('jobs_total{}');
}

function warning(code: string, message: RegExp): unknown {
  return { name: 'PromClientMmapWarning', code, message: expect.stringMatching(message) };
}
