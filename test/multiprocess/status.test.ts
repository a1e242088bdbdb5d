import { join } from 'node:path';
import { expect, test } from 'vitest';
import { version } from '../../src/native/search';
import { newDirectory } from './support/directories';
import { type Member, root, spawn } from './support/member';

const statusOf = (member: Member) => member.run(({ register }) => register.status());

test('a process says that it shares its metrics, where, with which owners, and by which addon', async () => {
  const directory = newDirectory();
  const [one, other] = [await spawn({ directory }), await spawn({ directory })];
  await other.run(({ Counter }) => new Counter({ name: 'jobs_total', help: 'h' }).inc());
  const thread = await one.startThread();
  await thread.run(({ Counter }) => new Counter({ name: 'jobs_total', help: 'h' }).inc());

  const status = await statusOf(one);
  expect(status).toEqual({
    shared: true,
    directory,
    owners: expect.any(Array),
    addon: { path: join(root, 'build/Release/prom_client_mmap.node'), version },
  });
  // The main thread of `one` has counted nothing: it owns no segment.
  expect(new Set(status.owners.map(({ pid }) => pid))).toEqual(new Set([one.pid, other.pid]));
  expect(status.owners).toHaveLength(2);
  expect(await statusOf(thread)).toEqual(status);
});

test('a process that the user keeps to itself says so, without a code', async () => {
  const member = await spawn({ env: { PROM_CLIENT_MMAP_SHARED: '0' } });

  expect(await statusOf(member)).toEqual({
    shared: false,
    reason: 'the option `shared` is false',
    owners: [],
  });
});

test('a process whose directory is not one says why', async () => {
  const member = await spawn({ directory: '/dev/null/metrics' });

  expect(await statusOf(member)).toMatchObject({
    shared: false,
    code: expect.stringMatching(/^(ENOTDIR|EEXIST)$/), // EEXIST from Node 24 on
    reason: expect.stringContaining('PROM_CLIENT_MMAP_DIR'),
  });
});
