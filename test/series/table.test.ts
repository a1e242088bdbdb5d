import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shapeOf } from '../../src/model/label-shape';
import type { LabelSet } from '../../src/model/labels';
import { SeriesTable } from '../../src/series/table';

interface Named {
  readonly key: string;
}

const names = ['method', 'route', 'status'];

function add(
  table: SeriesTable<Named>,
  labels: LabelSet,
  labelNames = names,
  texts = table.textsOf(labels),
): Named {
  const series = { key: JSON.stringify(texts) };
  table.add(texts, shapeOf(texts, labels, labelNames) === 0 ? undefined : { ...labels }, series);
  return series;
}

/** Values that differ only where nobody would look first, for each of the three labels. */
const alike: Readonly<Record<string, (i: number) => string>> = {
  'in the middle of long texts': (i) => `/api/${'x'.repeat(40)}/${i}/${'y'.repeat(40)}`,
  'at the beginning': (i) => `${i}-the-same-for-all-of-them`,
  'at the end': (i) => `the-same-for-all-of-them-${i}`,
  'in their length': (i) => 'x'.repeat(i % 300),
  'in characters that are not ASCII': (i) => `ä${String.fromCodePoint(0x4e00 + i)}€`,
};

describe('a table with thousands of series', () => {
  test.each(Object.entries(alike))('finds each of those that differ %s', (_, text) => {
    const table = new SeriesTable<Named>(names);
    const sets = Array.from({ length: 3000 }, (__, i) => ({
      method: text(i % 7),
      route: text(i),
      status: `${Math.floor(i / 300)}`,
    }));
    const added = sets.map((labels) => add(table, labels));

    expect(sets.every((labels, i) => table.find(labels) === added[i])).toBe(true);
    expect(
      sets.every(
        ({ method, route, status }, i) => table.at(table.rowOfValues([method, route, status])) === added[i],
      ),
    ).toBe(true);
    expect(sets.every((labels, i) => table.findByTexts(table.textsOf(labels)) === added[i])).toBe(true);
    expect([...table]).toEqual(added);
    expect([...table.entries()].map(([, labels]) => labels)).toEqual(sets);
    expect(table.find({ method: text(8), route: text(3001), status: '0' })).toBeUndefined();
  });

  test('does not search long, whatever the values are', () => {
    // Were all in one chain, it would take half a minute.
    const table = new SeriesTable<Named>(['id']);
    for (let i = 0; i < 60_000; i++) {
      add(table, { id: `${'x'.repeat(30)}${i % 2}${i}${'y'.repeat(30)}` }, ['id']);
    }
    expect([...table]).toHaveLength(60_000);
  });
});

test('a table is like a Map by the texts, through any growth and removal', () => {
  const value = fc.oneof(
    fc.nat(40).map((i) => `/route-${i}/:id`),
    fc.nat(12),
    fc.constantFrom<unknown>('', undefined, null, 'null', true, 'true', 1.5, '1.5'),
    fc.string({ maxLength: 3 }),
  );
  const step = fc.record({ a: value, b: value, removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.constantFrom(1, 50, 1e9), (steps, finds) => {
      const table = new SeriesTable<Named>(['a', 'b'], finds);
      const expected = new Map<string, Named>();
      for (const { a, b, removes } of steps) {
        const texts = table.textsOf({ a, b });
        const key = JSON.stringify(texts.map((text) => text ?? null)) + texts.map((text) => typeof text);
        const known = expected.get(key);
        expect(table.find({ b, a })).toBe(known);
        expect(table.at(table.rowOfValues([a, b]))).toBe(known);
        expect(known === undefined ? table.miss.texts : undefined).toEqual(
          known === undefined ? texts : undefined,
        );
        if (known === undefined) expected.set(key, add(table, { a, b }, ['a', 'b'], table.miss.texts));
        else if (removes && expected.delete(key)) expect(table.delete(texts)).toBe(known);
        expect(table.delete(['never', 'there'])).toBeUndefined();
      }
      expect([...table]).toEqual([...expected.values()]);
    }),
  );
});

test('labels come back as they were given, in their order and with their types', () => {
  const table = new SeriesTable<Named>(names);
  const sets: LabelSet[] = [
    { method: 'GET', route: '/', status: '200' },
    { status: '200', method: 'PUT' },
    { method: 'GET', status: 404 },
    { route: undefined, method: 'HEAD' },
    { method: 'POST', status: '1' },
    {},
  ];
  for (const labels of sets) add(table, labels);

  expect([...table.entries()].map(([, labels]) => Object.entries(labels))).toEqual(sets.map(Object.entries));
  table.deleteIf(({ key }) => key.includes('GET'));
  // So many that the rows move up.
  for (let i = 0; i < 100; i++) add(table, { method: `${i}` });
  expect([...table.entries()].slice(0, 3).map(([, labels]) => Object.entries(labels))).toEqual(
    [sets[1], sets[3], sets[4]].map((labels) => Object.entries(labels as LabelSet)),
  );
});

test('those that are removed in turns leave no more behind than are there at one time', () => {
  const table = new SeriesTable<Named>(['id']);
  add(table, { id: 'stays' }, ['id']);
  for (let i = 0; i < 100_000; i++) {
    add(table, { id: `${i}` }, ['id']);
    table.delete([`${i}`]);
  }
  expect(table.find({ id: 'stays' })).toBeDefined();
  expect([...table]).toHaveLength(1);
});

test('a few that stay of many are found, and other characters are looked at, after the many are gone', () => {
  const table = new SeriesTable<Named>(['id']);
  const id = (i: number): string => `${'x'.repeat(30)}${i}${'y'.repeat(30)}`;
  const added = Array.from({ length: 5000 }, (_, i) => add(table, { id: `${i}` }, ['id']));
  expect(table.deleteIf((series) => added.indexOf(series) % 100 !== 7)).toHaveLength(4950);
  const later = Array.from({ length: 2000 }, (_, i) => add(table, { id: id(i) }, ['id']));

  expect([...table]).toEqual([...added.filter((_, i) => i % 100 === 7), ...later]);
  expect(table.find({ id: '107' })).toBe(added[107]);
  expect(table.find({ id: '108' })).toBeUndefined();
  expect(later.every((series, i) => table.find({ id: id(i) }) === series)).toBe(true);
});

test('a table without label names has one series at most', () => {
  const table = new SeriesTable<Named>([]);
  expect(table.find({})).toBeUndefined();
  const only = add(table, {}, []);
  expect(table.find({})).toBe(only);
  expect(table.find({ a: undefined })).toBeUndefined();
  expect(table.delete([])).toBe(only);
  expect(table.find({})).toBeUndefined();
});
