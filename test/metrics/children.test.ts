import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Counter, Gauge, Histogram, type LabelValues } from '../../src/index';

const counter = (...labelNames: string[]): Counter =>
  new Counter({ name: 'c', help: 'h', labelNames, registers: [] });

/** Label values are whatever JavaScript callers pass. */
const loose = (labels: Record<string, unknown>): LabelValues<string> => labels as LabelValues<string>;

async function series(metric: Counter): Promise<[Record<string, unknown>, number][]> {
  return (await metric.get()).values.map(({ labels, value }) => [labels, value]);
}

describe('what identifies a series', () => {
  test('is the text of its label values, in whatever order and type they come', async () => {
    const metric = counter('a', 'b');
    metric.inc(loose({ a: '1', b: 'true' }));
    metric.inc(loose({ b: true, a: 1 }));
    metric.inc(loose({ a: 1n, b: { toString: () => 'true' } }));
    metric.labels('1', 'true').inc();

    expect(await series(metric)).toEqual([[{ a: '1', b: 'true' }, 4]]);
  });

  test('is not the same for an absent, an empty and a null label', async () => {
    const metric = counter('a', 'b');
    metric.inc({ a: 'x' });
    metric.inc(loose({ a: 'x', b: undefined }));
    metric.inc({ a: 'x', b: '' });
    metric.inc(loose({ a: 'x', b: null }));
    metric.inc();
    metric.inc({});

    expect(await series(metric)).toEqual([
      [{ a: 'x' }, 2],
      [{ a: 'x', b: '' }, 1],
      [{ a: 'x', b: null }, 1],
      [{}, 2],
    ]);
  });

  test('is no joined text that two label sets could share', async () => {
    const metric = counter('a', 'b');
    metric.inc({ a: '1,b:2' });
    metric.inc({ a: '1', b: '2' });
    metric.inc({ a: 'x|', b: 'y' });
    metric.inc({ a: 'x', b: '|y' });

    expect(await series(metric)).toHaveLength(4);
  });

  test('is taken from inherited labels too, which are not printed', async () => {
    const metric = counter('a');
    metric.inc(Object.create({ a: 'x' }) as LabelValues<string>);
    metric.inc({ a: 'x' });

    expect(await series(metric)).toEqual([[{}, 2]]);
  });

  test('is taken from labels that are not enumerable too, which are not printed either', async () => {
    const metric = counter('a', 'b');
    metric.inc(Object.defineProperty({ a: 'x' }, 'b', { value: 'y' }) as { a: string });
    metric.inc({ a: 'x', b: 'y' });

    expect(await series(metric)).toEqual([[{ a: 'x' }, 2]]);
  });

  test('is the text at the time of the call for objects that change theirs', async () => {
    const metric = counter('a');
    let text = 'x';
    const changing = loose({ a: { toString: () => text } });
    metric.inc(changing);
    text = 'y';
    metric.inc(changing);
    metric.inc(changing);
    metric.inc({ a: 'x' }, 10);
    metric.inc({ a: 'y' }, 20);

    expect((await series(metric)).map(([, value]) => value)).toEqual([11, 22]);
  });

  test.each([
    ['with code of its own', 200],
    ['without', 1],
  ])(
    'stays the same when the text of a label is made by code that makes thousands of series, %s',
    async (_, times) => {
      const metric = counter('a', 'b');
      for (let i = 0; i < times * 20; i++) metric.inc({ a: `x${i % 20}`, b: 'y' });
      let made = false;
      const making = {
        toString(): string {
          for (let i = 0; !made && i < 6000; i++)
            metric.inc({ a: `${'p'.repeat(20)}${i}${'q'.repeat(9)}`, b: `z${i % 3}` });
          made = true;
          return 'y';
        },
      };
      metric.inc(loose({ a: 'x3', b: making }));

      expect((await series(metric)).filter(([{ a }]) => a === 'x3')).toEqual([
        [{ a: 'x3', b: 'y' }, times + 1],
      ]);
    },
  );

  test('holds for any values, against a Map by their texts', async () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        '1',
        1,
        1n,
        '',
        null,
        'null',
        undefined,
        true,
        'true',
        0,
        -0,
        '0',
        Number.NaN,
        'NaN',
      ),
      fc.string({ maxLength: 2 }),
      fc.integer({ min: 0, max: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(value, value, fc.nat(9)), { maxLength: 60 }), async (steps) => {
        const metric = counter('a', 'b');
        const expected = new Map<string, number>();
        for (const [a, b, action] of steps) {
          const key = JSON.stringify([a, b].map((v) => (v === undefined ? null : `${v}`)));
          if (action === 0) {
            metric.remove(loose({ b, a }));
            expected.delete(key);
          } else {
            metric.inc(loose(action < 5 ? { a, b } : { b, a }), action);
            expected.set(key, (expected.get(key) ?? 0) + action);
          }
        }
        expect((await series(metric)).map(([, sum]) => sum)).toEqual([...expected.values()]);
      }),
    );
  });
});

