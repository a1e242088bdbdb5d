import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LabelSet, seriesKey } from '../../src/model/labels';
import { SeriesTable } from '../../src/series/table';

interface Named {
  readonly key: string;
}

const names = ['method', 'route', 'status'];

function add(table: SeriesTable<Named>, labels: LabelSet, labelNames = names): Named {
  const key = seriesKey(labels, labelNames);
  const series = { key: JSON.stringify(key.texts) };
  table.add(key, series);
  return series;
}

/** Values that differ in one place only, for each of the three labels. */
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
    expect(sets.every((labels, i) => table.at(table.rowOfValues(Object.values(labels))) === added[i])).toBe(
      true,
    );
    expect(sets.every((labels, i) => table.get(Object.values(labels)) === added[i])).toBe(true);
    expect([...table]).toEqual(added);
    expect([...table.entries()].map(([, labels]) => labels)).toEqual(sets);
    expect(table.find({ method: text(8), route: text(3001), status: '0' })).toBeUndefined();
  });

  const digits = (i: number): string => String(i).padStart(16, '0');
  const bits = (i: number): string => i.toString(2).padStart(16, '0');
  test.each<[string, (i: number) => string]>([
    ['in the middle of long texts', (i) => `${'x'.repeat(30)}${digits(i)}${'y'.repeat(30)}`],
    ['in more characters than are sampled', bits],
    [
      'otherwise than the first thousand',
      (i) => (i < 1000 ? `${digits(i)}${bits(0)}` : `${digits(0)}${bits(i)}`),
    ],
  ])('adds and finds values that differ %s nearly as fast as others', (_, value) => {
    const milliseconds = (textOf: (i: number) => string): number => {
      const values = Array.from({ length: 40_000 }, (__, i) => textOf(i));
      const start = performance.now();
      const table = new SeriesTable<Named>(['id']);
      for (const id of values) add(table, { id }, ['id']);
      for (let round = 0; round < 3; round++) for (const id of values) table.find({ id });
      return performance.now() - start;
    };
    // Were all in one chain, it would be more than a hundred. The machine may be busy.
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5 && ratio > 5; attempt++)
      ratio = milliseconds(value) / milliseconds(digits);
    expect(ratio).toBeLessThan(5);
  });
});

test.each([
  ['interpreted', Number.POSITIVE_INFINITY],
  ['compiled', 1],
  ['compiled after some finds', 50],
])('with the %s lookup a table is like a Map by the texts, through any growth and removal', (_, finds) => {
  const value = fc.oneof(
    fc.nat(40).map((i) => `/route-${i}/:id`),
    fc.nat(12),
    fc.constantFrom<unknown>('', undefined, null, 'null', true, 'true', 1.5, '1.5'),
    fc.string({ maxLength: 3 }),
  );
  const action = fc.oneof(
    { weight: 20, arbitrary: fc.constant('add' as const) },
    { weight: 10, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constantFrom('deleteIf' as const, 'clear' as const) },
  );
  const step = fc.record({ a: value, b: value, action });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new SeriesTable<Named>(['a', 'b'], finds);
      const expected = new Map<string, Named>();
      for (const { a, b, action: next } of steps) {
        const { texts } = seriesKey({ a, b }, ['a', 'b']);
        const key = JSON.stringify(texts);
        const known = expected.get(key);
        expect(table.find({ b, a })).toBe(known);
        expect(table.at(table.rowOfValues([a, b]))).toBe(known);
        expect(table.get(texts)).toBe(known);
        if (next === 'add') {
          if (known === undefined) expected.set(key, add(table, { a, b }, ['a', 'b']));
        } else if (next === 'delete') {
          expect(table.delete(texts)).toBe(known);
          expected.delete(key);
        } else if (next === 'deleteIf') {
          const deleted = [...expected.values()].filter((series) => series.key.length % 2 === 0);
          expect(table.deleteIf((series) => series.key.length % 2 === 0)).toEqual(deleted);
          for (const series of deleted) expected.delete(series.key);
        } else {
          table.clear();
          expected.clear();
        }
      }
      expect([...table]).toEqual([...expected.values()]);
    }),
  );
});

