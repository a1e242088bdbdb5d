import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';
import { compiled } from './support/compiled';

const dayNs = 86_400n * 1_000_000_000n;

test.for([
  ['forward', dayNs],
  ['back', -dayNs],
] as const)('a wall clock that jumps a day %s loses no count and no owner', async ([, jump], { skip }) => {
  const preloaded = compiled('preloaded.c');
  if (preloaded === undefined) return skip('there is no C compiler');
  const directory = newDirectory();
  const clock = join(newDirectory(), 'clock');
  setClock(clock, 0n);
  const env = { LD_PRELOAD: preloaded, WALL_CLOCK: clock };
  // One scrapes by the clock that jumps, the other by the true one.
  const [member, jumping, steady] = await Promise.all([
    spawn({ directory, env }),
    spawn({ directory, env }),
    spawn({ directory }),
  ]);
  await jumping.run(({ configure }) => configure({ collectDeadlineMs: 10_000 }));
  await count(member, 1);
  await count(steady, 2);
  for (const scraper of [jumping, steady, member]) await expectTotals(scraper, 3, 2);
  const before = await member.run(() => Date.now());

  setClock(clock, jump);
  expect(Math.abs((await member.run(() => Date.now())) - before)).toBeGreaterThan(86_000_000);
  for (const scraper of [jumping, steady, member]) await expectTotals(scraper, 3, 2);
  await count(member, 4);
  for (const scraper of [jumping, steady, member]) await expectTotals(scraper, 7, 4);
  await count(steady, 8);
  for (const scraper of [jumping, steady, member]) await expectTotals(scraper, 15, 8);

  await member.kill();
  for (const scraper of [jumping, steady]) {
    const values = valuesOf(await scraper.scrape());
    expect(values.get('jobs_total{}')).toBe(15);
    expect(values.get('busy{}')).toBe(1);
  }
});

async function expectTotals(scraper: Member, jobs: number, latest: number): Promise<void> {
  const values = valuesOf(await scraper.scrape());
  expect(values.get('jobs_total{}')).toBe(jobs);
  expect(values.get('size_bytes_sum{}')).toBe(jobs);
  expect(values.get('busy{}')).toBe(2);
  expect(values.get('latest{}')).toBe(latest);
  expect([...values.keys()].filter((key) => key.startsWith('prom_client_mmap'))).toEqual([]);
}

async function count(member: Member, amount: number): Promise<void> {
  await member.run(({ configure, Counter, Gauge, Summary }, value) => {
    const help = 'What the members of the test do.';
    const kept = globalThis as { metrics?: { count(value: number): void } };
    if (kept.metrics === undefined) {
      configure({ collectDeadlineMs: 10_000 }); // so that a busy machine makes no owner late
      const jobs = new Counter({ name: 'jobs_total', help });
      const size = new Summary({ name: 'size_bytes', help, maxAgeSeconds: 60, ageBuckets: 2 });
      const latest = new Gauge({ name: 'latest', help, multiprocessMode: 'mostrecent' });
      new Gauge({
        name: 'busy',
        help,
        collect() {
          this.set(1);
        },
      });
      kept.metrics = {
        count(amountOfThis) {
          jobs.inc(amountOfThis);
          size.observe(amountOfThis);
          latest.set(amountOfThis);
        },
      };
    }
    kept.metrics.count(value);
  }, amount);
}

function setClock(path: string, offsetNs: bigint): void {
  // In place: it is mapped there.
  writeFileSync(path, new BigInt64Array([offsetNs]), { flag: existsSync(path) ? 'r+' : 'w' });
}
