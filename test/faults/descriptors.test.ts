import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { type Member, spawn } from '../multiprocess/support/member';

const through = ['prlimit', '--nofile=64'];

test.each([
  ['never had one', 'ERR_ADDON', false],
  ['has used up all of them', 'EMFILE', true],
])(
  'a process that %s makes metrics of every type and counts them for itself (%s)',
  async (_, code, hasLoaded) => {
    const directory = newDirectory();
    const member = await spawn({ directory, through });
    if (hasLoaded) await member.scrape();
    await leaveDescriptors(member, 0);
    await member.run(({ Counter, Gauge, Histogram, Summary }) => {
      const help = 'What a process without descriptors does.';
      new Counter({ name: 'jobs_total', help }).inc(3);
      new Gauge({ name: 'busy', help, collect() {} }).set(1);
      new Histogram({ name: 'wait_seconds', help, buckets: [1] }).observe(0.5);
      new Summary({ name: 'size_bytes', help, percentiles: [] }).observe(8);
    });

    expect(await member.warnings()).toEqual([
      {
        name: 'PromClientMmapWarning',
        code,
        message: expect.stringMatching(/too many open files.*in this process only/i),
      },
    ]);
    await giveBack(member);
    const values = valuesOf(await member.scrape());
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.get('busy{}')).toBe(1);
    expect(values.get('wait_seconds_count{}')).toBe(1);
    expect(values.get('size_bytes_sum{}')).toBe(8);
  },
);

test('a process that has its segment needs no descriptor to count, not even into new series', async () => {
  const directory = newDirectory();
  const [observer, member] = await Promise.all([spawn({ directory }), spawn({ directory, through })]);
  await count(member, 1);
  await leaveDescriptors(member, 0);
  await count(member, 3000);

  expect(await member.warnings()).toEqual([]);
  const values = valuesOf(await observer.scrape());
  expect(values.get('jobs_total{queue="0"}')).toBe(2);
  expect(values.get('jobs_total{queue="2999"}')).toBe(1);
});

test.each([0, 1, 2])(
  'a scrape with %d file descriptors shows everything or is rejected, and is whole again when there are more',
  async (left) => {
    const directory = newDirectory();
    const [counting, killed, member] = await Promise.all([
      spawn({ directory }),
      spawn({ directory }),
      spawn({ directory, through }),
    ]);
    for (const one of [counting, killed, member]) await count(one, 1);
    await killed.kill();
    await member.scrape();
    await leaveDescriptors(member, left);
    const text = await member.run(({ register }) => register.metrics().catch((error) => `${error.code}`));

    if (text !== 'ERR_SCRAPE') expect(valuesOf(text).get('jobs_total{queue="0"}')).toBe(3);
    await giveBack(member);
    expect(valuesOf(await member.scrape())).toEqual(new Map([['jobs_total{queue="0"}', 3]]));
  },
);

test('a scrape asks more owners to collect than this process has descriptors', async () => {
  const directory = newDirectory();
  const [application, member] = await Promise.all([spawn({ directory }), spawn({ directory, through })]);
  const owners = await Promise.all(Array.from({ length: 12 }, () => application.startThread()));
  for (const owner of owners) {
    await owner.run(({ Gauge }) => {
      const collected = new Gauge({
        name: 'collected',
        help: 'Collects.',
        aggregator: 'sum',
        collect() {
          collected.inc();
        },
      });
    });
  }
  await member.run(({ configure }) => configure({ collectDeadlineMs: 10_000 })); // so that a busy machine makes none late
  await member.scrape();
  await leaveDescriptors(member, 4);

  const values = valuesOf(await member.scrape());
  expect(values.get('collected{}')).toBe(2 * owners.length);
  expect(values.has('prom_client_mmap_late_owners{}')).toBe(false);
});

async function count(member: Member, series: number): Promise<void> {
  await member.run(({ Counter, register }, amount) => {
    const name = 'jobs_total';
    const found = register.getSingleMetric(name) as InstanceType<typeof Counter> | undefined;
    const counter = found ?? new Counter({ name, help: 'Jobs done.', labelNames: ['queue'] });
    for (let i = 0; i < amount; i++) counter.inc({ queue: `${i}` });
  }, series);
}

/** Takes all descriptors that the process may have, but so many. */
async function leaveDescriptors(member: Member, left: number): Promise<void> {
  await member.run((_, number) => {
    const { closeSync, openSync } = process.getBuiltinModule('node:fs');
    const taken: number[] = [];
    Reflect.set(globalThis, 'taken', taken);
    try {
      while (true) taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
    }
    for (let i = 0; i < number; i++) closeSync(taken.pop() as number);
  }, left);
}

async function giveBack(member: Member): Promise<void> {
  await member.run(() => {
    const { closeSync } = process.getBuiltinModule('node:fs');
    for (const descriptor of Reflect.get(globalThis, 'taken')) closeSync(descriptor);
  });
}
