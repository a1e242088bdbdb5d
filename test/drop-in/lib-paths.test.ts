import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Project, root } from '../adoption/support/project';

// Public code loads modules inside prom-client, whose package has no `exports`. Here they lead to the same classes and registries as
// the package itself, under an alias and with the preload.

const routes = [
  { route: 'an alias', name: 'prom-client', options: [], isInstalled: false },
  {
    route: 'the preload',
    name: 'prom-client-mmap',
    options: ['-r', 'prom-client-mmap/register'],
    isInstalled: true,
  },
  {
    route: 'the preload without prom-client',
    name: 'prom-client-mmap',
    options: ['-r', 'prom-client-mmap/register'],
    isInstalled: false,
  },
] as const;

const classes = {
  counter: 'Counter',
  gauge: 'Gauge',
  histogram: 'Histogram',
  summary: 'Summary',
  registry: 'Registry',
  cluster: 'AggregatorRegistry',
  pushgateway: 'Pushgateway',
  defaultMetrics: 'collectDefaultMetrics',
};

describe.each(routes)('by $route', ({ name, options, isInstalled }) => {
  const project = new Project();
  project.install(name);
  if (isInstalled) project.link('prom-client');

  async function evaluate(body: string): Promise<unknown> {
    project.write(
      'program.cjs',
      `(async () => { ${body} })().then((found) => console.log(JSON.stringify(found)));`,
    );
    const { output } = await project.node(...options, 'program.cjs');
    return JSON.parse(output);
  }

  test('the entry is one module, whatever it is called', async () => {
    const found = await evaluate(`
      const client = require('prom-client');
      const paths = ['prom-client/index', 'prom-client/index.js'];
      return [
        'configure' in client,
        paths.every((path) => require(path) === client),
        (await import('prom-client/index.js')).default === client,
        require('prom-client/package.json').name,
      ];`);

    expect(found).toEqual([true, true, true, isInstalled ? 'prom-client' : 'prom-client-mmap']);
  });

  test('classes and registries are those of the package', async () => {
    const found = await evaluate(`
      const client = require('prom-client');
      const differs = [];
      for (const [file, key] of Object.entries(${JSON.stringify(classes)})) {
        if (require('prom-client/lib/' + file) !== client[key]) differs.push(file);
        if (require('prom-client/lib/' + file + '.js') !== client[key]) differs.push(file + '.js');
        if ((await import('prom-client/lib/' + file + '.js')).default !== client[key]) differs.push('import ' + file);
      }
      const { Metric } = require('prom-client/lib/metric');
      return {
        differs,
        registry: require('prom-client/lib/registry').globalRegistry === client.register,
        metrics: ['Counter', 'Gauge', 'Histogram', 'Summary'].every((key) => client[key].prototype instanceof Metric),
        buckets: require('prom-client/lib/bucketGenerators').linearBuckets === client.linearBuckets,
        aggregators: require('prom-client/lib/metricAggregators').aggregators === client.aggregators,
      };`);

    expect(found).toEqual({ differs: [], registry: true, metrics: true, buckets: true, aggregators: true });
  });

  test('the default metrics of one source are registered, and served', async () => {
    const found = await evaluate(`
      const client = require('prom-client');
      const other = new client.Registry();
      require('prom-client/lib/metrics/version')();
      require('prom-client/lib/metrics/processCpuTotal.js')(other, { prefix: 'app_' });
      return [await client.register.metrics(), other.getMetricsAsArray().map(({ name }) => name)];`);

    expect(found).toEqual([
      expect.stringMatching(/^nodejs_version_info\{/m),
      [
        'app_process_cpu_user_seconds_total',
        'app_process_cpu_system_seconds_total',
        'app_process_cpu_seconds_total',
      ],
    ]);
  });
});

describe('beside prom-client', () => {
  const require = createRequire(import.meta.url);
  const real = (path: string) => require(`prom-client/lib/${path}`);
  const ours = (path: string) => require(join(root, 'lib', `${path}.js`));
  /** The exports of a module without types. */
  type Helpers = ReturnType<typeof real>;

  test('a module of each of its metrics has the same names', () => {
    const files = readdirSync(join(root, 'node_modules/prom-client/lib/metrics'))
      .filter((file) => file.endsWith('.js'))
      .map((file) => `metrics/${file.slice(0, -3)}`);

    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(ours(file).metricNames, file).toEqual(real(file).metricNames);
  });

  test('helpers have the same names and results', () => {
    const labels = { b: 'x', a: 1, c: undefined };
    const results = ({
      getValueAsString,
      hashObject,
      getLabels,
      isObject,
      setValue,
      setValueDelta,
      removeLabels,
      Grouper,
    }: Helpers) => {
      const byHash = setValueDelta(setValue(setValue({}, 3, labels), 'x', { a: 2 }), 4, labels, 'b:x,');
      removeLabels(byHash, { a: 2 });
      const groups = new Grouper();
      for (const key of ['one', 'two', 'one']) groups.add(key, key.length);
      return [
        [1.5, NaN, Infinity, -Infinity].map(getValueAsString),
        [labels, {}].map((object) => hashObject(object)),
        hashObject(labels, ['b', 'a']),
        [getLabels(['a', 'b'], ['x', 1]), getLabels(['a'], [labels])],
        [null, {}, 'text'].map(isObject),
        byHash,
        [...groups],
      ];
    };

    expect(new Set(Object.keys(ours('util')))).toEqual(new Set(Object.keys(real('util'))));
    expect(results(ours('util'))).toEqual(results(real('util')));
    expect(() => ours('util').getLabels(['a'], [])).toThrow(
      thrownBy(() => real('util').getLabels(['a'], [])),
    );
  });

  test('validation has the same names, results and errors', () => {
    const [mine, theirs] = [ours('validation'), real('validation')];
    const refused = ({ validateLabel }: Helpers) => thrownBy(() => validateLabel(['a'], { b: 1 }));

    expect(Object.keys(mine)).toEqual(Object.keys(theirs));
    expect(mine.validateLabelName(['a', '1'])).toBe(theirs.validateLabelName(['a', '1']));
    expect(mine.validateLabelName()).toBe(theirs.validateLabelName());
    expect(refused(mine)).toBe(refused(theirs));
    expect(mine.validateLabel(['a'], { a: 1 })).toBe(undefined);
  });

  test('an aggregator of their own makes the same family', () => {
    const metrics = [3, 4].map((value) => ({
      name: 'a_total',
      help: 'h',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value, labels: { a: 'x' } }],
    }));
    const product = (samples: { value: number }[]) =>
      samples.reduce((result, { value }) => result * value, 1);

    expect(ours('metricAggregators').AggregatorFactory(product)(metrics)).toEqual(
      real('metricAggregators').AggregatorFactory(product)(metrics),
    );
    expect(Object.keys(ours('metricAggregators').aggregators)).toEqual(
      Object.keys(real('metricAggregators').aggregators),
    );
  });

  function thrownBy(call: () => unknown): string {
    try {
      call();
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  }
});
