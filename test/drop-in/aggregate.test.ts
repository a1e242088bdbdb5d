import { inspect } from 'node:util';
import fc from 'fast-check';
import * as judge from 'prom-client';
import { describe, expect, test } from 'vitest';
import {
  AggregatorRegistry,
  aggregators,
  ClusterRegistry,
  type MetricObjectWithValues,
  type MetricValueWithName,
  openMetricsContentType,
  prometheusContentType,
  Registry,
  type RegistryContentType,
  WorkerRegistry,
} from '../../src/index';

type Family = Omit<MetricObjectWithValues<MetricValueWithName<string>>, 'collect'>;

/** What both packages have but neither declares. */
const theirAggregators = Reflect.get(judge, 'aggregators') as typeof aggregators;
const theirs = judge.AggregatorRegistry as unknown as Pick<typeof AggregatorRegistry, 'aggregate'>;

const values = fc.array(
  fc.record(
    {
      value: fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, 0.1, 1e21, Number.NaN)),
      labels: fc.record(
        {
          // In prom-client a text with a colon and a comma can be taken for two labels.
          b: fc.constantFrom<unknown>('x', 'y', '', 1, '1', null, undefined, true, 'q"uo\\te\n'),
          a: fc.constantFrom<unknown>('x', 'z'),
          le: fc.constantFrom<unknown>(0.1, '+Inf'),
        },
        { requiredKeys: [] },
      ),
      metricName: fc.constantFrom(undefined, '', 'm_bucket', 'm_sum'),
      exemplar: fc.constantFrom(null, undefined),
    },
    { requiredKeys: ['value', 'labels'] },
  ),
  { maxLength: 6 },
);

const families = fc.array(
  fc.record(
    {
      name: fc.constantFrom('m_one', 'm_two', 'm_three'),
      help: fc.constantFrom('h', 'other\n"h"'),
      type: fc.constantFrom('counter', 'gauge', 'histogram', 'summary'),
      values,
      aggregator: fc.oneof(
        { weight: 30, arbitrary: fc.constantFrom('sum', 'first', 'omit', 'average', 'min', 'max') },
        { weight: 1, arbitrary: fc.constantFrom('mean', '') },
      ),
    },
    { requiredKeys: ['name', 'help', 'type', 'values', 'aggregator'] },
  ),
  { maxLength: 4 },
);

const contentTypes = fc.constantFrom<RegistryContentType>(
  prometheusContentType,
  openMetricsContentType,
  'text/html' as RegistryContentType,
);

