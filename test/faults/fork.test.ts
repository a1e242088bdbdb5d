import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { compiled } from './support/compiled';

/** What stays of a member of this test. */
const counted: readonly [string, number][] = [
  ['jobs_total{}', 3],
  ['wait_seconds_bucket{le="1"}', 2],
  ['wait_seconds_bucket{le="+Inf"}', 2],
  ['wait_seconds_sum{}', 1],
  ['wait_seconds_count{}', 2],
];

test('what a process has counted stays when a forked child outlives it, which has its lock but not its memory', async ({
  skip,
}) => {
  const library = compiled('forking.c');
  if (library === undefined) return skip('there is no C compiler');
  const directory = newDirectory();
  const { member, forked } = await memberThatForks(directory);
  const observer = await spawn({ directory });
  await countAroundFork(member, library);
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
  expect(valuesOf(await observer.scrape())).toEqual(new Map(counted));
});

// The engine keeps its heap from forked children (madvise, MADV_DONTFORK), so JavaScript ends there at its first step; were it
// not so, the first increment would end it, for what it counts into is not there either. By exit() Node aborts in a child:
// the threads that it would wait for are not there.
const { SIGSEGV, SIGABRT } = constants.signals;
const ends: Readonly<Record<string, { readonly child: string; readonly signals: readonly number[] }>> = {
  'goes on in JavaScript': { child: 'javascript', signals: [SIGSEGV] },
  exits: { child: 'exit', signals: [0, SIGABRT] },
  aborts: { child: 'abort', signals: [SIGABRT] },
};

test.for(Object.keys(ends))(
  'a forked child that %s takes nothing of its parent with it',
  async (what, { skip }) => {
    const library = compiled('forking.c');
    if (library === undefined) return skip('there is no C compiler');
    const end = ends[what];
    const directory = newDirectory();
    const { member, forked } = await memberThatForks(directory, end?.child);
    const observer = await spawn({ directory });
    await countAroundFork(member, library);
    const [child, signal] = readFileSync(forked, 'utf8').split(' ').map(Number);
    expect(child).toBeGreaterThan(0);
    expect(end?.signals).toContain(signal);

    expect(segmentsIn(directory)).toHaveLength(1);
    for (const scraper of [observer, member]) {
      expect(valuesOf(await scraper.scrape())).toEqual(new Map([...counted, ['busy{}', 1]]));
    }
    await member.kill();
    expect(valuesOf(await observer.scrape())).toEqual(new Map(counted));
  },
);

/** A member, and the file in which it tells of its child. */
async function memberThatForks(
  directory: string,
  child?: string,
): Promise<{ member: Member; forked: string }> {
  const forked = join(newDirectory(), 'child');
  const env = { FORKED: forked, ...(child === undefined ? {} : { CHILD: child }) };
  return { member: await spawn({ directory, env }), forked };
}

/** A child that goes on in JavaScript would count as well. */
async function countAroundFork(member: Member, library: string): Promise<void> {
  await member.run(({ Counter, Gauge, Histogram }, path) => {
    const jobs = new Counter({ name: 'jobs_total', help: 'Jobs done.' });
    const wait = new Histogram({ name: 'wait_seconds', help: 'Waits.', buckets: [1] });
    new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
    jobs.inc(2);
    wait.observe(0.5);
    process.dlopen({ exports: {} }, path);
    jobs.inc();
    wait.observe(0.5);
  }, library);
}

function segmentMappings(pid: number): number {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return maps.filter((line) => line.includes('/s.')).length;
}

/** Neither gone nor a zombie. */
function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/stat`;
  return existsSync(status) && !/\) [ZX] /.test(readFileSync(status, 'latin1'));
}
