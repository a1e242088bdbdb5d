import { execFileSync, spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Gauge } from '../../src/index';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { defaultDeadline, type Member, spawn } from '../multiprocess/support/member';

/** What an outsider may put into a directory; false where that cannot be made. */
const plants: Readonly<Record<string, (path: string) => unknown>> = {
  'a symbolic link to a file': (path) => symlinkSync(fileElsewhere(), path),
  'a symbolic link to itself': (path) => symlinkSync(basename(path), path),
  'a hard link': (path) => linkSync(fileElsewhere(), path),
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
  'a socket': listen,
  'a device without an end': (path) => spawnSync('mknod', [path, 'c', '1', '5']).status === 0,
  'a device without room': (path) => spawnSync('mknod', [path, 'c', '1', '7']).status === 0,
};

const names = ['s.1.1.0123456789abcdef', 'w.1.1.0123456789abcdef', 'archive', 'leader', 'lock', 'session'];

test.for(Object.keys(plants))('%s hinders no scrape, under any name', async (what, { skip }) => {
  const directory = newDirectory();
  const plant = async (path: string): Promise<void> => {
    const made = join(newDirectory(), basename(path));
    if ((await plants[what]?.(made)) === false) return skip('a device can only be made by root');
    move(made, path);
  };
  for (const name of names) await plant(join(directory, name));
  const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await countAndCollect(member);
  const fifo = wakeupIn(directory, names);
  await countAndCollect(observer);
  // Again: who starts may clear up, and makes some of these itself.
  for (const name of names) await plant(join(directory, name));
  for (const scraper of [observer, member]) {
    const values = valuesOf(await scraper.scrape());
    expect(values.get('jobs_total{}')).toBe(6);
    expect(values.get('collected{}')).toBe(2);
    expect(values.get('collected_once{}')).toBe(1);
    expect(values.has(late)).toBe(false);
    expect(skippedFiles(values)).toBeGreaterThanOrEqual(1);
    expect(await scraper.warnings()).toEqual([]);
  }

  // In the place of a living owner's FIFO: it is not asked to collect any more, and its last numbers are shown.
  await plant(fifo);
  await member.run(({ register }) => (register.getSingleMetric('collected') as Gauge).set(0));
  const values = valuesOf(await observer.scrape());
  expect(values.get('jobs_total{}')).toBe(6);
  expect(values.get('collected{}')).toBe(1);
  expect(values.has(late)).toBe(false);
});

test('a FIFO in the place of the wake-up FIFO, which another process reads, delays a scrape to its deadline at most', async () => {
  const directory = newDirectory();
  const env = defaultDeadline;
  const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory, env })]);
  await countAndCollect(member);
  const fifo = wakeupIn(directory);
  rmSync(fifo);
  execFileSync('mkfifo', [fifo]);
  await member.run((_, path) => {
    const { openSync } = process.getBuiltinModule('node:fs');
    openSync(path, 'r+');
  }, fifo);

  const values = valuesOf(await observer.scrape());
  expect(values.get('jobs_total{}')).toBe(3);
  expect(values.get(late)).toBe(1);
});

test('an owner whose segment an outsider cuts off dies by SIGBUS when it counts on, and no other process does', async () => {
  const directory = newDirectory();
  const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
  await countAndCollect(member);
  const path = join(directory, segmentsIn(directory)[0] ?? '');
  await countAndCollect(observer);
  truncateSync(path, 100);

  await expect(countAgain(member)).rejects.toThrow('signal SIGBUS');
  await countAgain(observer);
  const values = valuesOf(await observer.scrape());
  expect(values.get('jobs_total{}')).toBe(4);
  expect(values.get('prom_client_mmap_skipped_files{reason="truncated"}')).toBe(1);
});

const late = 'prom_client_mmap_late_owners{}';

/** Puts a file of any kind in the place of another. Meanwhile an owner may make the other one again, at any time. */
function move(from: string, to: string): void {
  for (let isMoved = false; !isMoved; ) {
    rmSync(to, { recursive: true, force: true });
    try {
      renameSync(from, to);
      isMoved = true;
    } catch (error) {
      // A directory does not take the place of a file.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    }
  }
}

async function countAndCollect(member: Member): Promise<void> {
  await member.run(({ Counter, Gauge }) => {
    const help = 'What the members of the test do.';
    new Counter({ name: 'jobs_total', help }).inc(3);
    new Gauge({
      name: 'collected',
      help,
      collect() {
        this.set(1);
      },
    });
    new Gauge({
      name: 'collected_once',
      help,
      collectBy: 'leader',
      collect() {
        this.set(1);
      },
    });
  });
}

/** Those that are not what a segment must be, and those that cannot be opened. */
function skippedFiles(values: ReadonlyMap<string, number>): number {
  const [forbidden = 0, unreadable = 0] = ['forbidden', 'unreadable'].map((reason) =>
    values.get(`prom_client_mmap_skipped_files{reason="${reason}"}`),
  );
  return forbidden + unreadable;
}

function wakeupIn(directory: string, except: readonly string[] = []): string {
  const found = readdirSync(directory).find((name) => name.startsWith('w.') && !except.includes(name));
  return join(directory, found ?? '');
}

async function countAgain(member: Member): Promise<void> {
  await member.run(({ register }) => {
    (register.getSingleMetric('jobs_total') as unknown as { inc(): void }).inc();
  });
}

function fileElsewhere(): string {
  const path = join(newDirectory(), 'file');
  writeFileSync(path, 'not ours\n');
  return path;
}

async function listen(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
}
