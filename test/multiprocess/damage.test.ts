import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newDirectory, segmentsIn } from './support/directories';
import { parse, valuesOf } from './support/exposition';
import { type Member, spawn } from './support/member';

const selfMetric = 'prom_client_mmap_skipped_files';

describe('a scrape of a directory with a file that cannot be read', () => {
  const cases: readonly [what: string, reason: string, make: (path: string, segment: Buffer) => void][] = [
    [
      'text under the name of a segment',
      'foreign',
      (path) => writeFileSync(path, 'hello, world\n'.repeat(1000)),
    ],
    ['zeros', 'foreign', (path) => writeFileSync(path, Buffer.alloc(65536))],
    ['an empty file', 'truncated', (path) => writeFileSync(path, '')],
    ['less than a header', 'truncated', (path, segment) => writeFileSync(path, segment.subarray(0, 100))],
    [
      'a segment without its cells',
      'truncated',
      (path, segment) => writeFileSync(path, segment.subarray(0, 8192)),
    ],
    [
      'a segment of a later version',
      'version',
      (path, segment) => writeFileSync(path, patched(segment, 12, 2)),
    ],
    [
      'a header with a flipped bit',
      'corrupt',
      (path, segment) => writeFileSync(path, patched(segment, 30, 1)),
    ],
    [
      'a record with a flipped bit',
      'corrupt',
      (path, segment) => writeFileSync(path, patched(segment, 4096 + 20, 1)),
    ],
    ['a directory', 'forbidden', (path) => mkdirSync(path)],
    ['a FIFO', 'forbidden', (path) => execFileSync('mkfifo', [path])],
    ['a symbolic link', 'forbidden', linkToCopy(symlinkSync)],
    ['a second link to a file', 'forbidden', linkToCopy(linkSync)],
  ];

  test.each(cases)('leaves out %s (%s), says so, and is exact about the rest', async (_, reason, make) => {
    const directory = newDirectory();
    const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(member, 3);
    make(join(directory, 's.1.1.0123456789abcdef'), readFileSync(segmentOf(directory)));

    expect(valuesOf(await observer.scrape())).toEqual(
      new Map([
        ['jobs_total{}', 3],
        [`${selfMetric}{reason="${reason}"}`, 1],
      ]),
    );
    expect(await observer.warnings()).toEqual([]);
  });

  test('counts files that are not ours, by reason', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    await count(member, 3);
    for (const name of ['notes.txt', 'counter_17.db', 'x']) writeFileSync(join(directory, name), 'x');
    writeFileSync(join(directory, 's.1.1.aa'), '');

    expect(valuesOf(await member.scrape())).toEqual(
      new Map([
        ['jobs_total{}', 3],
        [`${selfMetric}{reason="foreign"}`, 3],
        [`${selfMetric}{reason="truncated"}`, 1],
      ]),
    );
    expect(parse(await member.scrape()).at(-1)).toMatchObject({ name: selfMetric, type: 'gauge' });
  });

  test('says nothing any more once they are gone', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    await count(member, 3);
    writeFileSync(join(directory, 'notes.txt'), '');
    expect(await member.scrape()).toContain(selfMetric);
    rmSync(join(directory, 'notes.txt'));

    expect(await member.scrape()).not.toContain(selfMetric);
  });
});

describe('a segment whose owner is alive', () => {
  test('counts with its last numbers while it is damaged, and for new processes when it is whole again', async () => {
    const directory = newDirectory();
    const [member, damaged] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(damaged, 2);
    const path = segmentOf(directory);
    await count(member, 3);
    expect(valuesOf(await member.scrape()).get('jobs_total{}')).toBe(5);
    const whole = readFileSync(path);
    writeFileSync(path, patched(whole, 0, 1), { flag: 'r+' });

    const [known, late] = [member, await spawn({ directory })];
    for (const [reader, total] of [
      [known, 5],
      [late, 3],
    ] as const) {
      const values = valuesOf(await reader.scrape());
      expect(values.get('jobs_total{}')).toBe(total);
      expect(values.get(`${selfMetric}{reason="foreign"}`)).toBe(1);
    }
    writeFileSync(path, whole, { flag: 'r+' });
    for (const reader of [known, late]) {
      expect(valuesOf(await reader.scrape())).toEqual(new Map([['jobs_total{}', 5]]));
    }
  });

  test('may be longer than it says', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    await count(member, 3);
    appendFileSync(segmentOf(directory), 'x'.repeat(10_000));

    expect(valuesOf(await member.scrape())).toEqual(new Map([['jobs_total{}', 3]]));
  });

  test('may have an older copy in its place: a scrape of its process has its own numbers at once', async () => {
    const directory = newDirectory();
    const member = await spawn({ directory });
    await count(member, 3);
    const copy = join(newDirectory(), 'copy');
    copyFileSync(segmentOf(directory), copy);
    await member.run(({ register }) => {
      (register.getSingleMetric('jobs_total') as unknown as { inc(): void }).inc();
    });
    renameSync(copy, segmentOf(directory));

    expect(valuesOf(await member.scrape())).toEqual(new Map([['jobs_total{}', 4]]));
  });

  test('may be taken away, and the directory with it: its owner does not notice', async () => {
    const directory = newDirectory();
    const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(member, 3);
    rmSync(segmentOf(directory));
    expect(await observer.scrape()).toBe('\n');
    rmSync(directory, { recursive: true });

    const own = await member.run(async ({ register }) => {
      const counter = register.getSingleMetric('jobs_total') as unknown as {
        inc(): void;
        get(): Promise<MetricValues>;
      };
      counter.inc();
      return (await counter.get()).values;
    });
    expect(own).toMatchObject([{ value: 4 }]);
    expect(await observer.scrape()).toBe('\n');
    expect(await observer.warnings()).toEqual([]);
  });
});

interface MetricValues {
  readonly values: readonly { readonly value: number }[];
}

describe('the segment of a dead owner', () => {
  test('that another process cut off fails no scrape', async () => {
    const directory = newDirectory();
    const [member, observer] = await Promise.all([spawn({ directory }), spawn({ directory })]);
    await count(member, 3);
    await observer.scrape();
    const segment = segmentOf(directory);
    await member.kill();
    for (let size = 65536; size > 0 && cutOff(segment, size); size -= 7001) {
      const values = valuesOf(await observer.scrape());
      const sum =
        values.get('jobs_total{}') ?? (values.get(`${selfMetric}{reason="truncated"}`) === 1 ? 3 : 0);
      expect(sum, `${size} bytes`).toBe(3);
    }
  });
});

async function count(member: Member, jobsDone: number): Promise<void> {
  await member.run(({ Counter }, amount) => {
    new Counter({ name: 'jobs_total', help: 'Jobs done.' }).inc(amount);
  }, jobsDone);
}

/** Returns false when the segment has been compacted. */
function cutOff(segment: string, size: number): boolean {
  try {
    truncateSync(segment, size);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function segmentOf(directory: string): string {
  return join(directory, segmentsIn(directory)[0] ?? '');
}

function patched(segment: Buffer, at: number, xor: number): Buffer {
  const copy = Buffer.from(segment);
  copy[at] = (copy[at] ?? 0) ^ xor;
  return copy;
}

/** Leads from `path` to a good segment elsewhere, that must not be counted. */
function linkToCopy(link: (target: string, path: string) => void): (path: string, segment: Buffer) => void {
  return (path, segment) => {
    const target = join(newDirectory(), 'segment');
    writeFileSync(target, segment);
    link(target, path);
  };
}
