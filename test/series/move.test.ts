import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Counter, Gauge, Histogram, openMetricsContentType, Registry, Summary } from '../../src/index';
import { currentStore } from '../../src/store/current';

// A metric that only a private registry has is in plain memory. It moves into the segment when a shared registry gets it.

let number = 0;

/** A private registry, and a function that registers its metrics in a shared one and gives the exposition of that. */
function registries() {
  const from = new Registry(openMetricsContentType, { shared: false });
  const to = new Registry(openMetricsContentType, { name: `shared ${++number}` });
  onTestFinished(() => to.clear());
  const move = (): Promise<string> => {
    for (const metric of from.getMetricsAsArray()) to.registerMetric(metric as never);
    return to.metrics();
  };
  return { from, to, registers: [from], move };
}

const ofNumbers = { name: 'm', help: 'h', labelNames: ['a', 'b'] };

/** Metrics by what they are; `use()` counts in them, `again()` counts the same once more with the functions that the first call has made. */
const kinds: Readonly<Record<string, (registers: Registry<never>[]) => () => void>> = {
  'a counter': (registers) => {
    const counter = new Counter({ ...ofNumbers, registers });
    const child = counter.labels('x', 'y');
    return () => {
      child.inc(2);
      counter.inc({ b: 5 as never, a: 'x' });
      counter.inc({ a: 'x' }, 7);
    };
  },
  'a counter without labels': (registers) => {
    const counter = new Counter({ name: 'm', help: 'h', registers });
    return () => {
      for (let i = 0; i < 3; i++) counter.inc();
    };
  },
  'a counter with exemplars': (registers) => {
    const counter = new Counter({ ...ofNumbers, registers, enableExemplars: true });
    return () => {
      counter.inc({ labels: { a: 'x' }, value: 2, exemplarLabels: { id: 'abc' } });
      counter.inc({ labels: { a: 'y' }, value: 3, exemplarLabels: { id: 'ä'.repeat(50) } });
    };
  },
  'a gauge': (registers) => {
    const gauge = new Gauge({ ...ofNumbers, registers });
    const child = gauge.labels('x', 'y');
    return () => {
      child.inc(3);
      gauge.set({ a: 'z' }, Number.NaN);
    };
  },
  'a gauge of the most recent value': (registers) => {
    const gauge = new Gauge({ ...ofNumbers, registers, multiprocessMode: 'mostrecent' });
    let value = 0;
    return () => gauge.set({ a: 'x' }, ++value);
  },
  'a histogram with exemplars': (registers) => {
    const histogram = new Histogram({ ...ofNumbers, registers, buckets: [1, 10], enableExemplars: true });
    const child = histogram.labels('x', 'y');
    return () => {
      for (const value of [0.5, 5, 50]) {
        histogram.observe({ labels: { a: 'x' }, value, exemplarLabels: { id: `${value}` } });
        child.observe(value);
      }
    };
  },
  'a summary': (registers) => {
    const summary = new Summary({ ...ofNumbers, registers, percentiles: [0.01, 0.5, 0.99] });
    const child = summary.labels('x', 'y');
    return () => {
      for (let i = -50; i < 50; i++) {
        child.observe(i);
        summary.observe({ a: 'x' }, 2 ** i);
      }
    };
  },
  'a summary that has halved its resolution': (registers) => {
    const summary = new Summary({ name: 'm', help: 'h', registers, percentiles: [0.01, 0.5, 0.99] });
    return () => {
      for (let i = -500; i < 500; i++) summary.observe(1.9 ** i);
    };
  },
  'a summary with a window': (registers) => {
    const summary = new Summary({ name: 'm', help: 'h', registers, maxAgeSeconds: 3600, ageBuckets: 3 });
    return () => {
      for (let i = 1; i < 100; i++) summary.observe(i);
    };
  },
};

