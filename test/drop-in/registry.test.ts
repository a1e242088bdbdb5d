import * as judge from 'prom-client';
import { describe, expect, test, vi } from 'vitest';
import {
  Counter,
  type ForeignMetric,
  Gauge,
  type GroupRegistry,
  Histogram,
  openMetricsContentType,
  prometheusContentType,
  Registry,
  register,
  Summary,
} from '../../src/index';

type Duck = ForeignMetric & { readonly name: string };

const help = 'h';

/** The same metrics in a registry of either library. */
function fill(
  library: Pick<typeof judge, 'Counter' | 'Gauge' | 'Histogram' | 'Summary'>,
  registry: unknown,
): void {
  const registers = [registry as judge.Registry];
  new library.Counter({
    name: 'reqs_total',
    help: 'back\\slash "and"\nline',
    labelNames: ['a', 'b'],
    registers,
  }).inc({ b: '2', a: 'q"uo\\te\n' }, 1e21);
  new library.Gauge({ name: 'temperature', help, registers }).set(Number.NaN);
  const histogram = new library.Histogram({
    name: 'sizes',
    help,
    labelNames: ['a'],
    buckets: [1, 1e-7],
    registers,
  });
  histogram.observe({ a: 'x' }, 0.30000000000000004);
  new library.Summary({ name: 'times', help, percentiles: [0, 1], labelNames: ['a'], registers }).observe(
    { a: 'x' },
    3,
  );
}

const libraryOfOurs = { Counter, Gauge, Histogram, Summary } as unknown as typeof judge;

function both(contentType: string): { mine: Registry; theirs: judge.Registry } {
  const mine = new Registry();
  const theirs = new judge.Registry();
  mine.setContentType(contentType as typeof prometheusContentType);
  theirs.setContentType(contentType as typeof prometheusContentType);
  return { mine, theirs };
}

describe.each([prometheusContentType, openMetricsContentType])('an exposition as %s', (contentType) => {
  test('is that of prom-client to the byte, with and without default labels', async () => {
    const { mine, theirs } = both(contentType);
    fill(libraryOfOurs, mine);
    fill(judge, theirs);
    expect(await mine.metrics()).toBe(await theirs.metrics());

    for (const registry of [mine, theirs]) registry.setDefaultLabels({ env: 'dev "x"', a: 'default' });
    expect(await mine.metrics()).toBe(await theirs.metrics());
    for (const name of ['temperature', 'sizes', 'times']) {
      expect(await mine.getSingleMetricAsString(name)).toBe(await theirs.getSingleMetricAsString(name));
    }
  });

  test('of nothing is that of prom-client', async () => {
    const { mine, theirs } = both(contentType);
    expect(await mine.metrics()).toBe(await theirs.metrics());

    for (const [library, registry] of [
      [libraryOfOurs, mine],
      [judge, theirs],
    ] as const) {
      new library.Counter({ name: 'c', help, labelNames: ['a'], registers: [registry as judge.Registry] });
    }
    expect(await mine.metrics()).toBe(await theirs.metrics());
  });

  test('of a merge has no default labels but its own', async () => {
    const { mine, theirs } = both(contentType);
    const merged = [[libraryOfOurs, mine, Registry] as const, [judge, theirs, judge.Registry] as const].map(
      ([library, registry, Class]) => {
        registry.setDefaultLabels({ env: 'dev' });
        fill(library, registry);
        return (Class as typeof judge.Registry).merge([registry as judge.Registry]);
      },
    );
    expect(await merged[0]?.metrics()).toBe(await merged[1]?.metrics());

    for (const registry of merged) registry.setDefaultLabels({ zone: 1 });
    expect(await merged[0]?.metrics()).toBe(await merged[1]?.metrics());
    // The judge's OpenMetrics has changed the names of its counters by now.
    const jsons = await Promise.all(merged.map((registry) => registry.getMetricsAsJSON()));
    expect(jsons[0]?.map(({ values }) => values)).toEqual(jsons[1]?.map(({ values }) => values));

    for (const registry of merged) registry.removeSingleMetric('sizes');
    expect(await merged[0]?.metrics()).toBe(await merged[1]?.metrics());
    expect(await mine.metrics()).toContain('sizes');

    for (const registry of merged) registry.clear();
    expect(await merged[0]?.metrics()).toBe(await merged[1]?.metrics());
  });
});

