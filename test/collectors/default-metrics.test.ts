import { createRequire } from 'node:module';
import * as judge from 'prom-client';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { collectDefaultMetrics } from '../../src/collectors/default-metrics';
import { Gauge, Registry, type RegistryContentType, register } from '../../src/index';
import { type Family, parse } from '../multiprocess/support/exposition';

/** What prom-client's successor has and prom-client has not. */
const UTILIZATION = /nodejs_eventloop_utilization_(summary|histogram)$/;

type Config = Parameters<typeof judge.collectDefaultMetrics>[0];

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  register.clear();
});

function newJudge(): judge.Registry {
  const registry = new judge.Registry();
  onTestFinished(() => registry.clear());
  return registry;
}

/** Both libraries' default metrics with the same options, in a registry each. */
function collectBoth(config: Config = {}): { ours: Registry; theirs: judge.Registry } {
  const ours = new Registry();
  const theirs = newJudge();
  stops.push(collectDefaultMetrics({ ...config, register: ours } as object));
  judge.collectDefaultMetrics({ ...config, register: theirs });
  return { ours, theirs };
}

function outcomeOf(run: () => unknown): unknown {
  try {
    run();
    return 'returns';
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    return { name, message, code: code?.replace('ERR_DEFAULT_METRICS_CONFIG', 'none') ?? 'none' };
  }
}

describe.each<[string, Config]>([
  ['no options', {}],
  ['a prefix', { prefix: 'app_' }],
  ['labels', { labels: { zone: 'b', node: 7 } }],
  [
    'all options',
    {
      prefix: 'app_',
      labels: { zone: 'a"\n' },
      gcDurationBuckets: [0.5, 5],
      eventLoopMonitoringPrecision: 5,
    },
  ],
  ['empty options', { prefix: '', labels: {} }],
  ['options that are null', { prefix: null, labels: null, gcDurationBuckets: null } as unknown as Config],
])('with %s', (_, config) => {
  test('the metrics are those of prom-client, in its order, and two more', () => {
    const { ours, theirs } = collectBoth(config);
    const definitions = (registry: { getMetricsAsArray(): judge.MetricObject[] }) =>
      registry.getMetricsAsArray().map((metric) => {
        const { name, help, type, aggregator, labelNames, buckets } = metric as judge.MetricObject & {
          labelNames: string[];
          buckets?: number[];
        };
        return { name, help, type, aggregator, labelNames, buckets };
      });
    const mine = definitions(ours as unknown as judge.Registry);

    expect(mine.filter(({ name }) => !UTILIZATION.test(name))).toEqual(definitions(theirs));
    expect(mine).toHaveLength(33);
  });

  test('the samples have the names and labels of those of prom-client', async () => {
    const { ours, theirs } = collectBoth(config);
    // The first scrape starts what the second one shows.
    for (const registry of [ours, theirs]) await registry.metrics();
    await new Promise(setImmediate);
    const mine = shapesOf(parse(await ours.metrics()).filter(({ name }) => !UTILIZATION.test(name)));

    expect(mine).toEqual(shapesOf(parse(await theirs.metrics())));
  });

  test('what does not change has the values of prom-client', async () => {
    const { ours, theirs } = collectBoth(config);
    const constant = /^(app_)?(process_start_time_seconds|process_max_fds|nodejs_version_info)\b/;
    const linesOf = (text: string) => text.split('\n').filter((line) => constant.test(line));
    const mine = linesOf(await ours.metrics());

    expect(mine).toHaveLength(3);
    expect(mine).toEqual(linesOf(await theirs.metrics()));
  });
});

/** Families, and the names of their samples with the names of their labels, in the order of the text. */
function shapesOf(families: Family[]): unknown {
  return families.map(({ name, help, type, samples }) => {
    const shapes = samples.map((sample) => `${sample.name}{${Object.keys(sample.labels).join()}}`);
    // How many garbage collections, handles and requests there are is not promised.
    const isPassing = /gc_duration_seconds|active_(requests|resources|handles)$/.test(name);
    return { name, help, type, shapes: isPassing ? [] : [...new Set(shapes)] };
  });
}