describe('a metric that moves from plain memory into the segment', () => {
  test.each(Object.entries(kinds))('keeps its numbers, and goes on: %s', async (_, make) => {
    const { from, to, registers, move } = registries();
    const use = make(registers as never);
    use();
    const before = await from.metrics();

    expect(await move()).toBe(before);
    use();
    const after = await from.metrics();
    expect(after).not.toBe(before);
    expect(await to.metrics()).toBe(after);
    for (const metric of from.getMetricsAsArray()) (metric as unknown as { reset(): void }).reset();
    expect(await to.metrics()).toBe(await from.metrics());
    use();
    expect(await to.metrics()).toBe(await from.metrics());
  });

  test('leaves thousands of series in order, with gaps where some were removed', async () => {
    const { from, registers, move } = registries();
    const counter = new Counter({ ...ofNumbers, registers });
    for (let i = 0; i < 5000; i++) counter.inc({ a: `${i}`, b: `${i % 7}` }, i + 1);
    for (let i = 0; i < 5000; i += 3) counter.remove({ a: `${i}`, b: `${i % 7}` });
    const before = await from.metrics();

    expect(await move()).toBe(before);
    counter.inc({ a: '1', b: '1' });
    expect(await from.metrics()).toContain('m_total{a="1",b="1"} 3\n');
  });

  test('loses the series that are over the limit of the segment, and no others', async () => {
    const { from, registers, move } = registries();
    const counter = new Counter({ ...ofNumbers, registers });
    const children = ['x', 'y', 'z'].map((a) => counter.labels(a, 'b'));
    for (const [i, child] of children.entries()) child.inc(i + 1);
    const { seriesLimit } = currentStore();
    const take = vi.spyOn(seriesLimit, 'take').mockReturnValueOnce(true).mockReturnValueOnce(false);
    const giveBack = vi.spyOn(seriesLimit, 'giveBack');

    const text = '# HELP m h\n# TYPE m counter\nm_total{a="x",b="b"} 1\nm_total{a="z",b="b"} 3\n# EOF\n';
    expect(await move()).toBe(text);
    expect(take).toHaveBeenCalledTimes(3);
    expect(giveBack).not.toHaveBeenCalled();
    take.mockRestore();
    children[1]?.inc(5);
    expect(await from.metrics()).toContain('m_total{a="y",b="b"} 5\n');
    counter.reset();
    expect(giveBack).toHaveBeenCalledTimes(3);
    giveBack.mockRestore();
  });

  test('counts in plain memory where there is no room', async () => {
    const { from, to, registers, move } = registries();
    const gauge = new Gauge({ ...ofNumbers, registers });
    gauge.set({ a: 'x' }, 4);
    const store = currentStore();
    const allocate = vi
      .spyOn(store, 'allocate')
      .mockReturnValueOnce({ values: new Float64Array(1), index: 0, record: 0 });
    await move();
    allocate.mockRestore();
    gauge.inc({ a: 'x' });

    expect((await gauge.get()).values).toEqual([{ labels: { a: 'x' }, value: 5 }]);
    gauge.set({ a: 'y' }, 6);
    expect(await to.metrics()).toContain('m{a="y"} 6\n');
    expect(await from.metrics()).toContain('m{a="x"} 5\n');
  });

  test('is removed from the segment when it was garbage collected', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const removed = vi.spyOn(currentStore(), 'removeFamily');
    await (async () => {
      const { to, registers, move } = registries();
      new Gauge({ ...ofNumbers, registers }).set({ a: 'x' }, 4);
      await move();
      to.clear();
    })();

    await vi.waitUntil(() => {
      collectGarbage();
      return removed.mock.calls.length > 0;
    });
    removed.mockRestore();
  });

  test('takes its time to live along', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { registers, move, to } = registries();
    new Gauge({ ...ofNumbers, registers, ttlSeconds: 10 }).set({ a: 'x' }, 4);
    expect(await move()).toContain('m{a="x"} 4\n');
    await vi.advanceTimersByTimeAsync(20_000);

    expect(await to.metrics()).not.toContain('a="x"');
  });
});

test('a gauge of the leader in a private registry is collected by every thread', async () => {
  const { from, to, registers } = registries();
  const leads = vi
    .spyOn(currentStore() as { leads(): boolean } & ReturnType<typeof currentStore>, 'leads')
    .mockReturnValue(false);
  const gauge = new Gauge({
    name: 'm',
    help: 'h',
    registers,
    collectBy: 'leader',
    collect() {
      this.set(3);
    },
  });

  expect(await from.metrics()).toContain('m 3\n');
  to.registerMetric(gauge);
  gauge.set(1);
  expect(await to.metrics()).toContain('m 1\n');
  leads.mockRestore();
});
