import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { root, spawn } from '../multiprocess/support/member';
import { nobody, spawnAs } from '../multiprocess/support/other-user';
import { command } from './support/command';

const user = process.geteuid?.() ?? 0;

test('list takes a directory with counts for a group, and neither files nor other directories', async () => {
  const directory = newDirectory();
  for (const base of [`prom-client-mmap-${user}`, 'prom-client-mmap-of-a-test']) {
    mkdirSync(join(directory, base, 'empty'), { recursive: true });
    mkdirSync(join(directory, base, 'group'));
    writeFileSync(join(directory, base, 'group', 'archive'), '');
    writeFileSync(join(directory, base, 'key'), '');
  }
  const { stdout } = await command(['list', '--json'], { TMPDIR: directory });
  const found = (JSON.parse(stdout) as { directory: string }[]).map((group) => group.directory);

  expect(found.filter((path) => path.startsWith(directory))).toEqual([
    join(directory, `prom-client-mmap-${user}`, 'group'),
  ]);
});

test.each([
  [['list', 'shop'], 'expected options only'],
  [['doctor', 'shop'], 'expected options only'],
  [['dump', '/dev/shm', 'shop'], 'expected one group'],
])('%j has a name too many, which is an error', async (args, text) => {
  expect(await command(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(text) });
});

test('each command says that the files are those of another user, and shows no empty group', async ({
  skip,
}) => {
  const directory = newDirectory();
  const program = join(root, 'bin', 'prom-client-mmap.mjs');
  const asOther = (name: string): Promise<unknown> =>
    promisify(execFile)(process.execPath, [program, name, directory], { uid: nobody });
  const other = await spawnAs(nobody, directory);
  if (user !== 0 || other === undefined) return skip('user 65534 cannot run Node');
  await other.kill();
  const member = await spawn({ directory });
  await member.run(({ Counter }) => new Counter({ name: 'c_total', help: 'h' }).inc());
  chmodSync(directory, 0o755);
  for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o644);

  for (const name of ['dump', 'top', 'check', 'serve', 'targets']) {
    await expect(asOther(name)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /Expected the right to read .*\/s\.\d+.* belongs to user 0 .* this is user 65534/,
      ),
    });
  }
});
