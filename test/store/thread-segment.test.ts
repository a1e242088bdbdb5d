import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { FamilyDefinition } from '../../src/model/family';
import type { SeriesKey } from '../../src/model/labels';
import { type LoadedAddon, loadAddon, type NativeAddon } from '../../src/native';
import { GroupStore } from '../../src/store/group-store';
import type { CellRef } from '../../src/store/store';
import { newDirectory, segmentsIn } from '../multiprocess/support/directories';

const definition: FamilyDefinition = {
  name: 'jobs_total',
  type: 'counter',
  help: 'h',
  labelNames: ['a', 'b'],
  mergeMode: 'sum',
  bounds: [],
  ageBuckets: 0,
  slotMs: 0,
};

const keyOf = (a: string, b?: string): SeriesKey => ({ texts: [a, b], asWritten: undefined });

interface Limits {
  readonly maxSegmentBytes?: number;
  readonly maxSeries?: number;
}

/** A store with one family in the scope `s`, and the directory of each segment that it has opened: undefined for memory. */
function openStore(
  directory: string | undefined,
  { maxSegmentBytes = 2 ** 20, maxSeries = 1e6 }: Limits = {},
) {
  const { addon } = loadAddon() as LoadedAddon;
  const opened: (string | undefined)[] = [];
  class Segment extends addon.Segment {
    constructor(...args: ConstructorParameters<NativeAddon['Segment']>) {
      opened.push(args[0]);
      super(...args);
    }
  }
  const store = new GroupStore(
    { ...addon, Segment },
    {
      directory,
      openDirectory: () => {
        mkdirSync(directory ?? '', { recursive: true });
        return directory ?? '';
      },
      otherDirectories: () => [],
      maxSegmentBytes,
      maxGroupBytes: 2 ** 30,
      maxSeries,
      persist: false,
      collectDeadlineMs: 0,
      selfMetrics: 'none',
      view: 'group',
    },
  );
  const live = new Set<CellRef>();
  const family = store.addFamily(definition, { [Symbol.iterator]: () => live.values(), keys: () => [] });
  store.register('s', family);
  const add = (key: SeriesKey, amount: number): CellRef => {
    const cells = store.allocate(family, key, 1);
    live.add(cells);
    count(cells, amount);
    return cells;
  };
  const remove = (cells: CellRef): void => {
    live.delete(cells);
    store.release(cells, 1);
  };
  const samples = async (defaultLabels = true): Promise<string[]> => {
    const text = await store.text({ scopes: ['s'], defaultLabels }, 'prometheus');
    return text.split('\n').filter((line) => line.startsWith('jobs_total'));
  };
  return { store, family, opened, add, remove, samples };
}

function count({ values, index }: CellRef, amount: number): void {
  values[index] = (values[index] ?? 0) + amount;
}

test('a segment with room needs no overflow', async () => {
  const directory = newDirectory();
  const { store, opened, add, samples } = openStore(directory);
  add(keyOf('x'), 1);
  store.setDefaultLabels('s', { app: 'shop' });
  add(keyOf('y', 'z'), 2);

  expect(await samples()).toEqual(['jobs_total{a="x",app="shop"} 1', 'jobs_total{a="y",b="z",app="shop"} 2']);
  expect(await samples(false)).toEqual(['jobs_total{a="x"} 1', 'jobs_total{a="y",b="z"} 2']);
  expect(opened).toEqual([directory]);
});

test('labels are printed as they were written, objects by the text that identifies the series', async () => {
  const { store, family, samples } = openStore(newDirectory());
  const written = { b: { toString: () => 'another' }, a: null };
  const cells = store.allocate(family, { texts: ['null', 'text'], asWritten: written }, 1);
  count(cells, 1);

  expect(await samples()).toEqual(['jobs_total{b="text",a="null"} 1']);
});

test('series that find no room in the file are in one overflow, with all registrations', async () => {
  const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
  const directory = newDirectory();
  const { store, opened, add, samples } = openStore(directory, { maxSegmentBytes: 64 * 1024 });
  store.setDefaultLabels('s', { app: 'shop' });
  const all = Array.from({ length: 3000 }, (_, i) => add(keyOf(`${i}`), i));
  for (const cells of all) count(cells, 1);

  expect(opened).toEqual([directory, undefined]);
  expect(await samples()).toEqual(all.map((_, i) => `jobs_total{a="${i}",app="shop"} ${i + 1}`));
  expect(warning).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('make room there'), {
    type: 'PromClientMmapWarning',
    code: 'EFBIG',
  });
  warning.mockRestore();
});

test('a file that is opened later gets all registrations, and new series', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
  const directory = join(newDirectory(), 'group');
  writeFileSync(directory, 'not a directory');
  const { store, opened, add, samples } = openStore(directory);
  store.setDefaultLabels('s', { app: 'shop' });
  add(keyOf('early'), 1);
  rmSync(directory);
  mkdirSync(directory);
  store.maintain();
  add(keyOf('late'), 2);

  expect(opened).toEqual([undefined, directory]);
  expect(await samples()).toContain('jobs_total{a="early",app="shop"} 1');
  const reader = openStore(directory);
  expect(await reader.samples()).toEqual(['jobs_total{a="late",app="shop"} 2']);
  warning.mockRestore();
  vi.useRealTimers();
});

test('a rewrite takes live references along, and leaves released and discarded ones', async () => {
  const directory = newDirectory();
  const { store, family, add, remove, samples } = openStore(directory, { maxSegmentBytes: 2 ** 24 });
  const inode = (): number => statSync(join(directory, segmentsIn(directory)[0] ?? '')).ino;
  const kept = add(keyOf('kept'), 5);
  const released = add(keyOf('released'), 7);
  remove(released);
  const discarded = store.allocatePage(
    { values: new Float64Array(1), index: 0, record: 0 },
    {
      slot: 0,
      sign: 1,
      schema: 5,
      generation: 0,
      number: 0,
    },
  );
  const before = inode();
  for (let i = 0; inode() === before; i++) remove(add(keyOf(`gone ${i}`), 1));
  count(kept, 1);

  expect(await samples()).toEqual(['jobs_total{a="kept"} 6']);
  expect(released).toEqual({ values: new Float64Array(0), index: 0, record: -1 });
  expect(discarded.values).toEqual(new Float64Array(32));
  store.release(discarded, 32);
  expect(discarded.record).toBe(-1);
  store.removeFamily(family);
  expect(await samples()).toEqual([]);
});
