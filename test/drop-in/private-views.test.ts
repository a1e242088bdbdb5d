import * as judge from 'prom-client';
import { expect, test } from 'vitest';
import * as ours from '../../src/index';

type Library = typeof judge;

const libraries: Library[] = [ours as unknown as Library, judge];

/** What public code reads although prom-client documents none of it. */
const reads: Record<string, (library: Library) => unknown> = {
  'a metric that is made unless it is there'({ Counter, Registry }) {
    const registry = new Registry();
    const make = () => {
      const { _metrics } = registry as unknown as { _metrics: Record<string, judge.Counter> };
      return _metrics['m'] ?? new Counter({ name: 'm', help: 'h', registers: [registry] });
    };
    const first = make();
    return [make() === first, make() === registry.getSingleMetric('m')];
  },

  'the default labels of a registry'({ Registry }) {
    const registry = new Registry();
    const labels = () => ({ ...(registry as unknown as { _defaultLabels: object })._defaultLabels });
    const before = labels();
    registry.setDefaultLabels({ env: 'test', n: 1 });
    return [before, labels()];
  },

  'the metrics of a registry by name'({ Counter, Gauge, Registry }) {
    const registry = new Registry() as judge.Registry & { _metrics: Record<string, judge.Metric> };
    const registers = [registry];
    new Counter({ name: 'b', help: 'h', registers });
    new Gauge({ name: 'a', help: 'h', registers });
    registry.removeSingleMetric('b');
    new Counter({ name: 'c', help: 'h', registers });
    const { _metrics } = registry;
    return [Object.keys(_metrics), 'a' in _metrics, 'b' in _metrics, Object.values(_metrics).length];
  },

  'the numbers of a counter'({ Counter }) {
    const counter = new Counter({ name: 'm', help: 'h', labelNames: ['b', 'a'], registers: [] });
    counter.inc({ b: 'x', a: 1 }, 2);
    counter.inc({ a: 'y' });
    counter.inc({});
    return (counter as unknown as { hashMap: object }).hashMap;
  },

  'the number of a counter without labels'({ Counter }) {
    const counter = new Counter({ name: 'm', help: 'h', registers: [] }) as unknown as {
      hashMap: Record<string, { value: number }>;
      inc(): void;
    };
    const before = counter.hashMap['']?.value;
    counter.inc();
    return [before, counter.hashMap['']?.value];
  },

  'the numbers of a gauge'({ Gauge }) {
    const gauge = new Gauge({ name: 'm', help: 'h', labelNames: ['a'], registers: [] });
    gauge.set({ a: 'x' }, 2);
    gauge.labels('y').dec();
    return (gauge as unknown as { hashMap: object }).hashMap;
  },

  'the numbers of a histogram'({ Histogram }) {
    const config = { name: 'm', help: 'h', labelNames: ['a'], buckets: [1, 2], registers: [] };
    const histogram = new Histogram(config);
    histogram.observe({ a: 'x' }, 1.5);
    histogram.observe({ a: 'x' }, 3);
    return (histogram as unknown as { hashMap: object }).hashMap;
  },

  'sums and counts of a summary'({ Summary }) {
    const summary = new Summary({ name: 'm', help: 'h', labelNames: ['a'], registers: [] });
    summary.observe({ a: 'x' }, 1.5);
    const { hashMap } = summary as unknown as { hashMap: Record<string, Record<string, unknown>> };
    return Object.entries(hashMap).map(([key, { labels, sum, count }]) => [key, labels, sum, count]);
  },
};

test.each(Object.entries(reads))('%s', (_, read) => {
  const [mine, theirs] = libraries.map(read);

  expect(mine).toEqual(theirs);
});

type Private = { hashMap: Record<string, object> };

/** Applications reset all metrics by an empty map, whatever their class. */
test.each(['Counter', 'Gauge', 'Histogram', 'Summary'] as const)(
  'a map that is assigned to a %s removes the series that it does not have',
  async (name) => {
    const [mine, theirs] = await Promise.all(
      libraries.map(async (library) => {
        const registry = new library.Registry();
        const texts: string[] = [];
        const Class = library[name] as unknown as new (config: object) => judge.Metric & Private;
        for (const labelNames of [['a'], []]) {
          const percentiles: number[] = [];
          const metric = new Class({ name: 'm', help: 'h', labelNames, percentiles, registers: [registry] });
          const count = (labels: object): void => {
            const child = metric.labels(labels) as unknown as Record<string, (value: number) => void>;
            (child['inc'] ?? child['observe'])?.(2);
          };
          const series = labelNames.length > 0 ? [{ a: 'x' }, { a: 'y' }] : [{}];
          series.forEach(count);
          texts.push(await registry.metrics());
          metric.hashMap = Object.fromEntries(Object.entries(metric.hashMap).slice(1));
          texts.push(await registry.metrics());
          metric.hashMap = {};
          texts.push(await registry.metrics());
          series.forEach(count);
          texts.push(await registry.metrics());
          registry.clear();
        }
        return texts;
      }),
    );

    expect(mine).toEqual(theirs);
    expect(mine?.[2]).not.toMatch(/^m/m);
  },
);