test('a table that grows, shrinks and hashes anew in slices has the series of a Map at any moment', async () => {
  const texts = Object.values(alike);
  const run = fc.record({
    /** Series that come, from the first one of the run on; or those that go. */
    action: fc.constantFrom('add' as const, 'delete' as const),
    first: fc.nat(6000),
    length: fc.integer({ min: 1, max: 3000 }),
    text: fc.nat(texts.length - 1),
    /** Whether the event loop turns afterwards: then the table goes on with a rebuild by itself. */
    pauses: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 2, maxLength: 8 }), async (runs) => {
      const table = new SeriesTable<Named>(['id']);
      const model = new Map<string, Named>();
      for (const { action, first, length, text, pauses } of runs) {
        for (let i = first; i < first + length; i++) {
          const id = texts[text]?.(i) ?? '';
          if (action === 'add' && !model.has(id)) model.set(id, add(table, { id }, ['id']));
          if (action === 'delete') {
            expect(table.delete([id])).toBe(model.get(id));
            model.delete(id);
          }
          if (i % 97 === 0) expect(table.find({ id })).toBe(model.get(id));
        }
        if (pauses) await new Promise((resolve) => setTimeout(resolve, 1));
        expect([...model].every(([id, series]) => table.find({ id }) === series)).toBe(true);
        expect(new Set(table)).toEqual(new Set(model.values()));
        expect([...table.entries()].every(([series, { id }]) => model.get(id as string) === series)).toBe(
          true,
        );
      }
    }),
    { numRuns: 40 },
  );
});

test('labels come back as they were written, in their order and with their types', () => {
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

test('a table from which as many series are removed as are added does not grow', () => {
  const table = new SeriesTable<Named>(['id']);
  add(table, { id: 'stays' }, ['id']);
  for (let i = 0; i < 100_000; i++) {
    add(table, { id: `${i}` }, ['id']);
    table.delete([`${i}`]);
  }
  expect(table.find({ id: 'stays' })).toBeDefined();
  expect([...table]).toHaveLength(1);
});

test('a few series that stay of many are found, beside later ones that differ elsewhere', () => {
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

test('a table that grows over a block of rows finds each series, also with a lookup that was compiled before', () => {
  const table = new SeriesTable<Named>(['id', 'kind'], 10);
  const labelsOf = (i: number): LabelSet => ({ id: `${i}`, kind: i % 3 === 0 ? undefined : `${i % 3}` });
  const added: Named[] = [];
  const isFoundAt = (i: number): boolean => table.find(labelsOf(i)) === added[i];
  for (let i = 0; i < 150_000; i++) {
    added.push(add(table, labelsOf(i), ['id', 'kind']));
    if (i % 1000 === 0) expect([0, i >> 1, i].every(isFoundAt)).toBe(true);
    if (i === 65_500) for (let find = 0; find < 20; find++) expect(isFoundAt(find)).toBe(true);
  }

  expect(added.every((_, i) => isFoundAt(i))).toBe(true);
  expect(table.find({ id: '150000' })).toBeUndefined();
  expect(Array.from(table.entries(), ([series]) => series)).toEqual(added);
  for (let i = 0; i < 150_000; i++)
    if (i % 16 > 0) table.delete(seriesKey(labelsOf(i), ['id', 'kind']).texts);
  const left = added.filter((_, i) => i % 16 === 0);
  expect([...table]).toEqual(left);
  expect(left.every((series, i) => table.find(labelsOf(16 * i)) === series)).toBe(true);
  expect(table.find(labelsOf(17))).toBeUndefined();
});

test('a table takes series of many labels that no sample tells apart, without a turn of the event loop', () => {
  const labelNames = Array.from({ length: 40 }, (_, i) => `label_${i}`);
  const bits = (i: number): string => (i % 2 ** 16).toString(2).padStart(16, '0');
  const text = (i: number, label: number): string =>
    i < 300 ? `${i}` : `${'x'.repeat(20)}${bits(i * (label + 1))}${'y'.repeat(20)}`;
  const labelsOf = (i: number): LabelSet =>
    Object.fromEntries(labelNames.map((name, label) => [name, text(i, label)]));
  const table = new SeriesTable<Named>(labelNames);
  const added = Array.from({ length: 5000 }, (_, i) => add(table, labelsOf(i), labelNames));

  expect(added.every((one, i) => table.find(labelsOf(i)) === one)).toBe(true);
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

test('where no code may be made from text, everything works all the same', () => {
  const script = `
    const { Counter, register } = require('./index.js');
    let refusal;
    try { new Function(''); } catch (error) { refusal = error.name; }
    const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a', 'b'] });
    for (let i = 0; i < 1500; i++) counter.inc({ b: i % 10, a: 'x' + (i % 25) });
    counter.labels('x1', '1').inc();
    let error;
    try { counter.inc({ a: 'x1', z: 1 }); } catch (thrown) { error = thrown.code; }
    const sum = async () => (await counter.get()).values.reduce((total, { value }) => total + value, 0);
    (async () => {
      const { length } = (await counter.get()).values;
      console.log(JSON.stringify({ refusal, error, length, sum: await sum() }));
    })();`;
  const output = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', '-e', script], {
    cwd: join(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual({
    refusal: 'EvalError',
    error: 'ERR_LABEL_UNKNOWN',
    length: 50,
    sum: 1501,
  });
});
