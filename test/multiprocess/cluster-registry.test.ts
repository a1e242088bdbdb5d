import { describe, expect, test } from 'vitest';
import { ownDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { defaultDeadline, type Member, spawn } from './support/member';

interface Kind {
  start(parent: Member): Promise<Member>;
  scrape(member: Member): Promise<string>;
  choose(member: Member): Promise<void>;
}

const kinds: readonly [string, Kind][] = [
  [
    'clusterMetrics() with workers',
    {
      start: (parent) => parent.startWorker(),
      scrape: (member) => member.run(({ ClusterRegistry }) => new ClusterRegistry().clusterMetrics()),
      choose: (member) =>
        member.run(({ ClusterRegistry }) => {
          ClusterRegistry.setRegistries(Reflect.get(globalThis, 'mine'));
        }),
    },
  ],
  [
    'workerMetrics() with threads',
    {
      start: (parent) => parent.startThread(),
      scrape: (member) => member.run(({ WorkerRegistry }) => new WorkerRegistry().workerMetrics()),
      choose: (member) =>
        member.run(({ WorkerRegistry }) => {
          WorkerRegistry.setRegistries([Reflect.get(globalThis, 'mine')]);
        }),
    },
  ],
];

describe.each(kinds)('%s', (_, { start, scrape, choose }) => {
  test('answers for all from any of them, and is empty before there is anything', async () => {
    const primary = await spawn();
    const workers = await Promise.all([start(primary), start(primary), start(primary)]);
    const all = [primary, ...workers];
    expect(await Promise.all(all.map(scrape))).toEqual(['', '', '', '']);

    await Promise.all(workers.map((worker, i) => count(worker, i + 1)));
    const texts = await Promise.all(all.map(scrape));
    expect(new Set(texts).size).toBe(1);
    expect(valuesOf(texts[0] ?? '')).toEqual(
      new Map([
        ['jobs_total{app="shop"}', 6],
        ['busy{app="shop"}', 3],
      ]),
    );
  });

  test('waits neither for a dead process nor for one in a busy loop', async () => {
    const primary = await spawn({ env: defaultDeadline });
    const workers = await Promise.all([start(primary), start(primary), start(primary)]);
    const [dead, busy, idle] = workers as [Member, Member, Member];
    await Promise.all(workers.map((worker) => count(worker, 1)));
    await busy.run(({ Counter, Gauge }) => {
      const spins = new Counter({ name: 'spins_total', help: 'Rounds of the busy loop.' });
      const collect = function (this: InstanceType<typeof Gauge>): void {
        this.set(1);
      };
      new Gauge({ name: 'collected', help: 'Whether the loop lets anything through.', collect });
      setImmediate(() => {
        for (;;) spins.inc();
      });
    });
    const spins = async (): Promise<number> => {
      return valuesOf(await scrape(idle)).get('spins_total{app="shop"}') ?? 0;
    };
    await expect.poll(spins).toBeGreaterThan(0);
    await dead.kill();

    for (const member of [primary, idle]) {
      const values = valuesOf(await scrape(member));
      expect(values.get('jobs_total{app="shop"}')).toBe(3);
      expect(values.get('busy{app="shop"}')).toBe(2);
      expect(values.get('collected{app="shop"}')).toBe(0);
    }
  });

  test('shows the choice of other processes, dead ones included', async () => {
    const primary = await spawn();
    const workers = await Promise.all([start(primary), start(primary)]);
    await count(primary, 16);
    for (const worker of workers) {
      await count(worker, 1);
      await worker.run(({ Counter, Registry }) => {
        const mine = new Registry();
        mine.setDefaultLabels({ of: 'mine' });
        Reflect.set(globalThis, 'mine', mine);
        const counter = new Counter({ name: 'mails_total', help: 'Mails sent.', registers: [mine] });
        Reflect.set(globalThis, 'mails', counter);
        counter.inc(2);
      });
    }
    expect(valuesOf(await scrape(primary)).get('jobs_total{app="shop"}')).toBe(18);
    await Promise.all(workers.map(choose));

    const all = [primary, ...workers];
    const chosen = new Map([['mails_total{of="mine"}', 4]]);
    expect((await Promise.all(all.map(scrape))).map(valuesOf)).toEqual([chosen, chosen, chosen]);
    await Promise.all(workers.map((worker) => worker.kill()));
    expect(valuesOf(await scrape(primary))).toEqual(chosen);
  });

  test('shows the choice of a dead process when its segment is in the archive', async () => {
    const primary = await spawn();
    const [worker, other] = [await start(primary), await start(primary)];
    await count(primary, 16);
    await count(other, 1);
    await worker.run(({ Counter, Registry }) => {
      const mine = new Registry(undefined, { name: 'mine' });
      Reflect.set(globalThis, 'mine', mine);
      new Counter({ name: 'mails_total', help: 'Mails sent.', registers: [mine] }).inc(2);
    });
    await choose(worker);
    const chosen = new Map([['mails_total{}', 2]]);
    expect(valuesOf(await scrape(other))).toEqual(chosen);
    await worker.kill();
    const directory = ownDirectory(primary.pid) ?? '';
    // A scrape sees the dead owner, and a compaction follows.
    await expect
      .poll(async () => [valuesOf(await scrape(other)), segmentsIn(directory).length])
      .toEqual([chosen, 2]);

    expect(valuesOf(await scrape(primary))).toEqual(chosen);
  });

  test('follows a process that chooses anew, and an empty choice shows nothing', async () => {
    const primary = await spawn();
    const worker = await start(primary);
    await count(worker, 1);
    await worker.run(({ Counter, Registry }) => {
      for (const name of ['first', 'second']) {
        const registry = new Registry(undefined, { name });
        Reflect.set(globalThis, name, registry);
        new Counter({ name: `${name}_total`, help: 'Chosen.', registers: [registry] }).inc();
      }
    });
    for (const name of ['first', 'second', 'first']) {
      await worker.run((_, chosen) => {
        Reflect.set(globalThis, 'mine', Reflect.get(globalThis, chosen));
      }, name);
      await choose(worker);
      expect(valuesOf(await scrape(primary))).toEqual(new Map([[`${name}_total{}`, 1]]));
    }
    await worker.run(({ ClusterRegistry, WorkerRegistry }) => {
      ClusterRegistry.setRegistries([]);
      WorkerRegistry.setRegistries([]);
    });

    expect(await scrape(primary)).toBe('');
  });

  test('shows a chosen registry that had no metric and no name when it was chosen', async () => {
    const primary = await spawn();
    const worker = await start(primary);
    await worker.run(({ Registry }) => {
      Reflect.set(globalThis, 'mine', new Registry());
    });
    await choose(worker);
    expect(await scrape(primary)).toBe('');
    await worker.run(({ Counter }) => {
      new Counter({
        name: 'mails_total',
        help: 'Mails sent.',
        registers: [Reflect.get(globalThis, 'mine')],
      }).inc();
    });

    expect(valuesOf(await scrape(primary))).toEqual(new Map([['mails_total{}', 1]]));
  });
});

test('clusterMetrics() shows the threads of workers too', async () => {
  const primary = await spawn();
  const worker = await primary.startWorker();
  const thread = await worker.startThread();
  await Promise.all([count(worker, 1), count(thread, 2)]);

  const text = await primary.run(({ ClusterRegistry }) => new ClusterRegistry().clusterMetrics());
  expect(valuesOf(text).get('jobs_total{app="shop"}')).toBe(3);
});

test('clusterMetrics() sends and hears no messages', async () => {
  const primary = await spawn();
  const worker = await primary.startWorker();
  await count(worker, 1);
  const spy = async (member: Member): Promise<number> =>
    member.run(({ ClusterRegistry }) => {
      const listeners = process.listenerCount('message');
      new ClusterRegistry();
      return process.listenerCount('message') - listeners;
    });
  await worker.run(() => {
    // What prom-client and its successor say to each other.
    const types: unknown[] = [];
    Reflect.set(globalThis, 'types', types);
    process.on('message', (message: { type?: unknown }) => void (message.type && types.push(message.type)));
  });

  expect(await Promise.all([spy(primary), spy(worker)])).toEqual([0, 0]);
  await primary.run(({ ClusterRegistry }) => new ClusterRegistry().clusterMetrics());
  expect(await worker.run(() => Reflect.get(globalThis, 'types'))).toEqual([]);
});

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter, Gauge, register }, amount) => {
    register.setDefaultLabels({ app: 'shop' });
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
    new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
  }, jobsDone);
}
