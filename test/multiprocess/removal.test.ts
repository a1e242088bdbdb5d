import { describe, expect, test } from 'vitest';
import { newDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

describe('resetGroup()', () => {
  test('resets the metric of that name in all processes, dead ones included, and no other', async () => {
    const { observer, members } = await groupOfThree();
    await members[0]?.kill();
    expect(await observer.run(({ register }) => register.resetGroup('jobs_total'))).toEqual({ late: 0 });

    expect(valuesOf(await observer.scrape())).toEqual(new Map([['visits_total{}', 3]]));
    for (const member of members.slice(1)) await count(member);
    expect(valuesOf(await observer.scrape())).toEqual(
      new Map([
        ['visits_total{}', 5],
        ['jobs_total{queue="a"}', 2],
        ['jobs_total{}', 2],
      ]),
    );
  });

  test('resets all metrics without a name', async () => {
    const { observer, members } = await groupOfThree();
    await members[0]?.kill();
    await observer.run(({ register }) => register.resetGroup());

    expect(valuesOf(await observer.scrape())).toEqual(new Map([['visits_total{}', 0]]));
  });

  test('does nothing for a name that no process has', async () => {
    const { observer } = await groupOfThree();
    const before = await observer.scrape();
    await observer.run(({ register }) => register.resetGroup('missing_total'));

    expect(await observer.scrape()).toBe(before);
  });
});

describe('removeFromGroup()', () => {
  test('removes exactly the series of these labels in all processes', async () => {
    const { observer } = await groupOfThree();
    await observer.run(({ register }) => register.removeFromGroup('jobs_total', { queue: 'a' }));
    expect(valuesOf(await observer.scrape())).toEqual(
      new Map([
        ['visits_total{}', 3],
        ['jobs_total{}', 3],
      ]),
    );
  });

  test('removes the series without labels for {}, and no other', async () => {
    const { observer } = await groupOfThree();
    await observer.run(({ register }) => register.removeFromGroup('jobs_total', {}));
    expect(valuesOf(await observer.scrape())).toEqual(
      new Map([
        ['visits_total{}', 3],
        ['jobs_total{queue="a"}', 3],
      ]),
    );
  });

  test('removes nothing without labels, and says what does', async () => {
    const { observer } = await groupOfThree();
    const before = await observer.scrape();
    const removal = observer.run(({ register }) =>
      Reflect.apply(register.removeFromGroup, register, ['jobs_total']),
    );

    await expect(removal).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ERR_LABELS_MISSING',
      message: expect.stringContaining("call resetGroup('jobs_total') for all series"),
    });
    expect(await observer.scrape()).toBe(before);
  });
});

/** A process without metrics, and three that count. */
async function groupOfThree(): Promise<{ observer: Member; members: Member[] }> {
  const directory = newDirectory();
  const [observer, ...members] = await Promise.all(Array.from({ length: 4 }, () => spawn({ directory })));
  for (const member of members) await count(member);
  expect(segmentsIn(directory)).toHaveLength(3);
  return { observer: observer as Member, members };
}

async function count(member: Member): Promise<void> {
  await member.run(({ Counter }) => {
    Counter.getOrCreate({ name: 'visits_total', help: 'Visits.' }).inc();
    const jobs = Counter.getOrCreate({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
    jobs.inc({ queue: 'a' });
    jobs.inc({});
  });
}
