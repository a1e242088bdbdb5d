import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { parse, valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { compiled } from './support/compiled';

const through = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];
const canUnshare = spawnSync(through[0] as string, [...through.slice(1), 'true']).status === 0;

test('processes of one pid in several containers are distinct owners, alive and dead', async ({ skip }) => {
  if (!canUnshare) return skip('only root may make a pid namespace');
  const directory = newDirectory();
  const [outside, one, other] = await Promise.all([
    spawn({ directory }),
    spawn({ directory, through }),
    spawn({ directory, through }),
  ]);
  expect(await pidOf(one)).toBe(await pidOf(other));
  await count(one, 1);
  await count(other, 2);

  expect(segmentsIn(directory)).toHaveLength(2);
  for (const member of [outside, one, other]) {
    const text = await member.scrape();
    expect(valuesOf(text).get('jobs_total{}')).toBe(3);
    expect(valuesOf(text).get('busy{}')).toBe(2);
    expect(pidLabels(text)).toEqual(['1', '1#2']);
  }

  await one.kill();
  for (const member of [outside, other]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.get('busy{}')).toBe(1);
  }

  // The container starts again, and its process has the same pid again.
  const again = await spawn({ directory, through });
  await count(again, 4);
  for (const member of [outside, other, again]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{}')).toBe(7);
    expect(values.get('busy{}')).toBe(2);
  }
});

test('a new process with the pid of a dead one is not taken for it', async ({ skip }) => {
  if (!canUnshare) return skip('only root may make a pid namespace');
  const directory = newDirectory();
  const [observer, first] = await Promise.all([spawn({ directory }), spawn({ directory, through })]);
  const dead = await first.startWorker();
  await count(dead, 1);
  await observer.scrape(); // it is of this run now, which does not end with the dead one
  await dead.kill();
  const reused = await workerWithPid(first, dead.pid);
  if (reused === undefined) return skip('the next pid cannot be chosen here');
  await count(reused, 2);

  for (const member of [observer, first, reused]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.get('busy{}')).toBe(1);
  }
  await expect.poll(() => observer.scrape().then(() => segmentsIn(directory).length)).toBe(1);
  for (const member of [observer, reused]) {
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.get('busy{}')).toBe(1);
  }
});

test('a file name that is taken is not taken over, though pid and random bytes are the same', async ({
  skip,
}) => {
  if (!canUnshare) return skip('only root may make a pid namespace');
  const preloaded = compiled('preloaded.c');
  if (preloaded === undefined) return skip('there is no C compiler');
  const directory = newDirectory();
  const env = { LD_PRELOAD: preloaded, RANDOM_BYTES: '7' };
  const [observer, one, other] = await Promise.all([
    spawn({ directory }),
    spawn({ directory, through, env }),
    spawn({ directory, through, env }),
  ]);
  await count(one, 1);
  expect(segmentsIn(directory)).toEqual(['s.1.1.0707070707070707']);
  await count(other, 2);

  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(1);
  expect(valuesOf(await one.scrape()).get('jobs_total{}')).toBe(1);
  expect(segmentsIn(directory)).toEqual(['s.1.1.0707070707070707']);
  expect(await other.warnings()).toEqual([
    { name: 'PromClientMmapWarning', code: 'EEXIST', message: expect.stringContaining('this process only') },
  ]);
  await count(one, 4);
  expect(valuesOf(await observer.scrape()).get('jobs_total{}')).toBe(5);
});

/** A new worker of that pid, which must be free; undefined where the kernel does not take a pid. */
async function workerWithPid(primary: Member, pid: number): Promise<Member | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const isTold = await primary.run((_, last) => {
      const { writeFileSync } = process.getBuiltinModule('node:fs');
      try {
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(last));
        return true;
      } catch {
        return false;
      }
    }, pid - 1);
    if (!isTold) return undefined;
    const worker = await primary.startWorker();
    if (worker.pid === pid) return worker;
    await worker.kill(); // a thread of another process was faster
  }
  return undefined;
}

function pidOf(member: Member): Promise<number> {
  return member.run(() => process.pid);
}

function pidLabels(text: string): (string | undefined)[] {
  const family = parse(text).find(({ name }) => name === 'busy_by_owner');
  return family?.samples.map(({ labels }) => labels['pid']).sort() ?? [];
}

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter, Gauge, register }, amount) => {
    const name = 'jobs_total';
    const found = register.getSingleMetric(name) as InstanceType<typeof Counter> | undefined;
    if (found !== undefined) return found.inc(amount);
    new Counter({ name, help: 'Jobs done.' }).inc(amount);
    new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
    new Gauge({ name: 'busy_by_owner', help: 'As above.', multiprocessMode: 'liveall' }).set(1);
  }, jobsDone);
}
