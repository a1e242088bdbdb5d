import { expect, test } from 'vitest';

// Stores of an owner and loads of a reader, in all orders in which a processor such as those of arm64 may make them visible.
// native/segment/segment_writer.cc and native/read/segment_reader.cc have the same accesses with the same orders; x86-64 keeps
// most of them in order by itself, so no test there can miss a fence.

type Memory = Readonly<Record<string, number>>;

/** A release store comes after all accesses before it; a fence orders all before it and all after it. Others pass each other. */
type Access =
  | { readonly store: string; readonly value: number; readonly release?: true }
  | { readonly load: string; readonly as: string }
  | { readonly fence: true };

const store = (at: string, value: number): Access => ({ store: at, value });
const release = (at: string, value: number): Access => ({ store: at, value, release: true });
const load = (at: string, as: string = at): Access => ({ load: at, as });
const fence: Access = { fence: true };

/** For each access the earlier ones of its thread that come first in any order. */
function orderOf(accesses: readonly Access[]): number[][] {
  return accesses.map((access, i) => {
    const earlier = accesses.slice(0, i).map((_, k) => k);
    return earlier.filter((k) => {
      const other = accesses[k] as Access;
      const isFenced = accesses.slice(k, i + 1).some((between) => 'fence' in between);
      return isFenced || ('release' in access && access.release) || placeOf(other) === placeOf(access);
    });
  });
}

const placeOf = (access: Access): string | undefined =>
  'store' in access ? access.store : 'load' in access ? access.load : undefined;

/** What the reader may have loaded, over all orders of both threads. */
function outcomes(start: Memory, owner: readonly Access[], reader: readonly Access[]): Memory[] {
  const threads = [owner, reader].map((accesses) => ({ accesses, order: orderOf(accesses) }));
  const seen = new Set<string>();
  const found = new Map<string, Memory>();
  const visit = (memory: Memory, loaded: Memory, done: readonly number[]): void => {
    const key = JSON.stringify([memory, loaded, done]);
    if (seen.has(key)) return;
    seen.add(key);
    const isDone = (thread: number, access: number): boolean =>
      ((done[thread] as number) & (1 << access)) !== 0;
    let isLast = true;
    for (const [thread, { accesses, order }] of threads.entries()) {
      for (const [i, access] of accesses.entries()) {
        if (isDone(thread, i)) continue;
        isLast = false;
        if (!order[i]?.every((other) => isDone(thread, other))) continue;
        const next = done.map((bits, k) => (k === thread ? bits | (1 << i) : bits));
        const after = 'store' in access ? { ...memory, [access.store]: access.value } : memory;
        const known = 'load' in access ? { ...loaded, [access.as]: memory[access.load] as number } : loaded;
        visit(after, known, next);
      }
    }
    if (isLast) found.set(JSON.stringify(loaded), loaded);
  };
  visit(start, {}, [0, 0]);
  return [...found.values()];
}

const without = (accesses: readonly Access[], index: number): Access[] =>
  accesses.filter((_, i) => i !== index);

// A series with the value 5 is removed (state 2), and another one gets its cells and counts to 7.
const beforeRemoval = { state: 1, removals: 0, cell: 5 };
const removal = [store('state', 2), release('removals', 1), fence, store('cell', 0), store('cell', 7)];
const readingOfCells = [
  load('removals', 'before'),
  fence,
  load('state'),
  fence,
  load('cell'),
  fence,
  load('removals', 'after'),
];
const takesOthersCells = ({ before, after, state, cell }: Memory): boolean =>
  before === after && state === 1 && cell !== 5;

test('a reader never takes the cells of a new series for those of the removed series', () => {
  expect(outcomes(beforeRemoval, removal, readingOfCells).filter(takesOthersCells)).toEqual([]);
});

test('it would without the fence between the removal and the zeros, which a release store does not replace', () => {
  const unfenced = without(removal, removal.indexOf(fence));
  expect(outcomes(beforeRemoval, unfenced, readingOfCells).filter(takesOthersCells)).not.toEqual([]);
});

// The owner adds an extent (its offset is 4096) and a record in it.
const beforeGrowth = { offset: 0, extents: 1, end: 100 };
const growth = [store('offset', 4096), release('extents', 2), release('end', 200)];
const readingOfHeader = [load('end'), fence, load('extents'), fence, load('offset')];
const isTorn = ({ end, extents, offset }: Memory): boolean =>
  (end === 200 && extents === 1) || (extents === 2 && offset === 0);

test('a reader never knows of a record without its extent, nor of an extent without its place', () => {
  expect(outcomes(beforeGrowth, growth, readingOfHeader).filter(isTorn)).toEqual([]);
});

test.each([1, 3])('it could without the fence at %d, as in one copy of the header', (at) => {
  expect(outcomes(beforeGrowth, growth, without(readingOfHeader, at)).filter(isTorn)).not.toEqual([]);
});