test('utilization of the event loop has the names and the text of prom-client’s successor', () => {
  const { ours } = collectBoth({ labels: { zone: 'b' } });
  const help =
    'Ratio of time the event loop is not idling in the event provider to the total time the event loop is running.';
  const common = { help, aggregator: 'sum', labelNames: ['zone'] };

  expect(ours.getSingleMetric('nodejs_eventloop_utilization_summary')).toMatchObject({
    ...common,
    type: 'summary',
    percentiles: [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999],
    maxAgeSeconds: 60,
    ageBuckets: 5,
  });
  expect(ours.getSingleMetric('nodejs_eventloop_utilization_histogram')).toMatchObject({
    ...common,
    type: 'histogram',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 1],
  });
});

test('its options are taken', () => {
  const registry = new Registry();
  stops.push(
    collectDefaultMetrics({
      register: registry,
      eventLoopUtilizationBuckets: [0.5, 1],
      eventLoopUtilizationPercentiles: [0.5],
      eventLoopUtilizationAgeBuckets: 2,
      eventLoopUtilizationMaxAgeSeconds: 10,
    }),
  );

  expect(registry.getSingleMetric('nodejs_eventloop_utilization_summary')).toMatchObject({
    percentiles: [0.5],
    maxAgeSeconds: 10,
    ageBuckets: 2,
  });
  expect(registry.getSingleMetric('nodejs_eventloop_utilization_histogram')).toMatchObject({
    buckets: [0.5, 1],
  });
});

test('metricsList is that of prom-client with eventLoopUtilization', () => {
  const { metricsList } = collectDefaultMetrics;

  expect(metricsList.filter((name) => name !== 'eventLoopUtilization')).toEqual(
    judge.collectDefaultMetrics.metricsList,
  );
  expect(metricsList.indexOf('eventLoopUtilization')).toBe(metricsList.indexOf('eventLoopLag') + 1);
});

test.each([undefined, null, {}])('goes into the global registry with %j', async (config) => {
  stops.push(collectDefaultMetrics(config));

  expect(await register.metrics()).toContain('nodejs_version_info{');
});

test('a registry of its own leaves the global one empty', () => {
  collectBoth();

  expect(register.getMetricsAsArray()).toEqual([]);
});

test('metrics go into a registry of prom-client too', async () => {
  const theirs = newJudge();
  const stop = collectDefaultMetrics({ register: theirs as unknown as Registry });
  const text = await theirs.metrics();
  stop();

  expect(parse(text).filter(({ name }) => !UTILIZATION.test(name))).toHaveLength(31);
  expect(theirs.getMetricsAsArray()).toEqual([]);
});

test('later changes of the options change nothing', async () => {
  const registry = new Registry();
  const labels: Record<string, string> = { zone: 'b' };
  stops.push(collectDefaultMetrics({ register: registry, labels }));
  labels['zone'] = 'c';
  labels['more'] = 'd';

  expect(await registry.metrics()).toContain('process_open_fds{zone="b"} ');
});

test.each(['x', 1, true, () => undefined])('%s is refused in the words of prom-client', (config) => {
  expect(outcomeOf(() => collectDefaultMetrics(config as object))).toEqual(
    outcomeOf(() => judge.collectDefaultMetrics(config as object)),
  );
});

test.each(['x', -1, 0])('a precision of %s is refused as in prom-client', (eventLoopMonitoringPrecision) => {
  const config = { eventLoopMonitoringPrecision } as object;
  const ours = new Registry();
  const theirs = newJudge();

  expect(outcomeOf(() => collectDefaultMetrics({ ...config, register: ours }))).toEqual(
    outcomeOf(() => judge.collectDefaultMetrics({ ...config, register: theirs })),
  );
  expect(ours.getMetricsAsArray().map(({ name }) => name)).toEqual(
    theirs.getMetricsAsArray().map(({ name }) => name),
  );
});

