import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { compiled } from './support/compiled';

test('a temporary file that another program deletes costs no count', async ({ skip }) => {
  const preloaded = compiled('preloaded.c');
  if (preloaded === undefined) return skip('there is no C compiler');
  const directory = newDirectory();
  const env = { LD_PRELOAD: preloaded, LOST_TEMPORARIES: '3' };
  const [member, observer] = await Promise.all([spawn({ directory, env }), spawn({ directory })]);
  await count(member, 3);

  expect(await member.warnings()).toEqual([]);
  expect(segmentsIn(directory)).toHaveLength(1);
  await member.kill();
  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(3);
});

test('a session goes on when another program deletes its file, for as long as a member scrapes', async () => {
  const directory = newDirectory();
  const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await count(member, 3);
  await observer.scrape();
  rmSync(join(directory, 'session'));
  await member.kill();
  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(3);
  const next = await spawn({ directory });
  await count(next, 4);

  for (const one of [observer, next]) expect(valuesOf(await one.scrape()).get('jobs_total{}')).toBe(7);
});

async function count(member: Member, amount: number): Promise<void> {
  await member.run(({ Counter }, by) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(by);
  }, amount);
}
