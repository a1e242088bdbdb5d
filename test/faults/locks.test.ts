import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { compiled } from './support/compiled';

test('where locks do not exclude, nothing is compacted or removed, and everything counts', async ({
  skip,
}) => {
  const preloaded = compiled('preloaded.c');
  if (preloaded === undefined) return skip('there is no C compiler');
  const directory = newDirectory();
  const env = { LD_PRELOAD: preloaded, LYING_LOCKS: '1' };
  const [observer, living, killed] = await Promise.all([
    spawn({ directory, env }),
    spawn({ directory, env }),
    spawn({ directory, env }),
  ]);
  await observer.run(({ configure }) => configure({ selfMetrics: 'all' }));
  await count(living, 1);
  await count(killed, 2);
  await killed.kill();
  await observer.scrape();
  // A compaction makes this file first.
  await expect.poll(() => existsSync(join(directory, 'lock'))).toBe(true);
  const first = await spawn({ directory, env });
  await count(first, 4);
  await count(living, 8);

  const values = valuesOf(await observer.scrape());
  expect(values.get('jobs_total{}')).toBe(15);
  expect(values.get('busy{}')).toBe(2);
  expect(values.get('prom_client_mmap_compacted_owners_total{}')).toBe(0);
  expect(values.get('prom_client_mmap_owners{state="dead"}')).toBe(1);
  expect(segmentsIn(directory)).toHaveLength(3);
  expect(existsSync(join(directory, 'archive'))).toBe(false);
});

async function count(member: Member, amount: number): Promise<void> {
  await member.run(({ Counter, Gauge, register }, by) => {
    const known = register.getSingleMetric('jobs_total') as { inc(by: number): void } | undefined;
    if (known === undefined) new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
    (known ?? new Counter({ name: 'jobs_total', help: 'Jobs done.' })).inc(by);
  }, amount);
}