test('a counter of an OpenMetrics registry keeps its own name', async () => {
  const registry = new Registry(openMetricsContentType);
  const counter = new Counter({ name: 'c_total', help, registers: [registry] });
  const text = '# HELP c h\n# TYPE c counter\nc_total 0';

  expect(await registry.getSingleMetricAsString('c_total')).toBe(text);
  expect(await registry.metrics()).toBe(`${text}\n# EOF\n`);
  expect(counter).toHaveProperty('name', 'c_total');
});

describe('the content type', () => {
  test('is that of Prometheus unless said otherwise', () => {
    expect(new Registry().contentType).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
    expect(new Registry(Registry.OPENMETRICS_CONTENT_TYPE).contentType).toBe(openMetricsContentType);
  });

  test('of another kind is refused: a TypeError at the construction, an Error later', () => {
    const code = 'ERR_CONTENT_TYPE';

    expect(() => new Registry('x' as never)).toThrow(expect.objectContaining({ name: 'TypeError', code }));
    expect(() => new Registry().setContentType('x' as never)).toThrow(
      expect.objectContaining({ name: 'Error', code, message: 'Content type x is unsupported' }),
    );
  });
});

describe('the global registry', () => {
  test('has what names no other, and is known by two names', () => {
    const gauge = new Gauge({ name: 'in_global', help });
    const listed = new Gauge({ name: 'in_global_too', help, registers: undefined });

    expect(Registry.globalRegistry).toBe(register);
    expect(register.getSingleMetric('in_global')).toBe(gauge);
    expect(register.getSingleMetric('in_global_too')).toBe(listed);
    register.removeSingleMetric('in_global');
    register.removeSingleMetric('in_global_too');
    expect(register.getSingleMetric('in_global')).toBeUndefined();
  });
});

test.each([null, 0, true, {}, { timestamps: false }, [], () => undefined])(
  'an argument that prom-client ignores, such as %j, changes nothing',
  async (argument) => {
    const registry = new Registry();
    new Gauge({ name: 'g', help, registers: [registry] }).set(2);
    const given = argument as never;

    expect(await registry.metrics(given)).toBe(await registry.metrics());
    expect(await registry.getMetricsAsJSON(given)).toEqual(await registry.getMetricsAsJSON());
    expect(registry.getMetricsAsArray(given)).toEqual(registry.getMetricsAsArray());
  },
);

describe('the list of metrics', () => {
  test('is in order of registration, and has the very objects', () => {
    const registry = new Registry();
    const registers = [registry];
    const first = new Gauge({ name: 'z', help, registers });
    const second = new Gauge({ name: 'a', help, registers });
    registry.registerMetric(first);
    expect(registry.getMetricsAsArray()).toEqual([first, second]);

    registry.removeSingleMetric('z');
    registry.registerMetric(first);
    expect(registry.getMetricsAsArray()).toEqual([second, first]);
    expect(registry.getSingleMetric('a')).toBe(second);
  });

  test('takes names that every object has', async () => {
    const registry = new Registry();
    expect(registry.getSingleMetric('constructor')).toBeUndefined();

    new Gauge({ name: 'constructor', help, registers: [registry] });
    expect(await registry.metrics()).toContain('constructor 0');
  });

  test('cleared, it takes the same names again, and forgets the default labels', async () => {
    const registry = new Registry();
    const config = { name: 'g', help, registers: [registry] };
    const old = new Gauge(config);
    registry.setDefaultLabels({ env: 'dev' });
    registry.clear();
    expect(await registry.metrics()).toBe('\n');

    new Gauge(config).set(2);
    old.set(1);
    expect(await registry.metrics()).toBe('# HELP g h\n# TYPE g gauge\ng 2\n');
  });

  test('is reset as a whole, duck-typed metrics included if they can be', async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: 'g', help, registers: [registry] });
    gauge.set(4);
    const reset = vi.fn();
    registry.registerMetric({ ...duck('able'), reset });
    registry.registerMetric(duck('unable'));
    registry.resetMetrics();

    expect((await gauge.get()).values).toEqual([{ value: 0, labels: {} }]);
    expect(reset).toHaveBeenCalledOnce();
  });

  test('one metric may be in several registries', async () => {
    const registers = [new Registry(), new Registry()];
    new Counter({ name: 'c', help, registers }).inc(3);

    for (const registry of registers) expect(await registry.metrics()).toContain('c 3\n');
    expect(await Registry.merge(registers).metrics()).toBe('# HELP c h\n# TYPE c counter\nc 3\n');
  });

  test.each([Counter, Gauge, Histogram, Summary])(
    'that refuse a metric hide no other: %o',
    async (Metric) => {
      const [first, second] = [new Registry(), new Registry()];
      new Counter({ name: 'other', help, registers: [first] }).inc(3);
      new Counter({ name: 'm', help, registers: [second] });

      expect(() => new Metric({ name: 'm', help, registers: [first, second] })).toThrow(
        'already been registered',
      );
      expect(await first.metrics()).toContain('\nother 3\n');
      expect(await first.getMetricsAsJSON()).toMatchObject([{ name: 'other' }, { name: 'm' }]);
      first.resetMetrics();
      expect(await first.metrics()).toContain('\nother 0\n');
    },
  );

  test('in a merge must have no name twice', () => {
    const registries = [new Registry(), new Registry()];
    for (const registry of registries) new Counter({ name: 'c', help, registers: [registry] });

    expect(() => Registry.merge(registries)).toThrow('A metric with the name c has already been registered.');
  });
});