describe('aggregate()', () => {
  test('makes, prints and throws what it does in prom-client', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(families, { maxLength: 4 }),
        fc.option(contentTypes, { nil: undefined }),
        async (lists, contentType) => {
          const expected = await outcomeOf(theirs.aggregate, lists, contentType);
          expect(await outcomeOf(ClusterRegistry.aggregate, lists, contentType)).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('makes of the JSON of real metrics what prom-client makes of it', async () => {
    const lists = await Promise.all(['x', 'y', 'x'].map((label, i) => jsonOfWorker(label, i + 1)));

    for (const contentType of [prometheusContentType, openMetricsContentType] as const) {
      const expected = await outcomeOf(theirs.aggregate, lists, contentType);
      expect(expected).toContain('sizes_bucket{le="1",a="x",app="shop"} 2');
      expect(await outcomeOf(ClusterRegistry.aggregate, lists, contentType)).toBe(expected);
    }
  });

  test('is that of all registries', () => {
    const list = [[family({ values: [{ value: 1, labels: {} }] })]];

    expect(AggregatorRegistry).toBe(ClusterRegistry);
    for (const Class of [ClusterRegistry, WorkerRegistry, Registry]) {
      expect(Class.aggregate(list)).toBeInstanceOf(Registry);
    }
  });

  test('gives metrics whose get() is synchronous', () => {
    const registry = ClusterRegistry.aggregate([[family({ values: [{ value: 2, labels: {} }] })]]);
    const metric = registry.getSingleMetric('m') as unknown as { get(): Family };

    expect(metric.get()).toEqual(family({ values: [{ value: 2, labels: {} }] }));
  });

  test('adds up what has no aggregator, like @prometheus-io/client', () => {
    const { aggregator: _, ...without } = family({ values: [{ value: 2, labels: {} }] });
    const registry = ClusterRegistry.aggregate([[without], [without]]);

    expect(registry.getMetricsAsArray()).toMatchObject([{ name: 'm', values: [{ value: 4 }] }]);
  });

  test('throws a coded error for an aggregator that does not exist, also if objects have such a property', () => {
    for (const name of ['mean', 'constructor']) {
      const list = [[family({ aggregator: name as 'sum' })]];
      const error = { message: `'${name}' is not a defined aggregator.`, code: 'ERR_AGGREGATOR' };
      expect(() => ClusterRegistry.aggregate(list)).toThrow(expect.objectContaining(error));
    }
  });

  test('uses aggregators that the user has added', () => {
    aggregators['none'] = ([first]) => first && { ...first, help: 'mine' };
    try {
      const registry = ClusterRegistry.aggregate([[family({ aggregator: 'none' as 'sum' })]]);
      expect(registry.getMetricsAsArray()).toMatchObject([{ name: 'm', help: 'mine' }]);
    } finally {
      delete aggregators['none'];
    }
  });

  test('tells label values apart that prom-client takes for two labels', () => {
    const sample = (labels: Record<string, string>): MetricValueWithName<string> => ({ value: 1, labels });
    const list = [[family({ values: [sample({ a: '1,b:2' }), sample({ a: '1', b: '2' })] })]];

    expect(ClusterRegistry.aggregate(list).getMetricsAsArray()).toMatchObject([{ values: [{}, {}] }]);
    expect(theirs.aggregate(list).getMetricsAsArray()).toMatchObject([{ values: [{ value: 2 }] }]);
  });

  test('appends one _total in OpenMetrics, also to a counter that is called so', async () => {
    const list = [[family({ name: 'jobs_total', values: [{ value: 1, labels: {} }] })]];

    const text = '# HELP jobs h\n# TYPE jobs counter\njobs_total 1\n# EOF\n';
    expect(await ClusterRegistry.aggregate(list, openMetricsContentType).metrics()).toBe(text);
    expect(await theirs.aggregate(list, openMetricsContentType).metrics()).toContain('jobs_total_total 1');
  });

  test('keeps the latest exemplar of each series', async () => {
    const exemplars = [20, 30, 10].map((timestamp) => {
      return { labelSet: { trace: `t${timestamp}` }, value: 0.5, timestamp };
    });
    const list = [...exemplars, null].map((exemplar) => {
      const sample = { value: 1, labels: { a: 'x' }, exemplar };
      return [family({ values: [sample] })];
    });

    expect(await ClusterRegistry.aggregate(list, openMetricsContentType).metrics()).toBe(
      '# HELP m h\n# TYPE m counter\nm_total{a="x"} 4 # {trace="t30"} 0.5 30\n# EOF\n',
    );
    expect(await ClusterRegistry.aggregate(list).metrics()).toBe(
      '# HELP m h\n# TYPE m counter\nm{a="x"} 4\n',
    );
  });

  test('leaves its arguments as they were', async () => {
    const list = [[family({ name: 'jobs_total', values: [{ value: 1, labels: { a: 'x' } }] })]];
    const before = inspect(list, { depth: null });
    const registry = ClusterRegistry.aggregate([...list, ...list], openMetricsContentType);
    registry.setDefaultLabels({ app: 'shop' });
    await registry.metrics();
    await registry.getMetricsAsJSON();

    expect(inspect(list, { depth: null })).toBe(before);
  });
});

describe('aggregators', () => {
  test.each(Object.keys(theirAggregators))('%s does what it does in prom-client', (name) => {
    fc.assert(
      fc.property(families, (list) => {
        const metrics = list as unknown as Parameters<(typeof aggregators)['sum']>[0];
        expect(inspect(aggregators[name]?.(metrics), { depth: null })).toBe(
          inspect(theirAggregators[name]?.(metrics), { depth: null }),
        );
      }),
    );
  });

  test('are as many as in prom-client', () => {
    expect(Object.keys(aggregators)).toEqual(Object.keys(theirAggregators));
  });
});

function family(fields: Partial<Family>): Family {
  return { name: 'm', help: 'h', type: 'counter', values: [], aggregator: 'sum', ...fields };
}

/** What is printed and what there is to see of the metrics, to the order of keys; or the error. */
async function outcomeOf(
  aggregate: (lists: readonly object[], contentType?: RegistryContentType) => unknown,
  lists: readonly unknown[],
  contentType: RegistryContentType | undefined,
): Promise<string> {
  try {
    const registry = aggregate(lists as readonly object[], contentType) as Registry;
    const metrics = registry.getMetricsAsArray().map((metric) => {
      const { get, ...fields } = metric as unknown as { get: () => unknown };
      return [fields, get()];
    });
    const json = await registry.getMetricsAsJSON();
    return `${registry.contentType}\n${await registry.metrics()}\n${inspect([metrics, json], { depth: null })}`;
  } catch (error) {
    return `${(error as Error).constructor.name}: ${(error as Error).message}`;
  }
}

function jsonOfWorker(label: string, amount: number): Promise<unknown[]> {
  const registry = new judge.Registry();
  const common = { help: 'h', labelNames: ['a'], registers: [registry] };
  registry.setDefaultLabels({ app: 'shop' });
  new judge.Counter({ ...common, name: 'jobs' }).inc({ a: label }, amount);
  new judge.Gauge({ ...common, name: 'busy', aggregator: 'average' }).set({ a: label }, amount);
  new judge.Gauge({ ...common, name: 'version', aggregator: 'first' }).set({ a: 'v1' }, amount);
  new judge.Gauge({ ...common, name: 'started', aggregator: 'omit' }).set({ a: 'v1' }, amount);
  new judge.Histogram({ ...common, name: 'sizes', buckets: [1, 2.5] }).observe({ a: label }, amount / 4);
  new judge.Summary({ ...common, name: 'times', percentiles: [0.5] }).observe({ a: label }, amount);
  return registry.getMetricsAsJSON();
}
