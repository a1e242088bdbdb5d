import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { defaultDeadline, type Member, spawn } from '../multiprocess/support/member';

test('a removal arrives whatever the length of the label', async () => {
  const directory = newDirectory();
  const [sender, owner] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  for (const member of [sender, owner]) {
    await member.run(({ Counter }) => {
      const hits = new Counter({ name: 'hits_total', help: 'Hits.', labelNames: ['q'] });
      for (const q of ['x'.repeat(70_000), 'short']) hits.inc({ q });
    });
  }
  const { late } = await sender.run(({ register }) =>
    register.removeFromGroup('hits_total', { q: 'x'.repeat(70_000) }),
  );

  expect(late).toBe(0);
  for (const member of [sender, owner]) {
    expect(valuesOf(await member.scrape())).toEqual(new Map([['hits_total{q="short"}', 2]]));
  }
  expect(requestsIn(directory)).toEqual([]);
});

test('removals arrive that were sent while the loop of an owner was blocked', async () => {
  const directory = newDirectory();
  const [sender, owner] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await owner.run(({ Counter }) => {
    const hits = new Counter({ name: 'hits_total', help: 'Hits.', labelNames: ['q'] });
    for (let i = 0; i < 20; i++) hits.inc({ q: `${i}`.padStart(9000, '-') });
    hits.inc({ q: 'kept' });
  });
  await sender.scrape();
  const blocked = owner.run(() => {
    const end = performance.now() + 1000;
    while (performance.now() < end);
  });
  await sender.run(async ({ register }) => {
    const removals = Array.from({ length: 20 }, (_, i) =>
      register.removeFromGroup('hits_total', { q: `${i}`.padStart(9000, '-') }),
    );
    await Promise.all(removals);
  });
  await blocked;

  await expect.poll(async () => [...valuesOf(await owner.scrape()).keys()]).toEqual(['hits_total{q="kept"}']);
});

test('a removal is carried out beside a collect function that never settles, and the owner answers again', async () => {
  const directory = newDirectory();
  const env = defaultDeadline;
  const [sender, owner] = await Promise.all([spawn({ directory, env }), spawn({ directory })]);
  await owner.run(({ Gauge }) => {
    const stuck = new Gauge({
      name: 'stuck',
      help: 'Stuck.',
      collect: () => new Promise<void>(() => undefined),
    });
    stuck.set(1);
    const busy = new Gauge({ name: 'busy', help: 'Busy.', labelNames: ['q'] });
    for (const q of ['a', 'b']) busy.set({ q }, 1);
  });
  expect(valuesOf(await sender.scrape()).get('prom_client_mmap_late_owners{}')).toBe(1);
  await sender.run(({ register }) => register.removeFromGroup('busy', { q: 'a' }));

  const failures = 'prom_client_mmap_collect_failures_total{}';
  const found = async (): Promise<unknown> => {
    const values = valuesOf(await sender.scrape());
    return [values.get('busy{q="a"}'), (values.get(failures) ?? 0) > 0];
  };
  // Removed while the function is waited for, which takes 5 s; it counts as failed afterwards.
  await expect.poll(found).toEqual([undefined, false]);
  await expect.poll(found).toEqual([undefined, true]);
});

test('what another program writes into a FIFO or beside a segment ends no process, and hides no number', async () => {
  const directory = newDirectory();
  const [sender, owner] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await count(owner, 1);
  const name = readdirSync(directory).find((file) => file.startsWith(`s.${owner.pid}.`)) ?? '';
  const garbage = [
    '{"scope":',
    'null',
    '[]',
    '7',
    '{"scope":1}',
    '{"scope":"","labels":[1]}',
    '{"scope":"","family":{}}',
  ];
  for (const [i, text] of garbage.entries()) {
    writeFileSync(join(directory, `r${name.slice(1)}.${i}.x`), text);
  }
  appendFileSync(join(directory, `w${name.slice(1)}`), `\0\xff${'x'.repeat(9000)}\n{}\ncollect\nremoval\n`);
  await expect.poll(() => requestsIn(directory)).toEqual([]);
  await count(owner, 2);

  expect(valuesOf(await sender.scrape())).toEqual(new Map([['jobs_total{}', 3]]));
  expect(await owner.warnings()).toEqual([]);
});

function requestsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('r.'));
}

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter }, amount) => {
    Counter.getOrCreate({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
  }, jobsDone);
}