test('default labels are copied when they are set', async () => {
  const registry = new Registry();
  new Gauge({ name: 'g', help, registers: [registry] });
  const labels = { env: 'dev' };
  registry.setDefaultLabels(labels);
  labels.env = 'changed';

  expect(await registry.metrics()).toContain('g{env="dev"} 0');
});

function duck(name: string, value = 7): Duck {
  return {
    name,
    get: () => ({ name, help, type: 'gauge', values: [{ value, labels: { kind: 'duck' } }] }),
  };
}

describe('metrics of others', () => {
  test('need no more than get(), which may be asynchronous', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ env: 'dev', kind: 'default' });
    const own = new Gauge({ name: 'own', help, registers: [registry] });
    registry.registerMetric(duck('now'));
    const later = duck('later', 8);
    registry.registerMetric({ get: async () => later.get() });
    own.set(1);

    expect(await registry.metrics()).toBe(
      [
        '# HELP own h\n# TYPE own gauge\nown{env="dev",kind="default"} 1\n',
        '# HELP now h\n# TYPE now gauge\nnow{kind="duck",env="dev"} 7\n',
        '# HELP later h\n# TYPE later gauge\nlater{kind="duck",env="dev"} 8\n',
      ].join('\n'),
    );
    expect((await registry.getMetricsAsJSON()).map(({ name, values }) => [name, values[0]?.labels])).toEqual([
      ['own', { env: 'dev', kind: 'default' }],
      ['now', { env: 'dev', kind: 'duck' }],
      ['later', { env: 'dev', kind: 'duck' }],
    ]);
    expect(await registry.getSingleMetricAsString('now')).toContain('now{kind="duck",env="dev"} 7');
  });

  test('may be those of prom-client, whose registries take ours in turn', async () => {
    const mine = new Registry();
    const theirs = new judge.Registry();
    fill(judge, mine);
    fill(libraryOfOurs, theirs);
    const reference = new judge.Registry();
    fill(judge, reference);
    for (const registry of [mine, theirs, reference]) registry.setDefaultLabels({ env: 'dev' });
    const expected = await reference.metrics();

    expect(await mine.metrics()).toBe(expected);
    expect(await theirs.metrics()).toBe(expected);
    expect(await Registry.merge([theirs as unknown as Registry]).metrics()).toContain('reqs_total{');
  });

  test('may be those of another copy of this library', async () => {
    vi.resetModules();
    const copy = await import('../../src/index');
    expect(copy.Registry).not.toBe(Registry);

    const registry = new Registry();
    const counter = new copy.Counter({ name: 'c', help, registers: [registry as never] });
    counter.inc(2);
    const text = '# HELP c h\n# TYPE c counter\nc 2\n';
    expect(await registry.metrics()).toBe(text);
    expect(await Registry.merge([registry]).metrics()).toBe(text);
    expect(await copy.Registry.merge([registry as never]).metrics()).toBe(text);
  });
});

