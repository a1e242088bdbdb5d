import fc from 'fast-check';
import * as judge from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import * as ours from '../../src/index';
import { currentStore } from '../../src/store/current';

const { Counter, Gauge, Histogram } = ours;
type Counter = ours.Counter;
type LabelValues<T extends string> = ours.LabelValues<T>;

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

describe('code of the caller that runs when labels are read', () => {
  test('may use the very series that is looked for, and make it', async () => {
    const metric = counter('a', 'b');
    metric.inc({ a: 'x', b: 'y' });
    const b = {
      toString() {
        metric.inc({ a: 'x', b: 'y' });
        metric.inc({ a: 'new', b: 'y' });
        return 'y';
      },
    };
    metric.inc(loose({ a: 'x', b }));
    const before = await series(metric);
    metric.inc(loose({ a: 'new', b }));

    expect(before.map(([labels]) => labels)).toEqual([
      { a: 'x', b: 'y' },
      { a: 'new', b: 'y' },
    ]);
    const sum = (await series(metric)).reduce((total, [, value]) => total + value, 0);
    expect(before[0]?.[1]).toBeGreaterThan(2);
    expect(sum).toBeGreaterThan(5);
  });

  test('may make a series by its first conversion and remove it by its second', async () => {
    const metric = counter('a');
    let conversions = 0;
    const a = {
      toString() {
        conversions++;
        if (conversions === 1) metric.inc({ a: 'x' }, 10);
        else metric.remove('x');
        return 'x';
      },
    };
    metric.inc(loose({ a }));
    metric.inc(loose({ a }));
    metric.inc({ a: 'x' });

    expect(await series(metric)).toEqual([[{ a }, 2]]);
  });

  test('may remove all series', async () => {
    const metric = counter('a', 'b');
    for (let i = 0; i < 2000; i++) metric.inc({ a: `${i % 100}`, b: 'y' });
    const removing = {
      get a() {
        metric.reset();
        return '7';
      },
      b: 'y',
    };
    metric.inc(removing);
    metric.labels(removing).inc();
    metric.remove(removing);
    metric.inc({ a: '7', b: 'y' });

    expect(await series(metric)).toEqual([[{ a: '7', b: 'y' }, 1]]);
  });

  test('makes no series of labels of which one is unknown', async () => {
    const metric = counter('a', 'b');
    const labels = {
      get a() {
        metric.inc({ a: 'other', b: '' });
        return 'x';
      },
      unknown: 'y',
    };
    expect(() => metric.inc(labels as object)).toThrow('unknown');
    expect(() => metric.inc(labels as object)).toThrow('unknown');

    const made = (await series(metric)).map(([own]) => own);
    expect(made.filter(({ a }) => a !== 'other')).toEqual([]);
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

  test('is that of its series beside others that come and go', async () => {
    const metric = counter('a');
    for (let i = 0; i < 500; i++) {
      metric.inc({ a: `${i}` });
      metric.labels(`${i}`).inc();
      if (i % 3 > 0) metric.remove(`${i}`);
      metric.labels('0').inc(10);
      metric.labels('3').inc(10);
    }

    const counted = new Map((await series(metric)).map(([labels, value]) => [labels['a'], value]));
    expect(new Set(counted.keys())).toEqual(new Set(Array.from({ length: 167 }, (_, i) => `${3 * i}`)));
    expect([counted.get('0'), counted.get('3'), counted.get('6')]).toEqual([5002, 5002, 2]);
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

describe('an update of a series over the limit', () => {
  const labelNames = ['a'];
  test.each<[string, () => [() => void, () => Promise<number | undefined>]]>([
    [
      'a counter without labels',
      () => {
        const metric = counter(...labelNames);
        return [() => metric.inc(), async () => (await metric.get()).values[0]?.value];
      },
    ],
    [
      'a child of a counter with exemplars',
      () => {
        const options = { name: 'c', help: 'h', labelNames, registers: [], enableExemplars: true };
        const metric = new Counter(options);
        const child = metric.labels('x');
        const inc = () => child.inc({ exemplarLabels: { trace: '1' } });
        return [inc, async () => (await metric.get()).values[0]?.value];
      },
    ],
    [
      'a gauge',
      () => {
        const metric = new Gauge({ name: 'g', help: 'h', labelNames, registers: [] });
        return [() => metric.inc({ a: 'x' }), async () => (await metric.get()).values[0]?.value];
      },
    ],
    [
      'a child of a histogram',
      () => {
        const metric = new Histogram({ name: 'h', help: 'h', labelNames, registers: [] });
        const child = metric.labels('x');
        return [() => child.observe(1), async () => (await metric.get()).values.at(-1)?.value];
      },
    ],
    [
      'a summary',
      () => {
        const metric = new ours.Summary({ name: 's', help: 'h', labelNames, registers: [] });
        const observe = () => metric.observe({ a: 'x' }, 5);
        return [observe, async () => (await metric.get()).values.at(-1)?.value];
      },
    ],
  ])('is lost, and the next one tries again: %s', async (_, make) => {
    const [update, read] = make();
    const take = vi.spyOn(currentStore().seriesLimit, 'take').mockReturnValue(false);
    for (let i = 0; i < 3; i++) update();
    expect(take).toHaveBeenCalledTimes(3);
    expect(await read()).toBeUndefined();

    take.mockRestore();
    update();
    update();
    expect(await read()).toBe(2);
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

test('whatever is done to a metric, prom-client has the same', async () => {
  const labels = fc.record({ a: fc.constantFrom('x', 'y', 'é', ''), b: fc.nat(9).map(String) });
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ op: fc.constant('inc' as const), labels }) },
    {
      weight: 4,
      arbitrary: fc.record({ op: fc.constantFrom('turned', 'partial', 'number', 'odd'), labels }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('child', 'keep', 'kept'), labels }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), labels }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('reset', 'look'), labels }) },
  );
  const odd = [null, true, false, -0, undefined, 1.5, Number.NaN, ['x'], 'null', '1.5'];
  const run = async (
    library: typeof ours | typeof judge,
    steps: { op: string; labels: { a: string; b: string } }[],
  ) => {
    const options = { help: 'h', labelNames: ['a', 'b'], registers: [] };
    const gauge = new (library as typeof ours).Gauge({ name: 'g', ...options });
    const seen: unknown[] = [];
    let kept: { inc(): void } | undefined;
    for (const { op, labels: own } of steps) {
      const { a, b } = own;
      if (op === 'inc') gauge.inc({ a, b });
      else if (op === 'turned') gauge.inc({ b, a });
      else if (op === 'partial') gauge.inc({ a });
      else if (op === 'number') gauge.inc({ a, b: Number(b) });
      else if (op === 'odd') gauge.inc({ b: odd[Number(b)] as string, a });
      else if (op === 'child') gauge.labels(a, b).inc();
      else if (op === 'keep') kept = gauge.labels(a, b);
      else if (op === 'kept') kept?.inc();
      else if (op === 'remove') gauge.remove(a, b);
      else if (op === 'reset') gauge.reset();
      else seen.push(await copied(gauge));
    }
    return [...seen, await copied(gauge)];
  };
  // prom-client changes the objects later.
  const copied = async (gauge: ours.Gauge) => (await gauge.get()).values.map((sample) => ({ ...sample }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      expect(await run(ours, steps)).toEqual(await run(judge, steps));
    }),
    { numRuns: 500 },
  );
});

test('labels are shown as they were first written, by a merged exposition too', async () => {
  const register = new ours.Registry();
  const sets = [
    { c: 1.5, a: 'x', b: true },
    { b: null, c: '2' },
    { a: 0, b: false, c: Number.NaN },
    { a: 'plain', b: '', c: 'é' },
  ];
  const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['a', 'b', 'c'], registers: [register] });
  for (const labels of sets) gauge.inc(loose(labels));
  for (const labels of sets) gauge.inc(loose(Object.fromEntries(Object.entries(labels).reverse())));

  const expected = sets.map((labels) => [Object.entries(labels), 2]);
  for (const samples of [(await gauge.get()).values, (await register.getMetricsAsJSON())[0]?.values]) {
    expect(samples?.map(({ labels, value }) => [Object.entries(labels), value])).toEqual(expected);
  }
});

test('texts that differ by half a character only are different', async () => {
  const metric = counter('a');
  for (const a of ['\ud800', '\udfff', '\ufffd', '\ud800', '\ufffd']) metric.inc({ a });

  expect(await series(metric)).toEqual([
    [{ a: '\ud800' }, 2],
    [{ a: '\udfff' }, 1],
    [{ a: '\ufffd' }, 2],
  ]);
});
