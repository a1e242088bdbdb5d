import { expect, onTestFinished, test, vi } from 'vitest';
import { HeapStore } from '../../src/store/heap-store';
import type { CellRef } from '../../src/store/store';

const allocate = (store: HeapStore, count: number): CellRef =>
  store.allocate(0, { texts: [], asWritten: undefined }, count);

const cellsOf = ({ values, index }: CellRef, count: number): Float64Array =>
  values.subarray(index, index + count);

test('no two series share a cell, however many there are', () => {
  const store = new HeapStore();
  const taken = [1, 14, 32].flatMap((count) =>
    Array.from({ length: 3000 }, () => ({ count, at: allocate(store, count) })),
  );
  for (const [i, { count, at }] of taken.entries()) cellsOf(at, count).fill(i);

  for (const [i, { count, at }] of taken.entries()) {
    expect(cellsOf(at, count)).toEqual(new Float64Array(count).fill(i));
  }
});

test('released cells are used again, and are zero', () => {
  const store = new HeapStore();
  const old = allocate(store, 3);
  const { values, index } = old;
  cellsOf(old, 3).fill(7);
  store.release(old, 3);
  expect(old).toEqual({ values: new Float64Array(0), index: 0, record: -1 });

  const page = store.allocatePage(old, { slot: 0, sign: 1, schema: 5, generation: 0, number: 0 });
  const again = allocate(store, 3);
  expect(again).toEqual({ values, index, record: expect.any(Number) });
  expect(again.record).toBeGreaterThanOrEqual(0);
  expect([...cellsOf(again, 3)]).toEqual([0, 0, 0]);
  expect(cellsOf(page, 32)).toEqual(new Float64Array(32));
});

test('cells have the time at which they were taken, also when they are used again', () => {
  vi.useFakeTimers({ now: 1000 });
  onTestFinished(() => void vi.useRealTimers());
  const store = new HeapStore();
  const first = allocate(store, 3);
  vi.setSystemTime(2000);
  const second = allocate(store, 3);
  const released = { ...first };
  store.release(released, 3);
  vi.setSystemTime(3000);
  const again = allocate(store, 3);

  expect([second, again].map((cells) => store.createdMs(cells, 3))).toEqual([2000, 3000]);
});

test('cells that are released twice are not given out twice', () => {
  const store = new HeapStore();
  const old = allocate(store, 2);
  store.release(old, 2);
  store.release(old, 2);
  const [one, other] = [allocate(store, 2), allocate(store, 2)];

  expect(one.values === other.values && one.index === other.index).toBe(false);
});
