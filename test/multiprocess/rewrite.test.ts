import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory, ownDirectory, segmentsIn, smallFileSystem } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

describe('a segment that is mostly garbage', () => {
  test('is rewritten, so that creating and removing series for ever needs no more room, and no scrape is wrong', async () => {
    const directory = newDirectory();
    const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
    await churn(owner, 1);
    const id = idOf(directory);
    let isDone = false;
    const work = (async () => {
      for (let round = 0; round < 20; round++) await churn(owner, 50_000);
      isDone = true;
    })();
    let lastKept = 0;
    const wrong: string[] = [];
    let longest = 0;
    while (!isDone) {
      const text = await observer.scrape();
      longest = Math.max(longest, ...segmentsIn(directory).map((name) => sizeOf(join(directory, name))));
      for (const [key, value] of valuesOf(text)) {
        if (key === keptKey) {
          if (value < lastKept) wrong.push(`${value} after ${lastKept}`);
          lastKept = value;
        } else if (value !== 0 && value !== valueOfRemoved) {
          wrong.push(`${key} ${value}`);
        }
      }
    }
    await work;

    expect(wrong).toEqual([]);
    expect(lastKept).toBeGreaterThan(0);
    expect(valuesOf(await observer.scrape())).toEqual(new Map([[keptKey, 1_000_001]]));
    expect(longest).toBeLessThanOrEqual(1024 * 1024);
    expect(idOf(directory)).not.toBe(id);
    expect(await owner.warnings()).toEqual([]);
  });

  test('has all contents after a rewrite: the exposition is that of a segment without one', async () => {
    const expositions: string[][] = [];
    for (const isRewritten of [true, false]) {
      const directory = newDirectory();
      const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
      const texts: string[] = [];
      for (let round = 1; round <= 3; round++) {
        await countOfEachKind(owner, round);
        const before = idOf(directory);
        await churn(owner, isRewritten ? 10_000 : 1);
        expect(idOf(directory) !== before).toBe(isRewritten);
        texts.push(await observer.scrape());
        const openMetrics = await observer.run(({ Registry, register }) => {
          const { contentType } = register;
          register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
          return register.metrics().finally(() => register.setContentType(contentType));
        });
        // The times of the exemplars and of the series differ.
        texts.push(openMetrics.replace(/^(.*_created\b.*|.* # .*) \S+$/gm, '$1'));
      }
      expositions.push(texts.map((text) => text.replace(/^jobs_total\{queue="kept".*\n/m, '')));
    }

    expect(expositions[0]).toEqual(expositions[1]);
    expect(expositions[0]?.[5]).toContain('# {trace="other"} 1.5');
  });

  test('has series that were used once after a rewrite, and they count on', async () => {
    const directory = newDirectory();
    const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
    const use = (tenths: number): Promise<void> =>
      owner.run(({ Counter }, count) => {
        const visits = Counter.getOrCreate({ name: 'visits_total', help: 'Visits.', labelNames: ['page'] });
        for (let i = 0; i < count; i++) visits.inc({ page: `/${i}` });
      }, tenths);
    await churn(owner, 1);
    for (const used of [1000, 700, 400]) {
      const id = idOf(directory);
      await use(used);
      await churn(owner, 10_000);
      expect(idOf(directory)).not.toBe(id);
    }

    const values = valuesOf(await observer.scrape());
    const counts = Array.from({ length: 1000 }, (_, i) => values.get(`visits_total{page="/${i}"}`));
    expect(counts).toEqual(Array.from({ length: 1000 }, (_, i) => (i < 400 ? 3 : i < 700 ? 2 : 1)));
    // An exposition adds up a series that is there twice.
    const own = await owner.run(async ({ register }) => {
      const visits = await register.getSingleMetric('visits_total')?.get();
      return visits?.values.map(({ value }) => value);
    });
    expect(own).toEqual(counts);
    expect(await owner.warnings()).toEqual([]);
  });

  test('may be rewritten while its owner collects, and a scrape waits for it all the same', async () => {
    const directory = newDirectory();
    const [owner, observer] = [await spawn({ directory }), await spawn()];
    const patient = { dir: directory, collectDeadlineMs: 10_000 };
    await observer.run(({ configure }, options) => configure(options), patient);
    await owner.run(({ Gauge }) => {
      let round = 0;
      new Gauge({
        name: 'sessions',
        help: 'Sessions by user.',
        labelNames: ['user'],
        async collect() {
          round++;
          this.reset();
          for (let i = 0; i < 5000; i++) this.set({ user: `user-${i}` }, round);
          await new Promise((resolve) => setImmediate(resolve));
        },
      });
    });
    const ids = new Set<string>();
    for (let round = 1; round <= 5; round++) {
      const values = valuesOf(await observer.scrape());
      ids.add(idOf(directory));

      expect([...new Set(values.values())]).toEqual([round]);
      expect(values.size).toBe(5000);
    }
    expect(ids.size).toBeGreaterThan(2);
  });

  test('may be rewritten while a series is being made, by the text of a label that makes others', async () => {
    const directory = newDirectory();
    const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
    await churn(owner, 1);
    const id = idOf(directory);
    await owner.run(({ Counter, register }) => {
      const jobs = register.getSingleMetric('jobs_total') as InstanceType<typeof Counter>;
      const busy = {
        toString() {
          for (let i = 0; i < 10_000; i++) {
            jobs.inc({ queue: `gone-${i}` });
            jobs.remove(`gone-${i}`);
          }
          return 'busy';
        },
      };
      const others = new Counter({ name: 'others_total', help: 'Others.', labelNames: ['queue'] });
      for (let i = 0; i < 3; i++) others.inc({ queue: busy as unknown as string });
    });

    expect(idOf(directory)).not.toBe(id);
    expect(valuesOf(await observer.scrape())).toEqual(
      new Map([
        [keptKey, 1],
        ['others_total{queue="busy"}', 3],
      ]),
    );
  });

  test('is not rewritten as long as there is no room for another file', async ({ skip }) => {
    const directory = smallFileSystem(2 * 1024 * 1024);
    if (directory === undefined) return skip('a small file system can only be mounted by root');
    const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
    await owner.run(({ Counter }) => {
      const lasting = new Counter({ name: 'lasting_total', help: 'Lasting.', labelNames: ['queue'] });
      for (let i = 0; i < 1500; i++) lasting.inc({ queue: `lasting-${i}` }, i);
    });
    await churn(owner, 2500);
    const id = idOf(directory);
    fill(join(directory, '.filler'));
    await churn(owner, 2000);
    const expected = (kept: number) =>
      new Map([
        ...Array.from({ length: 1500 }, (_, i) => [`lasting_total{queue="lasting-${i}"}`, i] as const),
        [keptKey, kept],
      ]);

    expect(idOf(directory)).toBe(id);
    expect(readdirSync(directory).filter((name) => name.startsWith('.t.'))).toEqual([]);
    expect(valuesOf(await observer.scrape())).toEqual(expected(4500));
    rmSync(join(directory, '.filler'));
    await churn(owner, 4500);
    await expect.poll(() => idOf(directory)).not.toBe(id);
    expect(valuesOf(await observer.scrape())).toEqual(expected(9000));
    expect(await owner.warnings()).toEqual([]);
  });
});

describe('a segment that was deleted', () => {
  test.each([
    ['with its directory', removeAtOnce],
    [
      'alone',
      (directory: string) => {
        for (const name of segmentsIn(directory)) rmSync(join(directory, name));
      },
    ],
  ])(
    '%s is made again at the next heartbeat, again and again, and no count is missing or counted twice',
    async (_, remove) => {
      const directory = join(newDirectory(), 'group');
      const owners = [await spawn({ directory }), await spawn({ directory })];
      const observer = await spawn();
      const patient = { dir: directory, collectDeadlineMs: 10_000 };
      await observer.run(({ configure }, options) => configure(options), patient);
      for (const owner of owners) await owner.run(countForEver);
      for (let round = 0; round < 2; round++) {
        remove(directory);
        // A scrape shows the last numbers until then.
        await until(async () => existsSync(directory) && segmentsIn(directory).length === owners.length);
        expect((await ticksOf(observer)).size).toBe(owners.length);
        expect(statSync(directory).mode & 0o777).toBe(0o700);
      }
      const counted = new Map<number, number>();
      for (const owner of owners) {
        counted.set(owner.pid, await owner.run(() => (Reflect.get(globalThis, 'stop') as () => number)()));
      }

      expect(await ticksOf(observer)).toEqual(counted);
      // The wake-up FIFOs are new, too: both owners are asked to collect.
      const polls = async () => valuesOf(await observer.scrape()).get('polls_total{}') as number;
      const before = await polls();
      expect(await polls()).toBe(before + 2);
      for (const owner of owners) expect(await owner.warnings()).toEqual([]);
    },
  );

  test('comes back in a directory for this user alone, if the library had named it', async () => {
    const owner = await spawn();
    await owner.run(({ Counter }) => new Counter({ name: 'jobs_total', help: 'Jobs.' }).inc(3));
    const directory = ownDirectory(owner.pid) as string;
    rmSync(directory, { recursive: true });
    expect(valuesOf(await owner.scrape()).get('jobs_total{}')).toBe(3);
    await until(async () => ownDirectory(owner.pid) === directory);

    expect(valuesOf(await owner.scrape()).get('jobs_total{}')).toBe(3);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });
});

const keptKey = 'jobs_total{queue="kept"}';
const valueOfRemoved = 1e12;

/** Makes and removes so many series, and counts to as many in one that stays. */
async function churn(member: Member, times: number): Promise<void> {
  await member.run(
    ({ Counter, register }, { count, value }) => {
      const found = register.getSingleMetric('jobs_total') as InstanceType<typeof Counter> | undefined;
      const jobs = found ?? new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
      const kept = jobs.labels('kept');
      for (let i = 0; i < count; i++) {
        kept.inc();
        jobs.inc({ queue: `gone-${i}` }, value);
        jobs.remove(`gone-${i}`);
      }
    },
    { count: times, value: valueOfRemoved },
  );
}

/** The identity of the only segment in a directory: bytes 24 to 39 of its file. */
function idOf(directory: string): string {
  const [name = '', ...others] = segmentsIn(directory);
  expect(others).toEqual([]);
  return readFileSync(join(directory, name)).toString('hex', 24, 40);
}

function sizeOf(path: string): number {
  return statSync(path).size;
}

/** Takes all the room that there is. */
function fill(path: string): void {
  writeFileSync(path, '');
  const file = openSync(path, 'a');
  const block = Buffer.alloc(4096);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}

async function countOfEachKind(member: Member, round: number): Promise<void> {
  await member.run(({ Counter, Gauge, Histogram, Registry, Summary, register }, number) => {
    const make = <M>(name: string, metric: () => M): M => {
      return (register.getSingleMetric(name) as M | undefined) ?? metric();
    };
    const help = 'One of each kind.';
    register.setDefaultLabels({ round: number });
    const plain = make('plain_total', () => new Counter({ name: 'plain_total', help, labelNames: ['l'] }));
    for (const l of ['b', 'a', `round ${number}`]) plain.inc({ l }, number);
    const bare = make('bare_total', () => new Counter({ name: 'bare_total', help }));
    for (let i = 0; i < number; i++) bare.inc();
    make('level', () => new Gauge({ name: 'level', help })).set(number);
    const newest = () => new Gauge({ name: 'newest', help, multiprocessMode: 'mostrecent' });
    make('newest', newest).set(number);
    const sketch = make('sketch', () => new Summary({ name: 'sketch', help, labelNames: ['l'] }));
    // Over more pages than a slot may have, so that some were given back.
    for (let exponent = -20; exponent < 20; exponent++) {
      sketch.observe({ l: 'a' }, number * 2 ** exponent);
      sketch.observe({ l: 'a' }, -number * 2 ** exponent);
    }
    const { contentType } = register;
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const make2 = () =>
      new Histogram({ name: 'traced', help, buckets: [1, 2], labelNames: ['l'], enableExemplars: true });
    const traced = make('traced', make2);
    traced.observe({ labels: { l: 'a' }, value: 1.5, exemplarLabels: { trace: `${number}` } });
    traced.observe({ labels: { l: 'a' }, value: 0.5 * number, exemplarLabels: { trace: 'other' } });
    register.setContentType(contentType);
  }, round);
}

/** Counts in a timer, until `globalThis.stop()` tells how far it came; and when it is asked to collect. */
function countForEver({ Counter }: typeof import('../../src/index')): void {
  const ticks = new Counter({ name: 'ticks_total', help: 'Ticks.', labelNames: ['pid'] });
  new Counter({
    name: 'polls_total',
    help: 'Collections.',
    collect() {
      this.inc();
    },
  });
  let count = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 100; i++) ticks.inc({ pid: process.pid });
    count += 100;
  }, 1);
  Reflect.set(globalThis, 'stop', () => {
    clearInterval(timer);
    return count;
  });
}

/** How far each owner has come, by its pid. */
async function ticksOf(observer: Member): Promise<Map<number, number>> {
  const values = [...valuesOf(await observer.scrape())];
  return new Map(
    values.flatMap(([key, value]) => {
      const [, pid] = /^ticks_total\{pid="(\d+)"\}$/.exec(key) ?? [];
      return pid === undefined ? [] : [[Number(pid), value]];
    }),
  );
}

/** Under its name at once: its owners may make it again meanwhile. */
function removeAtOnce(directory: string): void {
  renameSync(directory, `${directory}.old`);
  rmSync(`${directory}.old`, { recursive: true });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