test('a series or a metric that is deleted from a private map is removed', async () => {
  const [mine, theirs] = await Promise.all(
    libraries.map(async ({ Counter, Gauge, Histogram, Registry }) => {
      const registry = new Registry() as judge.Registry & { _metrics: Record<string, judge.Metric> };
      const options = { help: 'h', labelNames: ['b', 'a'], registers: [registry] };
      const gauge = new Gauge({ ...options, name: 'g' });
      const child = gauge.labels({ a: 'x', b: 'y' });
      child.set(1);
      gauge.set({ a: 'z' }, 2);
      const histogram = new Histogram({ ...options, name: 'h', buckets: [1] });
      histogram.observe({ a: 'x' }, 2);
      histogram.observe({ a: 'y' }, 2);
      const counter = new Counter({ name: 'c', help: 'h', registers: [registry] });
      const texts: string[] = [];
      for (const remove of [
        () => delete (gauge as unknown as Private).hashMap['a:x,b:y,'],
        () => delete (gauge as unknown as Private).hashMap['a:nothing,'],
        () => delete (histogram as unknown as Private).hashMap['a:x,'],
        () => delete (counter as unknown as Private).hashMap[''],
        () => child.inc(3),
        () => counter.inc(),
        () => delete registry._metrics['g'],
        () => delete registry._metrics['nothing'],
        () => delete registry._metrics['c'],
        () => new Gauge({ ...options, name: 'g' }).set({ a: 'new' }, 1),
      ]) {
        remove();
        texts.push(await registry.metrics());
      }
      return texts;
    }),
  );

  expect(mine?.map(inOrder)).toEqual(theirs?.map(inOrder));
});

test('a value or label that is written to an entry of a counter or gauge counts', async () => {
  const [mine, theirs] = await Promise.all(
    libraries.map(async ({ Counter, Gauge, Registry }) => {
      type Entries = Record<string, { value: number; labels: Record<string, string> }>;
      const registry = new Registry();
      const gauge = new Gauge({
        name: 'g',
        help: 'h',
        labelNames: ['chain', 'block'],
        registers: [registry],
      });
      const counter = new Counter({ name: 'c', help: 'h', registers: [registry] });
      const entryOf = (metric: unknown, key: string) => ((metric as Private).hashMap as Entries)[key];
      gauge.set({ chain: 'a', block: '1' }, 1);
      gauge.set({ chain: 'b', block: '1' }, 2);
      counter.inc();
      counter.inc(4);
      const texts: string[] = [];
      for (const write of [
        () => Object.assign(entryOf(gauge, 'block:1,chain:a,') ?? {}, { value: 7 }),
        () => Object.assign(entryOf(counter, '') ?? {}, { value: 50 }),
        () => counter.inc(),
        () => {
          const entry = entryOf(gauge, 'block:1,chain:b,');
          if (entry === undefined) throw new Error('there is no such entry');
          entry.labels['block'] = '2';
          entry.value = 3;
        },
      ]) {
        write();
        texts.push(await registry.metrics());
      }
      return texts;
    }),
  );

  expect(mine?.map(inOrder)).toEqual(theirs?.map(inOrder));
  expect(mine?.at(-1)).toContain('g{chain="b",block="2"} 3');
});

/** The lines of an exposition whose series may come in any order. */
function inOrder(text: string): string[] {
  return text.split('\n').sort();
}

test('a write to a view is refused, and changes nothing', async () => {
  const registry = new ours.Registry();
  const gauge = new ours.Gauge({ name: 'm', help: 'h', registers: [registry] });
  const { _metrics } = registry as unknown as { _metrics: Record<string, unknown> };
  const { hashMap } = gauge as unknown as { hashMap: Record<string, { value: number }> };

  expect(() => Object.assign(_metrics, { n: gauge })).toThrow(TypeError);
  expect(() => Object.assign(hashMap, { '': { value: 5 } })).toThrow(TypeError);
  expect(() => Object.assign(hashMap[''] as object, { sum: 5 })).toThrow(TypeError);
  expect(await registry.metrics()).toContain('\nm 0\n');
});

test('the views are no properties that a copy or a comparison of a metric has', () => {
  const gauge = new ours.Gauge({ name: 'm', help: 'h', registers: [] });

  expect(Object.keys(gauge)).not.toContain('hashMap');
  expect(Object.keys(new ours.Registry())).not.toContain('_metrics');
});

test('a label that cannot be written to an entry leaves its series as it is', async () => {
  const registry = new ours.Registry();
  const gauge = new ours.Gauge({ name: 'g', help: 'h', labelNames: ['a'], registers: [registry] });
  gauge.set({ a: 'x' }, 3);
  const before = await registry.metrics();
  const { hashMap } = gauge as unknown as { hashMap: Record<string, { labels: Record<string, string> }> };
  const labels = hashMap['a:x,']?.labels as Record<string, string>;

  expect(() => {
    labels['other'] = 'y';
  }).toThrow(/other/);
  labels['a'] = 'x';
  expect(await registry.metrics()).toBe(before);
  gauge.reset();
  labels['a'] = 'y';
  expect(await registry.metrics()).not.toContain('g{');
});
