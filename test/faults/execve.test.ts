import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { valuesOf } from '../multiprocess/support/exposition';
import { root } from '../multiprocess/support/member';
import { compiled } from './support/compiled';

test('a process that has replaced its program counts on, and the live gauges of its former selves end', ({
  skip,
}) => {
  const library = compiled('executing.c');
  if (library === undefined) return skip('there is no C compiler');
  const script = join(root, 'test', 'fixtures', 'executed.mjs');
  const text = execFileSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LD_PRELOAD: library, EXECUTED: script, ROUNDS: '3' },
  });

  expect(valuesOf(text)).toEqual(
    new Map([
      ['jobs_total{}', 4],
      ['busy{}', 5],
    ]),
  );
});
