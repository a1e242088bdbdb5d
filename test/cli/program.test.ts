import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../multiprocess/support/member';
import { command } from './support/command';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test.each(['--version', '-v', '-V'])('%s shows the version of the package', async (option) => {
  expect(await command([option])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.skipIf(!existsSync('/dev/full'))('an output that cannot be written is an error with its reason', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'prom-client-mmap.mjs'), 'list', '--json'],
    { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
  );
  closeSync(full);

  expect(status).toBe(1);
  expect(stderr).toMatch(/^prom-client-mmap: expected to write the whole output, but got ENOSPC/);
});

test('a reader that has closed the pipe wants no more, which is no error', () => {
  const script = 'set -o pipefail; "$0" "$1" --help | true';
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', script, process.execPath, join(root, 'bin', 'prom-client-mmap.mjs')],
    { encoding: 'utf8' },
  );

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
