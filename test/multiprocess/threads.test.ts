import { describe, expect, test } from 'vitest';
import { newDirectory, ownDirectory, segmentsIn } from './support/directories';
import { keyOf, parse, valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

describe('worker threads', () => {
  test('count into a segment each, and every thread answers for all', async () => {
    const directory = newDirectory();
    const main = await spawn({ directory });
    const threads = await Promise.all([main.startThread(), main.startThread(), main.startThread()]);
    await count(main, 1);
    await count(threads[0], 2);
    await count(threads[1], 4);

    expect(segmentsIn(directory)).toHaveLength(3);
    const texts = await Promise.all([main, ...threads].map((member) => member.scrape()));
    expect(valuesOf(texts[0] ?? '').get('jobs_total{}')).toBe(7);
    expect(new Set(texts).size).toBe(1);
  });

  test('are in the group of their process, also without a configured one', async () => {
    const main = await spawn();
    const thread = await main.startThread();
    await count(thread, 2);
    await count(main, 1);

    expect(segmentsIn(ownDirectory(main.pid) ?? '')).toHaveLength(2);
    expect(valuesOf(await main.scrape()).get('jobs_total{}')).toBe(3);
    expect(await main.leave()).toBe(0);
    expect(ownDirectory(main.pid)).toBeUndefined();
  });

  test('are owners of their own among the self-metrics, and one process', async () => {
    const directory = newDirectory();
    const [observer, main] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await observer.run(({ configure }) => configure({ selfMetrics: 'all' }));
    const thread = await main.startThread();
    await count(thread, 1);
    expect(await lives(observer)).toEqual({ owners: 1, processes: 1 });
    await count(main, 1);
    await count(observer, 1);
    expect(await lives(observer)).toEqual({ owners: 3, processes: 2 });

    await main.kill();
    expect(await lives(observer)).toEqual({ owners: 1, processes: 1 });
  });

  test("of a cluster's workers are of the cluster, also when a thread is the first to count", async () => {
    const primary = await spawn();
    const worker = await primary.startWorker();
    const [thread, other] = await Promise.all([worker.startThread(), worker.startThread()]);
    await count(thread, 1);
    await count(other, 2);
    await count(worker, 4);

    expect(valuesOf(await primary.scrape()).get('jobs_total{}')).toBe(7);
    expect(valuesOf(await thread.scrape()).get('jobs_total{}')).toBe(7);
  });

  test('leave their counts when they are terminated, and take their live gauges along', async () => {
    const directory = newDirectory();
    const main = await spawn({ directory });
    const [first, second] = await Promise.all([main.startThread(), main.startThread()]);
    await count(first, 1);
    await count(second, 2);
    expect(valuesOf(await main.scrape()).get('busy{}')).toBe(2);
    await first.kill();

    const values = valuesOf(await main.scrape());
    expect(values.get('jobs_total{}')).toBe(3);
    expect(values.get('busy{}')).toBe(1);
    expect(namesOf(values, 'busy_by_owner')).toHaveLength(1);
    expect(namesOf(values, 'seen_by_owner')).toHaveLength(2);
  });

  test('can be terminated in the middle of a scrape', async () => {
    const main = await spawn();
    for (let round = 1; round <= 10; round++) {
      const thread = await main.startThread();
      await thread.run(async ({ Counter, register }) => {
        const counter = new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
        for (let i = 0; i < 500; i++) counter.inc({ queue: `${i}` });
        const scrape = (): Promise<void> => register.metrics().then(scrape);
        void scrape();
        void scrape();
        await register.metrics();
      });
      await thread.kill();
      expect(valuesOf(await main.scrape()).get('jobs_total{queue="499"}')).toBe(round);
    }
  });

  test('can be terminated inside any call, which then writes nothing', async () => {
    const main = await spawn();
    for (let round = 1; round <= 40; round++) {
      const thread = await main.startThread();
      await thread.run(({ Counter, Gauge, register }) => {
        let created = 0;
        const work = () => {
          const options = { help: 'Jobs done.', labelNames: ['queue', 'host'] };
          const counter = new Counter({ name: `jobs_${created}_total`, ...options });
          for (let i = 0; i < 20; i++) counter.inc({ queue: `${created++}`, host: 'here' });
          new Gauge({ name: `busy_${created}`, multiprocessMode: 'all', ...options });
          register.metrics();
          setImmediate(work);
        };
        work();
      });
      await thread.kill();
    }
    const text = await main.scrape();
    expect(text).toContain('jobs_0_total');
    for (const { name, samples } of parse(text)) {
      expect(name).toMatch(/^(jobs_\d+_total|busy_\d+|prom_client_mmap_.*)$/);
      for (const { labels } of samples)
        expect(labels).toEqual({ queue: expect.stringMatching(/^\d+$/), host: 'here' });
    }
  });

  test('with many series are terminated inside get() nearly as fast as these are made', async () => {
    const series = 60_000;
    const main = await spawn();
    const thread = await main.startThread();
    const madeMs = await thread.run(({ Counter }, count) => {
      const begun = performance.now();
      const counter = new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['id'] });
      for (let id = 0; id < count; id++) counter.inc({ id });
      const read = (): Promise<unknown> => counter.get().then(read);
      void read();
      return performance.now() - begun;
    }, series);
    const begun = performance.now();
    await thread.kill();

    expect(performance.now() - begun).toBeLessThan(4 * madeMs);
    expect(valuesOf(await main.scrape())).toHaveProperty('size', series);
  });

  test('have a label `pid` each, in which the main thread is the process', async () => {
    const main = await spawn();
    const thread = await main.startThread();
    await count(main, 1);
    await count(thread, 1);

    const family = parse(await main.scrape()).find(({ name }) => name === 'seen_by_owner');
    const pids = family?.samples.map(({ labels }) => labels['pid']).sort();
    expect(pids).toEqual([`${main.pid}`, expect.stringMatching(new RegExp(`^${main.pid}-\\d+$`))]);
  });
});

async function lives(observer: Member): Promise<object> {
  const values = valuesOf(await observer.scrape());
  return {
    owners: values.get('prom_client_mmap_owners{state="live"}'),
    processes: values.get('prom_client_mmap_processes{}'),
  };
}

async function count(member: Member | undefined, jobsDone: number): Promise<void> {
  await member?.run(({ Counter, Gauge }, amount) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
    new Gauge({ name: 'busy', help: 'Owners at work.' }).set(1);
    new Gauge({ name: 'busy_by_owner', help: 'As above.', multiprocessMode: 'liveall' }).set(1);
    new Gauge({ name: 'seen_by_owner', help: 'Owners that ever were.', multiprocessMode: 'all' }).set(1);
  }, jobsDone);
}

function namesOf(values: ReadonlyMap<string, number>, family: string): string[] {
  return [...values.keys()].filter((key) => key.startsWith(keyOf({ name: family, labels: {} }).slice(0, -1)));
}
