import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startApplication } from './support/application';
import { installedCopy, newDirectory, segmentsIn, smallFileSystem } from './support/directories';
import { valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';
import { nobody, spawnAs } from './support/other-user';

// More series than a segment of 64 KiB has room for.
const manySeries = 3000;

const lackingRoom = 'prom_client_mmap_owners_without_room{}';

describe('without the addon', () => {
  test('a process warns once and counts for itself', async () => {
    const directory = newDirectory();
    const from = installedCopy({ addon: false });
    const [one, other] = await Promise.all([spawn({ directory, from }), spawn({ directory, from })]);
    await countOfEachType(one);
    await countOfEachType(other);

    expect(await one.warnings()).toEqual([
      warning('ERR_ADDON', /the package has none for linux-.*prom-client-mmap\.mjs build/),
    ]);
    expect(valuesOf(await one.scrape())).toEqual(valuesOf(await other.scrape()));
    expect(valuesOf(await one.scrape()).get('jobs_total{}')).toBe(1);
    expect(segmentsIn(directory)).toEqual([]);
  });

  test('the exposition is that of a process with it, and says that there is none', async () => {
    const without = await spawn({ from: installedCopy({ addon: false }) });
    const member = await spawn();
    await countOfEachType(without);
    await countOfEachType(member);

    const own = ['# HELP prom_client_mmap_native 1 where metrics are shared by the native addon.'];
    own.push('# TYPE prom_client_mmap_native gauge', 'prom_client_mmap_native 0');
    expect(await without.scrape()).toBe(`${await member.scrape()}\n${own.join('\n')}\n`);
  });
});

describe('where nothing can be written', () => {
  test('a process warns once and counts for itself, and shows the counts of others', async ({ skip }) => {
    const directory = newDirectory();
    const isRoot = process.getuid?.() === 0;
    // Root may write anywhere, so the process has to be of another user, who must find Node and the library.
    const member = isRoot ? await spawnAs(nobody, directory) : await spawn({ directory });
    if (member === undefined) return skip('user 65534 cannot run Node or read the temporary directory');
    const sharing = await spawn({ directory });
    await countMany(sharing, manySeries);
    chmodSync(directory, 0o555);
    onTestFinished(() => chmodSync(directory, 0o755));
    await countMany(member, manySeries);
    await countMany(sharing, manySeries);

    expect(await member.warnings()).toEqual([warning('EACCES', /PROM_CLIENT_MMAP_DIR/)]);
    expect(total(await member.scrape())).toBe(isRoot ? manySeries : 3 * manySeries);
    expect(total(await sharing.scrape())).toBe(2 * manySeries);
    expect(await sharing.warnings()).toEqual([]);
  });

  test('so it is when the directory cannot be made', async () => {
    const file = join(newDirectory(), 'file');
    writeFileSync(file, '');
    const member = await spawn({ directory: join(file, 'metrics') });
    await countMany(member, manySeries);

    // EEXIST from Node 24 on.
    expect(await member.warnings()).toEqual([warning(/^(ENOTDIR|EEXIST)$/, /PROM_CLIENT_MMAP_DIR/)]);
    expect(total(await member.scrape())).toBe(manySeries);
  });
});

describe('when the file system is full', () => {
  test('behind one port no counter goes down, before, while and after series move to the file', async ({
    skip,
  }) => {
    const directory = smallFileSystem(2 * 1024 * 1024);
    if (directory === undefined) return skip('a small file system can only be mounted by root');
    const main = `
      import { Counter, register } from 'prom-client-mmap';
      const counter = new Counter({ name: 'queued_total', help: 'Jobs queued.', labelNames: ['queue'] });
      counter.inc({ queue: 'first' });
      answer({
        '/count': ({ series }) => {
          for (let i = 0; i < series; i++) counter.inc({ queue: 'queue-' + i });
        },
        '/metrics': () => register.metrics(),
      });`;
    const workers = await startApplication(
      { 'main.mjs': main },
      { env: { PROM_CLIENT_MMAP_DIR: directory } },
    );
    const totals: number[] = [];
    let text = '';
    const scrapeAll = async (): Promise<void> => {
      for (const worker of workers) {
        text = await worker.get('/metrics');
        totals.push(total(text));
      }
    };
    await scrapeAll();
    const filler = join(directory, '.filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024))).toThrow('ENOSPC');
    for (const worker of workers) await worker.get(`/count?series=${manySeries}`);
    await scrapeAll();
    expect(totals.at(-1)).toBeLessThan(2 * manySeries);
    expect(valuesOf(text).get(lackingRoom)).toBe(2);
    rmSync(filler);
    await expect.poll(async () => [await scrapeAll(), totals.at(-1)][1]).toBe(2 * manySeries + 2);

    expect(totals).toEqual([...totals].sort((one, other) => one - other));
    // The other owner may tell at its next heartbeat.
    await expect.poll(async () => [await scrapeAll(), valuesOf(text).has(lackingRoom)][1]).toBe(false);
  });

  test('series that found no room move to the file when there is room again, with all counts', async ({
    skip,
  }) => {
    const directory = smallFileSystem(1024 * 1024);
    if (directory === undefined) return skip('a small file system can only be mounted by root');
    const [owner, observer] = [await spawn({ directory }), await spawn({ directory })];
    await countOfEachType(owner);
    const filler = join(directory, '.filler');
    expect(() => writeFileSync(filler, Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
    await countMany(owner, manySeries);
    await owner.run(({ Summary }) => {
      const size = new Summary({ name: 'late_bytes', help: 'Sizes.', labelNames: ['q'], percentiles: [0.5] });
      for (let q = 0; q < 500; q++) size.observe({ q }, 8);
    });
    expect(total(await owner.scrape())).toBe(manySeries);
    expect(total(await observer.scrape())).toBeLessThan(manySeries);
    rmSync(filler);

    const late = (text: string): number | undefined =>
      valuesOf(text).get('late_bytes{q="499",quantile="0.5"}');
    await expect.poll(async () => late(await observer.scrape())).toBeCloseTo(8, 0);
    expect(total(await observer.scrape())).toBe(manySeries);
    await countMany(owner, manySeries);
    for (const member of [owner, observer]) expect(total(await member.scrape())).toBe(2 * manySeries);
  });

  test('metrics of every type can still be made and counted', async ({ skip }) => {
    const directory = smallFileSystem(64 * 1024);
    if (directory === undefined) return skip('a small file system can only be mounted by root');
    const [filling, late] = [await spawn({ directory }), await spawn({ directory })];
    await countMany(filling, manySeries);
    // In this order: the late one shares nothing, so that the other sees its own alone.
    for (const member of [late, filling]) {
      await countOfEachType(member);
      const values = valuesOf(await member.scrape());

      expect(values.get('jobs_total{}')).toBe(1);
      expect(values.get('busy{queue="mail"}')).toBe(2);
      expect(values.get('wait_seconds_bucket{le="0.5"}')).toBe(1);
      expect(values.get('size_bytes{quantile="0.5",queue="mail"}')).toBeCloseTo(8, 0);
      expect(values.get('size_bytes_sum{queue="mail"}')).toBe(8);
    }
  });

  test('an owner whose segment is full shows all of its series until it sees another owner, then none that others lack', async () => {
    const dir = newDirectory();
    const limited = await spawn();
    await limited.run(({ configure }, options) => configure(options), { dir, maxSegmentBytes: 64 * 1024 });
    await countMany(limited, manySeries);

    expect(await limited.warnings()).toEqual([warning('EFBIG', /make room there/)]);
    expect(total(await limited.scrape())).toBe(manySeries);
    expect(valuesOf(await limited.scrape()).get(lackingRoom)).toBe(1);
    const observer = await spawn({ directory: dir });
    await countOfEachType(observer);
    const shared = total(await observer.scrape());
    expect(shared).toBeGreaterThan(0);
    expect(shared).toBeLessThan(manySeries);
    for (const member of [limited, observer]) {
      const text = await member.scrape();
      expect(total(text)).toBe(shared);
      expect(valuesOf(text).get(lackingRoom)).toBe(1);
    }
    // A port for each process shows each its own.
    const own = await limited.run(({ register }) => register.metrics({ view: 'process' }));
    expect(total(own)).toBe(manySeries);
  });
});

test('a series that was removed makes room for another', async () => {
  const dir = newDirectory();
  const limited = await spawn();
  await limited.run(({ configure }, options) => configure(options), { dir, maxSegmentBytes: 64 * 1024 });
  const observer = await spawn({ directory: dir });
  await limited.run(({ Counter }) => {
    const counter = new Counter({ name: 'jobs_total', help: 'Jobs done.', labelNames: ['queue'] });
    for (let i = 0; i < 100; i++) {
      counter.inc({ queue: `q${i}` });
      counter.remove(`q${i}`);
    }
    counter.inc({ queue: 'last' }, 2);
  });

  expect(await limited.warnings()).toEqual([]);
  expect(valuesOf(await observer.scrape())).toEqual(new Map([['jobs_total{queue="last"}', 2]]));
});

/** Needs room for `series` series, all of which count 1. */
async function countMany(member: Member, series: number): Promise<void> {
  await member.run(({ Counter, register }, count) => {
    const name = 'queued_total';
    const found = register.getSingleMetric(name) as InstanceType<typeof Counter> | undefined;
    const counter = found ?? new Counter({ name, help: 'Jobs queued.', labelNames: ['queue'] });
    for (let i = 0; i < count; i++) counter.inc({ queue: `queue-${i}` });
  }, series);
}

function total(text: string): number {
  let sum = 0;
  for (const [key, value] of valuesOf(text)) if (key.startsWith('queued_total')) sum += value;
  return sum;
}

async function countOfEachType(member: Member): Promise<void> {
  await member.run(({ Counter, Gauge, Histogram, Summary }) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc();
    new Gauge({ name: 'busy', help: 'Owners at work.', labelNames: ['queue'] }).set({ queue: 'mail' }, 2);
    new Histogram({ name: 'wait_seconds', help: 'Time in a queue.' }).observe(0.3);
    new Summary({ name: 'size_bytes', help: 'Size of a job.', labelNames: ['queue'] }).observe(
      { queue: 'mail' },
      8,
    );
  });
}

function warning(code: string | RegExp, advice: RegExp): unknown {
  return {
    name: 'PromClientMmapWarning',
    code: typeof code === 'string' ? code : expect.stringMatching(code),
    message: expect.stringMatching(advice),
  };
}