describe('what packages do to registries', () => {
  test('a Proxy of one works in its place', async () => {
    const registry = new Registry();
    const { proxy, revoke } = Proxy.revocable(registry, {
      get: (target, key, self) => Reflect.get(target, key, self),
    });
    const gauge = new Gauge({ name: 'g', help, registers: [proxy] });
    gauge.set(3);
    proxy.setDefaultLabels({ env: 'dev' });
    const text = '# HELP g h\n# TYPE g gauge\ng{env="dev"} 3\n';

    expect(await proxy.metrics()).toBe(text);
    expect(await registry.metrics()).toBe(text);
    expect(await proxy.getSingleMetricAsString('g')).toBe(text.trimEnd());
    expect(await proxy.getMetricsAsJSON()).toEqual(await registry.getMetricsAsJSON());
    expect(await Registry.merge([proxy]).metrics()).toContain('g 3');
    proxy.resetMetrics();
    proxy.setContentType(openMetricsContentType);
    expect(registry.contentType).toBe(openMetricsContentType);
    proxy.clear();
    expect(registry.getMetricsAsArray()).toEqual([]);
    revoke();
    expect(await registry.metrics()).toBe('\n# EOF\n');
  });

  test('a method that was replaced can call the old one', () => {
    const registry = new Registry();
    new Gauge({ name: 'g', help, registers: [registry] });
    const clear = registry.clear.bind(registry);
    const cleared = vi.fn();
    registry.clear = () => {
      cleared();
      clear();
    };
    registry.clear();

    expect(cleared).toHaveBeenCalledOnce();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  test('everything on a configuration is found on the metric again', () => {
    const registers = [new Registry()];
    const labelNames = ['a'];
    const config = { name: 'g', help, labelNames, registers, aggregator: 'max' as const, ownField: 1 };
    const gauge = new Gauge(config);

    expect(gauge).toMatchObject({ ...config, type: 'gauge', enableExemplars: false });
    expect((gauge as unknown as typeof config).labelNames).toBe(labelNames);
  });
});

describe('the scope of a registry', () => {
  test('is its name from the beginning', () => {
    expect(new Registry(prometheusContentType, { name: 'jobs' }).scopes()).toEqual(['jobs']);
    expect(register.scopes()).toEqual(['']);
  });

  test('is else the place where it is made, if only one is made there', () => {
    const make = (): GroupRegistry => new Registry();
    const [one, other] = [make(), make()];
    const scopes = [...one.scopes(), ...other.scopes()];

    expect(scopes).toEqual([expect.stringMatching(/^at:[\w-]{16}$/), expect.stringMatching(/^at:/)]);
    expect(new Set(scopes).size).toBe(2);
  });

  test('is none where several are made, nor where it is private', () => {
    const registries = [1, 2, 3].map(() => new Registry());

    expect(registries.map((registry) => registry.scopes())).toEqual([[], [], []]);
    expect(new Registry(prometheusContentType, { name: 'mine', shared: false }).scopes()).toEqual([]);
  });

  test('is in a merge those of its sources, and one of its own for what is registered there', async () => {
    const sources = ['x', 'y'].map((name) => new Registry(prometheusContentType, { name }));
    for (const [i, registry] of sources.entries()) new Gauge({ name: `g${i}`, help, registers: [registry] });
    const merged = Registry.merge(sources);
    expect(merged.scopes()).toEqual(['x', 'y']);

    new Gauge({ name: 'more', help, registers: [merged] });
    expect(merged.scopes()).toHaveLength(3);
    expect((await merged.getMetricsAsJSON()).map(({ name }) => name)).toEqual(['g0', 'g1', 'more']);
    expect(await Promise.all(sources.map((source) => source.metrics()))).not.toContain(
      expect.stringContaining('more'),
    );
  });

  test.each([[''], ['12'], ['at:1'], [5], [null]])('cannot be called %j', (name) => {
    expect(() => new Registry(prometheusContentType, { name: name as string })).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_REGISTRY_NAME' }),
    );
  });
});
