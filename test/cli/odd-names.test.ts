import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { spawn } from '../multiprocess/support/member';
import { command } from './support/command';

test('list and dump find the group of a process in a directory whose name is not ASCII', async () => {
  const directory = join(newDirectory(), 'sp ace ünï 漢');
  mkdirSync(directory);
  const member = await spawn({ directory });
  await member.run(({ Counter }) => new Counter({ name: 'hits_total', help: 'Hits.' }).inc(3));

  expect((await command(['list'])).stdout).toContain(directory);
  expect((await command(['dump', `${member.pid}`])).stdout).toContain('\nhits_total 3\n');
});

test('no label moves the cursor of a terminal or turns its line round', async () => {
  const directory = newDirectory();
  const member = await spawn({ directory });
  await member.run(({ Gauge }) => {
    const gauge = new Gauge({ name: 'load', help: 'Load.', labelNames: ['l'] });
    gauge.set({ l: 'a\u001b[2Jb\r\n\u0007\u009b\u2028\u202ec\u2066' }, 1);
  });

  expect((await command(['top', directory, '-n', '1'])).stdout).toContain('l=a?[2Jb??????c?');
});
