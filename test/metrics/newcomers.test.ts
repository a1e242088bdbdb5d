import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import * as judge from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import * as ours from '../../src/index';
import { currentStore } from '../../src/store/current';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const { Counter, Gauge, Histogram } = ours;
const registers: [] = [];
const labelNames = ['a', 'b'];

type Labels = Record<string, string>;

function values(metric: { get(): Promise<{ values: object[] }> }): Promise<object[]> {
  return metric
    .get()
    .then(({ values: samples }) =>
      samples.map((sample) =>
        Object.fromEntries(Object.entries(sample).filter(([, value]) => value != null)),
      ),
    );
}

describe('a series that has been used once', () => {
  test('is there, in its place, whatever has been used again', async () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames, registers });
    counter.inc({ a: 'first', b: '1' });
    counter.inc({ a: 'second', b: '2' }, 2);
    counter.inc({ b: '3', a: 'third' }, 3);
    counter.inc({ a: 'second', b: '2' }, 20);
    counter.labels('fourth', '4').inc(4);

    expect(await values(counter)).toEqual([
      { labels: { a: 'first', b: '1' }, value: 1 },
      { labels: { a: 'second', b: '2' }, value: 22 },
      { labels: { a: 'third', b: '3' }, value: 3 },
      { labels: { a: 'fourth', b: '4' }, value: 4 },
    ]);
  });

  test('is found again by all ways, for every type that may have such', async () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames, registers });
    const gauge = new Gauge({ name: 'g', help: 'h', labelNames, registers });
    const recent = new Gauge({ name: 'r', help: 'h', labelNames, registers, multiprocessMode: 'mostrecent' });
    const histogram = new Histogram({ name: 'h', help: 'h', labelNames, registers, buckets: [1] });
    const ways: ((labels: { a: string; b: string }) => void)[] = [
      (labels) => counter.inc(labels),
      ({ a, b }) => counter.inc({ b, a }),
      ({ a, b }) => counter.inc({ a, b: Number(b) }),
      ({ a, b }) => counter.labels(a, b).inc(),
      (labels) => counter.labels(labels).inc(),
      (labels) => gauge.inc(labels),
      (labels) => gauge.labels(labels).inc(),
      (labels) => histogram.observe(labels, 2),
      ({ a, b }) => histogram.labels(a, b).observe(2),
    ];
    for (const [i, way] of ways.entries()) {
      for (const [j, again] of ways.entries()) {
        const labels = { a: `${i} and ${j}`, b: `${j}` };
        way(labels);
        again(labels);
      }
    }
    recent.set({ a: 'x', b: 'y' }, 1);
    recent.set({ a: 'x', b: 'y' }, 2);

    // Those of the same metric met: 5 x 5 of counters, 2 x 2 of gauges, 2 x 2 of histograms.
    const twice = (samples: object[], name?: string): number =>
      samples.filter((sample) => {
        const { value, metricName } = sample as { value: number; metricName?: string };
        return value === 2 && metricName === name;
      }).length;
    expect(twice(await values(counter))).toBe(25);
    expect(twice(await values(gauge))).toBe(4);
    expect(twice(await values(histogram), 'h_count')).toBe(4);
    expect(await values(recent)).toEqual([{ labels: { a: 'x', b: 'y' }, value: 2 }]);
  });

  test('is counted in by the child that has made it, and by no other', async () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames, registers });
    const [first, second] = [counter.labels('first', ''), counter.labels('second', '')];
    first.inc();
    counter.inc({ a: 'third', b: '' });
    second.inc(10);
    counter.inc({ a: 'third', b: '' });
    first.inc();
    second.inc(10);

    expect((await values(counter)).map((sample) => (sample as { value: number }).value)).toEqual([2, 2, 20]);
    expect(counter.labels('first', '')).toBe(counter.labels('first', ''));
  });

  test('is removed by its labels, and by a reset, and begins anew', async () => {
    const gauge = new Gauge({ name: 'g', help: 'h', labelNames, registers });
    for (const a of ['x', 'y', 'z']) gauge.set({ a, b: '' }, 5);
    gauge.remove('y', '');
    gauge.remove({ a: 'z', b: '' });
    gauge.inc({ a: 'y', b: '' });
    expect(await values(gauge)).toEqual([
      { labels: { a: 'x', b: '' }, value: 5 },
      { labels: { a: 'y', b: '' }, value: 1 },
    ]);

    for (let round = 1; round <= 3; round++) {
      gauge.reset();
      for (let i = 0; i < 100; i++) gauge.inc({ a: `${i}`, b: 'b' });
      if (round === 2) gauge.inc({ a: '7', b: 'b' });
    }
    const after = await values(gauge);
    expect(after).toHaveLength(100);
    expect(new Set(after.map((sample) => (sample as { value: number }).value))).toEqual(new Set([1]));
  });

  test('is not the one whose text differs by half a character only', async () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a'], registers });
    for (const a of ['\ud800', '\udfff', '\ufffd', '\ud800', '\ufffd']) counter.inc({ a });

    expect(await values(counter)).toEqual([
      { labels: { a: '\ud800' }, value: 2 },
      { labels: { a: '\udfff' }, value: 1 },
      { labels: { a: '\ufffd' }, value: 2 },
    ]);
  });

  test('is told as it was first given, by other readers too', async () => {
    const register = new ours.Registry();
    const options = { help: 'h', labelNames: ['a', 'b', 'c'], registers: [register] };
    const sets = [
      { c: 1.5, a: 'x', b: true },
      { b: null, c: '2' },
      { a: 0, b: false, c: Number.NaN },
      { a: 'plain', b: '', c: 'é' },
    ];
    const gauges = ['once', 'twice'].map((name) => new Gauge({ name, ...options }));
    for (const [uses, gauge] of gauges.entries()) {
      for (let use = 0; use <= uses; use++) for (const labels of sets) gauge.inc(labels as object);
    }
    for (const [uses, gauge] of gauges.entries()) {
      const expected = sets.map((labels) => ({ labels, value: uses + 1 }));
      const [own, merged] = [await values(gauge), await register.getMetricsAsJSON()];
      const told = (samples: object[]) =>
        samples.map((sample) => Object.entries((sample as { labels: object }).labels));

      expect(own).toEqual(expected);
      expect(told(own)).toEqual(told(expected));
      const family = merged[uses] as unknown as { values: object[] };
      expect(told(family.values)).toEqual(told(expected));
    }
  });

  test('is found when the text of another label has used it meanwhile', async () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames, registers });
    counter.inc({ a: 'x', b: 'y' });
    const b = {
      toString() {
        counter.inc({ a: 'x', b: 'y' });
        counter.inc({ a: 'new', b: 'y' });
        return 'y';
      },
    };
    counter.inc({ a: 'x', b: b as unknown as string });
    counter.inc({ a: 'new', b: b as unknown as string });

    expect(await values(counter)).toEqual([
      { labels: { a: 'x', b: 'y' }, value: 4 },
      { labels: { a: 'new', b: 'y' }, value: 3 },
    ]);
  });

  test('is not made by labels of which one is unknown, whatever was looked for while they were read', async () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames, registers });
    const labels = {
      get a() {
        counter.inc({ a: 'other', b: '' });
        return 'x';
      },
      unknown: 'y',
    };
    expect(() => counter.inc(labels as object)).toThrow('unknown');
    expect(() => counter.inc(labels as object)).toThrow('unknown');

    const counted = await values(counter);
    expect(counted).toHaveLength(1);
    expect(counted).toMatchObject([{ labels: { a: 'other', b: '' } }]);
  });

  test('takes no object', () => {
    const counter = new Counter({ name: 'c', help: 'h', labelNames: ['id'], registers });
    const ids = Array.from({ length: 50_000 }, (_, i) => `user ${i}`);
    counter.inc({ id: 'first' });
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (const id of ids) counter.inc({ id });
    collectGarbage();

    expect((process.memoryUsage().heapUsed - before) / ids.length).toBeLessThan(10);
  });

  test('goes with its metric when nobody has that any more', async () => {
    const store = currentStore();
    const released = vi.spyOn(store.newcomers as NonNullable<typeof store.newcomers>, 'releaseNewcomers');
    const { left } = store.budget;
    (() => {
      const counter = new Counter({ name: 'c', help: 'h', labelNames, registers });
      for (let i = 0; i < 10; i++) counter.inc({ a: `${i}`, b: '' });
    })();
    expect(store.budget.left).toBe(left - 10);

    await vi.waitUntil(() => {
      collectGarbage();
      return released.mock.calls.length > 0;
    });
    expect(store.budget.left).toBeGreaterThanOrEqual(left);
  });
});

test('whatever is done to a metric whose series are used seldom, prom-client has the same', async () => {
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
  const run = async (library: typeof ours | typeof judge, steps: { op: string; labels: Labels }[]) => {
    const options = { help: 'h', labelNames, registers: [] };
    const gauge = new (library as typeof ours).Gauge({ name: 'g', ...options });
    const seen: object[][] = [];
    let kept: { inc(): void } | undefined;
    for (const { op, labels: given } of steps) {
      const { a, b } = given as { a: string; b: string };
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
      else seen.push(await values(gauge));
    }
    return [...seen, await values(gauge)];
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      expect(await run(ours, steps)).toEqual(await run(judge, steps));
    }),
    { numRuns: 500 },
  );
});
