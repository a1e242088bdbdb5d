import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';

const folder = join(__dirname, '..', '..', 'deploy', 'systemd');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.skipIf(!hasSystemd)('systemd-analyze (Debian: systemd)', () => {
  test.each(['shop.service', 'shop@.service'])('finds no fault in %s', (name) => {
    expect(verify(name, (unit) => unit)).toBe('');
  });

  test('finds an unknown setting', () => {
    expect(verify('shop.service', (unit) => unit.replace('KillMode', 'KillMood'))).toContain('KillMood');
  });
});

/** What systemd says of a unit, as it is but for the place of Node on this machine. */
function verify(name: string, changed: (unit: string) => string): string {
  const unit = readFileSync(join(folder, name), 'utf8').replace('/usr/bin/node', process.execPath);
  const copy = join(newDirectory(), name.replace('@', '@8001'));
  writeFileSync(copy, changed(unit));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
  // Of other units of this machine there may be more to say.
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.includes('shop'))
    .join('\n');
}
