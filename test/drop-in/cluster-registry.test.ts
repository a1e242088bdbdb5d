import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import * as judge from 'prom-client';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import {
  ClusterRegistry,
  Counter,
  Gauge,
  Histogram,
  openMetricsContentType,
  prometheusContentType,
  Registry,
  register,
  WorkerRegistry,
} from '../../src/index';

const help = 'h';

interface Way {
  readonly Class: typeof ClusterRegistry | typeof WorkerRegistry;
  metrics(contentType?: string): Promise<string>;
}

const cases: readonly [string, Way][] = [
  [
    'clusterMetrics()',
    {
      Class: ClusterRegistry,
      metrics: (contentType) =>
        new ClusterRegistry(contentType as typeof prometheusContentType).clusterMetrics(),
    },
  ],
  [
    'workerMetrics()',
    {
      Class: WorkerRegistry,
      metrics: (contentType) =>
        new WorkerRegistry(contentType as typeof prometheusContentType).workerMetrics(),
    },
  ],
];

describe.each(cases)('%s', (_, { Class, metrics }) => {
  const used = new Set<Registry>([register as Registry]);
  afterEach(() => {
    Class.setRegistries(register);
    for (const registry of used) registry.clear();
  });

  function newRegistry(): Registry {
    const registry = new Registry();
    used.add(registry);
    return registry;
  }

  test.each([prometheusContentType, openMetricsContentType])(
    "is '' when no registry has a metric, as %s",
    async (type) => {
      expect(await metrics(type)).toBe('');
    },
  );

  test('is the exposition of the global registry, with its default labels', async () => {
    register.setDefaultLabels({ app: 'shop' });
    new Counter({ name: 'jobs_total', help, labelNames: ['a'] }).inc({ a: 'x' }, 2);

    const text = '# HELP jobs_total h\n# TYPE jobs_total counter\njobs_total{a="x",app="shop"} 2\n';
    expect(await metrics()).toBe(text);
    expect(await register.metrics()).toBe(text);
  });

  test('is of the content type that was asked for', async () => {
    new Counter({ name: 'jobs_total', help }).inc(2);

    expect(await metrics(openMetricsContentType)).toBe(
      '# HELP jobs h\n# TYPE jobs counter\njobs_total 2\n# EOF\n',
    );
  });

  test('shows the registries that were chosen and no other', async () => {
    const [mine, other] = [newRegistry(), newRegistry()];
    mine.setDefaultLabels({ of: 'mine' });
    other.setDefaultLabels({ of: 'other' });
    new Counter({ name: 'jobs_total', help, registers: [register as Registry, mine] }).inc(2);
    new Counter({ name: 'jobs_total', help, registers: [other] }).inc(5);

    Class.setRegistries(mine);
    expect(await metrics()).toContain('\njobs_total{of="mine"} 2\n');
    Class.setRegistries([mine, other]);
    expect(await metrics()).toBe(
      '# HELP jobs_total h\n# TYPE jobs_total counter\njobs_total{of="mine"} 2\njobs_total{of="other"} 5\n',
    );
    Class.setRegistries([]);
    expect(await metrics()).toBe('');
  });

  test('shows at once what is chosen anew', async () => {
    const [mine, other] = [newRegistry(), newRegistry()];
    new Counter({ name: 'jobs_total', help, registers: [mine] }).inc();
    const registers = [other] as unknown as judge.Registry[];
    new judge.Counter({ name: 'mails_total', help, registers }).inc();
    Class.setRegistries(mine);
    expect(await metrics()).toContain('\njobs_total 1\n');
    Class.setRegistries(other);
    expect(await metrics()).toBe('# HELP mails_total h\n# TYPE mails_total counter\nmails_total 1\n');
  });

  test('shows a registry that was empty and had no place when it was chosen', async () => {
    const mine = newRegistry();
    Class.setRegistries([mine]);
    expect(await metrics()).toBe('');
    expect(mine.getMetricsAsArray()).toEqual([]);

    new Counter({ name: 'jobs_total', help, registers: [mine] }).inc();
    expect(await metrics()).toContain('\njobs_total 1\n');
  });

  test('has the values that collect functions set, of the chosen registries', async () => {
    const mine = newRegistry();
    const collect = function (this: Gauge): void {
      this.set(7);
    };
    new Gauge({ name: 'queue', help, registers: [mine], collect });
    Class.setRegistries(mine);

    expect(await metrics()).toContain('\nqueue 7\n');
  });

  test('rejects with what a collect function of this process throws', async () => {
    const collect = (): never => {
      throw new Error('no database');
    };
    new Gauge({ name: 'queue', help, collect });

    await expect(metrics()).rejects.toThrow('no database');
  });

  test("has prom-client's own metrics beside ours, added up if they are the same", async () => {
    const [mine, other] = [newRegistry(), newRegistry()];
    mine.setDefaultLabels({ app: 'shop' });
    other.setDefaultLabels({ app: 'shop' });
    const histogram = { name: 'sizes', help, buckets: [1] };
    new Histogram({ ...histogram, registers: [mine] }).observe(1);
    new judge.Histogram({ ...histogram, registers: [other] as unknown as judge.Registry[] }).observe(3);
    new judge.Gauge({
      name: 'started',
      help,
      aggregator: 'omit',
      registers: [other] as unknown as judge.Registry[],
    }).set(1);
    Class.setRegistries([mine, other]);

    expect(await metrics()).toBe(
      [
        '# HELP sizes h',
        '# TYPE sizes histogram',
        'sizes_bucket{le="1",app="shop"} 1',
        'sizes_bucket{le="+Inf",app="shop"} 2',
        'sizes_sum{app="shop"} 4',
        'sizes_count{app="shop"} 2',
        '',
        '# HELP started h',
        '# TYPE started gauge',
        'started{app="shop"} 1',
        '',
      ].join('\n'),
    );
  });

  test('shows a merged registry under its own default labels', async () => {
    const mine = newRegistry();
    mine.setDefaultLabels({ app: 'shop' });
    new Counter({ name: 'jobs_total', help, registers: [mine] }).inc();
    const merged = Registry.merge([mine]);
    merged.setDefaultLabels({ of: 'merged' });
    Class.setRegistries(merged);

    expect(await metrics()).toContain('\njobs_total{of="merged"} 1\n');
  });

  test.each([
    ['a registry of prom-client', new judge.Registry(), 'object'],
    ['an object', {}, 'object'],
    ['null', null, 'object'],
    ['nothing', undefined, 'undefined'],
    ['a name', 'mine', 'string'],
  ])('does not take %s for a registry, and then keeps its choice', async (_what, value, type) => {
    new Counter({ name: 'jobs_total', help }).inc();
    const error = { name: 'TypeError', message: `Expected Registry, got ${type}`, code: 'ERR_REGISTRY' };

    expect(() => Class.setRegistries(value as Registry)).toThrow(expect.objectContaining(error));
    expect(() => Class.setRegistries([register, value] as Registry[])).toThrow(
      expect.objectContaining(error),
    );
    expect(await metrics()).toContain('\njobs_total 1\n');
  });
});