test('a second collection into the same registry is refused, and the first goes on', async () => {
  const { ours } = collectBoth();

  expect(() => collectDefaultMetrics({ register: ours })).toThrow(
    'A metric with the name process_cpu_user_seconds_total has already been registered.',
  );
  expect(await ours.metrics()).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
});

test('a second one with another prefix or registry is not', async () => {
  const { ours } = collectBoth();
  stops.push(collectDefaultMetrics({ register: ours, prefix: 'again_' }));

  expect(await ours.metrics()).toMatch(/^process_max_fds \d+$.*^again_process_max_fds \d+$/ms);
});

describe('the function returned', () => {
  test('takes the metrics out of the registry, and leaves all others', async () => {
    const registry = new Registry();
    const registers = [registry];
    new Gauge({ name: 'mine', help: 'h', registers });
    const stop = collectDefaultMetrics({ register: registry });
    await registry.metrics();
    stop();

    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['mine']);
    expect(await registry.metrics()).toBe('# HELP mine h\n# TYPE mine gauge\nmine 0\n');
  });

  test('leaves what took the place of its metrics', () => {
    const registry = new Registry();
    const stop = collectDefaultMetrics({ register: registry });
    registry.removeSingleMetric('process_max_fds');
    const mine = new Gauge({ name: 'process_max_fds', help: 'h', registers: [registry] });
    stop();

    expect(registry.getMetricsAsArray()).toEqual([mine]);
  });

  test('may be called again, also when others collect by then', async () => {
    const registry = new Registry();
    const stop = collectDefaultMetrics({ register: registry });
    stop();
    stops.push(collectDefaultMetrics({ register: registry }));
    stop();

    expect(registry.getMetricsAsArray()).toHaveLength(33);
    expect(await registry.metrics()).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  });

  test('can be passed to clearInterval, like the number of earlier versions', async () => {
    const registry = new Registry();
    const stop = collectDefaultMetrics({ register: registry });
    stops.push(stop);
    clearInterval(stop as unknown as NodeJS.Timeout);

    expect(await registry.metrics()).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  });
});

describe('with exemplars', () => {
  const labelled = { labels: { zone: 'b' }, enableExemplars: true };

  /** Both libraries' lines of CPU time, without the numbers. */
  async function cpuLines(): Promise<[ours: string[], theirs: string[]]> {
    const ours = new Registry(Registry.OPENMETRICS_CONTENT_TYPE);
    const theirs = newJudge();
    theirs.setContentType(judge.openMetricsContentType as unknown as judge.PrometheusContentType);
    stops.push(collectDefaultMetrics({ ...labelled, register: ours }));
    judge.collectDefaultMetrics({ ...labelled, register: theirs } as object);
    const linesOf = async (registry: { metrics(): Promise<string> }): Promise<string[]> =>
      (await registry.metrics())
        .split('\n')
        .filter((line) => line.includes('process_cpu_'))
        .map((line) => line.replace(/(?<=[ }])\d[\d.e-]*/g, 'N'));
    return [await linesOf(ours), await linesOf(theirs)];
  }

  test('the active span is on the CPU time, as in prom-client', async () => {
    const fromJudge = createRequire(createRequire(import.meta.url).resolve('prom-client'));
    const { context, trace, ROOT_CONTEXT } = fromJudge('@opentelemetry/api');
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    context.setGlobalContextManager({
      active: () => trace.setSpanContext(ROOT_CONTEXT, span),
      disable: () => undefined,
    });
    onTestFinished(() => context.disable());
    const [ours, theirs] = await cpuLines();

    expect(ours.join('\n')).toContain(`# {traceId="${span.traceId}",spanId="${span.spanId}"} N N`);
    expect(ours).toEqual(theirs);
  });

  test('without a span it is as in prom-client too', async () => {
    const [ours, theirs] = await cpuLines();

    expect(ours).toEqual(theirs);
  });

  test('a registry that is not OpenMetrics is refused in the words of prom-client', () => {
    const ours = new Registry<RegistryContentType>();

    expect(() => collectDefaultMetrics({ enableExemplars: true, register: ours })).toThrow(
      'Exemplars are supported only on OpenMetrics registries',
    );
  });
});
