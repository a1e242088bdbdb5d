import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';
import { command } from './support/command';

/** The directory of a process with `hits_total` and `wait_seconds`, and `mail_total` in the registry `mail`. */
async function application(): Promise<string> {
  const directory = join(newDirectory(), 'group');
  mkdirSync(directory, { mode: 0o700 });
  const member = await spawn({ directory });
  await member.run(({ Counter, Histogram, Registry }) => {
    new Counter({ name: 'hits_total', help: 'h', labelNames: ['path', 'tenant'] }).inc(
      { path: '/', tenant: 'a' },
      3,
    );
    new Histogram({ name: 'wait_seconds', help: 'h', buckets: [0.1, 1] }).observe(0.5);
    const mail = new Registry(undefined, { name: 'mail' });
    new Counter({ name: 'mail_total', help: 'h', registers: [mail] }).inc(7);
    Object.assign(globalThis, { mail }); // or it is garbage, and its counts leave the group
  });
  return directory;
}

describe('dump', () => {
  test.each([
    ['a family', ['--name', 'hits_totl'], /got 'hits_totl': did you mean hits_total\?/],
    ['a sample', ['--name', 'wait_seconds_bucket'], /did you mean wait_seconds\?/],
    ['a family without _total', ['--name', 'hits'], /did you mean hits_total\?/],
    ['nothing near', ['--name', 'nosuch', '--format', 'json'], /got 'nosuch': without --name all are shown/],
    ['a family of another registry', ['--registry', 'mail', '--name', 'hits_total'], /got 'hits_total'/],
    ['a registry', ['--registry', 'nosuch'], /named 'nosuch': without --registry all are shown/],
  ])('ends with 1 where it is asked for %s that the group does not have', async (_what, args, text) => {
    const { code, stdout, stderr } = await command(['dump', await application(), ...args]);

    expect(code).toBe(1);
    expect(stderr).toMatch(text);
    expect(stdout).not.toContain('hits_total');
  });

  test('shows the families that there are, and says that another one is missing', async () => {
    const directory = await application();
    const args = ['--self-metrics', '--name', 'hits_total', '--name', 'prom_client_mmap_owners'];
    const two = await command(['dump', directory, ...args]);
    const three = await command(['dump', directory, ...args, '--name', 'nosuch']);

    expect(two).toMatchObject({ code: 0, stderr: '' });
    expect(two.stdout).toContain('\nhits_total{path="/",tenant="a"} 3\n');
    expect(two.stdout).toContain('\nprom_client_mmap_owners{state="live"} 1\n');
    expect(three).toMatchObject({ code: 1, stderr: expect.stringContaining("got 'nosuch'") });
    expect(three.stdout).toBe(two.stdout);
  });
});

test.each(['dump', 'check'])(
  '%s of a directory that holds no group is an error, which names the groups',
  async (name) => {
    const directory = await application();
    const empty = await command([name, newDirectory()]);
    const parent = await command([name, join(directory, '..')], { PROM_CLIENT_MMAP_DIR: directory });

    for (const { code, stdout, stderr } of [empty, parent]) {
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toContain(directory);
    }
  },
);