describe('a label that the metric does not have', () => {
  test.each<[string, Record<string, unknown>]>([
    ['alone', { z: 1 }],
    ['in place of a known one', { a: 'x', z: 1 }],
    ['beside all known ones', { a: 'x', b: 'y', z: 1 }],
    ['before them', { z: 1, a: 'x', b: 'y' }],
    ['and undefined', { a: 'x', b: 'y', z: undefined }],
    ['and inherited', Object.assign(Object.create({ z: 1 }), { a: 'x', b: 'y' })],
  ])('is refused when it comes %s, also for a series that exists', async (_, labels) => {
    const metric = counter('a', 'b');
    metric.inc({ a: 'x', b: 'y' });
    metric.inc({ a: 'x' });

    const refusal = { code: 'ERR_LABEL_UNKNOWN', message: expect.stringContaining('Added label "z"') };
    expect(() => metric.inc(loose(labels))).toThrow(expect.objectContaining(refusal));
    expect(() => metric.remove(loose(labels))).toThrow(expect.objectContaining(refusal));
    expect((await series(metric)).map(([, value]) => value)).toEqual([1, 1]);
  });

  test('fails a counter at the increment, and all others at labels()', () => {
    const labels = loose({ z: 1 });
    const child = counter('a').labels(labels);

    expect(() => child.inc()).toThrow('Added label "z" is not included');
    expect(() =>
      new Gauge({ name: 'g', help: 'h', labelNames: ['a'], registers: [] }).labels(labels),
    ).toThrow('Added label "z"');
    expect(() => new Histogram({ name: 'h', help: 'h', registers: [] }).labels(labels)).toThrow(
      'Added label "z"',
    );
  });
});

describe('a kept child', () => {
  test('is the same as long as its series exists', () => {
    const metric = counter('a', 'b');
    metric.labels('x', 'y').inc();
    const child = metric.labels('x', 'y');

    expect(metric.labels('x', 'y')).toBe(child);
    expect(metric.labels({ b: 'y', a: 'x' })).toBe(child);
    expect(metric.labels('x', 'z')).not.toBe(child);
  });

  test('makes its series at its first write, not before', async () => {
    const metric = counter('a');
    const child = metric.labels('x');
    expect(await series(metric)).toEqual([]);

    child.inc(2);
    expect(await series(metric)).toEqual([[{ a: 'x' }, 2]]);
  });

  test('makes no series for a value that is refused', async () => {
    const metric = counter('a');

    expect(() => metric.labels('x').inc(-1)).toThrow('It is not possible to decrease a counter');
    expect(() => metric.inc({ a: 'x' }, -1)).toThrow('It is not possible to decrease a counter');
    expect(() => counter('a').inc(-1)).toThrow('It is not possible to decrease a counter');
    expect(await series(metric)).toEqual([]);
  });

  test('goes on with a new series after the old one was removed or reset', async () => {
    const metric = counter('a');
    const child = metric.labels('x');
    child.inc(5);
    metric.remove('x');
    expect(await series(metric)).toEqual([]);

    child.inc();
    metric.inc({ a: 'x' });
    expect(await series(metric)).toEqual([[{ a: 'x' }, 2]]);

    metric.reset();
    child.inc();
    expect(await series(metric)).toEqual([[{ a: 'x' }, 1]]);
  });

  test('joins the series that somebody else has made meanwhile', async () => {
    const metric = counter('a');
    const [first, second] = [metric.labels('x'), metric.labels('x')];
    first.inc();
    second.inc();
    metric.remove('x');
    metric.inc({ a: 'x' });
    first.inc();
    second.inc();

    expect(await series(metric)).toEqual([[{ a: 'x' }, 3]]);
  });

  test('can be called detached', async () => {
    const metric = counter('a');
    const { inc } = metric.labels('x');
    inc();
    [2, 3].forEach((value) => {
      inc(value);
    });

    expect(await series(metric)).toEqual([[{ a: 'x' }, 6]]);
  });

  test('does not follow the object that it was made from', async () => {
    const metric = counter('a');
    const labels = { a: 'x' };
    const child = metric.labels(labels);
    labels.a = 'y';
    child.inc();

    expect(await series(metric)).toEqual([[{ a: 'x' }, 1]]);
  });
});

describe('the labels of a series', () => {
  test('are printed in the order of the object that came first, which may change afterwards', async () => {
    const metric = counter('a', 'b');
    const first = { b: '2', a: '1' };
    metric.inc(first);
    first.b = 'changed';
    metric.inc({ a: '1', b: '2' });

    expect((await series(metric)).map(([labels]) => Object.entries(labels))).toEqual([
      [
        ['b', '2'],
        ['a', '1'],
      ],
    ]);
  });

  test('cannot be changed through what get() returns', async () => {
    const metric = counter('a');
    metric.inc({ a: 'x' });
    const [returned] = (await metric.get()).values;
    Object.assign(returned?.labels ?? {}, { a: 'changed' });

    expect(await series(metric)).toEqual([[{ a: 'x' }, 1]]);
  });
});

test('series come in the order of their first use, and last again after they were removed', async () => {
  const metric = counter('a');
  for (const a of ['1', '2', '3']) metric.inc({ a });
  metric.remove('1');
  metric.inc({ a: '1' });

  expect((await series(metric)).map(([labels]) => labels['a'])).toEqual(['2', '3', '1']);
});

test('removing what is not there is no error, and leaves the rest', async () => {
  const metric = counter('a', 'b');
  metric.inc({ a: 'x', b: 'y' });
  metric.remove('x', 'z');
  metric.remove({ a: 'x' });
  metric.remove('z', 'y');

  expect(await series(metric)).toHaveLength(1);
});
