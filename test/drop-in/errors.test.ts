import * as judge from 'prom-client';
import { describe, expect, test } from 'vitest';
import * as ours from '../../src/index';

type Library = typeof judge;
type Config = Record<string, unknown>;

const libraries = { ours: ours as unknown as Library, judge };

/** What fails alike in both: the code is ours, class and text are prom-client's. */
const failures: [code: string, what: string, run: (library: Library) => unknown][] = [
  ['ERR_CONFIG', 'no configuration', ({ Counter }) => create(Counter, undefined)],
  ['ERR_CONFIG', 'a text for a configuration', ({ Gauge }) => create(Gauge, 'name')],
  ['ERR_HELP_MISSING', 'nothing said', ({ Counter }) => create(Counter, {})],
  ['ERR_HELP_MISSING', 'no help', ({ Summary }) => create(Summary, { name: 'm', help: '' })],
  ['ERR_NAME_MISSING', 'no name', ({ Histogram }) => create(Histogram, { help: 'h' })],
  ['ERR_METRIC_NAME', 'a bad name', ({ Counter }) => create(Counter, { help: 'h', name: 'a b' })],
  ['ERR_LABEL_NAME', 'a bad label name', ({ Gauge }) => create(Gauge, { ...valid, labelNames: ['a', '1'] })],
  ['ERR_COLLECT', 'a collect that is none', ({ Gauge }) => create(Gauge, { ...valid, collect: 'x' })],
  ['ERR_LABEL_RESERVED', 'le', ({ Histogram }) => create(Histogram, { ...valid, labelNames: ['le'] })],
  [
    'ERR_LABEL_RESERVED',
    'quantile',
    ({ Summary }) => create(Summary, { ...valid, labelNames: ['quantile'] }),
  ],
  [
    'ERR_EXEMPLARS_FORMAT',
    'exemplars in the wrong format',
    ({ Counter, Registry }) =>
      create(Counter, { ...valid, enableExemplars: true, registers: [new Registry()] }),
  ],
  ['ERR_LABEL_UNKNOWN', 'a label too many', ({ Counter }) => new Counter(labelled).inc({ z: 1 } as never)],
  ['ERR_LABEL_COUNT', 'a value too few', ({ Counter }) => new Counter(labelled).labels('x')],
  ['ERR_LABEL_COUNT', 'a value too many', ({ Gauge }) => new Gauge(labelled).remove('x', 'y', 'z')],
  ['ERR_NOT_A_NUMBER', 'a text', ({ Counter }) => new Counter(labelled).inc('3ms' as never)],
  ['ERR_NOT_A_NUMBER', 'an object', ({ Summary }) => new Summary(labelled).observe({ a: 'x' } as never)],
  ['ERR_NOT_A_NUMBER', 'the difference of a gauge', ({ Gauge }) => new Gauge(labelled).inc('5' as never)],
  ['ERR_COUNTER_DECREASE', 'a negative amount', ({ Counter }) => new Counter(labelled).inc(-1)],
  ['ERR_CONTENT_TYPE', 'a new registry of another type', ({ Registry }) => create(Registry, 'text/html')],
  [
    'ERR_CONTENT_TYPE',
    'a change to another type',
    ({ Registry }) => new Registry().setContentType('text/html' as never),
  ],
  [
    'ERR_METRIC_EXISTS',
    'a second metric of a name',
    ({ Registry, Counter, Gauge }) => {
      const registers = [new Registry()];
      new Counter({ ...valid, registers });
      return new Gauge({ ...valid, registers });
    },
  ],
  ['ERR_METRIC_UNKNOWN', 'a name', ({ Registry }) => new Registry().getSingleMetricAsString('nothing')],
  ['ERR_MERGE_EMPTY', 'nothing to merge', ({ Registry }) => Registry.merge([])],
  [
    'ERR_MERGE_CONTENT_TYPE',
    'registries of two types to merge',
    ({ Registry }) => {
      const other = new Registry();
      other.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
      return Registry.merge([new Registry(), other]);
    },
  ],
  ['ERR_BUCKET_COUNT', 'no buckets', ({ linearBuckets }) => linearBuckets(0, 1, 0)],
  ['ERR_BUCKET_START', 'buckets from 0', ({ exponentialBuckets }) => exponentialBuckets(0, 2, 3)],
];

const valid = { name: 'm', help: 'h', registers: [] };
const labelled = { ...valid, labelNames: ['a', 'b'] };

function create(Class: unknown, config: Config | string | undefined): unknown {
  return new (Class as new (config: unknown) => unknown)(config);
}

async function errorOf(run: () => unknown): Promise<Error & { code?: string }> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Expected a failure');
}

describe('an error has the words and the class of prom-client, and a code', () => {
  test.each(failures)('%s: %s', async (code, _, run) => {
    const mine = await errorOf(() => run(libraries.ours));
    const theirs = await errorOf(() => run(libraries.judge));

    expect(mine.message).toBe(theirs.message);
    expect(mine.constructor).toBe(theirs.constructor);
    expect(mine.code).toBe(code);
  });
});

test('the first fault of a configuration is the one that is reported', async () => {
  const config: Config = { name: 'a b', help: '', labelNames: ['1'], collect: 'x' };
  const repairs: Config[] = [{ help: 'h' }, { name: 'm' }, { labelNames: ['a'] }];
  const messages = [(await errorOf(() => create(ours.Counter, config))).message];
  for (const repair of repairs) {
    Object.assign(config, repair);
    messages.push((await errorOf(() => create(ours.Counter, config))).message);
  }

  expect(messages).toEqual([
    'Missing mandatory help parameter',
    'Invalid metric name',
    'Invalid label name',
    'Optional "collect" parameter must be a function',
  ]);
});

test('a metric refused for a reserved label has taken its name all the same', () => {
  const registers = [new ours.Registry()];
  const config = { name: 'm', help: 'h', registers };

  expect(() => new ours.Histogram({ ...config, labelNames: ['le'] })).toThrow(
    'le is a reserved label keyword',
  );
  expect(() => new ours.Counter(config)).toThrow('A metric with the name m has already been registered.');
});
