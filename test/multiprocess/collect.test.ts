import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installedCopy, newDirectory } from './support/directories';
import { valuesOf } from './support/exposition';
import { defaultDeadline, type Member, spawn } from './support/member';

describe('a scrape', () => {
  test('has the collect functions of all owners run, of every type of metric, sync and async', async () => {
    const [asked, ...others] = await fourMembers();
    for (const member of [asked, ...others]) {
      await member.run(({ Counter, Gauge, Histogram, Summary }) => {
        new Counter({
          name: 'polls_total',
          help: 'Sync.',
          collect() {
            this.inc();
          },
        });
        new Gauge({
          name: 'queue_length',
          help: 'Async.',
          async collect() {
            await new Promise((resolve) => setImmediate(resolve));
            this.set(5);
          },
        });
        new Histogram({
          name: 'sampled_seconds',
          help: 'A sample each.',
          collect() {
            this.observe(1);
          },
        });
        new Summary({
          name: 'summed_seconds',
          help: 'A sample each.',
          collect() {
            this.observe(2);
            return Promise.resolve();
          },
        });
      });
    }

    for (let scrape = 1; scrape <= 3; scrape++) {
      const values = valuesOf(await asked.scrape());
      expect(values.get('polls_total{}')).toBe(4 * scrape);
      expect(values.get('queue_length{}')).toBe(20);
      expect(values.get('sampled_seconds_count{}')).toBe(4 * scrape);
      expect(values.get('summed_seconds_count{}')).toBe(4 * scrape);
      expect(values.has('prom_client_mmap_late_owners{}')).toBe(false);
    }
  });

  test('waits for a blocked owner no longer than its deadline, shows what it had, and says that it was late', async () => {
    const [asked, busy, ...others] = await fourMembers(defaultDeadline);
    for (const member of [asked, busy, ...others]) await defineTicks(member);
    expect(valuesOf(await asked.scrape()).get('ticks{}')).toBe(4);
    const end = join(newDirectory(), 'end');
    await busy.run((_, path) => {
      const { existsSync } = process.getBuiltinModule('node:fs');
      setImmediate(() => {
        while (!existsSync(path));
      });
    }, end);

    const values = valuesOf(await asked.scrape());
    writeFileSync(end, '');
    expect(values.get('ticks{}')).toBe(3 * 2 + 1);
    expect(values.get('prom_client_mmap_late_owners{}')).toBe(1);
  });

  test('counts what another owner fails to collect, and rejects for what its own does', async () => {
    const directory = newDirectory();
    const [asked, other] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await defineTicks(asked);
    await other.run(({ Gauge }) => {
      new Gauge({
        name: 'broken',
        help: 'Never collected.',
        collect() {
          throw new Error('no connection');
        },
      });
    });

    expect(valuesOf(await asked.scrape()).get('prom_client_mmap_collect_failures_total{}')).toBe(1);
    await expect(other.scrape()).rejects.toThrow('no connection');
  });

  test('does not wait for owners that are dead, nor for those that have nothing to collect', async () => {
    const [asked, dead, ...others] = await fourMembers();
    await defineTicks(asked);
    await defineTicks(dead);
    for (const member of others) {
      await member.run(({ Counter }) => new Counter({ name: 'plain_total', help: 'No collect.' }).inc());
    }
    await dead.kill();

    const values = valuesOf(await asked.scrape());
    expect(values.get('ticks{}')).toBe(1);
    expect(values.get('plain_total{}')).toBe(2);
    expect(values.has('prom_client_mmap_late_owners{}')).toBe(false);
  });

  test('asks worker threads too', async () => {
    const main = await spawn();
    const thread = await main.startThread();
    await defineTicks(thread);

    expect(valuesOf(await main.scrape()).get('ticks{}')).toBe(1);
    expect(valuesOf(await main.scrape()).get('ticks{}')).toBe(2);
  });

  test('has those of a second registry of the same name, and of another copy of the library in the thread, run', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    const visitor = await spawn({ directory });
    await visitor.run(({ configure }) => configure({ collectDeadlineMs: 10_000 }));
    const copy = join(installedCopy({ addon: true }), 'index.js');
    const own = await member.run(async ({ Counter, Registry, register }, path) => {
      const other = process.getBuiltinModule('node:module').createRequire(path)(path);
      new Counter({ name: 'jobs_total', help: 'h' }).inc();
      const jobs = [1, 2].map(() => new Registry(undefined, { name: 'jobs' }));
      const gauge = (Gauge: typeof other.Gauge, name: string, value: number, registers?: object[]): void => {
        new Gauge({
          name,
          help: 'h',
          registers,
          collect(this: { set(value: number): void }) {
            this.set(value);
          },
        });
      };
      gauge(other.Gauge, 'of_copy', 7);
      gauge(other.Gauge, 'of_second', 8, [jobs[1] as object]);
      Reflect.set(globalThis, 'kept', jobs);
      return [await register.metrics(), await jobs[0]?.metrics()];
    }, copy);

    expect(own[0]).toContain('\nof_copy 7\n');
    expect(own[1]).toContain('\nof_second 8\n');
    expect(await visitor.scrape()).toContain('\nof_copy 7\n');
  });
});

describe('a gauge that the leader collects', () => {
  test('has one value for the group, from another process as soon as the leader is dead', async () => {
    const directory = newDirectory();
    const members = await Promise.all([spawn({ directory }), spawn({ directory }), spawn({ directory })]);
    for (const member of members) {
      await member.run(({ Gauge }) => {
        new Gauge({
          name: 'queue_length',
          help: 'The same for all: by a pid, to see whose.',
          collectBy: 'leader',
          collect() {
            this.set(process.pid);
          },
        });
      });
    }

    const living = [...members];
    while (living.length > 1) {
      const values = await Promise.all(
        living.map(async (member) => valuesOf(await member.scrape()).get('queue_length{}')),
      );
      const leader = living.find(({ pid }) => pid === values[0]);
      expect(leader).toBeDefined();
      expect(new Set(values).size).toBe(1);
      await leader?.kill();
      living.splice(living.indexOf(leader as Member), 1);
    }
    expect(valuesOf((await living[0]?.scrape()) ?? '').get('queue_length{}')).toBe(living[0]?.pid);
  });
});

function fourMembers(env: Readonly<Record<string, string>> = {}): Promise<[Member, Member, Member, Member]> {
  const directory = newDirectory();
  const start = (): Promise<Member> => spawn({ directory, env });
  return Promise.all([start(), start(), start(), start()]);
}

/** A gauge that says how often its process has collected. */
async function defineTicks(member: Member): Promise<void> {
  await member.run(({ Gauge }) => {
    let ticks = 0;
    new Gauge({
      name: 'ticks',
      help: 'How often it was collected.',
      collect() {
        ticks += 1;
        this.set(ticks);
      },
    });
  });
}
