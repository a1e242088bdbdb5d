import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { valuesOf } from '../multiprocess/support/exposition';
import { spawn } from '../multiprocess/support/member';
import { newDirectory } from '../multiprocess/support/places';
import { compiled } from './support/compiled';

test('what a process has counted stays when a forked child outlives it, which has its lock but not its memory', async ({
  skip,
}) => {
  const library = compiled('forking.c');
  if (library === undefined) return skip('there is no C compiler');
  const directory = newDirectory();
  const forked = join(newDirectory(), 'pid');
  const [observer, member] = await Promise.all([
    spawn({ directory }),
    spawn({ directory, env: { FORKED: forked } }),
  ]);
  await member.run(({ Counter, Gauge }, path) => {
    const jobs = new Counter({ name: 'jobs_total', help: 'Jobs done.' });
    new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
    jobs.inc(2);
    process.dlopen({ exports: {} }, path);
    jobs.inc();
  }, library);
  const child = Number(readFileSync(forked, 'utf8'));
  onTestFinished(() => {
    if (isAlive(child)) process.kill(child, 'SIGKILL');
  });
  // The child has no copy of what its parent counts into, so it could not write there.
  expect(segmentMappings(member.pid)).toBeGreaterThan(0);
  expect(segmentMappings(child)).toBe(0);
  process.kill(member.pid, 'SIGKILL');
  await expect.poll(() => isAlive(member.pid)).toBe(false);

  // It has the lock, though.
  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(3);
  process.kill(child, 'SIGKILL');
  await expect.poll(() => isAlive(child)).toBe(false);
  expect(valuesOf(await observer.scrape())).toEqual(new Map([['jobs_total{}', 3]]));
});

function segmentMappings(pid: number): number {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return maps.filter((line) => line.includes('/s.')).length;
}

/** Neither gone nor a zombie that nobody has waited for. */
function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/stat`;
  return existsSync(status) && !/\) [ZX] /.test(readFileSync(status, 'latin1'));
}
