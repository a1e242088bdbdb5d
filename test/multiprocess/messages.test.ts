import { describe, expect, test } from 'vitest';
import { valuesOf } from './support/exposition';
import { type Member, type MemberOptions, spawn } from './support/member';

// Without the addon, `clusterMetrics()` and `workerMetrics()` ask by messages, as those of prom-client do.

const withoutAddon: MemberOptions = { env: { NODE_OPTIONS: '--no-addons' } };
const unshared: MemberOptions = { env: { PROM_CLIENT_MMAP_SHARED: '0' } };

interface Kind {
  start(parent: Member): Promise<Member>;
  scrape(member: Member): Promise<string>;
}

const cluster: Kind = {
  start: (parent) => parent.startWorker(),
  scrape: (member) => member.run(({ AggregatorRegistry }) => new AggregatorRegistry().clusterMetrics()),
};
const threads: Kind = {
  start: (parent) => parent.startThread(),
  scrape: (member) => member.run(({ WorkerRegistry }) => new WorkerRegistry().workerMetrics()),
};

const native = ['prom_client_mmap_native{}', 0] as const;

describe.each([
  ['cluster workers', cluster],
  ['worker threads', threads],
])('%s', (_, { start, scrape }) => {
  test('are added up, with aggregators and modes, and without those that have ended', async () => {
    const primary = await spawn(withoutAddon);
    const workers = await Promise.all([start(primary), start(primary), start(primary)]);
    await Promise.all([primary, ...workers].map((member, i) => count(member, i + 1)));

    const text = await scrape(primary);
    const values = valuesOf(text);
    expect(values).toEqual(
      new Map<string, number>([
        ['jobs_total{}', 10],
        ['largest{}', 4],
        ['average{}', 2.5],
        ['worst{}', Number.POSITIVE_INFINITY],
        ['most{}', 4],
        native,
      ]),
    );
    expect(text).toContain('\n\n# HELP prom_client_mmap_native ');
    await workers[2]?.kill();
    expect(valuesOf(await scrape(primary)).get('jobs_total{}')).toBe(6);
  });

  test('that do not answer in time are left out with a warning, and not waited for again', async () => {
    const primary = await spawn(withoutAddon);
    const workers = [await start(primary), await start(primary)] as const;
    await Promise.all(workers.map((worker, i) => count(worker, i + 1)));
    expect(valuesOf(await scrape(primary)).get('jobs_total{}')).toBe(3);
    await workers[1].run(() => {
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 0);
    });

    const jobs = async (): Promise<unknown> => valuesOf(await scrape(primary)).get('jobs_total{}');
    await expect.poll(jobs).toBe(1);
    const startMs = performance.now();
    expect(valuesOf(await scrape(primary)).get('jobs_total{}')).toBe(1);
    expect(performance.now() - startMs).toBeLessThan(4000);
    const late = (await primary.warnings()).filter(({ code }) => code === 'ERR_LATE_ANSWER');
    expect(late).toEqual([expect.objectContaining({ message: expect.stringContaining('within 5000 ms') })]);
    await workers[1].kill();
  });

  test('that throw in collect fail the scrape, as in prom-client', async () => {
    const primary = await spawn(withoutAddon);
    const worker = await start(primary);
    await worker.run(({ Gauge }) => {
      const collect = (): never => {
        throw new Error('no database');
      };
      new Gauge({ name: 'queue', help: 'h', collect });
    });
    await expect(scrape(primary)).rejects.toMatchObject({ message: 'no database' });
  });

  test('collect the gauge of a leader in one of them, and in another when it has ended', async () => {
    const primary = await spawn(withoutAddon);
    const workers = [await start(primary), await start(primary)] as const;
    await Promise.all(
      workers.map((worker, i) =>
        worker.run(({ Gauge }, value) => {
          Reflect.set(globalThis, 'calls', 0);
          const collect = function (this: InstanceType<typeof Gauge>): void {
            Reflect.set(globalThis, 'calls', Reflect.get(globalThis, 'calls') + 1);
            this.set(value);
          };
          new Gauge({ name: 'rows', help: 'h', collectBy: 'leader', collect });
        }, i + 1),
      ),
    );
    const calls = (member: Member): Promise<number> => member.run(() => Reflect.get(globalThis, 'calls'));

    expect(valuesOf(await scrape(primary)).get('rows{}')).toBe(1);
    const before = await calls(workers[1]);
    expect(valuesOf(await scrape(primary)).get('rows{}')).toBe(1);
    expect(await calls(workers[1])).toBe(before);
    await workers[0].kill();
    // A thread that is terminated says nothing: the first scrape after that waits for it.
    const rows = async (): Promise<unknown> => valuesOf(await scrape(primary)).get('rows{}');
    await expect.poll(rows).toBe(2);
  });

  test('are asked too where sharing is turned off', async () => {
    const primary = await spawn(unshared);
    const workers = [await start(primary), await start(primary)];
    await Promise.all(workers.map((worker, i) => count(worker, i + 1)));
    const values = valuesOf(await scrape(primary));
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.has('prom_client_mmap_native{}')).toBe(false);
  });
});

test('a cluster warns once about the missing addon, and says how each process counts', async () => {
  const primary = await spawn(withoutAddon);
  const workers = [await primary.startWorker(), await primary.startWorker()];
  const all = [...workers, primary];
  for (const member of workers) await count(member, 1);

  const warnings = (await Promise.all(all.map((member) => member.warnings()))).flat();
  expect(warnings.map(({ code }) => code)).toEqual(['ERR_ADDON']);
  await count(primary, 1);
  for (const member of all) {
    expect(await member.run(({ register }) => register.status())).toEqual({
      shared: false,
      code: 'ERR_ADDON',
      reason: expect.stringContaining('Start Node without `--no-addons`'),
      owners: [],
    });
    expect(valuesOf(await member.scrape()).get('prom_client_mmap_native{}')).toBe(0);
  }
});

function count(member: Member, value: number): Promise<void> {
  return member.run(({ Counter, Gauge }, amount) => {
    new Counter({ name: 'jobs_total', help: 'h' }).inc(amount);
    new Gauge({ name: 'largest', help: 'h', aggregator: 'max' }).set(amount);
    new Gauge({ name: 'average', help: 'h', aggregator: 'average' }).set(amount);
    new Gauge({ name: 'worst', help: 'h' }).set(Number.POSITIVE_INFINITY);
    new Gauge({ name: 'most', help: 'h', multiprocessMode: 'livemax' }).set(amount);
    new Gauge({ name: 'hidden', help: 'h', aggregator: 'omit' }).set(amount);
  }, value);
}