test('what is chosen for clusters is not chosen for threads', async () => {
  const mine = new Registry();
  new Counter({ name: 'jobs_total', help, registers: [mine] }).inc();
  ClusterRegistry.setRegistries(mine);

  expect(await new ClusterRegistry().clusterMetrics()).toContain('jobs_total 1');
  expect(await new WorkerRegistry().workerMetrics()).toBe('');
  ClusterRegistry.setRegistries(register);
  mine.clear();
});

describe.each([ClusterRegistry, WorkerRegistry])('a registry for the group', (Class) => {
  test('is a registry of its own as well', async () => {
    const registry = new Class(openMetricsContentType);
    new Counter({ name: 'own', help, registers: [registry] }).inc();

    expect(registry).toBeInstanceOf(Registry);
    expect(Class.globalRegistry).toBe(register);
    expect(registry.contentType).toBe(openMetricsContentType);
    expect(new Class().contentType).toBe(prometheusContentType);
    expect(await registry.metrics()).toBe('# HELP own h\n# TYPE own counter\nown_total 1\n# EOF\n');
    expect(() => new Class('text/html' as typeof prometheusContentType)).toThrow(TypeError);
    registry.clear();
  });

  test('shuts down at once and counts on', async () => {
    const registry = new Class();
    const counter = new Counter({ name: 'own', help, registers: [registry] });
    counter.inc();
    expect(await registry.shutdown(1)).toBeUndefined();
    await registry.shutdown();
    counter.inc();

    expect(await registry.metrics()).toContain('\nown 2\n');
    registry.clear();
  });

  test('listens to nothing', async () => {
    const listeners = (): number[] => [
      ...['message', 'disconnect', 'exit', 'online'].map((event) => cluster.listenerCount(event)),
      ...['message', 'disconnect'].map((event) => process.listenerCount(event)),
    ];
    const before = listeners();
    const registry = new Class();
    await ('clusterMetrics' in registry ? registry.clusterMetrics() : registry.workerMetrics());

    expect(listeners()).toEqual(before);
  });
});

test('a WorkerRegistry remembers whether it is the primary', () => {
  expect(new WorkerRegistry().primary).toBe(isMainThread);
  expect(new WorkerRegistry(undefined, false).primary).toBe(false);
});

test('the types are those that prom-client declares', () => {
  type Mine = typeof ClusterRegistry<judge.PrometheusContentType>;
  type Theirs = typeof judge.AggregatorRegistry<judge.PrometheusContentType>;

  expectTypeOf<InstanceType<Mine>['clusterMetrics']>().toEqualTypeOf<
    InstanceType<Theirs>['clusterMetrics']
  >();
  expectTypeOf<[metrics: object[]]>().toExtend<Parameters<Mine['aggregate']>>();
  expectTypeOf<Registry | Registry[]>().toExtend<Parameters<Mine['setRegistries']>[0]>();
  expectTypeOf<InstanceType<Mine>>().toExtend<Registry>();
});
